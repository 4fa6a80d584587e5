package gui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func stop(code wire.Code, args ...string) wire.Check {
	return wire.Check{Level: wire.Stop, Code: code, Args: args}
}

// TestNextIsOnlyForGoodReasons: what the button at the right may do on each
// page, and that a closed way always says why.
func TestNextIsOnlyForGoodReasons(t *testing.T) {
	chosen := wire.Choices{Type: "personal", Home: "keep", Title: "With GIMP", Compressor: "zstd"}
	fine := view{intent: intent.Intent{Choices: wire.Choices{Type: "personal", Home: "keep", Title: "x", Compressor: "zstd", Processors: 1, MemoryMiB: 64}}}
	good := &wire.CheckResult{Bound: 1 << 30, Room: 2 << 30}
	bad := &wire.CheckResult{Checks: []wire.Check{stop(wire.NoSpace, "2.0 GiB", "1.0 GiB")}}
	pending := &wire.CheckResult{Checks: []wire.Check{stop(wire.Pending, "linuxfs.new")}}
	home := &wire.CheckResult{Checks: []wire.Check{stop(wire.HomeLeave, "1.0 GiB")}}
	for _, c := range []struct {
		name  string
		page  pageName
		m     model
		can   bool
		words string // part of the reason
	}{
		{"check runs", pageCheck, model{busy: checking}, false, "wait"},
		{"check passed", pageCheck, model{check: good}, true, "Nothing is changed"},
		{"check failed", pageCheck, model{check: pending}, false, "."},
		{"home may still be allowed", pageCheck, model{check: home}, true, "next pages"},
		{"space may still be found", pageCheck, model{check: bad}, true, "next pages"},
		{"two reasons, one hopeless", pageCheck, model{check: &wire.CheckResult{Checks: []wire.Check{stop(wire.HomeLeave, "1"), stop(wire.LowMemory, "1", "2")}}}, false, "."},
		{"no title", pageContent, model{choices: wire.Choices{Title: "  "}}, false, "title"},
		{"title", pageContent, model{choices: chosen, view: fine}, true, ""},
		{"a title of two lines", pageContent, model{choices: wire.Choices{Title: "a\nb"}, view: fine}, false, "shorter"},
		{"home left without a word", pageContent, model{choices: wire.Choices{Title: "x", Home: "leave"}, view: fine}, false, "copied"},
		{"home left with it", pageContent, model{choices: wire.Choices{Title: "x", Home: "leave", HomeLoss: true}, view: fine}, true, ""},
		{"not looked at", pageSummary, model{choices: chosen, check: good}, false, "wait"},
		{"looked at", pageSummary, model{choices: chosen, check: good, view: view{intent: intent.Intent{Choices: chosen}}}, true, "cancel"},
		{"too large", pageSummary, model{choices: chosen, check: bad, view: view{intent: intent.Intent{Choices: chosen}}}, false, "."},
		{"home not agreed", pageSummary, model{choices: chosen, check: home, view: view{intent: intent.Intent{Choices: chosen}}}, false, "."},
		{"done", pageDone, model{}, true, "next start"},
		{"restarting", pageDone, model{busy: restarting}, false, ""},
		{"about to restart", pageDone, model{restarts: true}, false, "restarts"},
		{"nothing to try again", pageFailure, model{}, false, ""},
		{"try again", pageFailure, model{failed: building}, true, ""},
	} {
		b := c.m.buttonsOf(c.page)
		if b.can != c.can || !strings.Contains(b.why, c.words) {
			t.Errorf("%s: may %v, because %q", c.name, b.can, b.why)
		}
		if !b.can && b.why == "" && c.page != pageDone && c.page != pageFailure {
			t.Errorf("%s: closed without a reason", c.name)
		}
	}
}

func TestPagesInOrder(t *testing.T) {
	for i, p := range steps {
		if i > 0 && before(p) != steps[i-1] {
			t.Errorf("before %s comes %s", p, before(p))
		}
		if i+1 < len(steps) && after(p) != steps[i+1] {
			t.Errorf("after %s comes %s", p, after(p))
		}
	}
	if before(pageCheck) != pageStart || after(pageDone) != pageDone {
		t.Error("the ends")
	}
}

// TestMeter: the bar never goes back, whatever is reported, and pauses do not
// count as time.
func TestMeter(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	m.start(now)
	last := 0.0
	for _, s := range append([]wire.Stage{wire.StageScan}, wire.StagePrepare, wire.StageScan, wire.StagePack, wire.StageWrite, wire.StageRead, wire.StageCompare, wire.StageArm) {
		for _, done := range []int64{0, 50, 20, 100, 300} {
			now = now.Add(time.Second)
			m.see(wire.Progress{Stage: s, Done: done, Total: 100, Bytes: done << 20}, now)
			if m.fraction < last || m.fraction > 1 {
				t.Fatalf("%s %d: from %v to %v", s, done, last, m.fraction)
			}
			last = m.fraction
		}
	}
	if m.fraction < 0.999 {
		t.Errorf("all is done, and the bar is at %v", m.fraction)
	}
	was := m.elapsed(now)
	m.pause(now)
	m.pause(now.Add(time.Minute)) // twice is once
	if got := m.elapsed(now.Add(time.Hour)); got != was {
		t.Errorf("%v elapsed in a pause, %v before", got, was)
	}
	m.resume(now.Add(time.Hour))
	if got := m.elapsed(now.Add(time.Hour + time.Second)); got != was+time.Second {
		t.Errorf("%v elapsed after a pause, %v before", got, was)
	}
}

// TestStickUse: the parts add up to the whole, and every file is counted once.
func TestStickUse(t *testing.T) {
	dir := t.TempDir()
	for name, kib := range map[string]int{"linuxfs": 64, "linuxfs.old": 32, "linuxfs.new": 16, "rootfs": 8, "rootfs.new": 8, "vmlinuz": 4,
		"archive/0001/linuxfs.old": 128} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, kib<<10), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := live.Facts{Plain: live.Image{Dir: dir, Name: "linuxfs"}, Boot: live.Boot{Mountpoint: dir, Total: 1 << 30, Free: 1 << 29}}
	sum, got := int64(0), map[segmentKind]int64{}
	for _, s := range stickUse(f) {
		sum, got[s.kind] = sum+s.bytes, s.bytes
	}
	if sum != 1<<30 {
		t.Errorf("%d in all", sum)
	}
	for kind, least := range map[segmentKind]int64{segSystem: 64 << 10, segVersions: 176 << 10, segPersistence: 16 << 10} {
		if got[kind] < least || got[kind] > least+64<<10 {
			t.Errorf("%s: %d", segmentName(kind), got[kind])
		}
	}
	if stickUse(live.Facts{}) != nil {
		t.Error("something is known of no stick")
	}
}

// TestCheckRows: every check is shown once, problems in place of what is fine.
func TestCheckRows(t *testing.T) {
	if rows := checkRows(nil); len(rows) != len(groups()) || slices.ContainsFunc(rows, func(r checkRow) bool { return r.level != "" }) {
		t.Errorf("nothing wrong, and %+v", rows)
	}
	checks := []wire.Check{stop(wire.Blocked, "linuxfs.old"), {Level: wire.Warn, Code: wire.Battery, Args: []string{"9"}}, {Level: wire.Note, Code: wire.HomeElsewhere}}
	rows := checkRows(checks)
	if len(rows) != len(groups())+1 {
		t.Errorf("%d rows", len(rows))
	}
	for _, c := range checks {
		title := describe(c).Title
		n := 0
		for _, r := range rows {
			if r.title == title {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q is shown %d times", title, n)
		}
	}
	seen := map[wire.Code]bool{}
	for _, g := range groups() {
		for _, code := range g.codes {
			if seen[code] {
				t.Errorf("%s is in two groups", code)
			}
			seen[code] = true
		}
	}
}

// TestHintsAreForAWindow: nobody who uses a window is sent to a command line
// that asks for options.
func TestHintsAreForAWindow(t *testing.T) {
	for _, code := range wire.Codes() {
		if code == wire.Usage { // only for who typed something
			continue
		}
		m := describe(wire.Check{Code: code})
		for _, word := range []string{"antix-remaster-cli", "--", "sudo"} {
			if strings.Contains(m.Text+m.Hint, word) {
				t.Errorf("%s speaks of %s: %q", code, word, m.Hint)
			}
		}
	}
}
