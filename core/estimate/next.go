package estimate

import (
	"cmp"
	"math"
	"slices"
	"time"

	"antix-remaster/core/sys"
)

// Steps are short, so that other choices and an end come through at once.
const (
	firstCheap = 30  // draws before the first real figure, which somebody waits for
	mostCheap  = 160 // in one step
	firstExact = 6   // less have no bound

	cheapPerExact = 20                     // what has paid on most trees
	glancedExact  = 8                      // and where there are glances
	maxBatch      = 30                     // blocks in one run of the real compressor: with the image they fit into 16 MiB
	maxStep       = 400 * time.Millisecond // that one should take
	goodError     = 0.005                  // standard error, of the estimate, up to which a row goes before the next
)

// next does the most useful step.
func (w *work) next() error {
	defer func(begin time.Time) { w.busy += time.Since(begin) }(time.Now())
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
	if w.uncalibrated(false) {
		w.calibrate()
		return nil
	}
	if t := w.untimed(r); t != nil {
		return w.time(t)
	}
	if r == nil {
		if w.uncalibrated(true) {
			w.calibrate()
		}
		return nil
	}
	if w.glancesPay(r) {
		w.glance(r)
		w.tell()
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
	if w.tablesDiffer(r) {
		return w.packTables(r)
	}
	s, look := w.neediest(r)
	if s == nil {
		return nil
	}
	if len(w.current(s)) < firstCheap || s.behind() {
		if some, err := w.draw(s, firstCheap); some || err != nil {
			return err
		}
	}
	if look {
		if some, err := w.draw(s, min(max(len(s.draws)/8, 2*firstCheap), mostCheap)); some || err != nil {
			return err
		}
	}
	return w.pack(s)
}

// neediest is the sample for which a step lowers the variance by the most, for its
// time, and whether that is a look; nil when all was measured. Until there are
// enough blocks for a verdict each sample gets its share of them: a few that are
// alike would claim to be sure of all.
func (w *work) neediest(r *rowState) (most *sample, look bool) {
	best, bestDue := 0.0, false
	for _, s := range r.samples {
		if s.end || s.bytes < 1 {
			continue
		}
		pays, cheap := w.pays(s)
		due := s.behind() || float64(s.fit.exact) < minBlocks*s.bytes/r.sampled()
		if most == nil || due && !bestDue || due == bestDue && pays > best {
			most, look, best, bestDue = s, cheap, pays, due
		}
	}
	return most, look
}

// pays is by how much more figures of a sample lower the variance for their time,
// and whether looks lower it by more than real ones.
func (w *work) pays(s *sample) (by float64, look bool) {
	exact := float64(max(s.fit.exact, 1)) * s.exactCPU.Seconds()
	if !s.looked() {
		return (s.left[0] + s.left[1]) / exact, false
	}
	if w.drawnOut(s) {
		return s.left[0] / exact, false
	}
	perExact, perCheap := s.left[0]/exact, s.left[1]/float64(max(s.fit.cheap, 1))/s.cheapCPU.Seconds()
	if s.fit.exact < minBlocks { // too few to believe what they say of each other
		looks := cheapPerExact
		if s.glanced {
			looks = glancedExact
		}
		return max(perExact, perCheap), s.fit.cheap < looks*s.fit.exact
	}
	return max(perExact, perCheap), perCheap > perExact
}

// tablesDiffer tells whether the tables were not measured yet, or were others.
func (w *work) tablesDiffer(r *rowState) bool {
	if r.entries == 0 {
		return r.packs > 0 || r.ended()
	}
	return math.Abs(float64(r.entries-w.l.files)) > 0.2*float64(r.entries)
}

// worst is the row that needs a step most: each until it has its first figure,
// then until it can be judged, the chosen one first, then the least sure.
func (w *work) worst() *rowState {
	for _, least := range []int{firstExact, minBlocks} {
		for _, r := range w.rows {
			if !r.sure && (r.out.Blocks < least || r.out.degrees < 3) {
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

// drawnOut tells whether places hit every block several times: more tell nothing.
func (w *work) drawnOut(s *sample) bool {
	return float64(s.fit.cheap)*blockSize > 4*s.bytes && s.fit.cheap >= firstCheap
}

// draw takes n more places that hit blocks to be sampled, and has the cheap
// compressors look at them. It is false when there are none.
func (w *work) draw(s *sample, n int) (bool, error) {
	if !s.begun() {
		s.twins = w.twins.found
	}
	begin, misses, next, drawn := w.spent(), 0, s.next, s.drawn()
	var news []draw
	var keys []key
	for len(news) < n && misses < 64*1024 && w.step.Err() == nil && w.axis.length() > 0 {
		d, hit := w.place(s, next)
		if next++; !hit || drawn[d.at] {
			misses++
			continue
		}
		news, keys = append(news, d), append(keys, d.key)
	}
	if s.looked() {
		if err := w.look(s.rowState, keys); err != nil {
			return false, err
		}
	}
	for i, d := range news {
		news[i].x = w.x(s, d)
	}
	s.draws = slices.DeleteFunc(s.draws, func(d draw) bool { return math.IsNaN(d.at) && holds(news, d.key) })
	s.next, s.top, s.draws = next, max(s.top, next), append(s.draws, news...)
	slices.SortStableFunc(s.draws, func(a, b draw) int { return cmp.Compare(a.number, b.number) })
	if len(news) > 0 && s.looked() {
		s.cheapCPU = max((w.spent()-begin)/time.Duration(len(news)), time.Microsecond)
	}
	return len(news) > 0, nil
}

// place is place number n, if it hits a block of a sample.
func (w *work) place(s *sample, n uint32) (d draw, hit bool) {
	at, file, offset := w.axis.at(n, w.places)
	if !w.counts(s, file) {
		return draw{}, false
	}
	return draw{at: at, number: n, file: file, key: w.reader.at(w.l, file, offset)}, true
}

// resume goes back to the first place that was passed over, as it hit a file that
// no choice packed then: places that were drawn behind it say nothing of the whole
// until all those between were drawn, too. Where these are many, what lies behind
// some is drawn anew; what was packed there stays known.
func (w *work) resume(s *sample) {
	drawn, lost, n := s.drawn(), 0, uint32(0)
	s.next = s.top
	for ; n < s.top && lost < 2*firstCheap; n++ {
		if d, hit := w.place(s, n); hit && !drawn[d.at] {
			s.next = min(s.next, n)
			lost++
		}
	}
	s.top = n
	s.draws = slices.DeleteFunc(s.draws, func(d draw) bool { return d.number >= n && s.y[d.key].bytes == 0 })
	for i, d := range s.draws {
		if d.number >= n {
			s.draws[i].at, s.draws[i].number = math.NaN(), 0
		}
	}
}

// wanted are the blocks that the real compressor should pack next: the first
// that were drawn, and when all are packed, more.
func (w *work) wanted(s *sample, n int) ([]draw, error) {
	var out []draw
	pick := func() {
		for _, d := range w.current(s) {
			if _, done := s.y[d.key]; !done && d.number < s.next && !s.zeros(d) && len(out) < n && !holds(out, d.key) {
				out = append(out, d)
			}
		}
	}
	for pick(); len(out) == 0 && !w.drawnOut(s); pick() {
		some, err := w.draw(s, firstCheap)
		if err != nil {
			return nil, err
		}
		if !some {
			break
		}
		s.fit.cheap += firstCheap
	}
	if len(out) == 0 {
		out = w.remaining(s, n)
	}
	return out, nil
}

func holds(draws []draw, k key) bool {
	return slices.ContainsFunc(draws, func(d draw) bool { return d.key == k })
}

// remaining goes through all blocks in order for n of those that no place hit.
func (w *work) remaining(s *sample, n int) []draw {
	var out []draw
	for ; s.sweep < len(w.axis.files); s.sweep, s.within = s.sweep+1, 0 {
		f := w.axis.files[s.sweep]
		if !w.counts(s, f) {
			continue
		}
		for size := w.c.data(f); s.within < size; s.within += blockSize {
			if len(out) == n {
				return out
			}
			d := draw{at: math.NaN(), file: f, key: w.reader.at(w.l, f, s.within)}
			d.x = w.x(s, d)
			if _, done := s.y[d.key]; !done && !s.zeros(d) && !holds(out, d.key) {
				out = append(out, d)
			}
		}
	}
	return out
}

// pack has the real compressor pack the next blocks.
func (w *work) pack(s *sample) error {
	n := min(max(firstExact, s.fit.exact/8), maxBatch)
	if s.how.Compressor == "lz4" {
		n = maxBatch // they cost no more than looks
	}
	if most := int(maxStep * time.Duration(max(s.how.Processors, 1)) / s.exactCPU); s.packs > 0 {
		n = min(n, max(most, 4))
	}
	next, err := w.wanted(s, n)
	if err != nil {
		return err
	}
	if len(next) == 0 {
		s.end = true
		return nil
	}
	var keys []key
	for _, d := range next {
		keys = append(keys, d.key)
	}
	begin := sys.CPUTime()
	sizes, lengths, err := w.packBlocks(s.how, keys)
	if err != nil {
		return err
	}
	for i, d := range next {
		s.y[d.key] = packed{int32(sizes[i]), lengths[i]}
		if math.IsNaN(d.at) {
			s.draws = append(s.draws, d)
		}
	}
	s.packs++
	s.add(w.lately, lengths)
	s.exactCPU = max((w.lately.cpu+sys.CPUTime()-begin)/time.Duration(len(keys)), time.Microsecond)
	return nil
}
