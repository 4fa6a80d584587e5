package faults

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// starter is one of two helpers that are to build at the same moment.
type starter struct {
	pid string // as the system numbers it
	err error
}

func (w *world) startTwo(t *testing.T) (two [2]starter) {
	t.Helper()
	var ready, building sync.WaitGroup
	ready.Add(len(two))
	for i := range two {
		building.Go(func() {
			h, err := w.Helper()
			if err != nil {
				two[i].err = err
				ready.Done()
				return
			}
			two[i].pid = insidePID(h)
			ready.Done()
			ready.Wait()
			var r wire.BuildResult
			two[i].err = h.Do(context.Background(), wire.Request{Op: wire.OpBuild, Choices: &Choices, Plan: w.plan}, wire.Watch{}, &r)
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	building.Wait()
	return two
}

// insidePID is the helper's number in the namespace of the system.
func insidePID(h *Helper) string {
	for _, pid := range h.PIDs() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, _ := strings.Cut(string(text), "\nNSpid:")
		line, _, _ := strings.Cut(rest, "\n")
		if f := strings.Fields(line); len(f) > 0 {
			return f[len(f)-1]
		}
	}
	return ""
}

// TestPromiseP9TwoAtOnce starts two helpers at the same moment: exactly one
// wins, and the other names the winner.
func TestPromiseP9TwoAtOnce(t *testing.T) {
	tries := 10
	if full() {
		tries = 100
	}
	w := newWorld(t, livesys.Options{})
	broken := 0
	for range tries {
		two := w.startTwo(t)
		winner, loser := two[0], two[1]
		if winner.err != nil {
			winner, loser = loser, winner
		}
		e := wire.AsError(loser.err)
		armed, err := w.Heal()
		if winner.err != nil || loser.err == nil || e.Code != wire.Busy || len(e.Args) != 1 || e.Args[0] != winner.pid || !armed || err != nil {
			broken++
			t.Errorf("process %s: %v; process %s: %v; armed %v, %v", winner.pid, winner.err, loser.pid, loser.err, armed, err)
		}
		if err := w.Quiet(w.before, true); err != nil {
			t.Error(err)
			w.Scrub()
		}
	}
	figure.Record(t, "P9", "two helpers at the same moment", tries, broken)
}

// TestPromiseP9ForeignLock builds while the lock of the antiX tools is there:
// of a process that lives, that is dead, or that wrote no number.
func TestPromiseP9ForeignLock(t *testing.T) {
	w := newWorld(t, livesys.Options{})
	lock := w.Path(w.LiveDir + "/config/locked")
	tried, broken := 0, 0
	for _, c := range []struct {
		what, text string
		held       bool
	}{
		{"live-remaster runs", "1\n", true},
		{"live-remaster is dead", strconv.Itoa(4_000_000) + "\n", false},
		{"just made, without a number", "", true},
	} {
		tried++
		must(t, os.WriteFile(lock, []byte(c.text), 0o644))
		r, err := w.Build()
		text, _ := os.ReadFile(lock)
		switch {
		case c.held && (wire.AsError(err).Code != wire.AntixLock || string(text) != c.text || w.Armed()):
			broken++
			t.Errorf("%s: %v; the lock holds %q, armed %v", c.what, err, text, w.Armed())
		case !c.held && err != nil:
			broken++
			t.Errorf("%s: %v", c.what, err)
		}
		if c.held {
			must(t, os.Remove(lock))
		} else if _, err := w.Judge(Trial{Result: r}, w.before, w.reference); err != nil {
			t.Error(err)
		}
		if err := w.Quiet(w.before, true); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	figure.Record(t, "P9", "with the lock of the antiX tools there", tried, broken)
}
