package words

import (
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// TestStaging: what is said before a version is staged names what happens to
// what, and no control character of a title gets through.
func TestStaging(t *testing.T) {
	v := history.Version{Version: live.Version{Name: "linuxfs.old", Title: "With\x1bGIMP"}, State: history.Archived, Archive: "0003"}
	f := live.Facts{Plain: live.Image{Name: "linuxfs"}, Default: &live.Version{Name: "linuxfs"}, Entries: live.Dir{"linuxfs": live.KindFile}}
	want := []string{"The next start uses 'With?GIMP'.", "'linuxfs' is kept as linuxfs.old; you can come back to it in the same way.", "The kernel on the stick stays as it is. Nothing is deleted."}
	if got := Staging(f, v, wire.T); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	f.Entries["linuxfs.bad"], f.Entries["state.old"], f.Entries["rootfs"] = live.KindFile, live.KindDir, live.KindFile
	got := strings.Join(Staging(f, v, wire.T), "\n")
	for _, part := range []string{"in the way: state.old, linuxfs.bad.", "Your saved root changes stay with"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in %s", part, got)
		}
	}
}

// TestStagingTells: what a user would miss afterwards is said before.
func TestStagingTells(t *testing.T) {
	const off, unsaved, aside, option = "nothing is saved any more until", "not saved yet is lost", "behind their names: xtra, state.", "the option noremaster. If it is set again"
	beside := live.Dir{"linuxfs": live.KindFile, "linuxfs.old": live.KindFile}
	full := live.Dir{"linuxfs": live.KindFile, "rootfs": live.KindFile, "xtra": live.KindDir, "state": live.KindDir}
	for name, c := range map[string]struct {
		entries    live.Dir
		kind       string
		companions []string
		noRemaster bool
		want       []string
	}{
		"nothing":    {beside, live.PersistNone, nil, false, nil},
		"static":     {full, live.PersistStatic, nil, false, []string{off, aside}},
		"dynamic":    {full, live.PersistDynamic, nil, false, []string{off, unsaved, aside}},
		"both have":  {full, live.PersistStatic, []string{"rootfs.old", "xtra.old", "state.old"}, false, []string{"come back with it"}},
		"not in use": {full, live.PersistNone, []string{"xtra.old", "state.old"}, false, []string{"come back with it"}},
		"elsewhere":  {beside, "elsewhere", nil, false, []string{"come back with it", "uses root persistence"}},
		"option":     {beside, live.PersistNone, nil, true, []string{option}},
	} {
		v := history.Version{Version: live.Version{Name: "linuxfs.old"}, State: history.Previous, Companions: c.companions}
		f := live.Facts{Plain: live.Image{Name: "linuxfs"}, Generation: live.Gen2023, Entries: c.entries, Persistence: live.Persistence{Kind: c.kind}, NoRemaster: c.noRemaster}
		if c.kind == "elsewhere" {
			f.Persistence = live.Persistence{Kind: live.PersistStatic, File: "/p/rootfs", Annex: &live.Annex{}}
		}
		got := strings.Join(Staging(f, v, wire.T), "\n")
		for _, part := range []string{"uses root persistence", off, unsaved, aside, option, "come back with it"} {
			wanted := strings.Contains(strings.Join(c.want, "\n"), part)
			if strings.Contains(got, part) != wanted {
				t.Errorf("%s: %q wanted %v in\n%s", name, part, wanted, got)
			}
		}
	}
}
