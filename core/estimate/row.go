package estimate

import (
	"math"
	"slices"
	"time"
)

// rowState is the estimate for one compressor while it grows.
type rowState struct {
	how     How
	prices  bool           // the old image's costs hold for it
	samples []*sample      // of its files, by how much is known of them beforehand
	y       map[key]packed // blocks that the real compressor packed
	packs   int            // runs of it

	ratios  [4]float64 // of the tables
	entries int        // for which they were measured; 0: they were not

	known    float64       // stored bytes that the old image tells
	unread   float64       // bytes that nobody can read: they count in full
	mean     float64       // ratio of all other data
	exactCPU time.Duration // of a real figure, lately
	timed    timed
	out      Row
	sure     bool
	twins    int64 // twins.found when blocks were looked at
	stale    bool  // and some were found since: blocks are to be looked at anew
	wrong    bool  // and many: what was packed does not count
}

func (w *work) newRow(h How) *rowState {
	r := &rowState{how: h, prices: w.c.image.prices(h), y: map[key]packed{}, ratios: [4]float64{0.35, 0.45, 0.7, 0.4}, mean: guess, exactCPU: 50 * time.Millisecond}
	r.samples = []*sample{{rowState: r, cheapCPU: 5 * time.Millisecond}}
	if w.c.image.aids(h) {
		r.samples = append(r.samples, &sample{rowState: r, aided: true})
	}
	return r
}

// priced tells whether the old image tells what a file costs.
func (w *work) priced(r *rowState, file int32) bool {
	return r.prices && w.c.entries[file].old >= 0
}

// nothing tells whether a file takes nothing, as in the old image: it is zeros,
// which no compressor stores.
func (w *work) nothing(r *rowState, file int32) bool {
	e := &w.c.entries[file]
	return len(r.samples) > 1 && e.old >= 0 && w.c.image.nodes[e.old].stored == 0
}

// sum is what the choices leave of the axis for a row.
func (w *work) sum(r *rowState) {
	r.known, r.unread, r.timed.of = 0, 0, 0
	for _, s := range r.samples {
		s.bytes = 0
	}
	for _, f := range w.axis.files {
		switch e := &w.c.entries[f]; {
		case !w.l.own[f]:
		case w.priced(r, f):
			stored := w.c.image.nodes[e.old].stored
			if r.known += stored; stored > 0 {
				r.timed.of += float64(w.c.data(f))
			}
		case w.nothing(r, f):
		case e.unread:
			r.unread += float64(w.c.data(f))
		default:
			r.sampleOf(e).bytes += float64(w.c.data(f))
		}
	}
}

// sampleOf is the one that a file belongs to.
func (r *rowState) sampleOf(e *entry) *sample {
	if e.old >= 0 {
		return r.samples[len(r.samples)-1]
	}
	return r.samples[0]
}

// sampled is how many bytes of data the samples stand for.
func (r *rowState) sampled() (bytes float64) {
	for _, s := range r.samples {
		bytes += s.bytes
	}
	return bytes
}

// ended tells whether the real compressor packed all there is.
func (r *rowState) ended() bool {
	return !slices.ContainsFunc(r.samples, func(s *sample) bool { return !s.end && s.bytes >= 1 })
}

// begun tells whether anything was drawn.
func (r *rowState) begun() bool {
	return slices.ContainsFunc(r.samples, func(s *sample) bool { return len(s.draws) > 0 })
}

// rename gives the blocks of small files their new names after the layout
// changed. What was packed stays: it still tells how such files shrink.
func (w *work) rename(r *rowState) {
	for _, s := range r.samples {
		s.sweep, s.within, s.end = 0, 0, false
		for i, d := range s.draws {
			if _, done := r.y[d.key]; d.key.number < 0 && !done && w.l.own[d.file] {
				d.key = w.reader.at(w.l, d.file, 0)
				d.x = w.x(s, d)
				s.draws[i] = d
			}
		}
	}
}

// calculate makes the row's figures from all that is known.
func (w *work) calculate(r *rowState) {
	w.sum(r)
	twins, twinsSE := w.twins.expected(w.l)
	data, bytes, whole := 0.0, 0.0, r.entries > 0 && w.twins.done()
	var sure certainty
	for _, s := range r.samples {
		k := w.known(s)
		s.fit = regress(k.places, s.aided || s.looked())
		measured, stored := w.measured(s, k)
		twins := min(twins*s.bytes/max(r.sampled(), 1), s.bytes/2)
		rest := max(s.bytes-twins-measured, 0)
		predicted, variance := w.predict(s, k, rest)
		data, bytes = data+stored+predicted, bytes+measured+rest
		whole = whole && (rest < 1 || s.end)
		sure.add(k, s.fit.exact, variance)
		sure.behind = sure.behind || rest >= 1 && s.behind()
	}
	if bytes > 0 && r.packs > 0 {
		r.mean = data / bytes
	}
	tables := w.tables.cost(r.ratios)
	sure.se = math.Hypot(math.Sqrt(sure.variance), r.mean*twinsError(twins+float64(w.twins.found-r.twins), twinsSE))
	if r.entries == 0 {
		sure.se += tables / 4
	}
	w.fill(r, r.known+r.unread+data+tables, sure, whole)
}

// certainty is how sure an estimate is.
type certainty struct {
	se                float64
	variance, squares float64      // of the samples; and of each, squared, by its degrees of freedom
	blocks            map[key]bool // with a real figure
	exact             int          // places of which that is known
	behind            bool         // some that matter were not drawn yet
}

// add adds a sample. A block that both have counts once.
func (c *certainty) add(k known, exact int, variance float64) {
	if c.blocks == nil {
		c.blocks = map[key]bool{}
	}
	for _, d := range k.packed {
		c.blocks[d.key] = true
	}
	c.variance, c.exact = c.variance+variance, c.exact+exact
	if exact >= firstExact { // less claim enough
		c.squares += variance * variance / float64(exact-3)
	}
}

// degrees are those of freedom of the whole: Welch and Satterthwaite (Cochran,
// Sampling Techniques, 3rd edition, §5.4).
func (c *certainty) degrees() int {
	most := max(c.measured()-3, 0)
	if c.behind {
		return 0
	}
	if c.squares == 0 {
		return most
	}
	return int(min(float64(most), c.variance*c.variance/c.squares) + 1e-9) // that may be off by rounding
}

// measured is how many blocks tell of the whole: after other choices some that
// were packed are of a part of it.
func (c *certainty) measured() int { return min(len(c.blocks), c.exact) }

// guess is the ratio before anything is measured.
const guess = 0.4

func (w *work) fill(r *rowState, estimate float64, sure certainty, whole bool) {
	most := int64(r.known+r.unread+r.sampled()) + w.tables.size()
	se, degrees, blocks := sure.se, sure.degrees(), sure.measured()
	if whole {
		se, degrees, blocks = 0, 1000, len(sure.blocks)
	}
	r.out = Row{How: r.how, Estimate: min(int64(estimate), most), Error: int64(min(se, float64(most))), Blocks: blocks, Whole: whole,
		Bound: bound(estimate, se, degrees, most), degrees: degrees}
	r.out.Seconds = w.seconds(r)
	r.out.judge(w.room, most)
	r.sure = whole || w.in.Enough > 0 && blocks >= minBlocks && t99(degrees)*se <= w.in.Enough*estimate
}
