package publish

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// setCase is a version that is staged, put back and deleted.
type setCase struct {
	what   string
	name   string
	set    Set
	files  map[string]string // the set itself
	staged map[string]string // what staging makes of it
	marks  map[string]string // of the place: stay when it is staged, go when the version is deleted
	links  bool              // not on FAT
	spare  bool              // never deleted
}

// around is on every stick: ours, and foreign things with names like ours.
func around(name string) map[string]string {
	return map[string]string{name: image("first"), "linuxfs.md5": "m", "vmlinuz": "k", "state/a": "now", "xtra.tgz": "x", "notes.new": "mine",
		"linuxfs.tmp": "of live-remaster", "deb.part": "foreign", "archive/0004/linuxfs.old": image("other"), "archive/0004/linuxfs.ver": "o",
		"archive/mine.txt": "foreign"}
}

var setCases = []setCase{
	{what: "filed after a swap", name: "linuxfs", set: Set{"0003", "linuxfs.old"},
		files: map[string]string{"archive/0003/linuxfs.old": image("b"), "archive/0003/linuxfs.md5.old": "n", "archive/0003/rootfs.old": "r",
			"archive/0003/state.old/x/y": "s", "archive/0003/state.old/z/": "", "archive/0003/xtra.tgz.old": "t"},
		staged: map[string]string{"linuxfs.new": image("b"), "linuxfs.md5.new": "n", "rootfs.new": "r", "state.new/x/y": "s", "state.new/z/": "", "xtra.tgz.new": "t"},
		marks:  map[string]string{"archive/0003/linuxfs.ver": "v"}},
	{what: "filed without a suffix", name: "linuxfs", set: Set{"12345", "linuxfs"},
		files:  map[string]string{"archive/12345/linuxfs": image("b"), "archive/12345/linuxfs.md5": "n", "archive/12345/state/x": "s"},
		staged: map[string]string{"linuxfs.new": image("b"), "linuxfs.md5.new": "n", "state.new/x": "s"}},
	{what: "disarmed", name: "linuxfs", set: Set{"0003", "linuxfs.new"},
		files:  map[string]string{"archive/0003/linuxfs.new": image("b"), "archive/0003/state.new/x": "s"},
		staged: map[string]string{"linuxfs.new": image("b"), "state.new/x": "s"},
		marks:  map[string]string{"archive/0003/linuxfs.ver": "v"}},
	{what: "previous", name: "linuxfs", set: Set{"", "linuxfs.old"},
		files:  map[string]string{"linuxfs.old": image("b"), "linuxfs.md5.old": "n", "rootfs.old": "r", "state.old/x": "s", "deb.old/": "", "xtra.old/": ""},
		staged: map[string]string{"linuxfs.new": image("b"), "linuxfs.md5.new": "n", "rootfs.new": "r", "state.new/x": "s", "deb.new/": "", "xtra.new/": ""}},
	{what: "rolled back", name: "linuxfs", set: Set{"", "linuxfs.bad"},
		files:  map[string]string{"linuxfs.bad": image("b"), "rootfs.bad": "r"},
		staged: map[string]string{"linuxfs.new": image("b"), "rootfs.new": "r"}},
	{what: "rolled back twice", name: "linuxfs", set: Set{"", "linuxfs.bak"},
		files:  map[string]string{"linuxfs.bak": image("b"), "state.bak/x": "s"},
		staged: map[string]string{"linuxfs.new": image("b"), "state.new/x": "s"}},
	{what: "with sqext", name: "linuxfs.e16", set: Set{"0003", "linuxfs.e16.old"},
		files:  map[string]string{"archive/0003/linuxfs.e16.old": image("b"), "archive/0003/linuxfs.md5.old": "n"},
		staged: map[string]string{"linuxfs.e16.new": image("b"), "linuxfs.md5.new": "n"},
		marks:  map[string]string{"archive/0003/linuxfs.e16.md5": "its own", "archive/0003/linuxfs.ver": "v"}},
	{what: "previous, a link", name: "linuxfs", set: Set{"", "linuxfs.old"}, links: true,
		files:  map[string]string{"linuxfs.old@linuxfs.02": "", "linuxfs.02": image("b"), "state.old/x": "s", "xtra.old@../elsewhere": ""},
		staged: map[string]string{"linuxfs.new@linuxfs.02": "", "linuxfs.02": image("b"), "state.new/x": "s", "xtra.new@../elsewhere": ""}},
	{what: "a spare one", name: "linuxfs", set: Set{"", "linuxfs.07"}, links: true, spare: true,
		files:  map[string]string{"linuxfs.07": image("b")},
		staged: map[string]string{"linuxfs.new": image("b")},
		marks:  map[string]string{"state.07": "foreign", "rootfs.07": "foreign"}},
}

// eachSet runs a test on every case, by renames and as FAT does it.
func eachSet(t *testing.T, test func(t *testing.T, c setCase, dir string, m *Medium)) {
	for _, c := range setCases {
		for _, fat := range []bool{false, true} {
			if fat && c.links {
				continue
			}
			t.Run(c.what+map[bool]string{true: " on FAT"}[fat], func(t *testing.T) {
				dir := memDir(t)
				put(t, dir, around(c.name))
				put(t, dir, c.files)
				put(t, dir, c.marks)
				m := medium(t, dir, c.name)
				m.stable, m.fat = !fat, fat
				test(t, c, dir, m)
			})
		}
	}
}

// stick is the tree of a stick with all that is given.
func stick(t testing.TB, name string, more ...map[string]string) tree {
	t.Helper()
	files := around(name)
	for _, m := range more {
		maps.Copy(files, m)
	}
	return expected(t, files)
}

func TestStageAndPutBack(t *testing.T) {
	eachSet(t, func(t *testing.T, c setCase, dir string, m *Medium) {
		before, exact := treeOf(t, dir), exactTree(t, dir)
		got, err := m.Stage(t.Context(), c.set, nil)
		must(t, err)
		want := stick(t, c.name, c.staged, c.marks)
		if c.set.Archive != "" {
			want["archive/"+c.set.Archive] = "40755 0:0"
		}
		if d := treeOf(t, dir).diff(want); d != "" {
			t.Errorf("staged:\n%s", d)
		}
		if got.Files[0] != c.name+".new" || len(got.Files) != len(topNames(c.staged)) || got.Archive != filed(c.set.Archive, nil).Archive {
			t.Errorf("staged %+v", got)
		}
		back, err := m.PutBack(t.Context(), c.set, nil)
		must(t, err)
		if back.Files[0] != c.set.Image || back.Archive != got.Archive || len(back.Files) != len(got.Files) {
			t.Errorf("put back %+v", back)
		}
		if d := treeOf(t, dir).diff(before); d != "" {
			t.Errorf("put back:\n%s", d)
		}
		for name, what := range exactTree(t, dir) { // not even the times of what is not in the set
			if _, mine := expected(t, c.files)[name]; !mine && !strings.HasPrefix(what, "4") && what != exact[name] {
				t.Errorf("%s was touched", name)
			}
		}
		if again, err := m.Stage(t.Context(), c.set, nil); err != nil || !slices.Equal(again.Files, got.Files) {
			t.Errorf("staged again: %+v, %v", again, err)
		}
	})
}

// topNames are the names beside the linuxfs, without the target of a link.
func topNames(files map[string]string) []string {
	var out []string
	for name := range files {
		name, _, _ = strings.Cut(name, "@")
		name, _, _ = strings.Cut(name, "/")
		if !slices.Contains(out, name) && name != "linuxfs.02" {
			out = append(out, name)
		}
	}
	return out
}

func TestDelete(t *testing.T) {
	eachSet(t, func(t *testing.T, c setCase, dir string, m *Medium) {
		got, err := m.Delete(t.Context(), c.set, nil)
		if c.spare {
			if codeOf(err) != wire.NotMovable {
				t.Error(err)
			}
			return
		}
		must(t, err)
		if d := treeOf(t, dir).diff(stick(t, c.name)); d != "" {
			t.Error(d)
		}
		if got.Files[0] != c.set.Image || got.Archive != filed(c.set.Archive, nil).Archive {
			t.Errorf("deleted %+v", got)
		}
		before := exactTree(t, dir)
		if _, err := m.Delete(t.Context(), c.set, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("deleted again: %v", err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Error(d)
		}
	})
}

// What is not of the set stays, and its directory; linuxfs.ver stays with
// another version.
func TestDeleteLeavesTheRest(t *testing.T) {
	for _, fat := range []bool{false, true} {
		for foreign, ver := range map[string]bool{"notes.txt": false, "linuxfs.bad": true, "linuxfs": true, "linuxfs.old.bak": true, "state.bad": false, "linuxfs.e16.old": true, "linuxfs.md5.bad": false} {
			dir := memDir(t)
			files := around("linuxfs")
			files["archive/0003/"+foreign] = image("c")
			if ver {
				files["archive/0003/linuxfs.ver"] = "v"
			}
			put(t, dir, files)
			put(t, dir, map[string]string{"archive/0003/linuxfs.old": image("b"), "archive/0003/linuxfs.ver": "v", "archive/0003/deb.old/x/y": ""})
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			_, err := m.Delete(t.Context(), Set{"0003", "linuxfs.old"}, nil)
			must(t, err)
			if d := treeOf(t, dir).diff(expected(t, files)); d != "" {
				t.Errorf("%s:\n%s", foreign, d)
			}
		}
	}
}

// The initrd of 2016 does not swap state: it stays where it is.
func TestStageKnowsTheGeneration(t *testing.T) {
	for _, set := range []Set{{"0003", "linuxfs.old"}, {"", "linuxfs.old"}} {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a"), pathIn(set.Archive, "linuxfs.old"): image("b"), pathIn(set.Archive, "state.old"): "s", pathIn(set.Archive, "rootfs.old"): "r"})
		m := medium(t, dir, "linuxfs")
		m.generation = live.Gen2016
		_, err := m.Stage(t.Context(), set, nil)
		must(t, err)
		want := expected(t, map[string]string{"linuxfs": image("a"), "linuxfs.new": image("b"), "rootfs.new": "r", pathIn(set.Archive, "state.old"): "s"})
		if d := treeOf(t, dir).diff(want); d != "" {
			t.Error(d)
		}
	}
}

// A link that is armed gives way to its target when it goes into the archive.
func TestPutBackOfALink(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.new@linuxfs.02": "", "linuxfs.02": image("b"), "archive/0001/linuxfs.ver": "v"})
	_, err := medium(t, dir, "linuxfs").PutBack(t.Context(), Set{"0001", "linuxfs.old"}, nil)
	must(t, err)
	if d := treeOf(t, dir).diff(expected(t, map[string]string{"linuxfs": image("a"), "archive/0001/linuxfs.old": image("b"), "archive/0001/linuxfs.ver": "v"})); d != "" {
		t.Error(d)
	}
}

func TestSetsAreCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	eachSet(t, func(t *testing.T, c setCase, dir string, m *Medium) {
		for what, do := range map[string]func(context.Context, Set, wire.Report) (Filed, error){"stage": m.Stage, "delete": m.Delete} {
			before := exactTree(t, dir)
			if _, err := do(ctx, c.set, nil); codeOf(err) != wire.Cancelled && !(c.spare && what == "delete") {
				t.Errorf("%s: %v", what, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%s:\n%s", what, d)
			}
		}
		_, err := m.Stage(t.Context(), c.set, nil)
		must(t, err)
		before := exactTree(t, dir)
		if _, err := m.PutBack(ctx, c.set, nil); codeOf(err) != wire.Cancelled {
			t.Errorf("put back: %v", err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("put back:\n%s", d)
		}
	})
}

// TestSetsOnExt4 does it on a real file system, where nothing is copied.
func TestSetsOnExt4(t *testing.T) {
	for _, c := range setCases {
		dir, device := ext4Dir(t)
		put(t, dir, around(c.name))
		put(t, dir, c.files)
		put(t, dir, c.marks)
		before := exactTree(t, dir)
		m, err := openMedium(dir, c.name, device)
		must(t, err)
		defer m.dir.Close()
		_, err = m.Stage(t.Context(), c.set, nil)
		must(t, err)
		_, err = m.PutBack(t.Context(), c.set, nil)
		must(t, err)
		for name, what := range exactTree(t, dir) {
			if inodeOf(what) != inodeOf(before[name]) {
				t.Errorf("%s: %s is %s, was %s", c.what, name, what, before[name])
			}
		}
		if c.spare {
			continue
		}
		_, err = m.Delete(t.Context(), c.set, nil)
		must(t, err)
		if d := treeOf(t, dir).diff(stick(t, c.name)); d != "" {
			t.Errorf("%s:\n%s", c.what, d)
		}
	}
}

// inodeOf is the inode in a line of an exactTree.
func inodeOf(what string) string {
	_, after, _ := strings.Cut(what, " #")
	inode, _, _ := strings.Cut(after, " ")
	return inode
}
