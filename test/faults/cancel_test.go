package faults

import (
	"math/rand/v2"
	"testing"
	"time"

	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// tenfold is the slack of a test: the promise is three seconds, which the
// benchmark measures.
const (
	tenfold        = 30 * time.Second
	mostUnwritten  = 32 << 20
	slackUnwritten = 8 << 20 // what mksquashfs writes before it is stopped, and the names
)

// TestPromiseP7Cancel gives builds up on a stick that writes 5 MB a second, at
// random times, in every way.
func TestPromiseP7Cancel(t *testing.T) {
	tries, size := 9, int64(24<<20)
	if full() {
		tries, size = 100, 64<<20
	}
	w := newWorld(t, livesys.Options{})
	must(t, w.FillHome("film.mp4", size))
	undo, err := w.Slow()
	must(t, err)
	t.Cleanup(func() { must(t, undo()) })
	most, err := w.Outstanding()
	must(t, err)
	begin := time.Now()
	if _, err := w.Build(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begin)
	if _, err := w.Heal(); err != nil {
		t.Fatal(err)
	}
	if whole < time.Duration(size)*time.Second/SlowSpeed {
		t.Errorf("a build of %d bytes took %v: the stick is not slow", size, whole)
	}
	tried, broken := 0, 0
	for i := range tries {
		way, delay := Ways[i%len(Ways)], rand.N(whole)
		gone, cancelled, err := w.Cancel(way, delay)
		if cancelled {
			tried++
		} else if _, e := w.Heal(); e != nil {
			t.Error(e)
		}
		if e := w.Quiet(w.before, true); err != nil || e != nil || gone > tenfold {
			broken++
			t.Errorf("%s after %v: gone after %v; %v %v", way, delay, gone, err, e)
			w.Scrub()
		}
		t.Logf("%s after %v: gone after %v", way, delay.Round(time.Millisecond), gone.Round(time.Millisecond))
	}
	figure.Record(t, "P7", "cancels on a slow stick: gone within tenfold the time", tried, broken)
	unwritten := most()
	t.Logf("at most %.1f MiB were outstanding", float64(unwritten)/(1<<20))
	if unwritten > mostUnwritten+slackUnwritten || unwritten == 0 {
		t.Errorf("%d bytes were outstanding", unwritten)
	}
}
