package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/wire"
)

// bar text is what mksquashfs draws on a terminal of 80 columns.
func bar80(done, total, percent int) string {
	return fmt.Sprintf("\r[%-50s] %5d/%d %3d%%", strings.Repeat("=", percent/2)+"/", done, total, percent)
}

func TestReadProgress(t *testing.T) {
	for line, want := range map[string][2]int64{ // a total of 0: no progress
		"[==/                     ]   381/6524   5%":       {381, 6524},
		"[=======================|] 6524/6524 100%":        {6524, 6524},
		"[-                       ] 0/1   0%":              {0, 1},
		"[\\] 1/2 50%   ":                                  {1, 2},
		"[=] 9223372036854775807/9223372036854775807 100%": {1<<63 - 1, 1<<63 - 1},
		"0":                            {0, 100},
		" 42 ":                         {42, 100},
		"100":                          {100, 100},
		"101":                          {},
		"256":                          {},
		"-1":                           {},
		"+5":                           {},
		"4 2":                          {},
		"1e1":                          {},
		"0x10":                         {},
		"٤٢":                           {},
		"":                             {},
		"%":                            {},
		"[=] 7/6 116%":                 {},
		"[=] 0/0 0%":                   {},
		"[=] -1/6 0%":                  {1, 6}, // drawn by no version; it must only do no harm
		"[=] 9223372036854775808/1 0%": {},
		"[=] 1/9223372036854775808 0%": {},
		"[=] 1/6 16% of something":     {},
		"[=] 1 / 6 16%":                {},
		"Parallel mksquashfs: Using 2 processors": {},
	} {
		done, total, ok := readProgress(line)
		if ok != (want[1] > 0) || ok && [2]int64{done, total} != want {
			t.Errorf("%q: %d of %d, %v", line, done, total, ok)
		}
	}
}

// watched is a meter and everything it told.
type watched struct {
	*meter
	ctx      context.Context
	progress []wire.Progress
	log      []string
}

func newWatched(t testing.TB, room int64) *watched {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "image"))
	must(t, err)
	t.Cleanup(func() { out.Close() })
	w := &watched{}
	ctx, stop := context.WithCancelCause(context.Background())
	t.Cleanup(func() { stop(nil) })
	w.ctx = ctx
	w.meter = &meter{stop: stop, job: Job{Out: out, Room: room, Report: func(p wire.Progress) { w.progress = append(w.progress, p) },
		Log: func(line string) { w.log = append(w.log, line) }}}
	return w
}

// What was told must not depend on how the pieces of the output arrive.
func TestMeterTakesAnyPieces(t *testing.T) {
	text := "Parallel mksquashfs: Using 2 processors\r\n" + bar80(0, 4, 0) + bar80(1, 4, 25) + "\r\n\r\n  note  \n50\n" + bar80(4, 4, 100) + "\r\nnot ended"
	pack := func(done, total int64) wire.Progress {
		return wire.Progress{Stage: wire.StagePack, Done: done, Total: total, Bytes: 7}
	}
	progress := []wire.Progress{pack(0, 4), pack(1, 4), pack(50, 100), pack(4, 4)}
	log := []string{"Parallel mksquashfs: Using 2 processors", "note"}
	for _, step := range []int{1, 2, 3, 7, 64, len(text)} {
		w := newWatched(t, 1<<20)
		must(t, w.job.Out.Truncate(7))
		for piece := range slices.Chunk([]byte(text), step) {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if !slices.Equal(w.progress, progress) || !slices.Equal(w.log, log) {
			t.Errorf("in pieces of %d: %+v, %q", step, w.progress, w.log)
		}
	}
}

// A run that cannot end well is stopped: when the room is used up, and from a
// fifth of the way on when it will be, even if the rest shrinks four times better.
func TestMeterStopsHopelessRuns(t *testing.T) {
	for _, c := range []struct {
		line       string
		size, room int64
		dense      float64
		stopped    bool
	}{
		{"[] 0/10 0%", 100, 100, 1, false},
		{"[] 0/10 0%", 101, 100, 1, true},
		{"[] 10/10 100%", 100, 100, 1, false},
		{"[] 10/10 100%", 101, 100, 1, true},
		{"[] 2/10 20%", 100, 100, 1, false}, // too early to tell
		{"[] 3/10 30%", 60, 95, 1, false},   // 60 + 140/4
		{"[] 3/10 30%", 60, 94, 1, true},
		{"[] 3/10 30%", 60, 78, 0.5, false}, // half of the rest is holes
		{"[] 3/10 30%", 60, 77, 0.5, true},
		{"[] 3/10 30%", 60, 60, 0, false},
		{"[] 1/1 100%", 100, 100, 1, false},
		{"20", 90, 100, 1, false},
		{"25", 20, 35, 1, false}, // 20 + 60/4
		{"25", 20, 34, 1, true},
		{"0", 0, 0, 1, false},
		{"0", 0, -1, 1, true},
		{"no progress at all", 101, 100, 1, false},
	} {
		w := newWatched(t, c.room)
		w.job.Dense = c.dense
		must(t, w.job.Out.Truncate(c.size))
		fmt.Fprintln(w, c.line)
		var e *wire.Error
		if errors.As(context.Cause(w.ctx), &e) != c.stopped || c.stopped && e.Code != wire.FilledUp {
			t.Errorf("%+v: stopped by %v", c, context.Cause(w.ctx))
		}
	}
}

// told names everything that a stderr understood.
func told(s *stderr) string {
	var out []string
	if s.count > 0 {
		out = append(out, "unreadable "+strings.Join(s.unreadable, " "))
	}
	if s.changed > 0 {
		out = append(out, "changed")
	}
	if len(s.lost) > 0 {
		out = append(out, "lost "+strings.Join(s.lost, " "))
	}
	if s.full {
		out = append(out, "full")
	}
	if len(s.unknown) > 0 {
		out = append(out, "unknown")
	}
	return strings.Join(out, ", ")
}

// The lines of estimate.md's table and of the sources of 4.4 to 4.7; a name in
// a line must not make it look like another.
func TestEveryLineOfStderr(t *testing.T) {
	const view = "/run/antix-remaster/view"
	for line, want := range map[string]string{
		"Failed to read file " + view + "/etc/shadow, creating empty file":     `unreadable "/etc/shadow"`,
		"Failed to read symlink " + view + "/etc/mtab, creating empty symlink": `unreadable "/etc/mtab"`,
		"Could not open " + view + "/root, skipping...":                        `unreadable "/root"`,
		"Could not open " + view + "/root, skipping":                           `unreadable "/root"`,
		"Cannot open " + view + "/root, skipping":                              `unreadable "/root"`,
		"Cannot stat dir/file " + view + "/x, ignoring":                        `unreadable "/x"`,
		"Failed to read file /a, creating empty file, creating empty file":     `unreadable "/a, creating empty file"`,
		"Failed to read file /No space left on device, creating empty file":    `unreadable "/No space left on device"`,
		"Failed to read file /\xff\x1b[2J\", creating empty file":              `unreadable "/\xff\x1b[2J\""`,
		"Failed to read file , creating empty file":                            `unreadable ""`,

		"File " + view + "/var/log/x changed size while reading filesystem, attempting to re-read": "changed",
		"file x changed size while reading filesystem":                                             "changed",
		"File /file too large changed size while reading filesystem, attempting to re-read":        "changed",

		"Unrecognised xattr prefix system.posix_acl_access": "lost system.posix_acl_access",
		"Unrecognised xattr prefix no space left on device": "lost no",

		"Write failed because No space left on device": "full",
		"Write failed because File too large":          "full",
		"Write failed because Disk quota exceeded":     "full",

		"":                           "",
		" \t\r":                      "",
		"FATAL ERROR: Out of memory": "unknown",
		"FATAL ERROR: Failed to write to output filesystem":         "unknown",
		"Write failed because Input/output error":                   "unknown",
		"File " + view + "/x has unrecognised filetype 0, ignoring": "unknown",
		"Failed to read file /a":                                    "unknown",
		"xFailed to read file /a, creating empty file":              "unknown",
		"Failed to read file /a, creating empty file. Or not":       "unknown",
		"a line that a later version may print":                     "unknown",
		"Unrecognised xattr prefix":                                 "unknown",
	} {
		s := newStderr(nil)
		fmt.Fprintln(s, line)
		if got := told(s); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// Attributes that cannot be read are lost files, too.
func TestUnreadableAttributes(t *testing.T) {
	for _, line := range []string{"llistxattr for /x failed in read_attrs, because Input/output error.  Ignoring",
		"lgetxattr failed for /x in read_attrs, because Input/output error.  Ignoring", "Cannot stat dir/file /x because Input/output error, ignoring"} {
		s := newStderr(nil)
		fmt.Fprintln(s, line)
		if s.count != 1 || len(s.unknown) > 0 {
			t.Errorf("%q: %s", line, told(s))
		}
	}
}

func TestStderrCountsAndLogs(t *testing.T) {
	var log []string
	s := newStderr(func(line string) { log = append(log, line) })
	text := "Unrecognised xattr prefix a.b\n\nUnrecognised xattr prefix a.b\nFile x changed size while reading filesystem\n" +
		"File y changed size while reading filesystem\nUnrecognised xattr prefix c.d\nodd"
	for piece := range slices.Chunk([]byte(text), 3) {
		_, err := s.Write(piece)
		must(t, err)
	}
	s.end()
	if !slices.Equal(s.lost, []string{"a.b", "c.d"}) || s.changed != 2 || !slices.Equal(s.unknown, []string{"odd"}) || s.last() != "odd" {
		t.Errorf("%+v", s)
	}
	if want := strings.Split(strings.ReplaceAll(text, "\n\n", "\n"), "\n"); !slices.Equal(log, want) {
		t.Errorf("log %q", log)
	}
}

// kept is how many bytes a meter and a stderr hold on to.
func kept(m *meter, s *stderr) int {
	n := len(m.line) + len(s.line)
	for _, list := range [][]string{s.tail, s.unreadable, s.unknown, s.lost} {
		for _, line := range list {
			n += len(line)
		}
	}
	return n
}

// Neither endless lines nor lines without an end cost more than what the
// lists may hold.
func TestPromiseP12OutputIsBounded(t *testing.T) {
	w, s := newWatched(t, 1<<20), newStderr(nil)
	w.job.Log = nil
	endless := bytes.Repeat([]byte{0xff}, 64<<10)
	write := func(b []byte) {
		_, err1 := w.Write(b)
		_, err2 := s.Write(b)
		must(t, errors.Join(err1, err2))
	}
	for range 32 {
		write(endless)
	}
	if len(w.line) != longestLine || len(s.line) != longestLine {
		t.Errorf("%d and %d bytes of a line are kept", len(w.line), len(s.line))
	}
	for i := range 3 * maxListed {
		write(fmt.Appendf(nil, "\nFailed to read file /%d, creating empty file\nUnrecognised xattr prefix %d\n%d\n", i, i, i))
	}
	if n := len(s.unknown); n != maxListed || len(s.lost) != maxListed || len(s.unreadable) != maxListed || s.count != 3*maxListed || len(s.tail) != 20 {
		t.Errorf("%d unknown lines, %d lost, %d of %d unreadable, a tail of %d", n, len(s.lost), len(s.unreadable), s.count, len(s.tail))
	}
	if n := kept(w.meter, s); n > 2*longestLine+3*maxListed*100 {
		t.Errorf("%d bytes are kept", n)
	}
}

// FuzzProgress feeds any output of mksquashfs, in one piece and in two.
func FuzzProgress(f *testing.F) {
	for _, s := range []string{"", "\r\r\n", bar80(381, 6524, 5) + bar80(6524, 6524, 100) + "\n", "0\n50\n100\n", "[=] 7/6 1%\n[=] 1/0 1%\n99999999999999999999/1 1%\n",
		"Failed to read file /a, creating empty file\nCould not open /b, skipping...\n", "Unrecognised xattr prefix \xff\n", "File a changed size while reading filesystem\n",
		"Write failed because No space left on device\nodd", strings.Repeat("9", 9000) + "/1 1%\n", strings.Repeat("x", 9000) + "\n\n"} {
		f.Add([]byte(s), 5)
	}
	w := newWatched(f, 1<<20)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		var stdout [2][]wire.Progress
		var errs [2]*stderr
		for i, at := range []int{0, max(0, min(cut, len(in)))} {
			w.progress, w.log, w.line = nil, nil, nil
			errs[i] = newStderr(nil)
			for _, piece := range [][]byte{in[:at], in[at:]} {
				for _, out := range []interface{ Write([]byte) (int, error) }{w, errs[i]} {
					if n, err := out.Write(piece); n != len(piece) || err != nil {
						t.Fatal(n, err)
					}
				}
			}
			errs[i].end()
			stdout[i] = w.progress
			if kept(w.meter, errs[i]) > 20*len(in) || len(w.line) > longestLine {
				t.Error("more is kept than came")
			}
		}
		if !slices.Equal(stdout[0], stdout[1]) || !reflect.DeepEqual(errs[0], errs[1]) {
			t.Errorf("a cut at %d changes the meaning", cut)
		}
		for _, p := range stdout[0] {
			if p.Done < 0 || p.Done > p.Total || p.Total < 1 {
				t.Errorf("%+v", p)
			}
		}
		if told(errs[0]) != "" && verdict(nil, errs[0]) == nil && errs[0].changed == 0 && len(errs[0].lost) == 0 {
			t.Errorf("%q is a success", in)
		}
	})
}

// A cancel waits for what is outstanding, so a slow stick gets less at once.
func TestAllowedFollowsTheSpeed(t *testing.T) {
	for speed, want := range map[float64]int64{0: 4 << 20, 1 << 20: 4 << 20, 5 << 20: 5 << 20, 30 << 20: 30 << 20, 500 << 20: 32 << 20, math.Inf(1): 32 << 20} {
		if got := allowed(speed); got != want {
			t.Errorf("at %v bytes a second %d are allowed, not %d", speed, got, want)
		}
	}
}

// TestNoMoreThanGotThere: a medium that is fast at first, as one with a cache of
// its own, is not trusted with more than it has taken already.
func TestNoMoreThanGotThere(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(2 * maxUnsynced); err != nil { // holes, which are there at once
		t.Fatal(err)
	}
	m := meter{job: Job{Out: f}}
	for m.flushed.Load() < 2*maxUnsynced {
		if err := m.flushNext(); err != nil {
			t.Fatal(err)
		}
		got, most := m.unsynced.Load(), min(max(m.flushed.Load(), minUnsynced), maxUnsynced)
		if got > most || got < minUnsynced {
			t.Fatalf("after %d bytes %d may be outstanding, at most %d", m.flushed.Load(), got, most)
		}
	}
}
