package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// stick is a whole set of facts, with names as hostile as a stick can hold.
func stick() live.Facts {
	v := &live.Version{Path: "/live/boot-dev/antiX/linuxfs", Name: "linuxfs", ID: "abc123", Title: "Fresh\x1b[31m\xff", Date: "1 May 2024", Kernel: "6.1.0",
		Size: 612 << 20, Compressor: "zstd", BytesUsed: 600 << 20, Modules: []string{"6.1.0"}}
	entries := live.Dir{"linuxfs": live.KindFile, "linuxfs.new": live.KindFile, "linuxfs.old": live.KindFile, "state": live.KindDir}
	return live.Facts{Live: true, Generation: live.Gen2023, Remasterable: true, RunningKernel: "6.1.0", BootKernel: "6.1.0",
		Boot:  live.Boot{Device: "/dev/sdx1", UUID: "u-u", FSType: "ext4", Mountpoint: "/live/boot-dev", Total: 4 << 30, Free: 1 << 30},
		Image: live.Image{Name: "linuxfs", Path: "antiX"}, Plain: live.Image{Name: "linuxfs", Path: "antiX"},
		Union: live.Union{Type: "overlay", Lower: "/live/linux", Upper: "/live/aufs-ram/upper"},
		Home:  live.Home{Kind: live.HomeInSystem}, Persistence: live.Persistence{Kind: live.PersistNone},
		Running: v, Default: v, Armed: &live.Version{Name: "linuxfs.new", Path: "/live/boot-dev/antiX/linuxfs.new", Problem: "no squashfs"},
		Leftovers: []live.Leftover{{Name: "linuxfs.new", Base: "linuxfs", Kind: live.LeftNew}, {Name: "linuxfs.old", Base: "linuxfs", Kind: live.LeftOld, Size: 5}},
		Files:     []string{"linuxfs", "linuxfs.new", "linuxfs.old", "state"}, Entries: entries}
}

func TestStatusText(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	b.statusText(stick())
	want := `This system
  Version: Fresh?[31m` + "\uFFFD" + `
  Made: 1 May 2024
  Image: /live/boot-dev/antiX/linuxfs, 612.0 MiB, zstd
  Kernel: 6.1.0
  Changes are kept: no, only by a new version
The stick
  Device: /dev/sdx1, ext4, 1.0 GiB of 4.0 GiB free
  Left from earlier changes: linuxfs.old
  Next start: A new version is waiting, but linuxfs.old is in the way: the start would stop and wait for a key. First do: antix-remaster-cli keep.
`
	if got := b.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStatusJSON(t *testing.T) {
	checks := []wire.Check{{Level: wire.Stop, Code: wire.Blocked, Args: []string{"linuxfs.old"}}, {Level: wire.Warn, Code: wire.NoXattrs}}
	b := newBench(t, options{}, "", nil)
	b.object(statusJSON(stick(), checks))
	var got map[string]any
	if err := json.Unmarshal(b.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"event", "remasterable", "reasons", "running", "default", "armed", "rescue", "boot", "union", "persistence", "toram", "encrypted", "leftovers", "checks", "next_boot"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %q", key)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("more than agreed: %v", got)
	}
	text := b.out.String()
	for _, part := range []string{`"remasterable":false,"reasons":["blocked"]`, `"bootable":true,"companions":["state"],"verified":false`,
		`"state":"armed","path":"/live/boot-dev/antiX/linuxfs.new","pinned":false,"bootable":false,"companions":[]`,
		`"boot":{"device":"/dev/sdx1","uuid":"u-u","fstype":"ext4","mountpoint":"/live/boot-dev","total":4294967296,"free":1073741824}`,
		`"persistence":{"kind":"none","device":"","file":""}`, `"events":[]`, `{"code":"blocked","level":"stop","text":"An older version is in the way. linuxfs.old is`} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
	if strings.Count(text, "\n") != 1 {
		t.Error("more than one line")
	}
}

// TestEmptyFacts: nothing known is no reason to fall over.
func TestEmptyFacts(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	b.statusText(live.Facts{})
	b.object(statusJSON(live.Facts{}, nil))
	if text := b.out.String(); !strings.Contains(text, `"running":null`) || !strings.Contains(text, `"checks":[]`) {
		t.Error(text)
	}
}

func TestJSONLines(t *testing.T) {
	b := newBench(t, options{json: true}, "", nil)
	b.progress(wire.Progress{Stage: wire.StagePack, Done: 1, Total: 2, Bytes: 3})
	b.progress(wire.Progress{Stage: wire.StageScan, Done: 1, Total: 2})
	b.note(wire.Check{Level: wire.Note, Code: wire.Healed, Args: []string{"a\xff<b>"}})
	b.built(t.Context(), wire.BuildResult{Name: "linuxfs.new", Changed: []string{}})
	b.say("not for scripts")
	b.row("nor", "this")
	status := b.fail(wire.Fail(wire.NothingArmed, errors.New("deep"), "linuxfs.new"))
	want := []string{
		`{"event":"progress","stage":"pack","done":1,"total":2,"bytes":3}`,
		`{"event":"progress","stage":"scan","done":1,"total":2}`,
		`{"event":"note","code":"healed","level":"note","text":"An interrupted run was cleaned up. An earlier run did not finish. Put right: a` + "\uFFFD" + `<b>.","hint":""}`,
		`{"event":"result","name":"linuxfs.new","version_id":"","title":"","size":0,"sha256":"","compressor":"","entries":0,"from_medium":false,"changed":[],"changed_all":0,"companions":null,"seconds":0}`,
		`{"event":"error","code":"nothing_armed","message":"No new version is waiting. There is no linuxfs.new, so the next start changes nothing.","hint":"Make a new version first: antix-remaster-cli build."}`,
	}
	if got := strings.Join(lines(b.out.String()), "\n"); got != strings.Join(want, "\n") || status != wire.ExitRefused || b.err.Len() > 0 {
		t.Errorf("status %d\n%s", status, got)
	}
}

func TestErrorText(t *testing.T) {
	err := fmt.Errorf("cannot go on: %w", wire.Fail(wire.Busy, errors.New("flock"), "42"))
	for verbose, want := range map[bool]string{
		false: "Another remaster is already running\n  Process 42 is working on this live system. Two at once would spoil each other.\n  Wait until it has finished, or cancel it there.\n",
		true:  "Another remaster is already running\n  Process 42 is working on this live system. Two at once would spoil each other.\n  Wait until it has finished, or cancel it there.\n  Details: cannot go on: busy [\"42\"]: flock\n",
	} {
		b := newBench(t, options{verbose: verbose, quiet: true}, "", nil)
		if status := b.fail(err); status != wire.ExitBusy || b.err.String() != want || b.out.Len() > 0 {
			t.Errorf("status %d\n%s", status, b.err.String())
		}
	}
}

func TestBuiltText(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	b.built(t.Context(), wire.BuildResult{Name: "linuxfs.new", Title: "T", Size: 600 << 20, Compressor: "xz", Entries: 7, FromMedium: true, Seconds: 61})
	for _, part := range []string{"  File: linuxfs.new, 600.0 MiB, xz\n", "  Verified: read back from the stick and compared with this system; entries: 7\n",
		"  Time: 1:01\n", "What you change from now on is not in the new version.\n", "boot option rollback"} {
		if !strings.Contains(b.out.String(), part) {
			t.Errorf("no %q in\n%s", part, b.out.String())
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"build", "--help"}, {"status", "-h"}} {
		b := newBench(t, options{}, "", nil)
		if status := b.run(t.Context(), args); status != 0 || b.err.Len() > 0 || !strings.Contains(b.out.String(), "--json") {
			t.Errorf("%v: status %d\n%s", args, status, b.out.String())
		}
		for _, line := range lines(b.out.String()) {
			if len(line) > 130 {
				t.Errorf("long line: %s", line)
			}
		}
	}
}
