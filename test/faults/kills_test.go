package faults

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// verdicts counts the ways in which a promise about a killed run was broken.
type verdicts struct{ touched, left, lies atomic.Int64 }

// take judges a killed run, and now and then tries the next one.
func (v *verdicts) take(t *testing.T, w *world, trial Trial, retry bool) {
	t.Helper()
	armed, err := w.Judge(trial, w.before, w.reference)
	if err == nil && retry {
		err = w.Retry(w.before, w.reference)
	}
	switch {
	case touched(err):
		v.touched.Add(1)
	case err != nil:
		v.left.Add(1)
	case trial.Struck && trial.Err == nil && trial.Do == "killroot":
		v.lies.Add(1)
	default:
		return
	}
	t.Errorf("%s at %s: armed %v; the build said: %v\nafter it: %v", trial.Do, trial.Point, armed, trial.Err, err)
	w.Scrub()
}

func (v *verdicts) record(t *testing.T, what string, tried int) {
	t.Helper()
	figure.Record(t, "P1", what, tried, int(v.touched.Load()))
	figure.Record(t, "P4", what, tried, int(v.left.Load()))
	figure.Record(t, "P5", what, tried, int(v.lies.Load()))
}

// TestPromiseP1HelperKills ends the helper, or mksquashfs, at every call that
// changes something. The running linuxfs stays as it is, and one start puts
// everything right.
func TestPromiseP1HelperKills(t *testing.T) {
	count := 105
	if full() {
		count = 1 << 20
	}
	var v verdicts
	tried := eachPoint(t, func(all []Point) []Point { return someOf(all, count) }, func(w *world, i int, p Point) bool {
		do := "killroot"
		if p.Engine() && i%2 == 0 {
			do = "kill"
		}
		trial := w.Strike(p, do)
		v.take(t, w, trial, i%10 == 0)
		return trial.Struck
	})
	v.record(t, "kills at the calls of helper and mksquashfs", tried)
}

// TestPromiseP1RandomKills ends the helper at random times.
func TestPromiseP1RandomKills(t *testing.T) {
	if !full() {
		t.Skip("1,000 kills take long: scripts/test --full")
	}
	w := newWorld(t, livesys.Options{})
	begin := time.Now()
	must(t, w.Retry(w.before, w.reference))
	whole := time.Since(begin)
	var v verdicts
	tried := 0
	for i := 0; tried < 1000; i++ { // some come too late
		delay := rand.N(whole)
		trial := Trial{Point: Point{Call: "after " + delay.String() + " at random", N: i}, Do: "killroot"}
		trial.Result, trial.Err = w.BuildBy(func(h *Helper) {
			time.Sleep(delay)
			h.Kill()
		})
		switch {
		case trial.Err == nil: // too late: so long does it take now
			whole = time.Duration(trial.Result.Seconds * float64(time.Second))
		case wire.AsError(trial.Err).Code == wire.HelperDied:
			tried++
		}
		v.take(t, w, trial, i%20 == 0)
	}
	v.record(t, "kills at random times", tried)
}
