package estimate

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"antix-remaster/core/sys"
)

// When to look for twins.
const (
	twinsFirst = 300 * time.Millisecond // of the processors, until which they come first, unless there are few for sure
	twinsMost  = 2 * twinsFirst         // and until which they do while there may be many
	twinsSoon  = 600 * time.Millisecond // what is left of them, which is then done at once
	manyTwins  = 0.002                  // of the bytes
	twinShare  = 0.6                    // of the time goes to them at most, while they are the most unsure
)

// twinsPay tells whether to look for twins now. At the start it spares to look
// twice at blocks of small files, which hold others once twins are known.
func (w *work) twinsPay(r *rowState) bool {
	spent, clock := w.spent()-w.before, time.Since(w.ready)
	if r.ended() {
		return true // there is nothing else
	}
	some, se := w.twins.expected(w.l)
	if spent < twinsFirst && clock < 2*twinsFirst {
		return some+2*se > manyTwins*r.sampled()
	}
	if r.packs == 0 {
		return some > manyTwins*r.sampled() && spent < twinsMost && clock < 2*twinsMost
	}
	soon := w.twinEach > 0 && w.twinEach*time.Duration(len(w.twins.groups)-w.twins.next) < twinsSoon
	return soon || r.mean*twinsError(some, se) > float64(r.out.Error)/2 && w.twinCPU < time.Duration(twinShare*float64(spent))
}

// twinsError is the standard error, in bytes as they are, that comes from some
// expected twins, themselves known with such an error: blocks that hold twins yet
// shrink more than those that will be packed.
func twinsError(some, se float64) float64 { return math.Hypot(se, some/2) }

// lookForTwins reads some groups of files.
func (w *work) lookForTwins() {
	ctx := w.step
	if w.in.Wall > 0 { // large files may take longer than all of it
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, w.began.Add(w.in.Wall))
		defer stop()
	}
	begin, from := sys.CPUTime(), time.Now()
	group, found := w.twins.next, w.twins.found
	for !w.twins.done() && time.Since(from) < maxStep/2 && ctx.Err() == nil {
		w.twins.step(ctx)
	}
	w.twinCPU, w.twinEach = w.twinCPU+sys.CPUTime()-begin, time.Since(from)/time.Duration(max(w.twins.next-group, 1))
	if w.step.Err() == nil && w.twins.found > found {
		w.l = w.c.lay(w.l.in)
		w.laid()
	} else if w.step.Err() == nil && len(w.rows) > 0 {
		w.calculate(w.rows[0])
		w.tell()
	}
	w.age()
}

// age says of rows that what they learned is of blocks that held twins, or of
// others than there are now. A few kilobytes of twins move every block behind them,
// but hardly change what such blocks hold.
func (w *work) age() {
	many := 2 * manyTwins * float64(w.l.bytes)
	if w.twins.done() {
		many /= 4
	}
	for _, r := range append(slices.Collect(maps.Values(w.idle)), w.rows...) {
		news := float64(w.twins.found - r.twins)
		r.wrong = r.wrong || r.begun() && news > many
		r.stale = r.stale || r.wrong || w.twins.done() && r.begun() && news > 0
	}
}

// lookAgain looks at the blocks of a sample that became others; false when some
// are left.
func (w *work) lookAgain(s *sample) (all bool, err error) {
	s.draws = slices.DeleteFunc(s.draws, func(d draw) bool { return d.key.number < 0 && math.IsNaN(d.at) })
	var keys []key
	for i, d := range s.draws {
		if _, done := s.y[d.key]; d.key.number < 0 && !done && w.l.own[d.file] {
			s.draws[i].key = w.reader.at(w.l, d.file, 0)
			if s.looked() && w.ratio(s.rowState, s.draws[i].key) == 0 {
				keys = append(keys, s.draws[i].key)
			}
		}
	}
	if err := w.look(s.rowState, keys[:min(len(keys), mostCheap)]); err != nil || len(keys) > mostCheap {
		return false, err
	}
	for i, d := range s.draws {
		if w.counts(s, d.file) {
			s.draws[i].x = w.x(s, d)
		}
	}
	return true, nil
}

// forget drops what was learned of small files while there were many twins among
// them: such blocks shrink more than those that are packed. It is a step, and
// the row stays stale until all blocks were looked at anew that became others.
func (w *work) forget(r *rowState) error {
	for k := range r.y {
		if r.wrong && k.number < 0 && w.l.in[k.file] && w.reader.at(w.l, k.file, 0) != k {
			delete(r.y, k)
		}
	}
	for _, s := range r.samples {
		if all, err := w.lookAgain(s); err != nil || !all {
			return err
		}
	}
	r.stale, r.wrong, r.twins = false, false, w.twins.found
	w.calculate(r)
	w.tell()
	return nil
}
