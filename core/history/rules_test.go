package history

import (
	"os"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func TestStageable(t *testing.T) {
	s := newStick(t)
	for name, id := range map[string]string{"linuxfs": "aaaaaa01", "linuxfs.old": "aaaaaa02", "linuxfs.bak": "aaaaaa03", "archive/0001/linuxfs.bad": "aaaaaa04",
		"archive/0002/linuxfs": "aaaaaa05", "linuxfs.05": "aaaaaa06", "linuxfs.e16": "aaaaaa08", "archive/0003/linuxfs.07": "aaaaaa07"} {
		s.image(name, id)
	}
	put(t, s.path("archive/0004/linuxfs.old"), "damaged")
	want := map[string]wire.Code{"default": wire.NothingToStage, "old": "", "bak": "", "archive/0001/linuxfs.bad": "", "archive/0002/linuxfs": "",
		"linuxfs.05": "", "linuxfs.e16": wire.NotMovable, "archive/0003/linuxfs.07": wire.NotMovable, "archive/0004/linuxfs.old": wire.VersionDamaged}
	stageable(t, s, want)
	f := s.facts("linuxfs")
	f.Boot.FSType = "vfat"
	for _, v := range List(f, s.root) {
		if err := Stageable(f, nil, v); v.Place == "linuxfs.05" && wire.AsError(err).Code != wire.NotMovable {
			t.Errorf("on FAT: %v", err)
		}
	}
	s.image("linuxfs.new", "aaaaaa08")
	stageable(t, s, map[string]wire.Code{"new": wire.NothingToStage, "old": wire.Pending, "default": wire.NothingToStage})
	must(t, os.Remove(s.path("linuxfs.new")))
	s.link("linuxfs.new", "gone")
	stageable(t, s, map[string]wire.Code{"old": wire.NameTaken})
	must(t, os.Remove(s.path("linuxfs.new")))
	must(t, os.Remove(s.path("linuxfs")))
	stageable(t, s, map[string]wire.Code{"old": wire.ImageMissing})
}

// TestStageablePersistence: at a switch the file of saved changes is renamed
// wherever it lies, over an older one when that is not beside the linuxfs: so
// its place must be one where something can be done about that.
func TestStageablePersistence(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.old", "aaaaaa02")
	f := s.facts("linuxfs")
	all := List(f, s.root)
	for _, c := range []struct {
		p    live.Persistence
		want wire.Code
	}{
		{live.Persistence{Kind: live.PersistStatic, File: "/p/rootfs", Elsewhere: true}, wire.RootfsElsewhere},
		{live.Persistence{Kind: live.PersistDynamic, File: "/p/rootfs", Elsewhere: true}, wire.RootfsElsewhere},
		{live.Persistence{Kind: live.PersistNone, File: "/p/rootfs", Elsewhere: true}, wire.RootfsElsewhere}, // refused, but looked for
		{live.Persistence{Kind: live.PersistStatic, File: "/p/rootfs", Elsewhere: true, Annex: &live.Annex{Entries: live.Dir{"linuxfs": live.KindFile}}}, wire.RootfsElsewhere},
		{live.Persistence{Kind: live.PersistStatic, File: "/p/rootfs", Elsewhere: true, Annex: &live.Annex{}}, ""},
		{live.Persistence{Kind: live.PersistNone, Home: true, Elsewhere: true}, ""},
		{live.Persistence{Kind: live.PersistStatic, File: "/antiX/rootfs"}, ""},
	} {
		f.Persistence = c.p
		if err := Stageable(f, all, all[1]); (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want {
			t.Errorf("%+v: %v, want %q", c.p, err, c.want)
		}
	}
}

func TestOutOfUse(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.old", "aaaaaa02")
	s.image("archive/0001/linuxfs", "aaaaaa03")
	for _, name := range []string{"state/x", "state.old/x", "xtra/x", "xtra.tgz", "rootfs", "linuxfs.md5", "archive/0001/xtra/x"} {
		put(t, s.path(name), "x")
	}
	s.link("deb", "gone")
	f := s.facts("linuxfs")
	want := map[string][]string{"old": {"xtra", "xtra.tgz"}, "archive/0001/linuxfs": {"xtra.tgz", "state"}}
	for _, v := range List(f, s.root) {
		if w, ok := want[v.Place]; ok {
			same(t, OutOfUse(f, v), w)
		}
	}
	f.Generation = live.Gen2016 // whose swap knows no state
	for _, v := range List(f, s.root) {
		if v.Place == "archive/0001/linuxfs" {
			same(t, OutOfUse(f, v), []string{"xtra.tgz"})
		}
	}
}

func stageable(t *testing.T, s stick, want map[string]wire.Code) {
	t.Helper()
	f := s.facts("linuxfs")
	all := List(f, s.root)
	for place, code := range want {
		i := slices.IndexFunc(all, func(v Version) bool { return v.Place == place })
		if i < 0 {
			t.Errorf("no %s in %q", place, lines(all))
			continue
		}
		if err := Stageable(f, all, all[i]); (err == nil) != (code == "") || err != nil && wire.AsError(err).Code != code {
			t.Errorf("%s: %v, want %q", place, err, code)
		}
	}
}

func TestInTheWay(t *testing.T) {
	s := newStick(t)
	for _, name := range []string{"linuxfs", "linuxfs.old", "state.old/x", "linuxfs.bad", "xtra.bad/x", "linuxfs.bak", "other.old", "archive/0001/linuxfs.old"} {
		put(t, s.path(name), "x")
	}
	s.link("rootfs.old", "gone")
	f := s.facts("linuxfs")
	for place, want := range map[string][]string{"old": {"linuxfs.bad", "xtra.bad"}, "bad": {"linuxfs.old", "state.old"},
		"archive/0001/linuxfs.old": {"linuxfs.old", "state.old", "linuxfs.bad", "xtra.bad"}} {
		for _, v := range List(f, s.root) {
			if v.Place == place {
				same(t, InTheWay(f, v), want)
			}
		}
	}
}

func TestDeletable(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.new", "aaaaaa02")
	s.image("linuxfs.old", "aaaaaa03")
	s.image("archive/0001/linuxfs.old", "aaaaaa04")
	s.image("archive/0002/linuxfs.old", "aaaaaa06")
	s.image("linuxfs.05", "aaaaaa05")
	f := s.facts("linuxfs")
	all := List(f, s.root)
	for i := range all {
		all[i].Record.Pinned, all[i].Rescue = all[i].Place == "old", all[i].Archive == "0002"
	}
	for _, c := range []struct {
		place     string
		confirmed bool
		want      wire.Code
	}{
		{"default", true, wire.Protected}, {"new", true, wire.Protected}, {"old", false, wire.DeletePinned}, {"old", true, ""},
		{"archive/0002/linuxfs.old", false, wire.DeleteRescue}, {"archive/0002/linuxfs.old", true, ""},
		{"archive/0001/linuxfs.old", false, ""}, {"linuxfs.05", true, wire.NotMovable},
	} {
		i := slices.IndexFunc(all, func(v Version) bool { return v.Place == c.place })
		if err := Deletable(f, all, all[i], c.confirmed); (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want {
			t.Errorf("%s: %v, want %q", c.place, err, c.want)
		}
	}
	held := old(1, pinned, unread, func(v *Version) { v.Rescue = true })
	for _, want := range []wire.Code{wire.DeleteRescue, wire.DeletePinned, wire.RecordNewer, ""} {
		if err := Deletable(f, all, held, false); (err == nil) != (want == "") || err != nil && wire.AsError(err).Code != want {
			t.Errorf("%v, want %q", err, want)
		}
		held.Rescue, held.Record.Pinned, held.Unread = false, held.Rescue, held.Record.Pinned
	}
	// What runs is not deleted wherever it is, nor the last one that starts.
	old := &all[slices.IndexFunc(all, func(v Version) bool { return v.Place == "old" })]
	old.Record.Pinned, old.Running = false, true
	if err := Deletable(f, all, *old, true); wire.AsError(err).Code != wire.Protected {
		t.Error(err)
	}
	old.Running = false
	for i := range all {
		if all[i].Place != "old" {
			all[i].Unfit = &wire.Check{Code: wire.VersionDamaged}
		}
	}
	if err := Deletable(f, all, *old, true); wire.AsError(err).Code != wire.LastBootable {
		t.Error(err)
	}
	old.Unfit = &wire.Check{Code: wire.VersionDamaged}
	if err := Deletable(f, all, *old, true); err != nil {
		t.Errorf("a damaged one: %v", err)
	}
}

// TestAddressable: what no request can name is refused in clear words before.
func TestAddressable(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.\xff", "aaaaaa02")
	s.link("linuxfs.old", "gone")
	must(t, os.Mkdir(s.path("linuxfs.bad"), 0o755))
	f := s.facts("linuxfs")
	all := List(f, s.root)
	want := map[string]wire.Code{"default": "", "linuxfs.\xff": wire.OddName, "old": wire.VersionDamaged, "bad": wire.VersionDamaged}
	f.Union.Type, f.Remasterable = "overlay", true
	for _, v := range all {
		code, ok := want[v.Place]
		if err := Addressable(f, v); !ok || (err == nil) != (code == "") || err != nil && wire.AsError(err).Code != code {
			t.Errorf("%q: %v, want %q", v.Place, err, code)
		}
		if err := Deletable(f, all, v, true); err == nil {
			t.Errorf("%q may be deleted", v.Place)
		}
		delete(want, v.Place)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	f.FromISO = true
	if err := Addressable(f, all[0]); wire.AsError(err).Code != wire.FromISO {
		t.Error(err)
	}
}

func TestTryOptions(t *testing.T) {
	f := live.Facts{Plain: live.Image{Path: "antiX", Name: "linuxfs"}}
	v := Version{Version: live.Version{Name: "linuxfs.old", Head: strings.Repeat("ab", 32)}, State: Archived, Archive: "0003", Place: "archive/0003/linuxfs.old"}
	if got := TryOptions(f, v); got != "bdir=antiX/archive/0003 sqname=linuxfs.old" {
		t.Error(got)
	}
	beside := v
	beside.State, beside.Archive, beside.Place = Previous, "", "old"
	if got := TryOptions(f, beside); got != "" {
		t.Errorf("one that a boot may rename: %s", got)
	}
	v.Unfit = &wire.Check{}
	if got := TryOptions(f, v); got != "" {
		t.Errorf("one that cannot start: %s", got)
	}
	if v.Unfit, f.Plain.Name = nil, "linuxfs.e16"; TryOptions(f, v) != "" {
		t.Error("sqext would be put behind it once more")
	}
}
