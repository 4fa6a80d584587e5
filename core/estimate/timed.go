package estimate

import "slices"

// timed is what is learned of the files of which the old image tells the size: how
// long packing them takes. What is new in a tree may be of quite another kind.
type timed struct {
	of     float64 // bytes of such files
	among  float64 // that there were of them when it was measured
	next   uint32  // of the row of places
	blocks int
	taken  // by the real compressor
}

// timing is how many blocks are packed for that, and how many in one step: more of
// lz4, of which few take less time than starting does.
func (r *rowState) timing() (most, step int) {
	if r.how.Compressor == "lz4" {
		return 3 * maxBatch, maxBatch
	}
	return 16, 4
}

// timedEnough tells whether no more is to be packed for it. What was measured when
// there was half as much, under other choices, tells nothing.
func (r *rowState) timedEnough() bool {
	most, _ := r.timing()
	return r.timed.of < blockSize || r.timed.blocks >= most && r.timed.of < 2*r.timed.among
}

// untimed is the row of which such files are to be packed now; nil when none is due.
// Each row gets its first time at once, then there is a block for each two with a real
// figure; the rest is for when nothing else is left.
func (w *work) untimed(worst *rowState) *rowState {
	if w.in.Settle { // who waits for a verdict asks for no time
		return nil
	}
	for _, r := range w.rows {
		due := r.sure && (worst == nil || r.timed.blocks == 0) || r == worst && r.out.Blocks >= max(firstExact, 2*r.timed.blocks)
		if due && !r.timedEnough() {
			return r
		}
	}
	return nil
}

// time packs the next blocks of such files; when none is found, that is all.
func (w *work) time(r *rowState) error {
	t := &r.timed
	most, step := r.timing()
	if t.blocks >= most {
		*t = timed{of: t.of, next: t.next}
	}
	keys := w.toTime(r, step)
	if t.among = t.of; len(keys) == 0 {
		t.blocks = most
		return nil
	}
	_, lengths, err := w.packBlocks(r.how, keys)
	if err != nil {
		return err
	}
	t.add(w.lately, lengths)
	t.blocks += len(keys)
	w.calculate(r)
	w.tell()
	return nil
}

// toTime draws the next n blocks.
func (w *work) toTime(r *rowState, n int) (keys []key) {
	for misses := 0; len(keys) < n && misses < 64*1024; r.timed.next++ {
		_, file, offset := w.axis.at(r.timed.next, w.places)
		if w.l.own[file] && w.priced(r, file) && w.c.image.nodes[w.c.entries[file].old].stored > 0 {
			if k := w.reader.at(w.l, file, offset); !slices.Contains(keys, k) {
				keys = append(keys, k)
				continue
			}
		}
		misses++
	}
	return keys
}
