package estimate

import (
	"math"
	"slices"
	"time"
)

// rowState is the estimate for one compressor while it grows.
type rowState struct {
	how    How
	prices bool   // the old image's costs hold for it
	next   uint32 // of the row of places
	draws  []draw
	y      map[key]packed // blocks that the real compressor packed
	packs  int            // runs of it
	cpu    time.Duration  // that they took, beyond that of starting
	bytes  int64          // that they packed
	sweep  int            // files of the axis that were gone through when places only hit known blocks
	within int64          // bytes of the next one
	end    bool           // and there are no more

	ratios  [4]float64 // of the tables
	entries int        // for which they were measured; 0: they were not

	sums     sums
	fit      fit
	left     [2]float64    // variance, bytes squared, that more real figures lower, and more cheap ones
	cheapCPU time.Duration // of a cheap figure, lately
	exactCPU time.Duration // of a real one
	out      Row
	sure     bool
	twins    int64 // twins.found when blocks were looked at
	stale    bool  // and many were found since
}

// draw is a place that hit a block.
type draw struct {
	at   float64 // NaN: it was not a place that led to it
	file int32
	key  key
	x    float64 // ratio of the cheap compressor
}

func (w *work) newRow(h How) *rowState {
	return &rowState{how: h, prices: w.c.image.prices(h), y: map[key]packed{}, ratios: [4]float64{0.35, 0.45, 0.7, 0.4}, exactCPU: 50 * time.Millisecond, cheapCPU: 5 * time.Millisecond}
}

// priced tells whether the old image tells what a file costs.
func (w *work) priced(r *rowState, file int32) bool {
	return r.prices && w.c.entries[file].old >= 0
}

// sums is what the choices leave of the axis for a row.
type sums struct {
	known  float64 // stored bytes that the old image tells
	bytes  float64 // of data to be sampled
	unread float64 // bytes that nobody can read: they count in full
}

func (w *work) sum(r *rowState) sums {
	var s sums
	for _, f := range w.axis.files {
		if !w.l.own[f] {
			continue
		}
		switch e := &w.c.entries[f]; {
		case w.priced(r, f):
			s.known += w.c.image.nodes[e.old].stored
		case e.unread:
			s.unread += float64(w.c.data(f))
		default:
			s.bytes += float64(w.c.data(f))
		}
	}
	return s
}

// counts tells whether a file is one that is sampled, under the present choices.
func (w *work) counts(r *rowState, file int32) bool {
	return w.l.own[file] && !w.c.entries[file].unread && !w.priced(r, file)
}

// current gives the draws that count.
func (w *work) current(r *rowState) []draw {
	var out []draw
	for _, d := range r.draws {
		if w.counts(r, d.file) {
			out = append(out, d)
		}
	}
	return out
}

// rename gives the blocks of small files their new names after the layout
// changed. What was packed stays: it still tells how such files shrink.
func (w *work) rename(r *rowState) {
	r.sweep, r.within, r.end = 0, 0, false
	for i, d := range r.draws {
		if _, done := r.y[d.key]; d.key.number < 0 && !done && w.l.own[d.file] {
			r.draws[i].key = w.reader.at(w.l, d.file, 0)
		}
	}
}

// each shows the files that are sampled of a block in the present layout, and how
// many bytes of them are in it; none when there is no such block in it.
func (w *work) each(r *rowState, k key, do func(file int32, bytes float64)) {
	if k.number >= 0 {
		do(k.file, min(float64(w.c.entries[k.file].size)-float64(k.number)*blockSize, blockSize))
		return
	}
	if w.reader.at(w.l, k.file, 0) != k {
		return
	}
	files, _ := w.l.members(k.file)
	for _, f := range files {
		if w.counts(r, f) {
			do(f, float64(w.c.entries[f].size))
		}
	}
}

// share is how many bytes each shows together.
func (w *work) share(r *rowState, k key) (sum float64) {
	w.each(r, k, func(_ int32, bytes float64) { sum += bytes })
	return sum
}

// known is what is known of the blocks of a row.
type known struct {
	places []drawn
	packed []draw // one for each block with a real figure
	looked []draw // and for each that has none
}

func (w *work) known(r *rowState) known {
	var k known
	seen := map[key]bool{}
	for _, d := range w.current(r) {
		y, exact := r.y[d.key]
		exact = exact && y.bytes > 0
		if !math.IsNaN(d.at) {
			k.places = append(k.places, drawn{at: d.at, x: d.x, y: float64(y.stored) / float64(max(y.bytes, 1)), exact: exact, file: d.file})
		}
		switch {
		case seen[d.key]:
		case exact:
			k.packed = append(k.packed, d)
		default:
			k.looked = append(k.looked, d)
		}
		seen[d.key] = true
	}
	return k
}

// calculate makes the row's figures from all that is known.
func (w *work) calculate(r *rowState) {
	k := w.known(r)
	r.sums, r.fit = w.sum(r), regress(k.places, r.looked())
	measured, stored := 0.0, 0.0
	for _, d := range k.packed {
		y, share := r.y[d.key], w.share(r, d.key)
		measured, stored = measured+share, stored+float64(y.stored)*share/float64(y.bytes)
	}
	twins, twinsSE := w.twins.expected(w.l)
	rest := max(r.sums.bytes-min(twins, r.sums.bytes/2)-measured, 0)
	predicted, variance := w.predict(r, k, rest)
	tables := w.tables.cost(r.ratios)
	estimate := r.sums.known + r.sums.unread + stored + predicted + tables
	whole := (rest < 1 || r.end) && r.entries > 0 && w.twins.done()
	se := math.Hypot(math.Sqrt(variance), r.fit.mean*twinsError(twins+float64(w.twins.found-r.twins), twinsSE))
	if r.entries == 0 {
		se += tables / 4
	}
	w.fill(r, estimate, se, len(k.packed), whole)
}

// predict gives what the rest, bytes without a real figure, will take, and its
// variance: the blocks that were looked at by what the cheap compressor made of
// them, those that were not by what lies near them.
func (w *work) predict(r *rowState, k known, rest float64) (stored, variance float64) {
	if rest < 1 {
		return 0, 0
	}
	bytes, squares := 0.0, 0.0
	for _, d := range k.looked {
		share := w.share(r, d.key)
		bytes += share
		stored += share * r.fit.at(d.x)
		squares += share * share
	}
	near := w.near(r)
	r.left = [2]float64{r.fit.residual * (rest*rest + float64(r.fit.exact)*squares), 0}
	if unseen, takes := w.unseen(r, k, near); unseen >= 1 {
		off, spread := near.off(r.fit, k.places)
		bytes, stored = bytes+unseen, stored+min(max(takes+off*unseen, 0), unseen)
		r.left[1] = spread * unseen * r.sums.bytes
	}
	if bytes > rest { // some of them will turn out to be twins
		stored *= rest / bytes
	}
	return stored, r.left[0] + r.left[1]
}

// unseen is how many bytes are in blocks that no place hit, and what they take by
// what lies near them.
func (w *work) unseen(r *rowState, k known, n nearby) (bytes, takes float64) {
	for _, f := range w.axis.files {
		if w.counts(r, f) {
			data := float64(w.c.data(f))
			bytes, takes = bytes+data, takes+data*n.ratio(f)
		}
	}
	for _, d := range slices.Concat(k.looked, k.packed) {
		w.each(r, d.key, func(f int32, share float64) {
			bytes, takes = bytes-share, takes-share*n.ratio(f)
		})
	}
	return max(bytes, 0), max(takes, 0)
}

// guess is the ratio before anything is measured.
const guess = 0.4

func (w *work) fill(r *rowState, estimate, se float64, blocks int, whole bool) {
	most := int64(r.sums.known+r.sums.unread+r.sums.bytes) + w.tables.size()
	degrees := max(blocks-3, 0)
	if whole {
		se, degrees = 0, 1000
	}
	r.out = Row{How: r.how, Estimate: min(int64(estimate), most), Error: int64(min(se, float64(most))), Blocks: blocks, Whole: whole,
		Bound: bound(estimate, se, degrees, most), Seconds: w.seconds(r)}
	r.out.judge(w.room, most, degrees)
	r.sure = whole || w.in.Enough > 0 && blocks >= minBlocks && t99(degrees)*se <= w.in.Enough*estimate
}

// seconds is how long packing takes: what the samples took, and what every file
// costs to find and open, on so many processors.
func (w *work) seconds(r *rowState) float64 {
	if r.bytes == 0 {
		return 0
	}
	cpu := r.cpu.Seconds() / float64(r.bytes) * float64(w.l.bytes)
	cpu += perFile.Seconds() * float64(len(w.c.entries))
	return cpu / float64(max(r.how.Processors, 1))
}

// perFile is what mksquashfs needs to look at an entry and to open it: measured
// with lz4 on trees of tiny files.
const perFile = 25 * time.Microsecond
