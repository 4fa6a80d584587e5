package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// old makes an archived version.
func old(number int, change ...func(*Version)) Version {
	id := fmt.Sprintf("%04d", number)
	v := Version{Version: live.Version{Name: "linuxfs.old", Path: "/antiX/archive/" + id + "/linuxfs.old", ID: "aaaaaa" + id, Compressor: "zstd", Modules: []string{kernel},
		Machine: "x86_64", Size: 90, Head: strings.Repeat("0a", 32)}, State: Archived, Archive: id, Place: "archive/" + id + "/linuxfs.old"}
	for _, c := range change {
		c(&v)
	}
	return v
}

// beside makes one beside the linuxfs.
func besideIt(state State, place, name string, change ...func(*Version)) Version {
	return old(0, append([]func(*Version){func(v *Version) {
		v.State, v.Archive, v.Place, v.Name, v.Path = state, "", place, name, "/antiX/"+name
	}}, change...)...)
}

func pinned(v *Version)  { v.Record.Pinned = true }
func running(v *Version) { v.Running = true }
func unread(v *Version)  { v.Unread = true }
func without(code wire.Code) func(*Version) {
	return func(v *Version) {
		v.Unfit = &wire.Check{Level: wire.Stop, Code: code, Args: []string{v.File(), "x", "y"}}
	}
}

func TestPrune(t *testing.T) {
	now := besideIt(Default, "default", "linuxfs", running)
	plain := []Version{now, old(3), old(2), old(1)}
	damagedNow := besideIt(Default, "default", "linuxfs", without(wire.VersionDamaged))
	for _, c := range []struct {
		name          string
		all           []Version
		p             Policy
		gone, stay    string
		left, tooMany int
		free, missing int64
	}{
		{"nothing is asked for", plain, Policy{Keep: -1}, "", "", 3, 0, 1000, 0},
		{"as many as there are", plain, Policy{Keep: 3}, "", "", 3, 0, 1000, 0},
		{"the oldest goes", plain, Policy{Keep: 2}, "1", "", 2, 0, 1100, 0},
		{"all go", plain, Policy{Keep: 0}, "1 2 3", "", 0, 0, 1300, 0},
		{"room", plain, Policy{Keep: -1, Free: 1101}, "1 2", "", 1, 0, 1200, 0},
		{"just enough room", plain, Policy{Keep: -1, Free: 1100}, "1", "", 2, 0, 1100, 0},
		{"more room than there is", plain, Policy{Keep: -1, Free: 5000}, "1 2 3", "", 0, 0, 1300, 3700},
		{"both: the number decides", plain, Policy{Keep: 1, Free: 1001}, "1 2", "", 1, 0, 1200, 0},
		{"both: the room decides", plain, Policy{Keep: 2, Free: 1300}, "1 2 3", "", 0, 0, 1300, 0},
		{"pinned", []Version{now, old(3), old(2), old(1, pinned)}, Policy{Keep: 1}, "2 3", "1 delete_pinned", 1, 0, 1200, 0},
		{"to be tried out", []Version{now, old(2), old(1, func(v *Version) { v.Record.Try = true })}, Policy{Keep: 1}, "2", "1 being_tried", 1, 0, 1100, 0},
		{"all pinned", []Version{now, old(2, pinned), old(1, pinned)}, Policy{Keep: 1, Free: 1001}, "", "1 delete_pinned, 2 delete_pinned", 2, 1, 1000, 1},
		{"what is not whole is no old version", []Version{now, old(3), old(2), old(1, without(wire.VersionDamaged)), old(4, without(wire.DamageKnown))}, Policy{Keep: 1},
			"2", "1 version_damaged, 4 damage_known", 1, 0, 1100, 0},
		{"of another computer", []Version{now, old(2), old(1, without(wire.VersionMachine))}, Policy{Keep: 0}, "2", "1 version_machine", 0, 0, 1100, 0},
		{"for another kernel of this one", []Version{now, old(2), old(1, without(wire.VersionModules))}, Policy{Keep: 1}, "1", "", 1, 0, 1100, 0},
		{"for another kernel of who knows", []Version{now, old(2), old(1, without(wire.VersionModules), func(v *Version) { v.Machine = "" })}, Policy{Keep: 0},
			"2", "1 version_modules", 0, 0, 1100, 0},
		{"without an id", []Version{now, old(2), old(1, func(v *Version) { v.ID = "" })}, Policy{Keep: 0}, "2", "1 not_movable", 0, 0, 1100, 0},
		{"a link in the archive", []Version{now, old(2), old(1, func(v *Version) { v.Path = "/antiX/archive/0001/linuxfs.03" })}, Policy{Keep: 0}, "2", "1 not_movable", 0, 0, 1100, 0},
		{"of another name", []Version{now, old(2), old(1, func(v *Version) { v.Name, v.Path = "linuxfs.44", "/antiX/archive/0001/linuxfs.44" }), besideIt(Spare, "linuxfs.45", "linuxfs.45")}, Policy{Keep: 0},
			"2", "linuxfs.45 not_movable, 1 not_movable", 0, 0, 1100, 0},
		{"of a name that nothing can be done with", []Version{now, old(1, func(v *Version) { v.Head = "" })}, Policy{Keep: 0}, "", "1 version_damaged", 1, 1, 1000, 0},
		{"the archive goes first, the way back never", []Version{now, besideIt(Previous, "old", "linuxfs.old"), besideIt(Bad, "bad", "linuxfs.bad"), besideIt(Backup, "bak", "linuxfs.bak"), old(2)},
			Policy{Keep: 0}, "2 bak bad", "old way_back", 1, 1, 1300, 0},
		{"what the rescue entry may start", []Version{now, old(2), old(1, func(v *Version) { v.MayRescue = true })}, Policy{Keep: 0}, "2", "1 rescue_unseen", 1, 1, 1100, 0},
		{"what may be pinned", []Version{now, old(2, unread), old(1, unread)}, Policy{Keep: 0}, "", "1 record_newer, 2 record_newer", 2, 2, 1000, 0},
		{"what the rescue entry starts", []Version{now, old(2), old(1, func(v *Version) { v.Rescue = true })}, Policy{Keep: 0}, "2", "1 delete_rescue", 1, 1, 1100, 0},
		{"what waits is none", []Version{now, besideIt(Armed, "new", "linuxfs.new"), old(1)}, Policy{Keep: 1}, "", "", 1, 0, 1000, 0},
		{"what runs from the archive", []Version{besideIt(Default, "default", "linuxfs"), old(2), old(1, running)}, Policy{Keep: 0}, "2", "", 0, 0, 1100, 0},
		{"the last that starts", []Version{damagedNow, old(2), old(1)}, Policy{Keep: 0}, "1", "2 last_bootable", 1, 1, 1100, 0},
		{"two names of one image", []Version{now, old(9), old(2)}, Policy{Keep: 0}, "2", "9 shared_target", 1, 1, 1100, 0},
		{"one that frees nothing", []Version{now, old(3), old(8)}, Policy{Keep: -1, Free: 1150}, "3", "", 1, 0, 1100, 50},
	} {
		weights := Weights{}
		for _, v := range c.all {
			weights[v.Place] = Weight{Bytes: 100}
		}
		weights[old(9).Place] = Weight{100, "linuxfs.07"}
		weights[old(8).Place] = Weight{}
		f := live.Facts{Boot: live.Boot{Free: 1000}, Plain: live.Image{Name: "linuxfs"}, Running: &live.Version{Machine: "x86_64"}}
		before := fmt.Sprint(c.all)
		got := Prune(f, c.all, weights, c.p)
		var gone, stay []string
		for _, v := range got.Go {
			gone = append(gone, short(v))
		}
		for _, k := range got.Stay {
			stay = append(stay, short(k.Version)+" "+string(wire.AsError(k.Why).Code))
		}
		if g, s := strings.Join(gone, " "), strings.Join(stay, ", "); g != c.gone || s != c.stay {
			t.Errorf("%s: %q go, %q stay; want %q, %q", c.name, g, s, c.gone, c.stay)
		}
		if got.Left != c.left || got.TooMany != c.tooMany || got.Free != c.free || got.Missing != c.missing || got.Met() != (c.tooMany == 0 && c.missing == 0) {
			t.Errorf("%s: left %d, too many %d, free %d, missing %d", c.name, got.Left, got.TooMany, got.Free, got.Missing)
		}
		if fmt.Sprint(c.all) != before {
			t.Errorf("%s: the list was changed", c.name)
		}
	}
}

// short is the number of an archive without its zeros, else the place.
func short(v Version) string {
	if v.Archive != "" {
		return strings.TrimLeft(v.Archive, "0")
	}
	return v.Place
}

// TestPruneLeavesASystem: whatever is asked for, of whatever list, something
// that starts is left, and nothing goes that Deletable would not let go.
func TestPruneLeavesASystem(t *testing.T) {
	changes := []func(*Version){func(*Version) {}, pinned, running, without(wire.VersionDamaged), without(wire.VersionModules)}
	f := live.Facts{Boot: live.Boot{Free: 1000}, Plain: live.Image{Name: "linuxfs"}, Running: &live.Version{Machine: "x86_64"}}
	for n := range 5 * 5 * 5 * 5 {
		all := []Version{besideIt(Default, "default", "linuxfs", changes[n%5]), old(3, changes[n/5%5]), old(2, changes[n/25%5]), old(1, changes[n/125])}
		weights := Weights{}
		starts := slices.ContainsFunc(all, Version.Bootable)
		for _, v := range all {
			weights[v.Place] = Weight{Bytes: 10}
		}
		got := Prune(f, all, weights, Policy{Keep: n % 3, Free: int64(1000 + n%40)})
		rest := slices.Clone(all)
		for _, v := range got.Go {
			if err := Deletable(f, rest, v, false); err != nil || v.Record.Pinned || v.Running {
				t.Fatalf("%d: %s goes: %v", n, v.Place, err)
			}
			rest = slices.DeleteFunc(rest, func(o Version) bool { return o.Place == v.Place })
		}
		if starts && !slices.ContainsFunc(rest, Version.Bootable) {
			t.Fatalf("%d: nothing is left that starts", n)
		}
	}
}

// TestWeigh: what a version frees, and who shares its file.
func TestWeigh(t *testing.T) {
	s := newStick(t)
	for i, name := range []string{"linuxfs", "archive/0001/linuxfs.old", "archive/0002/linuxfs.old", "linuxfs.03", "linuxfs.04"} {
		s.image(name, fmt.Sprintf("aaaaaa0%d", i))
	}
	put(t, s.path("archive/0001/xtra.old/big"), strings.Repeat("x", 1<<20))
	rootfs, err := os.Create(s.path("archive/0001/rootfs.old"))
	must(t, err)
	must(t, rootfs.Truncate(1<<30)) // sparse
	must(t, rootfs.Close())
	must(t, os.Link(s.path("archive/0002/linuxfs.old"), filepath.Join(s.root, "elsewhere")))
	s.link("linuxfs.old", "linuxfs.03")
	s.link("linuxfs.bad", "linuxfs.04")
	s.link("mine", "linuxfs.04")
	s.link("archive/0005", "gone")
	must(t, os.MkdirAll(s.path("archive/0006/linuxfs.old"), 0o755))
	f := s.facts("linuxfs")
	weights := Weigh(f, s.root, List(f, s.root))
	for place, shared := range map[string]string{"default": "", "archive/0001/linuxfs.old": "", "archive/0002/linuxfs.old": "?", "old": "", "bad": "mine"} {
		if w, ok := weights[place]; !ok || w.Shared != shared {
			t.Errorf("%s: %+v, %v, want %q", place, w, ok, shared)
		}
	}
	var st syscall.Stat_t
	must(t, syscall.Stat(s.path("archive/0001/linuxfs.old"), &st))
	if got, least := weights["archive/0001/linuxfs.old"].Bytes, st.Blocks*512+1<<20; got < least || got > least+64<<10 {
		t.Errorf("it frees %d, want about %d", got, least)
	}
	if got := weights["old"].Bytes; got < st.Blocks*512 {
		t.Errorf("a link frees what it leads to, not %d", got)
	}
}
