package estimate

import (
	"math"
	"slices"
	"time"

	"antix-remaster/core/sys"
)

// Steps are short, so that other choices and an end come through at once.
const (
	firstCheap = 64 // draws before the first real figure
	firstExact = 8
	maxBatch   = 24                     // blocks in one run of the real compressor: 6 MiB
	maxStep    = 800 * time.Millisecond // that one should take
	goodError  = 0.005                  // standard error, of the estimate, up to which a row goes before the next
	twinShare  = 0.6                    // of the time goes to looking for twins, until they are found
)

// next does the most useful step.
func (w *work) next() error {
	r := w.worst()
	switch {
	case r == nil || !w.twins.done() && w.twinCPU.Seconds() < twinShare*w.spent().Seconds() && r.packs > 0:
		w.lookForTwins()
		return nil
	case r.sums.bytes > 0 && len(w.current(r)) < firstCheap && w.draw(r, firstCheap):
	case (r.packs > 0 || r.sums.bytes == 0) && r.entries == 0 || r.entries > 0 && math.Abs(float64(r.entries-w.l.files)) > 0.2*float64(r.entries):
		if err := w.packTables(r); err != nil {
			return err
		}
	case r.packs > 0 && w.cheapPays(r) && w.draw(r, max(len(r.draws)/4, firstCheap)):
	default:
		if err := w.pack(r); err != nil {
			return err
		}
	}
	w.calculate(r)
	w.tell()
	return nil
}

// worst is the row that needs a step most: the chosen one until it can be
// judged, then each of the others, then the least sure.
func (w *work) worst() *rowState {
	for _, least := range []int{firstExact, minBlocks} {
		for _, r := range w.rows {
			if !r.sure && r.out.Blocks < least {
				return r
			}
		}
	}
	for _, r := range w.rows {
		if !r.sure && float64(r.out.Error) > goodError*float64(r.out.Estimate) {
			return r
		}
	}
	var worst *rowState
	most := -1.0
	for i, r := range w.rows {
		unsure := float64(r.out.Error) / float64(max(r.out.Estimate, 1))
		if i == 0 {
			unsure *= 2 // it is the one that matters
		}
		if !r.sure && unsure > most {
			worst, most = r, unsure
		}
	}
	return worst
}

// cheapPays tells whether more cheap figures lower the variance by more, for
// their time, than real ones.
func (w *work) cheapPays(r *rowState) bool {
	f := r.fit
	if w.drawnOut(r) {
		return false
	}
	if f.exact < minBlocks { // too few to believe what they say of each other
		return f.cheap < 12*f.exact
	}
	perCheap := r.left[1] / float64(f.cheap) / r.cheapCPU.Seconds()
	perExact := r.left[0] / float64(f.exact) / r.exactCPU.Seconds()
	return perCheap > perExact
}

// drawnOut tells whether places hit every block several times: more tell nothing.
func (w *work) drawnOut(r *rowState) bool {
	return float64(r.fit.cheap)*blockSize > 4*r.sums.bytes && r.fit.cheap >= firstCheap
}

// draw takes n more places that hit blocks to be sampled, and has the cheap
// compressor look at them. It is false when there are none.
func (w *work) draw(r *rowState, n int) bool {
	begin, total, misses, got := sys.CPUTime(), w.axis.length(), 0, 0
	for got < n && misses < 64*1024 && w.step.Err() == nil && total > 0 {
		at := point(r.next, w.shift)
		r.next++
		file, offset := w.axis.find(int64(at * float64(total)))
		if !w.counts(r, file) {
			misses++
			continue
		}
		k := w.reader.at(w.l, file, offset)
		r.draws = append(r.draws, draw{at, file, k, w.look(r, k)})
		got++
	}
	if got > 0 {
		r.cheapCPU = max((sys.CPUTime()-begin)/time.Duration(got), time.Microsecond)
	}
	return got > 0
}

// look has the cheap compressor of a row look at a block and gives the ratio.
func (w *work) look(r *rowState, k key) float64 {
	l := w.looks[k]
	if l == nil {
		l = &look{}
		w.looks[k] = l
	}
	if !l.known[r.cheap] {
		data := w.reader.read(w.l, k)
		l.known[r.cheap] = true
		l.ratio[r.cheap] = float32(w.cheap.size(r.cheap, data)) / float32(max(len(data), 1))
	}
	return float64(l.ratio[r.cheap])
}

// wanted are the blocks that the real compressor should pack next: the first
// that were drawn, and when all are packed, more.
func (w *work) wanted(r *rowState, n int) []key {
	var out []key
	pick := func() {
		for _, d := range w.current(r) {
			if _, done := r.y[d.key]; !done && len(out) < n && !slices.Contains(out, d.key) {
				out = append(out, d.key)
			}
		}
	}
	pick()
	for len(out) == 0 && !w.drawnOut(r) && w.draw(r, firstCheap) {
		r.fit.cheap += firstCheap
		pick()
	}
	if len(out) == 0 {
		out = w.remaining(r, n)
	}
	return out
}

// remaining goes through all blocks in order for n of those that no place hit.
func (w *work) remaining(r *rowState, n int) []key {
	var out []key
	for ; r.sweep < len(w.axis.files); r.sweep, r.within = r.sweep+1, 0 {
		f := w.axis.files[r.sweep]
		if !w.counts(r, f) {
			continue
		}
		for size := w.c.data(f); r.within < size; r.within += blockSize {
			if len(out) == n {
				return out
			}
			k := w.reader.at(w.l, f, r.within)
			if _, done := r.y[k]; !done && !slices.Contains(out, k) {
				out = append(out, k)
				r.draws = append(r.draws, draw{math.NaN(), f, k, w.look(r, k)})
			}
		}
	}
	return out
}

// pack has the real compressor pack the next blocks.
func (w *work) pack(r *rowState) error {
	n := min(max(firstExact, len(r.y)/2), maxBatch)
	if most := int(maxStep * time.Duration(max(r.how.Processors, 1)) / r.exactCPU); r.packs > 0 {
		n = min(n, max(most, 4))
	}
	keys := w.wanted(r, n)
	if len(keys) == 0 {
		r.end = true
		return nil
	}
	begin := sys.CPUTime()
	var bytes int64
	var lengths []int32
	for _, k := range keys {
		data := w.reader.read(w.l, k)
		lengths = append(lengths, int32(len(data)))
		bytes += int64(len(data))
		if err := w.exact.add(data); err != nil {
			return err
		}
	}
	sizes, cpu, err := w.exact.run(w.step, r.how, blockSize)
	w.child += cpu
	if err != nil {
		return err
	}
	for i, k := range keys {
		r.y[k] = packed{int32(sizes[i]), lengths[i]}
	}
	r.packs++
	r.cpu += max(cpu-w.exact.start, 0)
	r.bytes += bytes
	r.exactCPU = max((cpu+sys.CPUTime()-begin)/time.Duration(len(keys)), time.Microsecond)
	return nil
}

// packTables has the real compressor pack pieces of the look-alike tables.
func (w *work) packTables(r *rowState) error {
	for _, t := range w.tables.all() {
		for _, chunk := range t.kept {
			if err := w.exact.add(chunk); err != nil {
				return err
			}
		}
	}
	sizes, cpu, err := w.exact.run(w.step, r.how, metaSize)
	w.child += cpu
	if err != nil {
		return err
	}
	var stored, bytes [4]float64
	kept := 0
	for i, t := range w.tables.all() {
		for _, chunk := range t.kept {
			stored[i] += float64(sizes[kept])
			bytes[i] += float64(len(chunk))
			kept++
		}
		if bytes[i] > 0 {
			r.ratios[i] = stored[i] / bytes[i]
		}
	}
	r.entries = max(w.l.files, 1)
	return nil
}

// lookForTwins reads some groups of files.
func (w *work) lookForTwins() {
	begin, from := sys.CPUTime(), time.Now()
	found := w.twins.next
	for !w.twins.done() && time.Since(from) < maxStep/4 && w.step.Err() == nil {
		w.twins.step(w.step)
	}
	w.twinCPU += sys.CPUTime() - begin
	if w.step.Err() == nil && w.twins.next > found {
		w.l = w.c.lay(w.l.in)
		if w.twins.done() {
			w.forget()
		}
		w.lay(w.l.in)
	}
}

// forget drops what was learned of small files while there were twins among
// them: such blocks shrink more than those that are packed.
func (w *work) forget() {
	for _, r := range w.rows {
		for k := range r.y {
			if k.number < 0 && w.share(r, k) == 0 {
				delete(r.y, k)
			}
		}
		for i, d := range r.draws {
			if d.key.number < 0 && w.l.own[d.file] {
				r.draws[i].key = w.reader.at(w.l, d.file, 0)
				r.draws[i].x = w.look(r, r.draws[i].key)
			}
		}
	}
}
