package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"antix-remaster/core/build"
	"antix-remaster/core/pause"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Trees are what is compared: the view that was packed and the mounted image.
type Trees struct {
	View, Image string // directories
	Rules       plan.Rules
	Scan        build.Scan // of the view before it was packed
	NoXattrs    bool       // this kernel shows no attributes of a squashfs
	Mapped      sys.Mapped // files that were mapped shared and writable since the scan
	Report      wire.Report
}

// Outcome is what the comparison found. Names are quoted, relative to /.
type Outcome struct {
	Entries    int64
	Changed    []string // changed on the live system since the scan; the first ones
	ChangedAll int
	wrong      []string // differences that nothing explains; the first ones
	wrongAll   int
}

// How much is listed: a result must fit into a line of the protocol.
const (
	maxListed      = 100   // names
	maxListedBytes = 8_000 // of all of them together
)

// Compare compares every entry (type, mode, owner, mtime, attributes, links,
// devices) and every byte. Differences that the live system made since the
// scan are listed; any other is a wire error.
func Compare(ctx context.Context, t Trees) (Outcome, error) {
	view, err := sys.OpenDir(t.View)
	if err != nil {
		return Outcome{}, err
	}
	defer view.Close()
	image, err := sys.OpenDir(t.Image)
	if err != nil {
		return Outcome{}, err
	}
	defer image.Close()
	c := &comparer{ctx: ctx, trees: t, out: Outcome{Changed: []string{}}, links: map[[2]uint64]uint64{}, back: map[uint64][2]uint64{},
		a: make([]byte, bufSize), b: make([]byte, bufSize)}
	err = c.root(view, image)
	if ctx.Err() != nil {
		return c.out, wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err == nil && c.out.wrongAll > 0 {
		err = wire.Fail(wire.Mismatch, nil, strconv.Itoa(c.out.wrongAll), wire.List(c.out.wrong, 5))
	}
	return c.out, err
}

const bufSize = 256 << 10

type comparer struct {
	ctx   context.Context
	trees Trees
	out   Outcome
	done  int64                // bytes
	links map[[2]uint64]uint64 // view's inode -> image's
	back  map[uint64][2]uint64
	a, b  []byte
}

func (c *comparer) root(view, image *sys.Dir) error {
	a, err := view.Self()
	if err != nil {
		return err
	}
	b, err := image.Self()
	if err != nil {
		return err
	}
	why := sameNode(a, b)
	if why == "" {
		why = c.sameXattrs(view, image, "")
	}
	if why != "" {
		c.differ("", a, why)
	}
	return c.dir(view, image, "", c.trees.Rules)
}

// dir merges the two sorted listings.
func (c *comparer) dir(view, image *sys.Dir, at string, rules plan.Rules) error {
	pause.Wait(c.ctx)
	if err := c.ctx.Err(); err != nil {
		return err
	}
	left, err := view.Names()
	if err != nil {
		return fmt.Errorf("cannot list /%s: %w", at, err)
	}
	right, err := image.Names()
	if err != nil {
		c.wrong(at, "cannot be listed in the image: "+err.Error())
		return nil
	}
	for len(left) > 0 || len(right) > 0 {
		switch {
		case len(right) == 0 || len(left) > 0 && left[0] < right[0]:
			c.onlyView(view, left[0], at, rules)
			left = left[1:]
		case len(left) == 0 || right[0] < left[0]:
			c.onlyImage(view, right[0], at, rules)
			right = right[1:]
		default:
			if err := c.both(view, image, left[0], at, rules); err != nil {
				return err
			}
			left, right = left[1:], right[1:]
		}
	}
	return nil
}

func (c *comparer) onlyView(view *sys.Dir, name, at string, rules plan.Rules) {
	if _, excluded := rules.Enter(name); excluded {
		return
	}
	n, err := view.Node(name)
	if err != nil {
		return // gone by now
	}
	c.differ(path.Join(at, name), n, "is missing in the image")
}

func (c *comparer) onlyImage(view *sys.Dir, name, at string, rules plan.Rules) {
	p := path.Join(at, name)
	if _, excluded := rules.Enter(name); excluded {
		c.wrong(p, "is in the image although it is excluded")
		return
	}
	self, err := view.Self()
	if err == nil && c.trees.Scan.Unchanged(at, self) {
		c.wrong(p, "is in the image but not in the system")
		return
	}
	c.changed(p)
}

func (c *comparer) both(view, image *sys.Dir, name, at string, rules plan.Rules) error {
	p := path.Join(at, name)
	below, excluded := rules.Enter(name)
	if excluded {
		c.wrong(p, "is in the image although it is excluded")
		return nil
	}
	a, err := view.Node(name)
	if errors.Is(err, fs.ErrNotExist) {
		c.changed(p)
		return nil
	}
	if err != nil {
		return err
	}
	c.out.Entries++
	b, err := image.Node(name)
	if err != nil {
		c.wrong(p, "cannot be read in the image: "+err.Error())
		return nil
	}
	if why := c.entry(view, image, name, a, b); why != "" {
		c.recheck(view, name, p, why)
	}
	if a.IsDir() && b.IsDir() {
		return c.sub(view, image, name, p, below)
	}
	return nil
}

func (c *comparer) sub(view, image *sys.Dir, name, p string, rules plan.Rules) error {
	v, err := view.Dir(name)
	if err != nil {
		c.changed(p) // it was a directory a moment ago
		return nil
	}
	defer v.Close()
	i, err := image.Dir(name)
	if err != nil {
		c.wrong(p, "cannot be opened in the image: "+err.Error())
		return nil
	}
	defer i.Close()
	return c.dir(v, i, p, rules)
}

// recheck looks at the live entry once more: it may have changed while it was
// read.
func (c *comparer) recheck(view *sys.Dir, name, p, why string) {
	n, err := view.Node(name)
	if err != nil {
		c.changed(p)
		return
	}
	c.differ(p, n, why)
}

func (c *comparer) differ(p string, n sys.Node, why string) {
	if c.trees.Scan.Unchanged(p, n) && !c.mayBeMapped(p, n) {
		c.wrong(p, why)
		return
	}
	c.changed(p)
}

// mayBeMapped tells whether a process may have written to the file without a
// trace in its stamp (decision 0004).
func (c *comparer) mayBeMapped(p string, n sys.Node) bool {
	if !n.IsRegular() {
		return false
	}
	if c.trees.Mapped == nil {
		c.trees.Mapped = sys.Mapped{}
	}
	if !c.trees.Mapped["/"+p] {
		c.trees.Mapped.AddMapped()
	}
	return c.trees.Mapped["/"+p]
}

func (c *comparer) wrong(p, why string) {
	c.out.wrongAll++
	c.out.wrong = appendBounded(c.out.wrong, strconv.Quote("/"+p)+" "+why)
}

func (c *comparer) changed(p string) {
	c.out.ChangedAll++
	c.out.Changed = appendBounded(c.out.Changed, strconv.Quote("/"+p))
}

func appendBounded(list []string, s string) []string {
	size := len(s)
	for _, have := range list {
		size += len(have)
	}
	if len(list) < maxListed && size <= maxListedBytes {
		list = append(list, s)
	}
	return list
}

func (c *comparer) progress(n int) {
	c.done += int64(n)
	c.trees.Report(wire.Progress{Stage: wire.StageCompare, Done: c.done, Total: max(c.trees.Scan.Read, c.done)})
}
