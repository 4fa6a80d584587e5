package faults

import (
	"fmt"
	"os"
	"testing"

	"antix-remaster/test/livesys"
)

var programs Programs

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "programs-")
	if err == nil {
		defer os.RemoveAll(dir)
		programs, err = BuildPrograms(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// full tells whether the long run is wanted.
func full() bool { return os.Getenv("ANTIX_REMASTER_FULL") != "" }

func start(t testing.TB, o livesys.Options) *System {
	t.Helper()
	s, err := Start(t.Context(), programs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("cannot stop the live system: %v", err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
