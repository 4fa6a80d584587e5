package estimate

import (
	"context"
	"hash/maphash"
	"io"
	"math"
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
	buf    []byte
}

// newTwins finds what has to be read. Files that the old image has, unchanged,
// it compared itself; they need to be read only where a new one is as large.
func newTwins(c *Census, a *axis, root *sys.Dir, rnd *rand.Rand) *twins {
	t := &twins{c: c, root: root, seed: maphash.MakeSeed(), buf: make([]byte, blockSize)}
	t.fromOld(a)
	bySize := map[int64][]int32{}
	for _, f := range a.files {
		if e := &c.entries[f]; e.identity < 0 || e.identity == f {
			bySize[e.size] = append(bySize[e.size], f)
		}
	}
	keys := map[int64]float64{} // large groups tend to come early: they matter most
	for size, g := range bySize {
		if len(g) > 1 && slices.ContainsFunc(g, func(f int32) bool { return c.entries[f].old < 0 }) {
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
// twins yet, from what the groups that were read had, and its standard error.
func (t *twins) expected(l *layout) (bytes, se float64) {
	var could, were, squares, left [2]float64 // small and large files
	for i, g := range t.groups {
		size := t.c.entries[g[0]].size
		class := 0
		if size >= blockSize {
			class = 1
		}
		members, found := 0.0, 0.0
		for _, f := range g {
			if l.own[f] {
				members++
			} else if l.in[f] {
				found++
			}
		}
		if i < t.next {
			c := max(members+found-1, 0) * float64(size)
			w := found * float64(size)
			could[class], were[class] = could[class]+c, were[class]+w
			squares[class] += c * c
		} else {
			left[class] += max(members-1, 0) * float64(size)
		}
	}
	var variance float64
	for class := range left {
		share, spread := 0.25, 0.25 // nothing read yet: anything from none to a half
		if could[class] > 0 {
			share = were[class] / could[class]
			spread = math.Sqrt(max(share*(1-share), 0.01) * squares[class] / (could[class] * could[class]))
		}
		bytes += share * left[class]
		variance += math.Pow(min(spread, 0.5)*left[class], 2)
	}
	return bytes, math.Sqrt(variance)
}
