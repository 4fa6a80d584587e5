package main

import (
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
)

// story is a run as a helper tells it, with the seconds before each event.
var story = []struct {
	after float64
	p     wire.Progress
}{
	{0, wire.Progress{Stage: wire.StagePrepare}},
	{1, wire.Progress{Stage: wire.StageScan, Done: 5, Total: 100}},
	{4, wire.Progress{Stage: wire.StageScan, Done: 50, Total: 100}},
	{1, wire.Progress{Stage: wire.StageScan, Done: 40, Total: 100}}, // must not show
	{3, wire.Progress{Stage: wire.StagePack, Done: 10, Total: 1000, Bytes: 3 << 20}},
	{60, wire.Progress{Stage: wire.StagePack, Done: 500, Total: 1000, Bytes: 800 << 20}},
	{1, wire.Progress{Stage: wire.StageScan, Done: 99, Total: 100}}, // nor this
	{60, wire.Progress{Stage: wire.StagePack, Done: 1000, Total: 1000, Bytes: 1600 << 20}},
	{5, wire.Progress{Stage: wire.StageArm}},
	{1, wire.Progress{Stage: "from_the_future", Done: 1, Total: 2}},
}

func tell(width func() int) string {
	var b strings.Builder
	now := time.Unix(0, 0)
	s := newScreen(&b, width, func() time.Time { return now })
	for _, step := range story {
		now = now.Add(time.Duration(step.after * float64(time.Second)))
		s.report(step.p)
	}
	s.end()
	return b.String()
}

func TestProgressLine(t *testing.T) {
	got := strings.Split(strings.ReplaceAll(tell(func() int { return 100 }), "\x1b[K", ""), "\r")[1:]
	want := []string{
		"1/7 Getting ready  0:00 elapsed",
		"2/7 Looking at the files    5 %  0:01 elapsed  step ends in …",
		"2/7 Looking at the files   50 %  0:05 elapsed  step ends in 0:04",
		"2/7 Looking at the files   50 %  0:06 elapsed  step ends in 0:05",
		"3/7 Packing the system    1 %  3.0 MiB written  0:09 elapsed  step ends in …",
		"3/7 Packing the system   50 %  800.0 MiB written  1:09 elapsed  step ends in 1:00",
		"3/7 Packing the system  100 %  1.6 GiB written  2:10 elapsed  step ends in 0:00",
		"7/7 Making it the next version  1.6 GiB written  2:15 elapsed",
		"",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestProgressFitsTheTerminal(t *testing.T) {
	for _, line := range strings.Split(strings.ReplaceAll(tell(func() int { return 30 }), "\x1b[K", ""), "\r") {
		if n := len([]rune(line)); n > 29 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestProgressWithoutTerminal(t *testing.T) {
	want := `Getting ready …
Looking at the files …
Looking at the files: 50 %
Packing the system …
Packing the system: 50 %
Packing the system: 100 %
Making it the next version …
`
	if got := tell(nil); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNotesStandAboveTheLine(t *testing.T) {
	var b strings.Builder
	s := newScreen(&b, func() int { return 80 }, func() time.Time { return time.Unix(0, 0) })
	s.report(wire.Progress{Stage: wire.StageArm})
	s.above(func() { b.WriteString("a note\n") })
	line := "\r7/7 Making it the next version  0:00 elapsed\x1b[K"
	if got, want := b.String(), line+"\r\x1b[Ka note\n"+line; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.end()
	s.draw() // a tick that comes too late
	if strings.HasSuffix(b.String(), "elapsed\x1b[K") {
		t.Error("drawn after the end")
	}
}
