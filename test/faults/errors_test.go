package faults

import (
	"strings"
	"sync/atomic"
	"testing"

	"antix-remaster/test/figure"
)

var errnos = []string{"EIO", "ENOSPC", "EINTR", "EROFS", "EDQUOT", "EPERM"}

// goesOn tells whether a build may rightly succeed although the call failed,
// since nothing of the new version depends on it, or it was done another way.
// What then is armed must be whole and equal all the same.
func goesOn(p Point, errno string) bool {
	switch {
	case errno == "EINTR":
		return true // the call is made again
	case p.After:
		return true // the version is armed, and that its record could not be written is told
	case p.Name() == "copy_file_range":
		return true // read and write instead
	case errno == "EPERM" && (p.Name() == "fchownat" || p.Name() == "fchmodat"):
		return true // a stick without owners and permissions
	case p.Engine() && p.Name() == "close":
		return true // the helper holds the same file, and syncs and reads it
	case p.Target() == "/dev/pts/":
		return true // mksquashfs's progress
	case p.Name() == "close" && strings.HasSuffix(p.Target(), "/linuxfs.new"):
		return true // nothing was written since its last sync
	}
	return !strings.HasPrefix(p.Target(), "/live/boot-dev") && !strings.HasPrefix(p.Target(), "/dev/loop") && !p.Engine()
}

// TestPromiseP5HelperErrors lets every call of the helper and of mksquashfs
// that changes something, and every read of mksquashfs, fail once.
func TestPromiseP5HelperErrors(t *testing.T) {
	rounds, count := 1, 220
	if full() {
		rounds, count = len(errnos), 1<<20
	}
	tried, lies, changed, left := 0, atomic.Int64{}, atomic.Int64{}, atomic.Int64{}
	for round := range rounds {
		tried += eachPoint(t, func(all []Point) []Point { return someOf(all, count) }, func(w *world, i int, p Point) bool {
			errno := errnos[(i+round)%len(errnos)]
			trial := w.Strike(p, "error="+errno)
			armed, err := w.Judge(trial, w.before, w.reference)
			lie := trial.Struck && trial.Err == nil && !goesOn(p, errno) || trial.Err != nil && armed
			switch {
			case touched(err):
				changed.Add(1)
			case err != nil:
				left.Add(1)
			case lie:
				lies.Add(1)
			}
			if err != nil || lie {
				t.Errorf("%s at %s: armed %v; the build said: %v\nafter it: %v", errno, p, armed, trial.Err, err)
				w.Scrub()
			}
			if i%10 == 0 {
				if err := w.Retry(w.before, w.reference); err != nil {
					t.Errorf("after %s at %s: %v", errno, p, err)
					left.Add(1)
					w.Scrub()
				}
			}
			return trial.Struck
		})
	}
	figure.Record(t, "P5", "errors in the calls of helper and mksquashfs", tried, int(lies.Load()))
	figure.Record(t, "P1", "errors in the calls of helper and mksquashfs", tried, int(changed.Load()))
	figure.Record(t, "P4", "errors in the calls of helper and mksquashfs", tried, int(left.Load()))
}
