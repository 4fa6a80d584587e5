package estimate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// Census is what one walk found: every entry that any choice could pack, a
// directory before what is in it, in the order in which mksquashfs packs.
type Census struct {
	entries []entry
	inodes  map[[2]uint64]int32 // first name of a file that has several
	sparse  map[int32][]run     // of files with holes: blocks that are none
	image   *Old
	above   []int32  // the directories above the last entry
	paths   []string // and their paths
	xattrs  attributes
	max     int // entries that memory has room for
	full    error
}

// kind is the type of an entry.
type kind uint8

const (
	kindOther kind = iota // device, fifo, socket
	kindDir
	kindFile
	kindLink
)

type entry struct {
	name     string
	parent   int32 // -1 of the root
	first    int32 // the first name of the same inode; itself when it has one name
	old      int32 // the same, unchanged, in the old image; -1 when it is not there
	kind     kind
	mode     uint16
	owner    uint32 // uid and gid folded: only for metadata that looks alike
	mtime    uint32 // seconds
	size     int64  // bytes of a file or of a link's target
	unread   bool   // could not be read
	identity int32  // of files with the same content, once known: the first one's number; else -1
}

// run is a row of blocks of a file.
type run struct{ from, to int32 }

// ErrMemory says that the tree has more entries than memory has room for.
var ErrMemory = errors.New("too little memory for an estimate")

// bytesPerEntry is about what an entry takes in memory with all that is later
// laid out from it.
const bytesPerEntry = 250

// fewEntries is up to where the list doubles when it grows.
const fewEntries = 1 << 17

// NewCensus starts an empty one for about memory bytes.
func NewCensus(memory int64) *Census {
	c := &Census{inodes: map[[2]uint64]int32{}, sparse: map[int32][]run{}, max: int(min(memory/bytesPerEntry, 1<<30))}
	c.entries = []entry{{parent: -1, kind: kindDir, old: -1, mode: 0o755, identity: -1}}
	c.above, c.paths = []int32{0}, []string{""}
	return c
}

// Visit is a build.Visit.
func (c *Census) Visit(dir string, n sys.Node, d *sys.Dir, name string) {
	if len(c.entries) >= c.max {
		c.full = fmt.Errorf("more than %d entries: %w", c.max, ErrMemory)
		return
	}
	for dir != c.paths[len(c.paths)-1] {
		last := len(c.above) - 1
		c.above, c.paths = c.above[:last], c.paths[:last]
	}
	number := int32(len(c.entries))
	e := entry{name: name, parent: c.above[len(c.above)-1], first: number, old: -1, identity: -1, mode: uint16(n.Mode & 0o7777),
		owner: n.UID<<16 | n.GID&0xffff, mtime: uint32(n.MTime), size: n.Size}
	switch {
	case n.IsDir():
		e.kind = kindDir
		c.above, c.paths = append(c.above, number), append(c.paths, strings.TrimPrefix(dir+"/"+name, "/"))
	case n.IsRegular():
		e.kind = kindFile
		c.findHoles(number, n, d, name)
	case n.IsLink():
		e.kind = kindLink
	}
	if n.Links > 1 && e.kind != kindDir {
		e.first = c.firstName(n, number)
	}
	if n := len(c.entries); n == cap(c.entries) && n < fewEntries {
		c.entries = slices.Grow(c.entries, n)
	}
	c.entries = append(c.entries, e)
	c.xattrs.look(number, d, name)
}

// match finds the files that old, nil when there is none, has unchanged.
func (c *Census) match(old *Old) {
	if c.image = old; old == nil {
		return
	}
	at := make([]int32, len(c.entries)) // of a directory: the same one in old, -1 when it has none
	for i := 1; i < len(c.entries); i++ {
		e := &c.entries[i]
		switch number := old.child(at[e.parent], e.name); {
		case e.kind == kindDir:
			at[i] = number
		case e.kind == kindFile && old.same(number, e):
			e.old = number
		}
	}
}

func (c *Census) firstName(n sys.Node, number int32) int32 {
	key := [2]uint64{n.Dev, n.Ino}
	if first, ok := c.inodes[key]; ok {
		return first
	}
	c.inodes[key] = number
	return number
}

const maxExtents = 4096 // of one file; what comes behind counts as data

// findHoles asks for the holes of a file that has fewer blocks than bytes.
func (c *Census) findHoles(number int32, n sys.Node, d *sys.Dir, name string) {
	if n.Size < blockSize || n.Blocks >= n.Size {
		return
	}
	f, err := d.OpenBelow(name)
	if err != nil {
		return // it counts in full
	}
	defer f.Close()
	runs := []run{}
	for _, x := range sys.Extents(f, n.Size, maxExtents) {
		r := run{int32(x.From / blockSize), int32((x.To + blockSize - 1) / blockSize)}
		if last := len(runs) - 1; last >= 0 && r.from < runs[last].to {
			r.from = runs[last].to
		}
		if r.from < r.to {
			runs = append(runs, r)
		}
	}
	c.sparse[number] = runs
}

// path is where an entry is, relative to the root.
func (c *Census) path(number int32) string {
	var parts []string
	for at := number; at > 0; at = c.entries[at].parent {
		parts = append(parts, c.entries[at].name)
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, "/")
}

// apply tells of every entry whether the rules let it be packed.
func (c *Census) apply(rules plan.Rules) []bool {
	in := make([]bool, len(c.entries))
	in[0] = true
	within := map[int32]plan.Rules{0: rules} // directories for which rules are left
	for i := 1; i < len(c.entries); i++ {
		e := &c.entries[i]
		if !in[e.parent] {
			continue
		}
		rest, some := within[e.parent]
		if !some {
			in[i] = true
			continue
		}
		below, excluded := rest.Enter(e.name)
		if in[i] = !excluded; in[i] && e.kind == kindDir && !below.Empty() {
			within[int32(i)] = below
		}
	}
	return in
}
