package publish

import (
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"antix-remaster/core/wire"
)

func fetchFiles() map[string]string {
	return map[string]string{"linuxfs": image("a"), "archive/0003/linuxfs.old": image("b"), "archive/0003/state.old/x": "s", "archive/0003/linuxfs.ver": "v"}
}

// A copy that is not what it was copied from is not armed, and the original is
// not deleted.
func TestDamagedFetchIsNotArmed(t *testing.T) {
	for _, name := range []string{"linuxfs.part", "state.new/x"} {
		dir := memDir(t)
		put(t, dir, fetchFiles())
		before := exactTree(t, dir)
		m := fatMedium(t, dir)
		written := 0
		_, err := m.Stage(t.Context(), Set{"0003", "linuxfs.old"}, func(p wire.Progress) {
			// The image is the last to be written.
			if p.Stage == wire.StageWrite && p.Done == p.Total && written == 0 {
				written++
				must(t, damage(dir+"/"+name, 0))
			}
		})
		if written == 0 || codeOf(err) == "" || codeOf(err) == wire.NotTidied {
			t.Errorf("%s: %v", name, err)
		}
		if m.dir.Exists("linuxfs.new") {
			t.Errorf("%s is damaged, and linuxfs.new is armed", name)
		}
		for _, original := range []string{"archive/0003/linuxfs.old", "archive/0003/state.old/x", "linuxfs"} {
			if exactTree(t, dir)[original] != before[original] {
				t.Errorf("%s: %s was touched", name, original)
			}
		}
	}
}

// Somebody else's unfinished image stays, and is not taken for ours.
func TestFetchRefusesAForeignPart(t *testing.T) {
	dir := memDir(t)
	put(t, dir, fetchFiles())
	put(t, dir, map[string]string{"linuxfs.part": "theirs"})
	before := exactTree(t, dir)
	_, err := fatMedium(t, dir).Stage(t.Context(), Set{"0003", "linuxfs.old"}, nil)
	if codeOf(err) != wire.NameTaken {
		t.Error(err)
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}

// What healing does with a fetch that was cut depends on whether the image got
// its name: only then are originals deleted, and only equal ones.
func TestHealFetch(t *testing.T) {
	published := func(dir string) error { return os.Rename(dir+"/linuxfs.part", dir+"/linuxfs.new") }
	before := fetchFiles()
	staged := map[string]string{"linuxfs": image("a"), "linuxfs.new": image("b"), "state.new/x": "s", "archive/0003/linuxfs.ver": "v"}
	for _, c := range []struct {
		what   string
		meddle func(dir string) error
		want   map[string]string
		left   []string
	}{
		{"not published", func(string) error { return nil }, before, nil},
		{"not published, and the running version is the same", func(d string) error { return os.WriteFile(d+"/linuxfs", []byte(image("b")), 0o644) },
			merged(before, map[string]string{"linuxfs": image("b"), "linuxfs.part": image("b")}), []string{"linuxfs.part"}},
		{"published", published, staged, nil},
		{"published, the name came without its clusters", func(d string) error {
			return errors.Join(os.Remove(d+"/linuxfs.part"), os.WriteFile(d+"/linuxfs.new", nil, 0o644))
		}, before, nil},
		{"published and swapped in", func(d string) error {
			return errors.Join(published(d), renames(d, "linuxfs", "linuxfs.old", "linuxfs.new", "linuxfs", "state.new", "state"))
		}, map[string]string{"linuxfs": image("b"), "linuxfs.old": image("a"), "state/x": "s", "archive/0003/linuxfs.ver": "v"}, nil},
		{"published, swapped in, and at work", func(d string) error {
			return errors.Join(published(d), renames(d, "linuxfs", "linuxfs.old", "linuxfs.new", "linuxfs", "state.new", "state"), damage(d+"/state/x", 0))
		}, map[string]string{"linuxfs": image("b"), "linuxfs.old": image("a"), "state/x": "X", "archive/0003/linuxfs.ver": "v", "archive/0003/state.old/x": "s"},
			[]string{"archive/0003/state.old"}},
		{"published, and damaged behind its first two KiB", func(d string) error {
			return errors.Join(published(d), damage(d+"/linuxfs.new", 3000))
		}, nil, []string{"archive/0003/linuxfs.old"}},
	} {
		dir := memDir(t)
		put(t, dir, before)
		m := fatMedium(t, dir)
		moves, err := m.planStage(Set{"0003", "linuxfs.old"}, "old")
		must(t, err)
		in := stageIntent("0003", moves)
		in.Copy = true
		must(t, m.begin(in))
		src, shut, err := m.Place("0003")
		must(t, err)
		must(t, m.copyOut(t.Context(), src, in, newTally(nil, 0)))
		must(t, os.Rename(dir+"/linuxfs.new", dir+"/linuxfs.part")) // as before the last step
		shut()
		must(t, c.meddle(dir))
		_, left, err := fatMedium(t, dir).Heal()
		must(t, err)
		if !slices.Equal(left, c.left) {
			t.Errorf("%s: left %q", c.what, left)
		}
		if c.want == nil { // whatever else: the original is there
			if text, _ := os.ReadFile(dir + "/archive/0003/linuxfs.old"); isImage(string(text)) != "b" {
				t.Errorf("%s: the original is gone", c.what)
			}
			continue
		}
		if d := treeOf(t, dir).diff(expected(t, c.want)); d != "" {
			t.Errorf("%s:\n%s", c.what, d)
		}
	}
}

// damage changes one byte of a file.
func damage(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte("X"), at)
	return err
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}
