package pause

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWithoutSwitch(t *testing.T) {
	Wait(t.Context())
	if On(t.Context()) || Total(t.Context()) != 0 {
		t.Error("held up by nobody")
	}
}

// TestPause: the clock of the bubble stands still while somebody works, so
// every second here is one of waiting.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, s := With(t.Context())
		var steps atomic.Int32
		ctx, cancel := context.WithCancel(ctx)
		go func() {
			for ctx.Err() == nil {
				if Wait(ctx); ctx.Err() == nil {
					steps.Add(1)
					time.Sleep(time.Second)
				}
			}
		}()
		time.Sleep(10*time.Second + time.Second/2)
		if !s.Pause() || s.Pause() || !On(ctx) {
			t.Error("the pause was not taken, or taken twice")
		}
		before := steps.Load()
		time.Sleep(time.Minute)
		if n := steps.Load(); n != before || n < 10 {
			t.Errorf("%d steps before the pause, %d after", before, n)
		}
		if d := Total(ctx); d != time.Minute {
			t.Errorf("held up for %v", d)
		}
		if !s.Resume() || s.Resume() || On(ctx) {
			t.Error("the end of the pause was not taken, or taken twice")
		}
		time.Sleep(10 * time.Second)
		if n := steps.Load(); n < before+9 {
			t.Errorf("%d steps before the pause, %d after it", before, n)
		}
		if d := Total(ctx); d != time.Minute {
			t.Errorf("held up for %v, and the work went on since", d)
		}
		s.Pause()
		time.Sleep(time.Second)
		cancel()
		synctest.Wait() // the work has ended, or this would hang
		if d := Total(ctx); d != time.Minute+time.Second {
			t.Errorf("held up for %v", d)
		}
	})
}
