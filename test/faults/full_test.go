package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/faults/fillup"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// TestPromiseP8FullStick lets the stick fill up at every stage of a build:
// while it is packed, when the companions are made, when the journal is
// written. Nothing is injected: the stick really is full.
func TestPromiseP8FullStick(t *testing.T) {
	count := 6
	levels := []uint64{0, 64 << 10, 700 << 10}
	if full() {
		count, levels = 40, []uint64{0, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 700 << 10, 1300 << 10}
	}
	w := newWorld(t, livesys.Options{StickSize: 96 << 20})
	all, err := w.Points()
	must(t, err)
	tried, broken, filled := 0, 0, map[wire.Code]int{}
	for i, p := range fillPoints(all, count) {
		for _, leave := range levels {
			trial := w.Strike(p, fmt.Sprintf("fill=%d", leave))
			must(t, os.RemoveAll(w.StickPath("/fill")))
			if !trial.Struck {
				continue
			}
			tried++
			if trial.Err != nil {
				filled[trial.Code()]++
			}
			clear := trial.Err == nil || slices.Contains([]wire.Code{wire.FilledUp, wire.WriteFailed, wire.WriteCheck, wire.NoSpace}, trial.Code())
			// Without any start in between: the run itself cleans up.
			err := w.Quiet(w.before, trial.Err != nil)
			armed, e := w.Judge(trial, w.before, w.reference)
			if !clear || err != nil || e != nil || armed != (trial.Err == nil) {
				broken++
				t.Errorf("%d bytes left at %s: armed %v; the build said: %v\nbefore and after the next start: %v; %v", leave, p, armed, trial.Err, err, e)
				w.Scrub()
			}
		}
		if i == 0 {
			must(t, w.Retry(w.before, w.reference))
		}
	}
	t.Logf("the builds that failed said %v", filled)
	if len(filled) == 0 {
		t.Error("no build met a full stick")
	}
	figure.Record(t, "P8", "stick full from a moment on, at several levels", tried, broken)
}

// fillPoints are moments from the first write of the image to the last of the
// journal.
func fillPoints(all []Point, n int) (out []Point) {
	var writes []Point
	for _, p := range all {
		if p.Name() == "write" && (strings.HasPrefix(p.Target(), "/live/boot-dev/antiX/") || p.Target() == "/run/antix-remaster/image") ||
			p.Name() == "mkdirat" && strings.HasSuffix(p.Target(), ".part") || p.Name() == "renameat2" {
			writes = append(writes, p)
		}
	}
	for i := range n {
		out = append(out, writes[i*len(writes)/n])
	}
	return out
}

// TestPromiseP8Refused holds that a build that would not fit is not begun.
func TestPromiseP8Refused(t *testing.T) {
	w := newWorld(t, livesys.Options{StickSize: 96 << 20})
	tried, broken := 0, 0
	for _, leave := range []int64{0, 4 << 10, 1 << 20, 8 << 20, 16 << 20, 17 << 20} {
		tried++
		fill, err := os.Create(w.StickPath("/fill"))
		must(t, err)
		must(t, useUp(fill, leave))
		_, err = w.Build()
		e := w.Quiet(State{append(slices.Clone(w.before.stick), fillLine(t, w)), w.before.mounts, w.before.loops}, true)
		if code := wire.AsError(err).Code; err == nil || code != wire.NoSpace && (leave > 16<<20 || code != wire.WriteFailed && code != wire.FilledUp && code != wire.WriteCheck) || e != nil || w.Armed() {
			broken++
			t.Errorf("%d bytes free: %v; armed %v; %v", leave, err, w.Armed(), e)
		}
		must(t, os.Remove(w.StickPath("/fill")))
	}
	if err := w.Retry(w.before, w.reference); err != nil {
		t.Error(err)
	}
	figure.Record(t, "P8", "stick too full before a build", tried, broken)
}

// useUp makes the file take all of its file system but leave bytes.
func useUp(f *os.File, leave int64) error {
	defer f.Close()
	return fillup.Fill(f, leave)
}

// fillLine is how the list of the stick names the file that fills it.
func fillLine(t *testing.T, w *world) string {
	t.Helper()
	list, err := listTree(w.StickPath("/"), true)
	must(t, err)
	for _, line := range list {
		if strings.HasPrefix(line, "/fill ") {
			return line
		}
	}
	t.Fatal("the stick is not filled")
	return ""
}
