package gui

import (
	"strings"
	"testing"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/iso"
	"antix-remaster/core/wire"
)

// TestLiveCDButtons: when it can be made, and why not.
func TestLiveCDButtons(t *testing.T) {
	fine := liveCD{ready: true, planned: true, plan: iso.Plan{Size: 1 << 30, Free: 1 << 31, Kernel: "6.1"}}
	foreign, remaster, failed, waiting := fine, fine, fine, fine
	foreign.foreign, remaster.remaster, waiting.planned = true, true, false
	failed.err = wire.Fail(wire.ISONoSpace, nil, "1", "2", "/x", "3")
	unseen, looking := stick(), stick()
	unseen.versions, unseen.intent.Facts.Boot.Mountpoint, unseen.intent.Facts.Boot.UUID = nil, "", "1234"
	looking.listed = false
	for _, c := range []struct {
		name       string
		m          model
		can        bool
		next, says string
	}{
		{"all is well", model{view: stick(), cd: fine}, true, "_Make the LiveCD", "cancel at any time"},
		{"being looked at", model{view: looking, cd: fine}, false, "_Make the LiveCD", "looked at"},
		{"being planned", model{view: stick(), cd: waiting}, false, "_Make the LiveCD", "wait"},
		{"at work", model{view: stick(), cd: fine, busy: imaging}, false, "_Make the LiveCD", "looked at"},
		{"no room", model{view: stick(), cd: failed}, false, "_Make the LiveCD", "There is not enough room in that folder."},
		{"another one's window", model{view: stick(), cd: foreign}, false, "_Make the LiveCD", "sudo"},
		{"remaster first", model{view: stick(), cd: remaster}, true, "_Next", "summary"},
		{"no stick", model{view: unseen, cd: fine}, false, "_Make the LiveCD", "1234"},
	} {
		b := c.m.buttonsOf(pageLiveCD)
		if b.can != c.can || b.next != c.next || !strings.Contains(b.why, c.says) || b.back != "_Back" {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
	if b := (&model{thenCD: true}).buttonsOf(pageDone); b.next != "Go on to the Live_CD" || !b.can {
		t.Errorf("after the remaster: %+v", b)
	}
}

// TestLiveCDVersions: what runs comes first, what cannot be used says why, and
// what is chosen is found by its place.
func TestLiveCDVersions(t *testing.T) {
	v := stick(history.Version{Place: "new", State: history.Armed})
	v.versions[0], v.versions[1] = v.versions[1], v.versions[0]
	m := model{view: v, cd: liveCD{unfit: map[string]*wire.Check{"archive/0001/linuxfs.old": {Level: wire.Stop, Code: wire.ISONoKernel}}}}
	var places []string
	for _, one := range m.liveCDVersions() {
		places = append(places, one.Place)
	}
	if got := strings.Join(places, " "); got != "default archive/0001/linuxfs.old new" || m.versions[0].Place == "default" {
		t.Errorf("the order is %s", got)
	}
	for place, want := range map[string]string{"": "default", "new": "new", "gone": "default"} {
		m.cd.place = place
		if got, ok := m.liveCDVersion(); !ok || got.Place != want {
			t.Errorf("%q chooses %q", place, got.Place)
		}
	}
	if line := m.liveCDLine(m.liveCDVersions()[1]); !strings.Contains(line, "No kernel fits this version") {
		t.Error(line)
	}
	if _, ok := (&model{}).liveCDVersion(); ok {
		t.Error("there is a version of none")
	}
}

// TestLiveCDTold: what is known of it before; errors in place of all else.
func TestLiveCDTold(t *testing.T) {
	notes := []wire.Check{{Level: wire.Warn, Code: wire.ISOPersonal}, {Level: wire.Note, Code: wire.ISOUnsaved}, {Level: wire.Note, Code: wire.ISOOwnKernel, Args: []string{"5", "6"}}}
	m := model{cd: liveCD{planned: true, plan: iso.Plan{Notes: notes, Kernel: "5", Size: 1 << 30, Free: 1 << 31}}}
	if got := m.liveCDNotes(); len(got) != 2 || got[0].Code != wire.ISOPersonal || got[1].Code != wire.ISOOwnKernel || len(notes) != 3 || notes[1].Code != wire.ISOUnsaved {
		t.Errorf("%v of %v", got, notes)
	}
	rows := m.liveCDRows()
	if rows[2].value != "about 1.0 GiB; 2.0 GiB are free in that folder" || !strings.Contains(rows[0].value, "kernel 5") {
		t.Errorf("%v", rows)
	}
	m.cd.err = wire.Fail(wire.OutputTaken, nil, "/x")
	if got := m.liveCDNotes(); len(got) != 1 || got[0].Code != wire.OutputTaken || got[0].Level != wire.Stop {
		t.Errorf("%v", got)
	}
	m.cd.planned = false
	if got := m.liveCDNotes(); got != nil || m.liveCDRows()[2].value != "unknown" {
		t.Errorf("told of something else: %v, %v", got, m.liveCDRows())
	}
}

func TestOutputIn(t *testing.T) {
	for typed, want := range map[string]string{"": "", "  ": "", "x": "/home/demo/x.iso", " x.iso ": "/home/demo/x.iso", "~/a/x.img": "/home/demo/a/x.img", "/mnt/x": "/mnt/x.iso",
		"../x": "/home/x.iso", "/mnt/antiX-23.2": "/mnt/antiX-23.2.iso", "/mnt/x.ISO": "/mnt/x.ISO", "~": "/home/demo/~.iso", "/mnt/my cd": "/mnt/my cd.iso", "/mnt/": ""} {
		if got := outputIn("/home/demo", typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestFreeName(t *testing.T) {
	taken := map[string]bool{}
	for _, want := range []string{"/f/MX-23-2026-03-09.iso", "/f/MX-23-2026-03-09-2.iso", "/f/MX-23-2026-03-09-3.iso"} {
		got := freeName("/f", "MX-23", time.Date(2026, 3, 9, 1, 2, 3, 0, time.UTC), func(name string) bool { return taken[name] })
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
		taken[got] = true
	}
}

// TestLiveCDMeter: the bar of a LiveCD goes from nothing to all.
func TestLiveCDMeter(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	m.startOf(liveCDShare, now)
	last := 0.0
	for _, s := range liveCDShare {
		m.see(wire.Progress{Stage: s.stage, Done: 50, Total: 100}, now)
		if half := m.fraction; half <= last || half >= 1 {
			t.Errorf("%s to a half: %v after %v", s.stage, half, last)
		}
		m.see(wire.Progress{Stage: s.stage, Done: 100, Total: 100}, now)
		last = m.fraction
	}
	if last < 0.999 || last > 1 {
		t.Errorf("all is done, and the bar is at %v", last)
	}
}
