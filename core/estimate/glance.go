package estimate

import (
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
)

// A glance at a few pieces of a block tells roughly how far it shrinks, for a
// twentieth of the time of a look. So every block gets one, and looks and real
// figures only have to find how far off glances are (docs/decisions/0022).
const (
	glancePieces = 8
	glancePiece  = 4 << 10

	glanceFirst  = 1500 * time.Millisecond // by the clock, that they may take at once
	glanceShare  = 0.2                     // and of all the time
	glancePasses = 8                       // through the tree, so that those there is time for are spread evenly
	glancedDraws = 12                      // of which both are known, until which glances are not believed
)

// glances are ratios, 0 where nobody glanced.
type glances struct {
	small []float32           // of the block that a small file was in then
	large map[int32][]float32 // of the blocks of a large file
	left  []key               // blocks that are to have one
	clock time.Duration       // that they took
}

// at is the glance at a block in which a file has data.
func (g *glances) at(file int32, k key) float64 {
	if k.number < 0 && int(file) < len(g.small) {
		return float64(g.small[file])
	}
	if list := g.large[k.file]; k.number >= 0 && int(k.number) < len(list) {
		return float64(list[k.number])
	}
	return 0
}

// toGlance finds what nobody glanced at and is to be sampled for some row.
func (w *work) toGlance() {
	var all []key
	wants := func(file int32, k key) bool { return w.glances.at(file, k) == 0 && w.anySamples(file) }
	for _, f := range w.axis.files {
		if w.l.own[f] && w.c.entries[f].size >= blockSize {
			w.c.eachBlock(f, func(number int32) {
				if k := (key{f, number}); wants(f, k) {
					all = append(all, k)
				}
			})
		}
	}
	for i, f := range w.l.fragments {
		k := key{w.l.small[f.first], -f.bytes}
		if slices.ContainsFunc(w.l.inFragment(i), func(f int32) bool { return wants(f, k) }) {
			all = append(all, k)
		}
	}
	w.glances.left = w.glances.left[:0]
	for pass := range min(glancePasses, len(all)) {
		for i := pass; i < len(all); i += glancePasses {
			w.glances.left = append(w.glances.left, all[i])
		}
	}
}

// anySamples tells whether places are drawn for some row that may hit a file.
func (w *work) anySamples(file int32) bool {
	for _, r := range w.rows {
		if s := r.samples[0]; !s.aided && w.counts(s, file) {
			return true
		}
	}
	return false
}

// glancesPay tells whether there is something to glance at, and time for it.
func (w *work) glancesPay() bool {
	most := glanceFirst + time.Duration(glanceShare*float64(time.Since(w.ready)))
	return len(w.glances.left) > 0 && w.glances.clock < most
}

// glance glances at the next blocks.
func (w *work) glance() {
	g, begin := &w.glances, time.Now()
	for len(g.left) > 0 && time.Since(begin) < maxStep/2 && w.step.Err() == nil {
		k := g.left[0]
		if x := ratioOf(w.reader.pieces(w.l, k)); x > 0 {
			g.keep(w, k, x)
		}
		g.left = g.left[1:]
	}
	g.clock += time.Since(begin)
}

// keep notes what a glance told.
func (g *glances) keep(w *work, k key, x float32) {
	if k.number < 0 {
		files, _ := w.l.members(k.file)
		for _, f := range files {
			g.small[f] = x
		}
		return
	}
	if g.large[k.file] == nil {
		g.large[k.file] = make([]float32, (w.c.entries[k.file].size+blockSize-1)/blockSize)
	}
	g.large[k.file][k.number] = x
}

// ratioOf is about how far data shrink: what remains when a quick compressor has
// taken out the repeats, by what the frequencies of the bytes leave of that. It is
// 0 when there are none.
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
	return max(float32(repeats*bits/8/n), 1e-6)
}
