package bench

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"antix-remaster/test/faults"
	"antix-remaster/test/livesys"
)

// BenchmarkCancel gives up 100 builds on a stick that writes 5 MB a second, at
// random times, by a request, by Ctrl-C and by the death of the face in turn.
// p99-s is how long it takes until no process and no file of the build is left;
// MiB-outstanding is the most that was written and not yet on the stick.
func BenchmarkCancel(b *testing.B) {
	const tries, size = 100, 40 << 20
	programs, err := faults.BuildPrograms(b.TempDir())
	must(b, err)
	s, err := faults.Start(b.Context(), programs, livesys.Options{Log: os.Stderr})
	must(b, err)
	b.Cleanup(func() { must(b, s.Stop()) })
	must(b, s.FillHome("film.mp4", size))
	undo, err := s.Slow()
	must(b, err)
	defer undo() //nolint:errcheck // the device goes away with the system
	outstanding, err := s.Outstanding()
	must(b, err)
	whole := time.Duration(size) * time.Second / faults.SlowSpeed
	var gone []time.Duration
	for i := 0; len(gone) < tries; i++ {
		took, cancelled, err := s.Cancel(faults.Ways[i%len(faults.Ways)], rand.N(whole))
		must(b, err)
		if cancelled {
			gone = append(gone, took)
		} else if _, err := s.Heal(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(gone)
	b.ReportMetric(gone[tries*99/100-1].Seconds(), "p99-s")
	b.ReportMetric(gone[tries/2].Seconds(), "median-s")
	b.ReportMetric(gone[tries-1].Seconds(), "max-s")
	b.ReportMetric(float64(outstanding())/(1<<20), "MiB-outstanding")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
