package estimate

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
)

// A glance at a few pieces of a block tells roughly how far it shrinks, for a
// twentieth of the time of a look. So looks and real figures only have to find how
// far off glances are (docs/decisions/0022).
const (
	glancePieces = 8
	glancePiece  = 4 << 10

	glanceFirst  = 1500 * time.Millisecond // by the clock, that they may take at once
	glanceShare  = 0.2                     // and of the time of all steps
	glancesMost  = 1 << 16                 // of a tree, for the sake of memory; in one of more than 16 GiB some blocks get none
	glancedDraws = 16                      // blocks that were drawn and have one, from which on glances are believed
)

// glances are ratios: 0 where nobody glanced, negative where there was nothing to see.
type glances struct {
	small []float32                   // of a small file: of the block in which it was when somebody glanced at it
	large map[int32]map[int32]float32 // of a large file: of its blocks, by number
	seen  int                         // blocks that somebody glanced at
	left  []key                       // blocks that are to have one
	clock time.Duration               // that they took
}

func newGlances(c *Census) glances {
	return glances{small: make([]float32, len(c.entries)), large: map[int32]map[int32]float32{}}
}

// at is the glance at a block in which a file has data.
func (g *glances) at(file int32, k key) float64 {
	if k.number >= 0 {
		return float64(g.large[k.file][k.number])
	}
	if int(file) < len(g.small) {
		return float64(g.small[file])
	}
	return 0
}

// toGlance finds what nobody glanced at and is to be sampled for some row, in an
// order of which every beginning is spread evenly.
func (w *work) toGlance() {
	var all []key
	number, step := int64(0), w.l.bytes/blockSize/glancesMost+1
	due := func() bool { number++; return number%step == 0 }
	wants := func(file int32, k key) bool { return w.glances.at(file, k) == 0 && w.anySamples(file) }
	for _, f := range w.axis.files {
		if w.l.own[f] && w.c.entries[f].size >= blockSize {
			w.c.eachBlock(f, func(number int32) {
				if k := (key{f, number}); due() && wants(f, k) {
					all = append(all, k)
				}
			})
		}
	}
	for i, f := range w.l.fragments {
		k := key{w.l.small[f.first], -f.bytes}
		if due() && slices.ContainsFunc(w.l.inFragment(i), func(f int32) bool { return wants(f, k) }) {
			all = append(all, k)
		}
	}
	w.glances.left = w.glances.left[:0]
	for i, size := 0, bits.Len(uint(len(all))); i < 1<<size; i++ {
		if at := int(bits.Reverse32(uint32(i)) >> (32 - size)); at < len(all) {
			w.glances.left = append(w.glances.left, all[at])
		}
	}
	w.glances.left = w.glances.left[:min(len(all), max(glancesMost-w.glances.seen, 0))]
}

// anySamples tells whether places are drawn for some row that may hit a file, and
// that the old image does not aid.
func (w *work) anySamples(file int32) bool {
	return slices.ContainsFunc(w.rows, func(r *rowState) bool { return w.counts(r.samples[0], file) })
}

// glancesPay tells whether there is something to glance at, and time for it, when
// the next step is one for a row.
func (w *work) glancesPay(r *rowState) bool {
	most := glanceFirst + time.Duration(glanceShare*float64(w.busy))
	return len(w.glances.left) > 0 && w.glances.clock < most && r.out.Blocks >= firstExact && !r.ended() && !w.tablesDiffer(r)
}

// glance glances at the next blocks, which changes a row at once and the others in
// the end.
func (w *work) glance(r *rowState) {
	g, begin := &w.glances, time.Now()
	for len(g.left) > 0 && time.Since(begin) < maxStep/2 && w.step.Err() == nil {
		k := g.left[0]
		x := ratioOf(w.reader.pieces(w.l, k))
		if x == 0 {
			x = -1
		}
		files, _ := w.l.members(k.file)
		g.keep(k, files, x)
		g.left, g.seen = g.left[1:], g.seen+1
	}
	g.clock += time.Since(begin)
	if w.calculate(r); w.glancesPay(r) && w.worst() == r {
		return
	}
	for _, other := range w.rows {
		if other != r {
			w.calculate(other)
		}
	}
}

// keep notes what a glance told of a block, or of those small files in it that
// were not in another one.
func (g *glances) keep(k key, files []int32, x float32) {
	if k.number >= 0 {
		if g.large[k.file] == nil {
			g.large[k.file] = map[int32]float32{}
		}
		g.large[k.file][k.number] = x
		return
	}
	for _, f := range files {
		if g.small[f] == 0 {
			g.small[f] = x
		}
	}
}

// ratioOf is about how far data shrink: what remains when a quick compressor has
// taken out the repeats, by what the frequencies of the bytes leave of that, or a
// little more, as what repeats is what is frequent. It is 0 when there are none.
func ratioOf(data []byte) float32 {
	if len(data) == 0 {
		return 0
	}
	var counts [256]int
	for _, b := range data {
		counts[b]++
	}
	bits, n := 0.0, float64(len(data))
	for _, c := range counts {
		if c > 0 {
			bits -= float64(c) * math.Log2(float64(c)/n)
		}
	}
	repeats := 1.0
	if left := s2.EstimateBlockSize(data); left >= 0 {
		repeats = min(float64(left)/n, 1)
	}
	return max(float32(repeats*math.Pow(bits/8/n, 0.75)), 1e-6)
}
