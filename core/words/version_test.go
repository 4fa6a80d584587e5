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
	want := []string{"At the next start 'With?GIMP' becomes current.", "'linuxfs' is kept as linuxfs.old.", "The kernel on the stick stays as it is. Nothing is deleted."}
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

// TestStatesHaveWords: each its own.
func TestStatesHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []history.State{history.Default, history.Armed, history.Previous, history.Bad, history.Backup, history.Archived, history.Spare, "from\nlater"} {
		text := VersionState(s, wire.T)
		if text == "" || seen[text] || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", s, text)
		}
		seen[text] = true
	}
	for _, r := range []history.Record{{}, {Damaged: true, Verified: 1}, {Verified: 1, How: history.ByBuild}, {Verified: 1, How: history.ByDigest}, {Verified: 1, How: history.ByRead}} {
		text := Verified(r, wire.T)
		if text == "" || seen[text] || strings.Contains(text, "%!") {
			t.Errorf("%+v: %q", r, text)
		}
		seen[text] = true
	}
	v := history.Version{State: history.Default, Running: true, Record: history.Record{Pinned: true}}
	if got := Standing(v, wire.T); got != "running, default, pinned" {
		t.Error(got)
	}
}
