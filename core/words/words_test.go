package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0.0 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB", 1<<20 - 1: "1.0 MiB",
		612*1<<20 + 300<<10: "612.3 MiB", 4<<30 - 1: "4.0 GiB", 1 << 50: "1024.0 TiB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "0:00", 999 * time.Millisecond: "0:00", 61 * time.Second: "1:01",
		3599 * time.Second: "59:59", 3723 * time.Second: "1:02:03", 100 * time.Hour: "100:00:00"} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRemaining(t *testing.T) {
	for _, c := range []struct {
		elapsed     time.Duration
		done, total int64
		want        time.Duration
		ok          bool
	}{
		{time.Minute, 0, 100, 0, false},           // nothing done
		{time.Second, 50, 100, 0, false},          // too early
		{time.Minute, 1, 100, 0, false},           // too little
		{time.Minute, 5, 0, 0, false},             // no end known
		{10 * time.Second, 50, 100, 10e9, true},   // as long again
		{time.Minute, 25, 100, 180e9, true},       // three times as long
		{61 * time.Second, 25, 100, 180e9, true},  // rounded
		{10 * time.Minute, 2, 100, 29400e9, true}, // 490 minutes
		{time.Minute, 100, 100, 0, true},
		{time.Minute, 101, 100, 0, true},
	} {
		if d, ok := Remaining(c.elapsed, c.done, c.total); d != c.want || ok != c.ok {
			t.Errorf("Remaining(%v, %d, %d) = %v, %v", c.elapsed, c.done, c.total, d, ok)
		}
	}
}

func TestClean(t *testing.T) {
	if got := Clean("a\x1b[31m\nb\xff\x00c\u0085"); got != "a?[31m b\uFFFD?c?" {
		t.Errorf("%q", got)
	}
}

// TestEveryOutcomeHasWords reads the kinds from the source of core/live.
func TestEveryOutcomeHasWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../live/swap.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if kind, ok := v.Type.(*ast.Ident); !ok || kind.Name != "OutcomeKind" {
			return true
		}
		kind := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
		text := NextBoot(live.Outcome{Kind: live.OutcomeKind(kind), Blocking: "linuxfs.bad"}, live.Facts{Plain: live.Image{Name: "linuxfs"}}, wire.T)
		if text == "" || strings.Contains(text, "%!") || seen[text] != "" {
			t.Errorf("%s: %q, as %s", kind, text, seen[text])
		}
		seen[text] = kind
		return true
	})
	if len(seen) < 9 {
		t.Errorf("only %d kinds", len(seen))
	}
}

// Saved root changes elsewhere: what is said, that it takes a start that wants
// them, and nothing where nothing happens.
func TestNextBootTellsOfTheAnnex(t *testing.T) {
	const takes, back, off = "made for that version", "of the older version come back", "nothing will be saved any more"
	both := live.Dir{"rootfs": live.KindFile, "rootfs.new": live.KindFile}
	for _, c := range []struct {
		kind    live.OutcomeKind
		entries live.Dir
		want    string
	}{
		{live.OutcomeSwap, both, takes},
		{live.OutcomeSwap, live.Dir{"rootfs": live.KindFile}, off},
		{live.OutcomeSwap, live.Dir{"rootfs.new": live.KindFile}, ""},
		{live.OutcomeRollback, live.Dir{"rootfs": live.KindFile, "rootfs.old": live.KindFile}, back},
		{live.OutcomeRollback, both, off},
		{live.OutcomeNone, both, ""},
		{live.OutcomeBlocked, both, ""},
	} {
		f := live.Facts{Plain: live.Image{Name: "linuxfs"}}
		without := NextBoot(live.Outcome{Kind: c.kind}, f, wire.T)
		f.Persistence = live.Persistence{File: "/p/root\x1bfs", Annex: &live.Annex{Entries: c.entries}}
		got, ok := strings.CutPrefix(NextBoot(live.Outcome{Kind: c.kind}, f, wire.T), without)
		if !ok || (got == "") != (c.want == "") || !strings.Contains(got, c.want) || got != "" && (!strings.Contains(got, "/p/root?fs") || !strings.Contains(got, "uses root persistence")) {
			t.Errorf("%s with %v: %q", c.kind, c.entries, got)
		}
	}
}

// TestNextBootOfUnfit: a boot switches to what cannot start, too.
func TestNextBootOfUnfit(t *testing.T) {
	f := live.Facts{Plain: live.Image{Name: "linuxfs"}, RunningKernel: "6.1.0", Armed: &live.Version{Name: "linuxfs.new", Compressor: "zstd", Modules: []string{"6.1.0"}}}
	swap := live.Outcome{Kind: live.OutcomeSwap}
	if text := NextBoot(swap, f, wire.T); strings.Contains(text, "disarm") {
		t.Errorf("one that starts: %s", text)
	}
	for want, v := range map[string]live.Version{
		"it is cut off": {Name: "linuxfs.new", Problem: "it is cut off"},
		"other-kernel":  {Name: "linuxfs.new", Compressor: "zstd", Modules: []string{"other-kernel"}},
	} {
		f.Armed = &v
		if text := NextBoot(swap, f, wire.T); !strings.Contains(text, want) || !strings.Contains(text, "disarm") {
			t.Errorf("%+v: %s", v, text)
		}
	}
}

// TestNextBootNamesVersions: where both have titles, and only harmless signs of
// them.
func TestNextBootNamesVersions(t *testing.T) {
	f := live.Facts{Plain: live.Image{Name: "linuxfs"}, Default: &live.Version{Name: "linuxfs", Title: "Then"},
		Armed: &live.Version{Name: "linuxfs.new", Title: "With\x1bGIMP", Compressor: "zstd"}}
	want := "“With?GIMP” takes over. The version from before, “Then”, is kept as linuxfs.old."
	if got := NextBoot(live.Outcome{Kind: live.OutcomeSwap}, f, wire.T); got != want {
		t.Error(got)
	}
	f.Default.Title = ""
	if got := NextBoot(live.Outcome{Kind: live.OutcomeSwap}, f, wire.T); !strings.HasPrefix(got, "The new version linuxfs.new") {
		t.Error(got)
	}
}

// TestStagesHaveWords: each its own, and one of another helper none of ours.
func TestStagesHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range append(Stages(), wire.StageWalk, wire.StageRescue, "from\nthe future") {
		text := Stage(s, wire.T)
		if text == "" || seen[text] || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", s, text)
		}
		seen[text] = true
	}
}

// TestDescribe: arguments come from the stick, and gettext answers "" with the
// header of its catalogue.
func TestDescribe(t *testing.T) {
	header := func(msgid string) string {
		if msgid == "" {
			return "Project-Id-Version: 1"
		}
		return msgid
	}
	m := Describe(wire.Healed, []string{"a\x1b[31m\nb"}, header)
	if m.Hint != "" || !strings.Contains(m.Text, "a?[31m b") {
		t.Errorf("%+v", m)
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct{ done, total, want int64 }{{0, 0, -1}, {-5, 10, 0}, {1, 3, 33}, {11, 10, 100}, {1 << 62, 1 << 62, 100}} {
		if got := Percent(wire.Progress{Done: c.done, Total: c.total}); got != c.want {
			t.Errorf("Percent(%d of %d) = %d", c.done, c.total, got)
		}
	}
}
