package estimate

import (
	"math"
	"slices"
	"time"

	"antix-remaster/core/sys"
)

// Steps are short, so that other choices and an end come through at once.
const (
	firstCheap = 64  // draws before the first real figure
	mostCheap  = 160 // in one step
	firstExact = 6   // less have no bound

	cheapPerExact = 20                     // what has paid on most trees
	maxBatch      = 32                     // blocks in one run of the real compressor: 8 MiB
	maxStep       = 400 * time.Millisecond // that one should take
	goodError     = 0.005                  // standard error, of the estimate, up to which a row goes before the next
)

// next does the most useful step.
func (w *work) next() error {
	r := w.worst()
	if !w.twins.done() && (r == nil || w.twinsPay(r)) {
		w.lookForTwins()
		return nil
	}
	for _, r := range w.rows {
		if r.stale {
			return w.forget(r)
		}
	}
	if r == nil {
		return nil
	}
	if err := w.measure(r); err != nil {
		return err
	}
	w.calculate(r)
	w.tell()
	return nil
}

// measure learns more about a row.
func (w *work) measure(r *rowState) error {
	if r.sums.bytes > 0 && len(w.current(r)) < firstCheap {
		if some, err := w.draw(r, firstCheap); some || err != nil {
			return err
		}
	}
	if w.tablesDiffer(r) {
		return w.packTables(r)
	}
	if r.packs > 0 && w.cheapPays(r) {
		if some, err := w.draw(r, min(max(len(r.draws)/4, firstCheap), mostCheap)); some || err != nil {
			return err
		}
	}
	return w.pack(r)
}

// tablesDiffer tells whether the tables were not measured yet, or were others.
func (w *work) tablesDiffer(r *rowState) bool {
	if r.entries == 0 {
		return r.packs > 0 || r.sums.bytes == 0
	}
	return math.Abs(float64(r.entries-w.l.files)) > 0.2*float64(r.entries)
}

// worst is the row that needs a step most: each until it has its first figure,
// then until it can be judged, the chosen one first, then the least sure.
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
	if w.drawnOut(r) || !r.looked() {
		return false
	}
	if f.exact < minBlocks { // too few to believe what they say of each other
		return f.cheap < cheapPerExact*f.exact
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
// compressors look at them. It is false when there are none.
func (w *work) draw(r *rowState, n int) (bool, error) {
	if len(r.draws) == 0 {
		r.twins = w.twins.found
	}
	begin, total, misses, next := w.spent(), w.axis.length(), 0, r.next
	var news []draw
	var keys []key
	for len(news) < n && misses < 64*1024 && w.step.Err() == nil && total > 0 {
		at := point(next, w.shift)
		next++
		file, offset := w.axis.find(int64(at * float64(total)))
		if !w.counts(r, file) {
			misses++
			continue
		}
		k := w.reader.at(w.l, file, offset)
		news, keys = append(news, draw{at: at, file: file, key: k}), append(keys, k)
	}
	if r.looked() {
		if err := w.look(r, keys); err != nil {
			return false, err
		}
		for i := range news { // a row that does not look itself would know it of some only
			news[i].x = w.ratio(r, news[i].key)
		}
	}
	r.next, r.draws = next, append(r.draws, news...)
	if len(news) > 0 {
		r.cheapCPU = max((w.spent()-begin)/time.Duration(len(news)), time.Microsecond)
	}
	return len(news) > 0, nil
}

// wanted are the blocks that the real compressor should pack next: the first
// that were drawn, and when all are packed, more.
func (w *work) wanted(r *rowState, n int) ([]draw, error) {
	var out []draw
	pick := func() {
		for _, d := range w.current(r) {
			if _, done := r.y[d.key]; !done && len(out) < n && !holds(out, d.key) {
				out = append(out, d)
			}
		}
	}
	for pick(); len(out) == 0 && !w.drawnOut(r); pick() {
		some, err := w.draw(r, firstCheap)
		if err != nil {
			return nil, err
		}
		if !some {
			break
		}
		r.fit.cheap += firstCheap
	}
	if len(out) == 0 {
		out = w.remaining(r, n)
	}
	return out, nil
}

func holds(draws []draw, k key) bool {
	return slices.ContainsFunc(draws, func(d draw) bool { return d.key == k })
}

// remaining goes through all blocks in order for n of those that no place hit.
func (w *work) remaining(r *rowState, n int) []draw {
	var out []draw
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
			if _, done := r.y[k]; !done && !holds(out, k) {
				out = append(out, draw{at: math.NaN(), file: f, key: k})
			}
		}
	}
	return out
}

// pack has the real compressor pack the next blocks.
func (w *work) pack(r *rowState) error {
	n := min(max(firstExact, len(r.y)/2), maxBatch)
	if !r.looked() {
		n = maxBatch // they cost no more than looks
	}
	if most := int(maxStep * time.Duration(max(r.how.Processors, 1)) / r.exactCPU); r.packs > 0 {
		n = min(n, max(most, 4))
	}
	next, err := w.wanted(r, n)
	if err != nil {
		return err
	}
	if len(next) == 0 {
		r.end = true
		return nil
	}
	var keys []key
	for _, d := range next {
		keys = append(keys, d.key)
	}
	begin := sys.CPUTime()
	sizes, lengths, err := w.packBlocks(r.how, keys)
	if err != nil {
		return err
	}
	for i, d := range next {
		r.y[d.key] = packed{int32(sizes[i]), lengths[i]}
		r.bytes += int64(lengths[i])
		if math.IsNaN(d.at) {
			r.draws = append(r.draws, d)
		}
	}
	r.packs++
	r.cpu += max(w.lately-w.exact.start, 0)
	r.exactCPU = max((w.lately+sys.CPUTime()-begin)/time.Duration(len(keys)), time.Microsecond)
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
