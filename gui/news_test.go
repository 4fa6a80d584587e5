package gui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// TestNews: every state that a boot can leave is told, with the ways out of it.
func TestNews(t *testing.T) {
	then := history.Version{Version: live.Version{Name: "linuxfs.old", Title: "Then", Size: 9, Head: strings.Repeat("b", 64)}, State: history.Previous, Place: "old"}
	damaged := then
	damaged.Unfit = &wire.Check{Level: wire.Stop, Code: wire.VersionDamaged}
	left := history.Version{Version: live.Version{Title: "Bad one"}}
	was := func(v view, change func(*live.Facts), names ...string) view {
		v.intent.Facts.Files = append([]string{"linuxfs"}, names...)
		v.intent.Facts.Entries, v.intent.Facts.Remasterable = live.Dir{}, true
		for _, name := range v.intent.Facts.Files {
			v.intent.Facts.Entries[name] = live.KindFile
		}
		if change != nil {
			change(&v.intent.Facts)
		}
		return v
	}
	remastered := func(f *live.Facts) { f.DidRemaster = true }
	rolledBack := func(f *live.Facts) { f.DidRollback = true }
	armed := func(f *live.Facts) { f.Armed = &live.Version{Title: "Next"} }
	old, bad, broken := stick(), stick(), stick()
	old.before, bad.aside, broken.before = &then, &left, &damaged
	picked := old
	picked.picked = true
	for _, c := range []struct {
		name string
		v    view
		does string // the buttons
		says []string
	}{
		{"nothing", was(stick(), nil), "[]", nil},
		{"remastered", was(old, remastered, "linuxfs.old"), "[keep stage]", []string{"version that was waiting. If", "“Then”, is then filed", "go back."}},
		{"went back", was(picked, remastered, "linuxfs.old"), "[keep stage]", []string{"that you had chosen", "“Then”"}},
		{"the one before does not start", was(broken, remastered, "linuxfs.old"), "[keep]", []string{"“Then”", "for a next one."}},
		{"another waits", was(old, func(f *live.Facts) { remastered(f); armed(f) }, "linuxfs.old", "linuxfs.new"), "[keep disarm]", []string{"“Then”", "“Next”, waits"}},
		{"kept already", was(stick(), remastered), "[]", []string{"switched"}},
		{"remastered, and going back", was(stick(), func(f *live.Facts) { remastered(f); armed(f) }, "linuxfs.new"), "[disarm restart]", []string{"“Next”, waits"}},
		{"remastered, and something is in the way", was(bad, remastered, "linuxfs.bad"), "[keep]", []string{"“Bad one”, still lies"}},
		{"rolled back", was(bad, rolledBack, "linuxfs.bad"), "[keep]", []string{"went back", "“Bad one”, is still there"}},
		{"rolled back, and filed", was(stick(), rolledBack), "[]", []string{"went back"}},
		{"a boot later", was(old, nil, "linuxfs.old"), "[keep stage]", []string{"“Then”, still lies", "Or go back"}},
		{"a boot after a rollback", was(bad, nil, "linuxfs.bad"), "[keep]", []string{"“Bad one”, still lies"}},
		{"armed", was(stick(), armed, "linuxfs.new"), "[disarm restart]", []string{"A new version, “Next”"}},
		{"mismatch", was(stick(), func(f *live.Facts) { f.VIDError = "x" }), "[]", []string{"not used"}},
		{"unfinished", was(stick(), func(f *live.Facts) { f.Leftovers = []live.Leftover{{Kind: live.LeftPart}, {Kind: live.LeftPart}} }), "[]", []string{"not finished"}},
	} {
		var does []task
		text := ""
		for _, n := range c.v.news() {
			text += n.text + "\n"
			for _, a := range n.actions {
				does = append(does, a.do)
			}
		}
		missing := slices.DeleteFunc(c.says, func(s string) bool { return strings.Contains(text, s) })
		if fmt.Sprint(does) != c.does || len(missing) > 0 || c.says == nil && text != "" {
			t.Errorf("%s: %v, does not say %q:\n%s", c.name, does, missing, text)
		}
	}
}

// TestFiled: what was filed away by a button is said, by its name, and no way
// back that is none.
func TestFiled(t *testing.T) {
	then, bad := version("Then", "b"), version("Bad one", "c")
	broken := then
	broken.Unfit = &wire.Check{Level: wire.Stop, Code: wire.VersionDamaged}
	was := func(before, aside *history.Version) view {
		v := stick()
		v.before, v.aside = before, aside
		v.intent.Facts.Armed = &live.Version{Title: "Next"}
		return v
	}
	for _, c := range []struct {
		t    task
		was  view
		is   []history.Version // since
		r    wire.FiledResult
		says string
	}{
		{keeping, was(&then, nil), []history.Version{then, bad}, wire.FiledResult{}, "Filed away: “Then”. You can go back at any time, under “Versions and rollback”."},
		{keeping, was(&then, &bad), nil, wire.FiledResult{}, "Filed away: “Then” and “Bad one”. You can go back at any time, under “Versions and rollback”."},
		{keeping, was(&then, nil), []history.Version{broken}, wire.FiledResult{}, "Filed away: “Then”. No start can use “Then”."},
		{keeping, was(&broken, &bad), nil, wire.FiledResult{}, "Filed away: “Then” and “Bad one”. No start can use “Then”."},
		{keeping, was(nil, nil), nil, wire.FiledResult{}, "It was filed away."},
		{disarming, was(&then, nil), nil, wire.FiledResult{}, "“Next” was filed away, and the next start does not use it. You find it in the list of versions."},
		{disarming, was(&then, nil), nil, wire.FiledResult{Back: "archive/0001/linuxfs.old"}, "“Next” is where it was before, and the next start does not use it."},
	} {
		if got := filedText(c.t, c.was, view{versions: c.is}, c.r); got != c.says {
			t.Errorf("%s: %s", c.t, got)
		}
	}
}

func version(title, digit string) history.Version {
	return history.Version{Version: live.Version{Title: title, Head: strings.Repeat(digit, 64)}}
}

// TestKeepCanBeStopped: while the rescue version is read after a version was
// filed away, and not while it is moved.
func TestKeepCanBeStopped(t *testing.T) {
	for _, p := range []pageName{pageStart, pageCheck} {
		m := model{view: stick(), busy: keeping}
		if b := m.buttonsOf(p); b.back == "_Stop" || m.keepIsDone() {
			t.Errorf("%s: %+v while files are moved", p, b)
		}
		m.reading = wire.Progress{Stage: wire.StageRescue, Done: 1, Total: 4}
		if b := m.buttonsOf(p); b.back != "_Stop" || b.why != "Verifying the rescue version: 25 %" || !m.keepIsDone() {
			t.Errorf("%s: %+v while it is verified", p, b)
		}
	}
}
