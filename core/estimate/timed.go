package estimate

import "time"

// timed is what is learned of the files of which the old image tells the size: how
// long packing them takes. What is new in a tree may be of quite another kind.
type timed struct {
	of     float64 // bytes of such files
	next   uint32  // of the row of places
	blocks int
	cpu    time.Duration // of the real compressor, beyond that of starting
	packed int64         // bytes that it packed
}

const (
	mostTimed = 16 // blocks
	someTimed = 4  // in one step; all in one of lz4, of which few take less than starting does
)

// untimed is the row for which a step should go to that: there is one for each two
// with a real figure, and more when nothing else is left. It is nil when all know enough.
func (w *work) untimed(worst *rowState) *rowState {
	for _, r := range w.rows {
		t := &r.timed
		enough := t.blocks >= mostTimed || t.of < blockSize
		if !enough && (r.sure || r == worst && r.out.Blocks >= max(firstExact, 2*t.blocks)) {
			return r
		}
	}
	return nil
}

// time packs the next blocks of such files; when none is found, that is all.
func (w *work) time(r *rowState) error {
	var keys []key
	t := &r.timed
	n := someTimed
	if r.how.Compressor == "lz4" {
		n = mostTimed
	}
	for misses := 0; len(keys) < n && misses < 64*1024; t.next++ {
		file, offset := w.axis.find(int64(point(t.next, w.places) * float64(w.axis.length())))
		if !w.l.own[file] || !w.priced(r, file) || w.c.image.nodes[w.c.entries[file].old].stored == 0 {
			misses++
			continue
		}
		keys = append(keys, w.reader.at(w.l, file, offset))
	}
	if len(keys) == 0 {
		t.blocks = mostTimed
		return nil
	}
	_, lengths, err := w.packBlocks(r.how, keys)
	if err != nil {
		return err
	}
	for _, n := range lengths {
		t.packed += int64(n)
	}
	t.blocks, t.cpu = t.blocks+len(keys), t.cpu+max(w.lately-w.exact.start, 0)
	w.calculate(r)
	w.tell()
	return nil
}
