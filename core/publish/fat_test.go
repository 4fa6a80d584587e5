package publish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"antix-remaster/core/wire"
)

// fatMedium treats a directory in memory as FAT.
func fatMedium(t testing.TB, dir string) *Medium {
	m := medium(t, dir, "linuxfs")
	m.stable, m.fat = false, true
	return m
}

func keepFiles() map[string]string {
	return map[string]string{"linuxfs": image("a"), "linuxfs.old": image("b"), "state.old/x/y": "s", "state.old/z/": "", "xtra.tgz.old": "x", "deb.part": "foreign"}
}

func keptFiles() map[string]string {
	return map[string]string{"linuxfs": image("a"), "deb.part": "foreign", "archive/0001/linuxfs.old": image("b"), "archive/0001/state.old/x/y": "s",
		"archive/0001/state.old/z/": "", "archive/0001/xtra.tgz.old": "x", "archive/0001/linuxfs.ver": "v"}
}

func TestFileOnFAT(t *testing.T) {
	dir := memDir(t)
	put(t, dir, keepFiles())
	var stages []wire.Stage
	filed, err := fatMedium(t, dir).File(t.Context(), "old", "v", func(p wire.Progress) {
		if !slices.Contains(stages, p.Stage) {
			stages = append(stages, p.Stage)
		}
	})
	must(t, err)
	if want := []string{"linuxfs.old", "xtra.tgz.old", "state.old"}; filed.Archive != "archive/0001" || !slices.Equal(filed.Files, want) {
		t.Errorf("filed %+v", filed)
	}
	if !slices.Equal(stages, []wire.Stage{wire.StageWrite, wire.StageRead}) {
		t.Errorf("stages %q", stages)
	}
	if d := treeOf(t, dir).diff(expected(t, keptFiles())); d != "" {
		t.Error(d)
	}
}

// A cancelled copy leaves nothing, and touches no original.
func TestCancelledFileOnFAT(t *testing.T) {
	for _, stage := range []wire.Stage{wire.StageWrite, wire.StageRead} {
		dir := memDir(t)
		put(t, dir, keepFiles())
		before := exactTree(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := fatMedium(t, dir).File(ctx, "old", "v", func(p wire.Progress) {
			if p.Stage == stage {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", stage, err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("%s:\n%s", stage, d)
		}
	}
}

func TestFileOnFATNeedsRoom(t *testing.T) {
	dir := memDir(t)
	put(t, dir, keepFiles())
	must(t, os.Truncate(filepath.Join(dir, "linuxfs.old"), 1<<50))
	before, err := os.ReadDir(dir)
	must(t, err)
	if _, err := fatMedium(t, dir).File(t.Context(), "old", "v", nil); codeOf(err) != wire.NoSpace {
		t.Errorf("no room: %v", err)
	}
	if after, _ := os.ReadDir(dir); len(after) != len(before) {
		t.Errorf("now there is %v", after)
	}
}

// What the healing of a copy does depends on the line "copied" alone, and no
// original is deleted whose copy is not equal.
func TestHealCopies(t *testing.T) {
	for _, c := range []struct {
		what        string
		copied      bool
		spoil       func(dir string) error
		done, keeps bool // as after, as before
	}{
		{"not yet copied", false, nil, false, true},
		{"copied", true, nil, true, false},
		{"copied, half of the original is gone", true, func(d string) error { return os.RemoveAll(d + "/state.old/x") }, true, false},
		{"the copy is damaged", true, func(d string) error { return os.WriteFile(d+"/archive/0001/linuxfs.old", []byte("x"), 0o644) }, false, false},
	} {
		dir := memDir(t)
		put(t, dir, keepFiles())
		m := fatMedium(t, dir)
		moves, err := m.set("old", nil)
		must(t, err)
		in := intent{Action: actionFile, Archive: "0001", Moves: moves, Copy: true, Fresh: true}
		must(t, m.begin(in))
		must(t, m.copySet(t.Context(), in, "v", newTally(nil, 0)))
		if c.copied {
			must(t, m.note(made{Copied: true}))
		}
		if c.spoil != nil {
			must(t, c.spoil(dir))
		}
		_, left, err := fatMedium(t, dir).Heal()
		must(t, err)
		now := treeOf(t, dir)
		if d := now.diff(expected(t, keptFiles())); c.done != (d == "") {
			t.Errorf("%s: %s", c.what, d)
		}
		if d := now.diff(expected(t, keepFiles())); c.keeps != (d == "") {
			t.Errorf("%s: %s", c.what, d)
		}
		if text, _ := os.ReadFile(dir + "/linuxfs.old"); !c.done && isImage(string(text)) != "b" {
			t.Errorf("%s: the original is gone", c.what)
		}
		if c.done != (len(left) == 0) && !c.keeps {
			t.Errorf("%s: left %q", c.what, left)
		}
	}
}

// A rename that was cut can leave two names for the same clusters: neither is
// removed, whatever a boot renamed since.
func TestHealNeverFreesSharedClusters(t *testing.T) {
	for _, other := range []string{"linuxfs.new", "linuxfs", "linuxfs.old"} {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a")})
		m := fatMedium(t, dir)
		b, err := m.Begin(thePlan())
		must(t, err)
		_, err = b.Image().WriteString(image("b"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, other), []byte(image("b")), 0o644))
		_, left, err := fatMedium(t, dir).Heal()
		must(t, err)
		if text, _ := os.ReadFile(dir + "/linuxfs.part"); isImage(string(text)) != "b" || !slices.Contains(left, "linuxfs.part") {
			t.Errorf("%s: the part is gone, left %q", other, left)
		}
	}
}

func TestBuildOnFAT(t *testing.T) {
	dir := memDir(t)
	files := stickFiles()
	delete(files, "state/link@../gone") // FAT has no links
	put(t, dir, files)
	must(t, build(fatMedium(t, dir), thePlan(), image("second")))
	want := armed()
	delete(want, "state/link@../gone")
	delete(want, "state.new/link@../gone")
	if d := treeOf(t, dir).diff(expected(t, want)); d != "" {
		t.Error(d)
	}
}

// Nor does a journal make the healing delete what was filed before.
func TestHealCopiesKeepsForeignVersions(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.old": image("b"), "archive/0001/linuxfs.old": image("c"), "archive/0001/linuxfs.ver": "mine",
		JournalName: `{"format":1,"action":"file","archive":"0001","copy":true,"fresh":true,"moves":[{"from":"linuxfs.old","to":"linuxfs.old","inode":0,"size":0}]}` + "\n"})
	before := exactTree(t, dir).without(JournalName)
	_, left, err := fatMedium(t, dir).Heal()
	must(t, err)
	if d := exactTree(t, dir).diff(before); d != "" || !slices.Equal(left, []string{"archive/0001/linuxfs.old"}) {
		t.Errorf("left %q\n%s", left, d)
	}
}

// A power cut in the middle of a disarm, and the next boot swaps: the copies go.
func TestHealCopiesAfterTheSwap(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.new": image("b"), "state.new/x": "1", "state/x": "0"})
	m := fatMedium(t, dir)
	moves, err := m.set("new", nil)
	must(t, err)
	in := intent{Action: actionFile, Archive: "0001", Moves: moves, Copy: true, Fresh: true}
	must(t, m.begin(in))
	must(t, m.copySet(t.Context(), in, "v", newTally(nil, 0)))
	must(t, os.Truncate(dir+"/archive/0001/linuxfs.new", 700))
	for _, r := range [][2]string{{"linuxfs", "linuxfs.old"}, {"linuxfs.new", "linuxfs"}, {"state", "state.old"}, {"state.new", "state"}} {
		must(t, os.Rename(dir+"/"+r[0], dir+"/"+r[1]))
	}
	before := exactTree(t, dir).without(JournalName, "archive")
	_, left, err := fatMedium(t, dir).Heal()
	must(t, err)
	if d := exactTree(t, dir).diff(before); d != "" || len(left) > 0 {
		t.Errorf("left %q\n%s", left, d)
	}
}
