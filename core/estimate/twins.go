package estimate

import (
	"context"
	"hash/maphash"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"antix-remaster/core/sys"
)

// twins looks for files with the same content, which mksquashfs packs once.
// Only those of the same size can be: they are read group by group.
type twins struct {
	c      *Census
	root   *sys.Dir
	seed   maphash.Seed
	groups [][]int32 // files of one size, the earliest first; those that are read come first
	next   int       // the first group that was not read
	found  int64     // bytes of files that have a twin before them
	buf    []byte
}

// newTwins finds what has to be read. Files that the old image has, unchanged,
// it compared itself; they need to be read only where a new one is as large.
func newTwins(c *Census, a *axis, root *sys.Dir, rnd *rand.Rand) *twins {
	t := &twins{c: c, root: root, seed: maphash.MakeSeed(), buf: make([]byte, blockSize)}
	t.fromOld(a)
	bySize, sizes := map[int64][]int32{}, []int64{}
	for _, f := range a.files {
		if e := &c.entries[f]; e.identity < 0 || e.identity == f {
			if bySize[e.size] == nil {
				sizes = append(sizes, e.size)
			}
			bySize[e.size] = append(bySize[e.size], f)
		}
	}
	keys := map[int64]float64{} // large groups tend to come early: they matter most
	for _, size := range sizes {
		if g := bySize[size]; len(g) > 1 && slices.ContainsFunc(g, func(f int32) bool { return c.entries[f].old < 0 }) {
			t.groups = append(t.groups, g)
			keys[size] = rnd.ExpFloat64() / math.Sqrt(float64(size)*float64(len(g)))
		}
	}
	slices.SortFunc(t.groups, func(a, b []int32) int {
		ka, kb := keys[c.entries[a[0]].size], keys[c.entries[b[0]].size]
		switch {
		case ka < kb:
			return -1
		case ka > kb:
			return 1
		}
		return int(a[0] - b[0])
	})
	return t
}

// fromOld takes over what the old image knows of its own files.
func (t *twins) fromOld(a *axis) {
	first := map[content]int32{}
	for _, f := range a.files {
		e := &t.c.entries[f]
		if e.old < 0 || t.c.image.nodes[e.old].stored == 0 {
			continue
		}
		key := t.c.image.nodes[e.old].content
		if same, ok := first[key]; ok {
			e.identity, t.c.entries[same].identity = same, same
		} else {
			first[key] = f
		}
	}
}

// identity is what all files with the content of this one have in common; -1
// when no other is known.
func (c *Census) identity(number int32) int32 {
	at := c.entries[number].identity
	for at >= 0 && c.entries[at].identity != at {
		at = c.entries[at].identity
	}
	return at
}

func (t *twins) done() bool { return t.next == len(t.groups) }

// step reads the next group; when it is interrupted, that stays the next.
func (t *twins) step(ctx context.Context) {
	g := t.groups[t.next]
	if large := t.c.entries[g[0]].size > 2*headSize; large {
		for _, alike := range t.sort(ctx, g, headSize) {
			t.mark(t.sort(ctx, alike, math.MaxInt64))
		}
	} else {
		t.mark(t.sort(ctx, g, math.MaxInt64))
	}
	if ctx.Err() == nil {
		t.next++
	}
}

// headSize is how much of a large file is read to tell it from most others.
const headSize = 16 << 10

// sort puts files together whose first bytes are the same. What cannot be read
// is like no other.
func (t *twins) sort(ctx context.Context, files []int32, limit int64) [][]int32 {
	by := map[uint64][]int32{}
	var order []uint64
	for _, f := range files {
		sum, err := t.sum(ctx, f, limit)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			t.c.entries[f].unread = true
			continue
		}
		if by[sum] == nil {
			order = append(order, sum)
		}
		by[sum] = append(by[sum], f)
	}
	var out [][]int32
	for _, sum := range order {
		if len(by[sum]) > 1 {
			out = append(out, by[sum])
		}
	}
	return out
}

func (t *twins) mark(alike [][]int32) {
	for _, files := range alike {
		for _, f := range files {
			t.c.entries[f].identity = files[0]
		}
		t.found += int64(len(files)-1) * t.c.data(files[0])
	}
}

// sum reads at most limit bytes of a file.
func (t *twins) sum(ctx context.Context, number int32, limit int64) (uint64, error) {
	size := t.c.entries[number].size
	f, err := t.root.OpenBelow(t.c.path(number))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var h maphash.Hash
	h.SetSeed(t.seed)
	left := min(size, limit)
	for left > 0 && ctx.Err() == nil {
		n, err := io.ReadFull(f, t.buf[:min(left, int64(len(t.buf)))])
		if err != nil {
			return 0, err // it got shorter, or cannot be read
		}
		h.Write(t.buf[:n]) //nolint:errcheck // never fails
		left -= int64(n)
	}
	return h.Sum64(), ctx.Err()
}

// expected is how many bytes of what is laid out are likely to be found as
// twins yet, and its standard error: what groups had that were read tells of
// others that hold about as much. Those with more come first, and have more.
func (t *twins) expected(l *layout) (bytes, se float64) {
	var of [33]drawnTwins
	var all drawnTwins
	for i, g := range t.groups {
		size := float64(t.c.entries[g[0]].size)
		members, found := 0.0, 0.0
		for _, f := range g {
			if l.own[f] {
				members++
			} else if l.in[f] {
				found++
			}
		}
		class := &of[bits.Len64(uint64(size)*uint64(len(g)))/2]
		if i < t.next {
			class.read(max(members+found-1, 0)*size, found*size)
			all.read(max(members+found-1, 0)*size, found*size)
		} else {
			class.left += max(members-1, 0) * size
		}
	}
	if all.could == 0 {
		all = drawnTwins{could: 4, were: 1, squares: 4} // nothing read yet: anything from none to a half
	}
	var variance float64
	for _, c := range of {
		if c.left > 0 {
			share, spread := c.share(all)
			bytes += share * c.left
			variance += math.Pow(min(spread, 0.5)*c.left, 2)
		}
	}
	return bytes, math.Sqrt(variance)
}

// drawnTwins is what groups had that were read.
type drawnTwins struct {
	could, were float64 // bytes that twins could have taken, and did
	squares     float64 // of could, for each group
	left        float64 // bytes that twins could take in groups that were not read
}

func (d *drawnTwins) read(could, were float64) {
	d.could, d.were, d.squares = d.could+could, d.were+were, d.squares+could*could
}

// share is the part that twins have, and its standard error. Where few groups
// were read, those of all sizes count like four of them.
func (d drawnTwins) share(all drawnTwins) (share, se float64) {
	if d.could == 0 {
		d = all
	}
	usual := d.squares / d.could // of a group
	share = (d.were + 4*usual*all.were/all.could) / (d.could + 4*usual)
	return share, math.Sqrt(max(share*(1-share), 0.01)*d.squares) / d.could
}
