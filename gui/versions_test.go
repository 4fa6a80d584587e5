package gui

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// stick is one with a version that runs, one in the archive, and perhaps more.
func stick(more ...history.Version) view {
	running := live.Version{Name: "linuxfs", Path: "/live/boot-dev/antiX/linuxfs", Title: "Now", Size: 100, Compressor: "zstd", Head: strings.Repeat("a", 64)}
	f := live.Facts{Live: true, Remasterable: true, Generation: live.Gen2023, Union: live.Union{Type: "overlay"},
		Boot: live.Boot{Mountpoint: "/live/boot-dev", Total: 1000, Free: 500}, Image: live.Image{Dir: "/live/boot-dev/antiX", Name: "linuxfs"},
		Plain: live.Image{Dir: "/live/boot-dev/antiX", Name: "linuxfs"}, Entries: live.Dir{"linuxfs": live.KindFile, "archive": live.KindDir},
		Running: &running, Default: &running}
	old := live.Version{Name: "linuxfs.old", Title: "Then", Size: 90, Compressor: "xz", Head: strings.Repeat("b", 64)}
	return view{looked: true, listed: true, intent: intent.Intent{Facts: f}, versions: append([]history.Version{
		{Version: running, State: history.Default, Place: wire.PlaceDefault, Running: true},
		{Version: old, State: history.Archived, Archive: "0001", Place: "archive/0001/linuxfs.old"},
	}, more...)}
}

func TestVersionButtons(t *testing.T) {
	armed := history.Version{Version: live.Version{Name: "linuxfs.new", Title: "Next", Size: 80}, State: history.Armed, Place: "new"}
	damaged := history.Version{Version: live.Version{Name: "linuxfs.bad", Problem: "cut off"}, State: history.Archived, Archive: "0002", Place: "archive/0002/linuxfs.bad",
		Unfit: &wire.Check{Level: wire.Stop, Code: wire.VersionDamaged, Args: []string{"x", "y"}}}
	unseen := stick()
	unseen.versions, unseen.intent.Facts.Boot = nil, live.Boot{UUID: "1234"}
	for _, c := range []struct {
		name       string
		m          model
		can        bool
		next, says string
	}{
		{"the default", model{view: stick()}, false, "_Go back to this version", "anyway"},
		{"one of the archive", model{view: stick(), place: "archive/0001/linuxfs.old"}, true, "_Go back to this version", ""},
		{"that is gone", model{view: stick(), place: "archive/0009/linuxfs.old"}, false, "_Go back to this version", "anyway"},
		{"while another waits", model{view: stick(armed), place: "archive/0001/linuxfs.old"}, false, "_Go back to this version", "."},
		{"the one that waits", model{view: stick(armed), place: "new"}, true, "_Take it out of the next start", "Nothing is deleted"},
		{"damaged", model{view: stick(damaged), place: damaged.Place}, false, "_Go back to this version", "cannot be used"},
		{"at work", model{view: stick(), busy: staging}, false, "_Go back to this version", "password"},
		{"read to a half", model{view: stick(), busy: verifying, reading: wire.Progress{Stage: wire.StageRead, Done: 1, Total: 2}}, false, "_Go back to this version", "50 %"},
		{"not mounted", model{view: unseen}, false, "_Go back to this version", "1234"},
		{"about to restart", model{view: stick(), restarts: true}, false, "_Go back to this version", "restarts"},
	} {
		b := c.m.buttonsOf(pageVersions)
		if b.can != c.can || b.next != c.next || !strings.Contains(b.why, c.says) || !b.can && b.why == "" {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

func TestPictureOfAChosenVersion(t *testing.T) {
	use := []segment{{kind: segSystem, bytes: 5 << 20}, {kind: segVersions, bytes: 9 << 20}, {kind: segFree, bytes: 1 << 20}}
	v := history.Version{Version: live.Version{Size: 4 << 20}, State: history.Archived}
	got, all := withChosen(use, v), int64(0)
	for _, s := range got {
		all += s.bytes
	}
	if len(got) != 4 || got[1] != (segment{kind: segChosen, bytes: 4 << 20}) || got[2] != (segment{kind: segVersions, bytes: 5 << 20}) || all != 15<<20 {
		t.Errorf("%+v", got)
	}
	if v.State = history.Default; len(withChosen(use, v)) != 3 {
		t.Error("what runs has its colour already")
	}
}

func TestChangesText(t *testing.T) {
	text := changesText(history.Changes{Packages: true, Added: []history.Package{{Name: "gimp", Version: "2"}},
		Upgraded: []history.Upgrade{{Name: "bash", From: "1", To: "2"}},
		Sizes:    []history.SizeChange{{Dir: "usr", Before: 1 << 20, After: 9 << 20}, {Dir: "etc", Before: 1, After: 1}, {Dir: "opt", Before: 3 << 30, After: 0}}})
	for _, want := range []string{"only in it (1): gimp", "Newer in it (1): bash 2", "Folder /opt: 3.0 GiB here", "Folder /usr"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
	if strings.Contains(text, "etc") || strings.Index(text, "/opt") > strings.Index(text, "/usr") {
		t.Errorf("what differs most comes first, and nothing else:\n%s", text)
	}
	if same := changesText(history.Changes{Packages: true}); same != "Both have the same programs." {
		t.Error(same)
	}
}

// shelf is a stick with three old versions, one of them pinned.
func shelf() view {
	v := stick()
	old := v.versions[1]
	old.ID, old.Modules = "aaaaaa", []string{"1"}
	v.versions = v.versions[:1]
	for i, number := range []string{"0003", "0002", "0001"} {
		one := old
		one.Archive, one.Place, one.Title = number, "archive/"+number+"/linuxfs.old", "Number "+number
		one.Path = "/live/boot-dev/antiX/" + one.Place
		one.Record.Pinned = i == 1
		v.versions = append(v.versions, one)
	}
	v.weights = history.Weights{}
	for _, one := range v.versions {
		v.weights[one.Place] = history.Weight{Bytes: 1 << 30}
	}
	v.intent.Facts.Boot.Free, v.intent.Facts.Boot.Total = 1<<30+1<<29+12345, 8<<30
	return v
}

// TestRoom: what is wished, what the button says, and why it is closed.
func TestRoom(t *testing.T) {
	fixed := shelf()
	fixed.intent.Facts.FromISO = true
	waiting := shelf()
	waiting.listed = false
	wish := func(keep int, free int64) *history.Policy { return &history.Policy{Keep: keep, Free: free} }
	for _, c := range []struct {
		name             string
		m                model
		can              bool
		next, why, after string
	}{
		{"no wish", model{view: shelf()}, false, "_Delete these versions", "Nothing has to go", "Free afterwards: 1.5 GiB (now 1.5 GiB). Old versions that remain: 3."},
		{"one", model{view: shelf(), policy: wish(2, 0)}, true, "_Delete this version", "once more", "Free afterwards: 2.5 GiB (now 1.5 GiB). Old versions that remain: 2."},
		{"two", model{view: shelf(), policy: wish(3, 3<<30)}, true, "_Delete these 2 versions", "once more", "Free afterwards: 3.5 GiB (now 1.5 GiB). Old versions that remain: 1."},
		{"too much", model{view: shelf(), policy: wish(0, 4<<30)}, true, "_Delete these 2 versions", "Even that is less",
			"Free afterwards: 3.5 GiB (now 1.5 GiB). Old versions that remain: 1. 512.0 MiB less than you asked for. More than you asked for, by: 1."},
		{"in vain", model{view: stick(), policy: wish(0, 4<<30)}, false, "_Delete these versions", "The list says why", ""},
		{"at work", model{view: shelf(), policy: wish(0, 0), busy: pruning}, false, "_Delete these 2 versions", "password", ""},
		{"half way", model{view: shelf(), policy: wish(0, 0), busy: pruning, deleted: 1}, false, "_Delete these 2 versions", "1 of 2", ""},
		{"not looked at", model{view: waiting}, false, "_Delete these versions", "looked at", ""},
		{"not to be changed", model{view: fixed, policy: wish(0, 0)}, false, "_Delete these 2 versions", ".", ""},
	} {
		b := c.m.buttonsOf(pageRoom)
		if b.can != c.can || b.next != c.next || !strings.Contains(b.why, c.why) || b.why == "" {
			t.Errorf("%s: %+v", c.name, b)
		}
		if then := c.m.roomThen(c.m.wished()); c.after != "" && then != c.after {
			t.Errorf("%s: %s", c.name, then)
		}
	}
	m := model{view: shelf()}
	if p := m.prune(m.noWish()); len(p.Go) > 0 || !p.Met() || m.noWish().Keep != 3 {
		t.Errorf("no wish at all: %+v of %+v", p, m.noWish())
	}
	m.policy = wish(1, 0)
	want := "[{These would be deleted, in this order: Number 0001 made unknown · frees 1.0 GiB · archive/0001/linuxfs.old} { Number 0003 made unknown · frees 1.0 GiB · archive/0003/linuxfs.old} " +
		"{These stay in any case: Number 0002 This version is pinned · archive/0002/linuxfs.old}]"
	if got := fmt.Sprint(m.roomLines(m.wished())); got != want {
		t.Error(got)
	}
}

func TestInsideRows(t *testing.T) {
	rows := insideRows("/a", []squashfs.Entry{{Name: "b\x07", Mode: 0o644, Size: 2048}, {Name: "l", Mode: fs.ModeSymlink | 0o777, Target: "/x"}, {Name: "p", Mode: fs.ModeNamedPipe}, {Name: "z", Mode: fs.ModeDir | 0o755}})
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s|%s|%q|%v|%v", r.name, r.size, r.path, r.dir, r.file))
	}
	want := `z|folder|"/a/z"|true|false b?|2.0 KiB|"/a/b\a"|false|true l → /x|link|"/a/l"|false|true p|no file|"/a/p"|false|false`
	if strings.Join(got, " ") != want {
		t.Errorf("%s", got)
	}
}

// TestHeldText: all that speaks against a deletion is in the one second question.
func TestHeldText(t *testing.T) {
	const entry, pin, unseen, newer = "starts Mine when nothing else does", "You pinned Mine", "cannot be looked at now", "A newer antix-remaster wrote history.json"
	archived := history.Version{Version: live.Version{Title: "Mine"}, Archive: "0001"}
	with := func(change func(*history.Version)) history.Version { v := archived; change(&v); return v }
	for name, c := range map[string]struct {
		v      history.Version
		unseen bool
		title  string
		parts  []string
	}{
		"free":         {archived, false, "", nil},
		"both":         {with(func(v *history.Version) { v.Rescue, v.Record.Pinned = true, true }), false, "The rescue entry starts this version", []string{entry, pin}},
		"pinned":       {with(func(v *history.Version) { v.Record.Pinned = true }), false, "This version is pinned", []string{pin}},
		"not known":    {with(func(v *history.Version) { v.Unread = true }), false, "The list of versions is of a newer program", []string{newer}},
		"not seen":     {archived, true, "The rescue entry may start this version", []string{unseen}},
		"not archived": {with(func(v *history.Version) { v.Archive = "" }), true, "", nil},
	} {
		var m model
		m.menus.Unseen = c.unseen
		title, text := m.heldText(c.v)
		if title != c.title || (text == "") != (c.title == "") {
			t.Errorf("%s: %q, %q", name, title, text)
		}
		for _, part := range []string{entry, pin, unseen, newer} {
			if strings.Contains(text, part) != slices.Contains(c.parts, part) {
				t.Errorf("%s: %q in %q", name, part, text)
			}
		}
	}
}
