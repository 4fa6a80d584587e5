package faults

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// paused is a build that is paused once a stage has begun.
type paused struct {
	*Helper
	w      *world
	events atomic.Int64 // of progress
	told   chan bool    // of pauses and their ends
}

// stillFor is how long nothing may happen; settling is what mksquashfs may take
// to stop, and the write that is under way.
const (
	stillFor = time.Second
	settling = 500 * time.Millisecond
)

// pausedBuild pauses a build in the stage, holds that it stands still, and lets
// then end the pause.
func (w *world) pausedBuild(t *testing.T, stage wire.Stage, then func(*paused) error) (wire.BuildResult, error) {
	t.Helper()
	h, err := w.Helper()
	must(t, err)
	p := &paused{Helper: h, w: w, told: make(chan bool, 4)}
	began, over := make(chan struct{}), make(chan struct{})
	watch := wire.Watch{Paused: func(on bool) { p.told <- on }, Progress: func(pr wire.Progress) {
		p.events.Add(1)
		if pr.Stage == stage && began != nil {
			close(began)
			began = nil
		}
	}}
	wait := began
	go func() {
		defer close(over)
		<-wait
		if err := errors.Join(p.Pause(), p.standsStill(), then(p)); err != nil {
			t.Errorf("paused at %s: %v", stage, err)
		}
	}()
	var r wire.BuildResult
	c := busyChoices()
	err = h.Do(context.Background(), wire.Request{Op: wire.OpBuild, Choices: &c, Plan: w.checked(t, c).Plan}, watch, &r)
	close(p.told)
	if began != nil {
		t.Errorf("it ended before %s: %v", stage, err)
		close(began)
	}
	<-over
	return r, errors.Join(err, h.Close())
}

func (p *paused) standsStill() error {
	if !<-p.told {
		return errors.New("it goes on instead of pausing")
	}
	time.Sleep(settling)
	size, events := p.partSize(), p.events.Load()
	time.Sleep(stillFor)
	if now := p.partSize(); now != size {
		return errors.New("the image goes on growing")
	}
	if p.events.Load() != events {
		return errors.New("the work goes on")
	}
	return nil
}

// partSize is -1 when there is no unfinished image.
func (p *paused) partSize() int64 {
	st, err := os.Stat(p.w.StickPath("linuxfs.part"))
	if err != nil {
		return -1
	}
	return st.Size()
}

func (p *paused) goOn() error {
	if err := p.Resume(); err != nil {
		return err
	}
	if <-p.told {
		return errors.New("it does not go on")
	}
	return nil
}

// busyChoices keep mksquashfs at work for a while, but not so long that it does
// not run ahead of a slow stick and is held back.
func busyChoices() wire.Choices {
	c := Choices
	c.Compressor = "gzip"
	return c
}

// slowWorld is a system with a film, on a stick that keeps mksquashfs waiting.
func slowWorld(t *testing.T) *world {
	t.Helper()
	s := start(t, livesys.Options{})
	must(t, s.FillHome("film.mp4", 20<<20))
	reference, before, err := s.Reference()
	must(t, err)
	undo, err := s.Slow()
	must(t, err)
	t.Cleanup(func() { must(t, undo()) })
	return &world{s, before, reference}
}

// TestPause: whatever a build does when it is paused, it stands still, goes on
// and ends well.
func TestPause(t *testing.T) {
	w := slowWorld(t)
	for _, stage := range []wire.Stage{wire.StagePack, wire.StageRead, wire.StageCompare} {
		begin := time.Now()
		r, err := w.pausedBuild(t, stage, (*paused).goOn)
		took := time.Since(begin)
		if err != nil {
			t.Errorf("paused at %s: %v", stage, err)
			w.Scrub()
			continue
		}
		if worked := time.Duration(r.Seconds * float64(time.Second)); worked > took-stillFor {
			t.Errorf("paused at %s: %v of %v were work, with a pause of %v", stage, worked, took, stillFor+settling)
		}
		if err := errors.Join(w.Complete(r, w.reference), w.healed()); err != nil {
			t.Errorf("paused at %s: %v", stage, err)
			w.Scrub()
		}
		t.Logf("paused at %s: %.1f s without the pause", stage, r.Seconds)
	}
}

// healed holds that a version was armed, takes it away, and holds that nothing
// else is left.
func (w *world) healed() error {
	armed, err := w.Heal()
	if !armed {
		err = errors.Join(err, errors.New("nothing is armed"))
	}
	return errors.Join(err, w.Quiet(w.before, true))
}

// TestPromiseP7Paused gives builds up while they are paused.
func TestPromiseP7Paused(t *testing.T) {
	w := slowWorld(t)
	tried, broken := 0, 0
	for _, stage := range []wire.Stage{wire.StagePack, wire.StageRead} {
		for way, give := range map[string]func(*paused) error{
			"request": func(p *paused) error { return p.Cancel() },
			"window":  func(p *paused) error { return p.HangUp() },
		} {
			tried++
			var begin time.Time
			_, err := w.pausedBuild(t, stage, func(p *paused) error {
				begin = time.Now()
				return give(p)
			})
			cancelled := wire.AsError(err).Code == wire.Cancelled
			gone, _, e := w.untilGone(begin, nil)
			if e = errors.Join(e, w.Quiet(w.before, true)); e != nil || !cancelled || gone > tenfold {
				broken++
				t.Errorf("%s at %s: %v; gone after %v; %v", way, stage, err, gone, e)
				w.Scrub()
			}
			t.Logf("%s at %s: gone after %v", way, stage, gone.Round(time.Millisecond))
		}
	}
	figure.Record(t, "P7", "cancels of a paused build, on a slow stick", tried, broken)
}
