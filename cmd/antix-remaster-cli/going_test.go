package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// shelf is a list as the stick may hold it.
func shelf() []history.Version {
	version := func(name, id, title string) live.Version {
		return live.Version{Name: name, Path: "/live/boot-dev/antiX/" + name, ID: id, Title: title, Date: "1 May 2026", Kernel: "Linux 6.1.0", Size: 612 << 20, Compressor: "zstd",
			Modules: []string{"6.1.0"}, Head: strings.Repeat("0a", 32)}
	}
	damaged := version("linuxfs.old", "", "")
	damaged.Date, damaged.Kernel = "", ""
	damaged.Compressor, damaged.Problem = "", "not a squashfs 4.0 image"
	return []history.Version{
		{Version: version("linuxfs", "aaaaaaaaaaaaaaaaaaaa", "Fresh\x1b[31m"), State: history.Default, Place: "default", Running: true, Companions: []string{"state"},
			Record: history.Record{Verified: 1_790_000_000, How: history.ByBuild, SHA256: strings.Repeat("0", 64)}},
		{Version: version("linuxfs.old", "bbbbbb", "With GIMP"), State: history.Archived, Archive: "0003", Place: "archive/0003/linuxfs.old", Companions: []string{},
			Record: history.Record{Pinned: true, Note: "works"}},
		{Version: damaged, State: history.Archived, Archive: "0002", Place: "archive/0002/linuxfs.old", Companions: []string{},
			Unfit: &wire.Check{Level: wire.Stop, Code: wire.VersionDamaged, Args: []string{"archive/0002/linuxfs.old", "not a squashfs 4.0 image"}}},
	}
}

func TestVersionsText(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	for _, v := range shelf() {
		b.versionText(v)
	}
	want := `linuxfs: running, default
  Version: Fresh?[31m
  Made: 1 May 2026
  Image: 612.0 MiB, zstd
  Kernel: Linux 6.1.0
  Version id: aaaaaaaaaaaa
  Verified: 2026-09-21 `
	got := b.out.String()
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, part := range []string{", compared with the system it was made from\n", "archive/0003/linuxfs.old: archived, pinned\n", "  Your note: works\n  Verified: never\n",
		"archive/0002/linuxfs.old: archived\n  Cannot be started: This version cannot be used. archive/0002/linuxfs.old is not a complete system image: not a squashfs 4.0 image.\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
}

func TestVersionsJSON(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	b.object(versionsJSON(shelf()))
	var got struct {
		Event    string
		Versions []map[string]any
	}
	if err := json.Unmarshal(b.out.Bytes(), &got); err != nil || len(got.Versions) != 3 || got.Event != "result" {
		t.Fatalf("%v\n%s", err, &b.out)
	}
	for _, key := range []string{"id", "title", "date", "kernel", "size", "compressor", "state", "path", "pinned", "bootable", "companions", "verified", "file", "archive",
		"running", "note", "verified_at", "verified_how", "damaged", "try", "rescue", "sha256", "from", "unfit", "reason"} {
		for _, v := range got.Versions {
			if _, ok := v[key]; !ok {
				t.Errorf("no %q", key)
			}
			delete(v, key)
		}
	}
	for _, v := range got.Versions {
		if len(v) > 0 {
			t.Errorf("more than agreed: %v", v)
		}
	}
	for _, part := range []string{`"verified":true,"file":"linuxfs","archive":"","running":true,"note":"","verified_at":"2026-09-21T14:13:20Z","verified_how":"build"`,
		`"bootable":false,"companions":[],"verified":false,"file":"archive/0002/linuxfs.old"`, `"unfit":"version_damaged","reason":"This version cannot be used.`} {
		if !strings.Contains(b.out.String(), part) {
			t.Errorf("no %s in\n%s", part, &b.out)
		}
	}
	b.out.Reset()
	b.object(versionsJSON(nil))
	if b.out.String() != `{"event":"result","versions":[]}`+"\n" {
		t.Error(b.out.String())
	}
}

// TestPair: what is compared when not everything is named.
func TestPair(t *testing.T) {
	all := shelf()
	old := history.Version{Version: live.Version{Name: "linuxfs.old", ID: "cccccc"}, State: history.Previous, Place: "old"}
	armed := history.Version{Version: live.Version{Name: "linuxfs.new", ID: "dddddd"}, State: history.Armed, Place: "new"}
	for name, c := range map[string]struct {
		all   []history.Version
		named []string
		want  string
	}{
		"nothing":       {all, nil, "no_version"},
		"going back":    {append(all, old), nil, "default old"},
		"next start":    {append(all, old, armed), nil, "default new"},
		"one":           {all, []string{"3"}, "default archive/0003/linuxfs.old"},
		"two":           {all, []string{"3", "running"}, "archive/0003/linuxfs.old default"},
		"two, one gone": {all, []string{"4", "running"}, "no_version"},
	} {
		from, to, err := pair(c.all, c.named)
		got := from.Place + " " + to.Place
		if err != nil {
			got = string(wire.AsError(err).Code)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestDiffText: packages that an image names are as hostile as its titles.
func TestDiffText(t *testing.T) {
	all := shelf()
	b := newBench(t, options{}, "", nil)
	b.diffText(all[0], all[1], history.Changes{Packages: true, Added: []history.Package{{Name: "gimp\x1b[0m", Version: "2.10"}}, Upgraded: []history.Upgrade{{Name: "bash", From: "5.1", To: "5.2"}},
		Sizes: []history.SizeChange{{Dir: "", Before: 1, After: 1}, {Dir: "usr", Before: 1 << 20, After: 2 << 20}}})
	want := `From Fresh?[31m (linuxfs) to With GIMP (archive/0003/linuxfs.old):
Packages added: 1
  gimp?[0m 2.10
Packages upgraded: 1
  bash 5.1 -> 5.2
Unpacked size of the files in
  /usr: 1.0 MiB -> 2.0 MiB
`
	if got := b.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNeverAsksInVain: without a terminal the stick is not even looked at.
func TestNeverAsksInVain(t *testing.T) {
	for _, args := range [][]string{{"rollback"}, {"rollback", "3"}, {"delete", "3"}, {"delete", "3", "--confirm", pinnedWords}, {"prune", "--keep", "1"}} {
		b := newBench(t, options{}, "", nil)
		b.inTTY, b.startAgent = false, func(context.Context) (*wire.Client, error) {
			t.Error("the helper was started")
			return nil, nil
		}
		if status := b.run(t.Context(), args); status != wire.ExitUsage || !strings.Contains(b.err.String(), "--yes") {
			t.Errorf("%v: status %d, %s", args, status, &b.err)
		}
	}
}
