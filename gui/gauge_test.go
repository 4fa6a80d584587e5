package gui

import (
	"context"
	"math"
	"strings"
	"testing"

	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
)

const mib = 1 << 20

// told is an estimate of two compressors, with so many blocks of each measured.
func told(blocks int, zstd, xz int64, change ...func(*wire.Estimate)) wire.Estimate {
	one := func(name string, size int64) wire.EstimateRow {
		return wire.EstimateRow{Compressor: name, Estimate: size * mib, Bound: (size + 20) * mib, Blocks: blocks, Seconds: 150, Verdict: "fits"}
	}
	e := wire.Estimate{Rows: []wire.EstimateRow{one("zstd", zstd), one("xz", xz)}, Entries: 50_000, Bytes: 3000 * mib, Room: 2000 * mib}
	for _, c := range change {
		c(&e)
	}
	return e
}

// TestGaugeKeepsWhatItKnows: a new start does not make the figures worse, other
// choices and another tree do not get those of before.
func TestGaugeKeepsWhatItKnows(t *testing.T) {
	keep, leave := wire.Choices{Home: "keep", Compressor: "zstd"}, wire.Choices{Home: "leave", Compressor: "zstd"}
	xz := keep
	xz.Compressor, xz.Title, xz.MemoryMiB = "xz", "another", 99
	fewer := keep
	fewer.Processors = 1
	walking := wire.Estimate{Entries: 100}
	for _, c := range []struct {
		name          string
		before, now   wire.Estimate
		asked, wanted wire.Choices
		want          int64 // MiB of zstd; 0: nothing is known
	}{
		{"first", wire.Estimate{}, told(20, 500, 400), keep, keep, 500},
		{"nothing", wire.Estimate{}, walking, keep, keep, 0},
		{"walks again", told(50, 510, 400), walking, keep, keep, 510},
		{"knows less", told(50, 510, 400), told(20, 500, 400), keep, keep, 510},
		{"knows more", told(50, 510, 400), told(60, 500, 400), keep, keep, 500},
		{"whole", told(50, 510, 400), told(20, 500, 400, func(e *wire.Estimate) { e.Rows[0].Whole = true }), keep, keep, 500},
		{"another compressor is the same image", told(50, 510, 400), told(20, 500, 400), xz, xz, 510},
		{"other processors are the same image", told(50, 510, 400), told(20, 500, 400), fewer, fewer, 510},
		{"twins found", told(50, 510, 400), told(20, 500, 400, func(e *wire.Estimate) { e.Bytes, e.Twins = e.Bytes-90*mib, 90*mib }), keep, keep, 510},
		{"files came", told(50, 510, 400), told(20, 500, 400, func(e *wire.Estimate) { e.Entries += 900 }), keep, keep, 500},
		{"a file grew", told(50, 510, 400), told(20, 500, 400, func(e *wire.Estimate) { e.Bytes += 90 * mib }), keep, keep, 500},
		{"room came", told(50, 510, 400), told(20, 500, 400, func(e *wire.Estimate) { e.Room += 90 * mib }), keep, keep, 500},
		{"other choices", told(50, 510, 400), told(20, 500, 400), leave, leave, 500},
		{"not taken yet", told(50, 510, 400), told(20, 500, 400), keep, leave, 0},
		{"back again", told(50, 510, 400), told(20, 500, 400), leave, keep, 510},
	} {
		var g gauge
		stop := context.CancelFunc(func() {})
		g.begin(keep, stop)
		c.before.Number = g.number
		g.take(c.before)
		g.begin(c.asked, stop)
		c.now.Number = g.number
		g.take(c.now)
		r, ok := rowFor(g.figures(c.wanted), "zstd")
		if ok != (c.want > 0) || r.Estimate != c.want*mib {
			t.Errorf("%s: %d MiB, %v; want %d", c.name, r.Estimate/mib, ok, c.want)
		}
	}
}

// TestGaugeOfOlderChoices: what was under way when the choices changed is not
// taken for theirs, nor the time of other processors.
func TestGaugeOfOlderChoices(t *testing.T) {
	keep, fewer := wire.Choices{Home: "keep"}, wire.Choices{Home: "keep", Processors: 1}
	var g gauge
	g.begin(keep, func() {})
	e := told(20, 500, 400)
	e.Number = g.number
	g.take(e)
	if !g.others(fewer, "") {
		t.Error("the helper is not told of other processors")
	}
	if r := g.figures(fewer).Rows[0]; r.Estimate != 500*mib || r.Seconds != 0 || g.figures(keep).Rows[0].Seconds != 150 {
		t.Errorf("other processors: %+v", r)
	}
	leave := wire.Choices{Home: "leave"}
	g.choose(leave)
	g.take(e)
	if rows := g.figures(leave).Rows; len(rows) > 0 {
		t.Errorf("of older choices: %+v", rows)
	}
	e.Number = g.number
	if g.take(e); len(g.figures(leave).Rows) == 0 {
		t.Error("the newest were not taken")
	}
}

// at is a model on a page that knows this.
func at(page pageName, e wire.Estimate) *model {
	c := wire.Choices{Home: "keep", Compressor: "zstd"}
	m := &model{page: page, choices: c, view: view{looked: true, knows: []string{"zstd", "xz"},
		intent: intent.Intent{Choices: c, Facts: live.Facts{Boot: live.Boot{Mountpoint: "/x", Free: 3000 * mib, Total: 4000 * mib}}},
		use:    []segment{{kind: segSystem, bytes: 600 * mib}, {kind: segVersions, bytes: 400 * mib}, {kind: segPersistence}, {kind: segFree, bytes: 3000 * mib}}}}
	m.gauge.asked = c
	m.gauge.take(e)
	return m
}

func verdictOf(v string, missing int64) func(*wire.Estimate) {
	return func(e *wire.Estimate) { e.Rows[0].Verdict, e.Rows[0].Missing = v, missing*mib }
}

// onFAT is a stick with room, and an image that is larger than a file on it can be.
func onFAT(verdict string) *model {
	m := at(pageSummary, told(50, 5000, 3000, verdictOf(verdict, 924), func(e *wire.Estimate) { e.Room = preflight.MaxOnFAT }))
	m.intent.Plan.FAT, m.intent.Facts.Boot.Free = true, 20<<30
	return m
}

// TestFigureTexts: what is said of figures on each page, and without any.
func TestFigureTexts(t *testing.T) {
	fits, companions := told(50, 1450, 1200), told(50, 1450, 1200, func(e *wire.Estimate) { e.Beside = 500 * mib })
	not, may := told(50, 1450, 1200, verdictOf("does_not_fit", 300)), told(50, 1450, 1200, verdictOf("may_not_fit", 9))
	huge := told(50, 3450, 3200, verdictOf("does_not_fit", 2000), func(e *wire.Estimate) { e.Rows[1].Verdict = "may_not_fit" })
	failed := at(pageSummary, wire.Estimate{})
	failed.gauge.failed, failed.check = true, &wire.CheckResult{Bound: 1000 * mib}
	away := at(pageStart, told(50, 1450, 1200, verdictOf("", 0)))
	away.intent.Facts.Boot = live.Boot{}
	rows := func(m *model) string {
		var out []string
		for _, r := range m.figureRows() {
			out = append(out, r.value)
		}
		level, text := m.verdict()
		return strings.Join(append(out, string(level)+"!"+text), "|")
	}
	packing := "|packing: about 2 to 4 min, longer on a slow stick; then it is read back and compared"
	for _, c := range []struct{ name, got, want string }{
		{"how", at(pageHow, fits).howText("zstd"), "about 1.42 GiB (1.40–1.44) · 3 min to pack · 550.0 MiB remain free"},
		{"how, companions", at(pageHow, companions).howText("xz"), "about 1.17 GiB (1.15–1.19) · 3 min to pack · 800.0 MiB remain free"},
		{"how, too large", at(pageHow, not).howText("zstd"), "about 1.42 GiB (1.40–1.44) · 3 min to pack · does not fit"},
		{"how, perhaps", at(pageHow, may).howText("zstd"), "about 1.42 GiB (1.40–1.44) · 3 min to pack · may not fit"},
		{"how, unknown", at(pageHow, fits).howText("lz4"), "being measured …"},
		{"how, the stick is away", away.howText("zstd"), "about 1.42 GiB (1.40–1.44) · 3 min to pack"},
		{"start, the stick is away", away.startText(), ""},
		{"summary, the stick is away", rows(away), "about 1.42 GiB (1.40–1.44)|unknown" + packing + "|note!"},
		{"how, failed", failed.howText("zstd"), "not known before it begins"},
		{"start", at(pageStart, fits).startText(), "A new version would take about 1.42 GiB (1.40–1.44), and 550.0 MiB would remain free."},
		{"start, too large", at(pageStart, huge).startText(), "A new version would take about 3.37 GiB (3.35–3.39), and there is no room for that."},
		{"start, perhaps", at(pageStart, may).startText(), "A new version would take about 1.42 GiB (1.40–1.44). Whether there is room for that is not certain yet."},
		{"start, unknown", at(pageStart, wire.Estimate{}).startText(), ""},
		{"summary", rows(at(pageSummary, fits)), "about 1.42 GiB (1.40–1.44)|about 550.0 MiB of the 2.9 GiB that are free now" + packing + "|!It fits on the stick."},
		{"summary, too large", rows(at(pageSummary, huge)), "about 3.37 GiB (3.35–3.39)|nothing: 2.9 GiB are free now" + packing + "|stop!It does not fit on the stick: 2.0 GiB are missing."},
		{"summary, perhaps", rows(at(pageSummary, may)), "about 1.42 GiB (1.40–1.44)|about 550.0 MiB of the 2.9 GiB that are free now" + packing +
			"|warn!It may not fit on the stick: it could need 9.0 MiB more than there is. That is still being measured."},
		{"summary, early", rows(at(pageSummary, wire.Estimate{Entries: 9})), "being measured …|being measured …|being measured …|note!"},
		{"summary, larger than a file of FAT", rows(onFAT("does_not_fit")), "about 4.88 GiB (4.86–4.90)|about 15.1 GiB of the 20.0 GiB that are free now" + packing +
			"|stop!It does not fit on the stick: no file on a stick with FAT can be larger than 4 GiB."},
		{"summary, perhaps larger than a file of FAT", rows(onFAT("may_not_fit")), "about 4.88 GiB (4.86–4.90)|about 15.1 GiB of the 20.0 GiB that are free now" + packing +
			"|warn!It may not fit on the stick: no file on a stick with FAT can be larger than 4 GiB. That is still being measured."},
		{"summary, failed", rows(failed), "at most 1000.0 MiB, mostly clearly less|at least 2.0 GiB of the 2.9 GiB that are free now|not known before it begins|note!"},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}

// TestHelps: what helps is only offered when it is needed, and when it does.
func TestHelps(t *testing.T) {
	largest := func(e *wire.Estimate) {
		e.Largest = []wire.EstimatePart{{Path: "usr", Stored: 900 * mib}, {Path: "usr/lib", Stored: 500 * mib}, {Path: "home", Stored: 90 * mib}}
	}
	none := func(e *wire.Estimate) { e.Rows[1].Verdict = "does_not_fit" }
	few := at(pageSummary, told(50, 1450, 1200, verdictOf("does_not_fit", 300)))
	late := at(pageSummary, told(50, 1450, 1200))
	late.check = &wire.CheckResult{Checks: []wire.Check{stop(wire.NoSpace, "1", "2", "3", "4")}}
	few.use, few.knows = nil, []string{"zstd"}
	for _, c := range []struct {
		name string
		m    *model
		want string
	}{
		{"fits", at(pageSummary, told(50, 1450, 1200)), ""},
		{"fits, the check did not know", late, "The check was made before that was known. [Check _again]"},
		{"not known yet", at(pageSummary, told(8, 1450, 1200, verdictOf("may_not_fit", 0))), ""},
		{"xz fits", at(pageSummary, told(50, 1450, 1200, verdictOf("does_not_fit", 300), largest)),
			"Packed with xz it fits: about 1.17 GiB (1.15–1.19). [Use xz]\nLeave less in it. Most of it is in /usr (900.0 MiB), /home (90.0 MiB). [See what takes the _space]\n" +
				"Delete older versions. Together they take 400.0 MiB. [_Make room …]\nOr use a stick with at least 300.0 MiB more room. []"},
		{"nothing fits", at(pageSummary, told(50, 1450, 1200, verdictOf("may_not_fit", 300), none)),
			"Delete older versions. Together they take 400.0 MiB. [_Make room …]\nOr use a stick with at least 300.0 MiB more room. []"},
		{"larger than a file of FAT", onFAT("does_not_fit"), "Packed with xz it fits: about 2.93 GiB (2.91–2.95). [Use xz]"},
		{"no kernel for xz, no versions", few, "Or use a stick with at least 300.0 MiB more room. []"},
	} {
		var out []string
		for _, h := range c.m.helps() {
			out = append(out, h.text+" ["+h.button+"]")
		}
		if got := strings.Join(out, "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestHelped: a stop is shown beside what helps when only it says what to do.
func TestHelped(t *testing.T) {
	fat, room, other := stop(wire.FATLimit, "1"), stop(wire.NoSpace, "1", "2", "3", "4"), stop(wire.Pending, "linuxfs.new")
	full := at(pageSummary, told(50, 1450, 1200, verdictOf("does_not_fit", 300)))
	for _, c := range []struct {
		m    *model
		stop wire.Check
		want bool
	}{{onFAT("does_not_fit"), fat, false}, {full, room, true}, {full, other, false}, {at(pageSummary, told(50, 1450, 1200)), room, false}} {
		if got := c.m.helped(c.stop); got != c.want {
			t.Errorf("%s: %v", c.stop.Code, got)
		}
	}
}

// TestAfterwards: the stick as it will be adds up, and what does not fit sticks
// out at its end.
func TestAfterwards(t *testing.T) {
	now := at(pageSummary, wire.Estimate{}).use
	for _, c := range []struct {
		name                   string
		f                      forecast
		fresh, over, free, all int64 // MiB; free: also what is barred
	}{
		{"fits", forecast{1000 * mib, 20 * mib, 0, 2900 * mib}, 1000, 0, 2000, 4000},
		{"room unknown", forecast{1000 * mib, 20 * mib, 0, -1}, 1000, 0, 2000, 4000},
		{"with a rootfs", forecast{1000 * mib, 20 * mib, 500 * mib, 2400 * mib}, 1000, 0, 1500, 4000},
		{"too large", forecast{3500 * mib, 20 * mib, 0, 2990 * mib}, 2990, 510, 10, 4510},
		{"larger than free", forecast{3500 * mib, 20 * mib, 0, -1}, 3000, 500, 0, 4500},
		{"no room at all", forecast{100 * mib, 20 * mib, 3000 * mib, 0}, 0, 100, 0, 4100},
	} {
		got := map[segmentKind]segment{}
		for _, s := range afterwards(now, c.f) {
			got[s.kind] = s
		}
		all := sum(afterwards(now, c.f))
		if got[segNew].bytes != c.fresh*mib || got[segOver].bytes != c.over*mib || got[segFree].bytes+got[segBarred].bytes != c.free*mib || all != c.all*mib {
			t.Errorf("%s: %+v, all %d", c.name, got, all/mib)
		}
		if got[segPersistence].bytes != c.f.beside {
			t.Errorf("%s: persistence %d", c.name, got[segPersistence].bytes)
		}
		if text := legend(got[segNew]); !strings.Contains(text, "about") {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}

// TestSpans: parts lie side by side and fill the width, and only the end of the
// new version is vague: that of what sticks out, when something does.
func TestSpans(t *testing.T) {
	now := at(pageSummary, wire.Estimate{}).use
	for _, f := range []forecast{{1000 * mib, 40 * mib, 0, -1}, {3500 * mib, 40 * mib, 0, -1}} {
		parts := afterwards(now, f)
		end, vague := 0.0, 0
		for _, s := range spans(parts, sum(parts), 800) {
			if math.Abs(s.x-end) > 1e-9 {
				t.Errorf("%+v begins at %v, not at %v", f, s.x, end)
			}
			end = s.x + s.width
			if s.soft > 0 {
				vague++
				if want := 800 * 40 * float64(mib) / float64(sum(parts)); math.Abs(s.soft-want) > 1e-9 || (s.kind == segOver) != (f.size > 3000*mib) {
					t.Errorf("%+v: %+v, want %v", f, s, want)
				}
			}
		}
		if math.Abs(end-800) > 1e-9 || vague != 1 {
			t.Errorf("%+v ends at %v, %d vague", f, end, vague)
		}
	}
	if got := spans([]segment{{kind: segFree}}, 0, 800); len(got) != 1 || got[0].width != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestSpaceParts: a directory is shown when it was told of, and not before.
func TestSpaceParts(t *testing.T) {
	e := told(50, 1450, 1200)
	e.Within, e.Inside = "usr", []wire.EstimatePart{{Path: "lib\n", Stored: 400 * mib, Dir: true}, {Path: "file", Stored: 100 * mib}}
	m := at(pageSpace, e)
	if where, parts := m.spaceParts(); where != "/: being measured …" || parts != nil {
		t.Errorf("%q %v", where, parts)
	}
	m.gauge.within = "usr"
	where, parts := m.spaceParts()
	if where != "/usr: 500.0 MiB" || len(parts) != 2 || parts[0].spoken() != "lib , folder, 400.0 MiB" || parts[1].title() != "file" || parts[1].share != 0.25 {
		t.Errorf("%q %+v", where, parts)
	}
	for within, want := range map[string]string{"": "", "usr": "", "usr/lib": "usr", "usr/lib/a b": "usr/lib"} {
		if got := above(within); got != want {
			t.Errorf("above %q is %q", within, got)
		}
	}
}

// TestWhatIsMeasured: only the pages before a run ask for figures, when a
// remaster is possible.
func TestWhatIsMeasured(t *testing.T) {
	blocked := &wire.CheckResult{Checks: []wire.Check{stop(wire.Pending, "linuxfs.new")}}
	tight := &wire.CheckResult{Checks: []wire.Check{stop(wire.NoSpace, "1", "2", "3", "4")}}
	for _, c := range []struct {
		page  pageName
		check *wire.CheckResult
		want  bool
	}{
		{pageStart, nil, true}, {pageCheck, nil, false}, {pageCheck, &wire.CheckResult{}, true}, {pageHow, tight, true}, {pageSummary, &wire.CheckResult{}, true},
		{pageSpace, &wire.CheckResult{}, true}, {pageSummary, blocked, false}, {pageProgress, &wire.CheckResult{}, false}, {pageVersions, nil, false},
	} {
		m := at(c.page, wire.Estimate{})
		m.check = c.check
		if _, got := m.toMeasure(); got != c.want {
			t.Errorf("%s: %v", c.page, got)
		}
	}
}
