package faults

import (
	"context"
	"os"
	"slices"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/livesys"
)

// restart asks a helper of its own for a restart.
func (w *world) restart(t *testing.T) error {
	t.Helper()
	h, err := w.Helper()
	must(t, err)
	var r wire.RestartResult
	err = h.Do(context.Background(), wire.Request{Op: wire.OpRestart}, wire.Watch{}, &r)
	if e := h.Close(); e != nil {
		t.Error(e)
	}
	return err
}

// TestPromiseP9Restart: no restart while somebody works on the stick, and none
// by an init that is not known, as the one of this system. That a restart comes
// where it may is shown in machines of their own: test/restart.
func TestPromiseP9Restart(t *testing.T) {
	w := newWorld(t, livesys.Options{})
	lock := w.Path(w.LiveDir + "/config/locked")
	for _, c := range []struct {
		what string
		with func(restart func())
		want wire.Code
		args []string // nil: not looked at
	}{
		{"nothing is in the way", func(restart func()) { restart() }, wire.RestartUnknown, []string{"livesys"}},
		{"live-remaster runs", func(restart func()) {
			must(t, os.WriteFile(lock, []byte("1\n"), 0o644))
			restart()
			must(t, os.Remove(lock))
		}, wire.AntixLock, nil},
		{"a build is paused", func(restart func()) {
			_, err := w.pausedBuild(t, wire.StagePack, func(p *paused) error {
				restart()
				return p.Cancel()
			})
			if wire.AsError(err).Code != wire.Cancelled {
				t.Error(err)
			}
		}, wire.Busy, nil},
	} {
		var err error
		c.with(func() { err = w.restart(t) })
		e := wire.AsError(err)
		if err == nil || e.Code != c.want || c.args != nil && !slices.Equal(e.Args, c.args) {
			t.Errorf("%s: %v, want %s %q", c.what, err, c.want, c.args)
		}
		select {
		case <-w.Done():
			t.Fatalf("%s: the system has ended", c.what)
		default:
		}
		if err := w.Quiet(w.before, true); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
