package estimate

import (
	"math"
	"slices"
	"time"
)

// sample is what is learned of some files of a row by drawing places. Those that
// the old image has for another compressor make one: it tells for each of their
// blocks how far it shrinks there, and only the curve from there has to be found.
// The others make another.
type sample struct {
	*rowState
	aided  bool   // by the old image
	next   uint32 // of the row of places: all before it were drawn, or hit none of its files
	top    uint32 // before which some were
	draws  []draw
	sweep  int   // files of the axis that were gone through when places only hit known blocks
	within int64 // bytes of the next one
	end    bool  // and there are no more

	taken // by the real compressor

	bytes    float64 // of data it stands for
	fit      fit
	glanced  bool          // at most of what nobody looked at
	left     [2]float64    // variance, bytes squared, that more real figures lower, and more cheap ones
	cheapCPU time.Duration // of a cheap figure, lately
}

// draw is a place that hit a block.
type draw struct {
	at     float64 // NaN: it was not a place that led to it
	number uint32  // of the place
	file   int32
	key    key
	x      float64 // ratio of the cheap compressor, or in the old image
}

// drawn are the places that were drawn.
func (s *sample) drawn() map[float64]bool {
	places := make(map[float64]bool, len(s.draws))
	for _, d := range s.draws {
		places[d.at] = true // NaN is never found
	}
	return places
}

// place tells whether a draw is one of a place, and counts for the whole: no place
// before it was passed over.
func (s *sample) place(d draw) bool { return !math.IsNaN(d.at) && d.number < s.next }

// behind tells whether places were passed over that count now.
func (s *sample) behind() bool { return s.next < s.top && !s.end }

// looked tells whether a sample goes by cheap figures: lz4 is as quick itself, and
// of some files the old image tells as much.
func (s *sample) looked() bool { return !s.aided && s.how.Compressor != "lz4" }

// x is what is known beforehand of the block of a draw; what was known when that
// is nothing yet.
func (w *work) x(s *sample, d draw) float64 {
	if s.aided {
		return w.oldRatio(d.key, d.file)
	}
	if x := w.ratio(s.rowState, d.key); s.looked() && x > 0 {
		return x
	}
	return d.x
}

// shrinks is the ratio of a block as far as it is known.
func (s *sample) shrinks(d draw) float64 {
	if y := s.y[d.key]; y.bytes > 0 {
		return float64(y.stored) / float64(y.bytes)
	}
	if s.aided {
		return s.fromOld(d.x)
	}
	return s.fit.curve.at(d.x)
}

// counts tells whether a file is one that is sampled, under the present choices.
func (w *work) counts(s *sample, file int32) bool {
	e := &w.c.entries[file]
	return w.l.own[file] && !e.unread && !w.priced(s.rowState, file) && !w.nothing(s.rowState, file) && s.sampleOf(e) == s
}

// current gives the draws that count.
func (w *work) current(s *sample) []draw {
	var out []draw
	for _, d := range s.draws {
		if w.counts(s, d.file) {
			out = append(out, d)
		}
	}
	return out
}

// each shows the files that are sampled of a block in the present layout, and how
// many bytes of them are in it; none when there is no such block in it.
func (w *work) each(s *sample, k key, do func(file int32, bytes float64)) {
	if k.number >= 0 {
		do(k.file, w.c.inBlock(k))
		return
	}
	if w.reader.at(w.l, k.file, 0) != k {
		return
	}
	files, _ := w.l.members(k.file)
	for _, f := range files {
		if w.counts(s, f) {
			do(f, float64(w.c.entries[f].size))
		}
	}
}

// share is how many bytes each shows together.
func (w *work) share(s *sample, k key) (sum float64) {
	w.each(s, k, func(_ int32, bytes float64) { sum += bytes })
	return sum
}

// known is what is known of the blocks of a sample.
type known struct {
	places []drawn
	packed []draw // one for each block with a real figure
	looked []draw // and for each that was drawn and has none
}

// known tells what is known of a sample. Of the places only those before the first
// that is not packed yet count as packed: which are behind it, other choices, or
// twins, may have decided.
func (w *work) known(s *sample) known {
	var k known
	seen, hit, gap := map[key]bool{}, map[key]bool{}, false
	for _, d := range w.current(s) {
		y, done := s.y[d.key]
		exact := done && y.bytes > 0
		if s.place(d) {
			gap = gap || !done && !s.zeros(d)
			k.places = append(k.places, drawn{at: d.at, x: d.x, y: float64(y.stored) / float64(max(y.bytes, 1)), exact: exact && !gap, again: hit[d.key], zeros: s.zeros(d), file: d.file, key: d.key})
			hit[d.key] = true
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
	for at, y := range s.y { // what another sample had packed may hold files of this one
		if at.number < 0 && y.bytes > 0 && !seen[at] && w.share(s, at) > 0 {
			k.packed = append(k.packed, draw{at: math.NaN(), file: at.file, key: at})
		}
	}
	return k
}

// zeros tells whether the block of a draw is known to take nothing.
func (s *sample) zeros(d draw) bool { return s.aided && d.x == 0 }

// measured is how many bytes of a sample have real figures, and what they take.
func (w *work) measured(s *sample, k known) (bytes, stored float64) {
	for _, d := range k.packed {
		y, share := s.y[d.key], w.share(s, d.key)
		bytes, stored = bytes+share, stored+float64(y.stored)*share/float64(y.bytes)
	}
	return bytes, stored
}

// unsure is the standard error of a ratio of which hardly anything is known.
const unsure = 0.3

// predict gives what the rest, bytes without a real figure, will take, and its
// variance.
func (w *work) predict(s *sample, k known, rest float64) (stored, variance float64) {
	if s.left = [2]float64{}; rest < 1 {
		return 0, 0
	}
	var bytes float64
	if s.aided {
		bytes, stored = w.others(s, w.expect(s), k.packed)
		s.left[0] = s.fit.residual * (rest*rest + float64(s.fit.exact)*rest*blockSize)
	} else {
		bytes, stored = w.predictLooked(s, k, rest)
	}
	if s.fit.exact < firstExact {
		s.left = [2]float64{unsure * rest * unsure * rest, 0}
	}
	if bytes > rest { // some of them will turn out to be twins
		stored *= rest / bytes
	}
	return stored, s.left[0] + s.left[1]
}

// predictLooked predicts the blocks that were looked at by what the cheap
// compressor made of them, those that were not by what lies near them.
func (w *work) predictLooked(s *sample, k known, rest float64) (bytes, stored float64) {
	squares := 0.0
	for _, d := range k.looked {
		share := w.share(s, d.key)
		bytes += share
		stored += share * s.fit.curve.at(d.x)
		squares += share * share
	}
	s.left[0] = s.fit.residual * (rest*rest + float64(s.fit.exact)*squares)
	near := w.near(s)
	seen := slices.Concat(k.looked, k.packed)
	if unseen, takes := w.others(s, near.takes, seen); unseen >= 1 {
		plain := unseen
		if near.glanced {
			_, plain = w.others(s, near.plain, seen)
		}
		off, spread := near.off(s, k.places, unseen-plain, plain)
		bytes, stored = bytes+unseen, stored+min(max(takes+off, 0), unseen)
		s.left[1], s.glanced = spread*s.bytes, plain < unseen/2
	}
	return bytes, stored
}

// others is how many bytes of a sample are not in these blocks, and what they are
// expected to take.
func (w *work) others(s *sample, takes expected, blocks []draw) (bytes, stored float64) {
	for _, f := range w.axis.files {
		if w.counts(s, f) {
			bytes, stored = bytes+float64(w.c.data(f)), stored+takes(f, nil)
		}
	}
	for _, d := range blocks {
		w.each(s, d.key, func(f int32, share float64) {
			bytes, stored = bytes-share, stored-takes(f, &d)
		})
	}
	return max(bytes, 0), max(stored, 0)
}

// expected is what the data of a file are expected to take, or those of it that
// are in a block.
type expected func(file int32, block *draw) float64

// expect goes by what lies near, or by the old image.
func (w *work) expect(s *sample) expected {
	if !s.aided {
		near := w.near(s)
		return near.takes
	}
	return func(file int32, block *draw) float64 {
		if block != nil && block.key.number >= 0 {
			return w.c.inBlock(block.key) * s.fromOld(block.x)
		}
		return w.expectOld(s, file)
	}
}
