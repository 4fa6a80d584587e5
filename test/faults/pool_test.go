package faults

import (
	"sync"
	"testing"

	"antix-remaster/test/livesys"
)

// world is one of the systems that the trials of a test are shared among.
type world struct {
	*System
	before    State
	reference []string
}

func newWorld(t testing.TB, o livesys.Options) *world {
	t.Helper()
	s := start(t, o)
	reference, before, err := s.Reference()
	must(t, err)
	return &world{s, before, reference}
}

// lines are how many systems work at once.
const lines = 2

// eachPoint calls try for every chosen point, each on one of the systems, and
// gives how often the point was reached.
func eachPoint(t *testing.T, choose func([]Point) []Point, try func(w *world, i int, p Point) bool) (struck int) {
	t.Helper()
	worlds := make([]*world, lines)
	for i := range worlds {
		worlds[i] = newWorld(t, livesys.Options{})
	}
	all, err := worlds[0].Points()
	must(t, err)
	chosen := choose(all)
	t.Logf("%d of %d calls are chosen", len(chosen), len(all))
	next := make(chan int)
	var working sync.WaitGroup
	var mu sync.Mutex
	for _, w := range worlds {
		working.Go(func() {
			for i := range next {
				reached := try(w, i, chosen[i])
				mu.Lock()
				if reached {
					struck++
				}
				mu.Unlock()
			}
		})
	}
	for i := range chosen {
		next <- i
	}
	close(next)
	working.Wait()
	// Where progress is told depends on the time.
	if struck < len(chosen)*9/10 {
		t.Errorf("only %d of %d chosen calls came", struck, len(chosen))
	}
	return struck
}

// someOf takes about n of the points, evenly, and always the last ones: they
// arm. The lines of the log and the progress are represented by a few.
func someOf(points []Point, n int) []Point {
	var rest []Point
	for _, p := range points {
		quiet := p.Target() == "pipe:" || p.Target() == "/dev/pts/" || p.Target() == "/var/log/live/antix-remaster.log"
		if !quiet || p.N <= 2 {
			rest = append(rest, p)
		}
	}
	const last = 25
	if n <= last || n >= len(rest) {
		return rest
	}
	var out []Point
	early := rest[:len(rest)-last]
	for i := range n - last {
		out = append(out, early[i*len(early)/(n-last)])
	}
	return append(out, rest[len(rest)-last:]...)
}
