// Package figure takes down how often a promise was tried and how often it was
// broken. The long run of scripts/test collects the lines and writes them into
// docs/promises.md.
package figure

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// Line is one figure.
type Line struct {
	Promise    string `json:"promise"` // "P2", "S5"
	Test       string `json:"test"`
	What       string `json:"what"` // what was tried: "crash points, ext4, arm"
	Tried      int    `json:"tried"`
	Violations int    `json:"violations"`
	Date       string `json:"date"` // YYYY-MM-DD
}

// Variable names the environment variable with the file that collects the
// lines; without it they are only logged.
const Variable = "ANTIX_REMASTER_FIGURES"

// Record logs a figure and fails the test when the promise was broken, or was
// not tried at all.
func Record(t testing.TB, promise, what string, tried, violations int) {
	t.Helper()
	l := Line{promise, t.Name(), what, tried, violations, time.Now().Format(time.DateOnly)}
	t.Logf("%s: %s: %d tried, %d violations", l.Promise, l.What, l.Tried, l.Violations)
	if violations > 0 || tried == 0 {
		t.Errorf("%s is broken: %d of %d (%s)", promise, violations, tried, what)
	}
	if file := os.Getenv(Variable); file != "" {
		if err := add(file, l); err != nil {
			t.Errorf("cannot take down the figure: %v", err)
		}
	}
}

// add writes the line in one piece: several tests may do so at once.
func add(file string, l Line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
