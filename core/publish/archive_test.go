package publish

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/wire"
)

func TestFileMovesTheWholeSet(t *testing.T) {
	for _, c := range []struct {
		name, suffix string
		files        map[string]string
		extra        []string
		archive      string
		moved        []string
		after        []string // what was where the set was
	}{
		{"linuxfs", "old", map[string]string{"linuxfs": image("a"), "linuxfs.old": image("b"), "linuxfs.md5": "m", "linuxfs.md5.old": "n",
			"rootfs.old": "r", "state.old/x": "s", "xtra.old/": "", "deb.old/y": "d", "xtra.tgz.old": "x", "state/z": "z"},
			nil, "0001", []string{"linuxfs.old", "rootfs.old", "xtra.old", "deb.old", "xtra.tgz.old", "linuxfs.md5.old", "state.old"},
			[]string{"linuxfs", "linuxfs.md5", "state"}},
		{"linuxfs", "bad", map[string]string{"linuxfs": image("a"), "linuxfs.bad": image("b"), "linuxfs.bak": "k", "state.bad/x": "s", "state.bak/": "",
			"archive/0004/x": "", "archive/note": ""},
			nil, "0005", []string{"linuxfs.bad", "state.bad"}, []string{"linuxfs", "linuxfs.bak", "state.bak"}},
		{"linuxfs.e16", "old", map[string]string{"linuxfs.e16": image("a"), "linuxfs.e16.old": image("b"), "linuxfs.e16.md5": "stale", "linuxfs.old": image("c"), "linuxfs.md5.old": "n"},
			[]string{"linuxfs.e16.md5"}, "0001", []string{"linuxfs.e16.old", "linuxfs.md5.old", "linuxfs.e16.md5"}, []string{"linuxfs.e16", "linuxfs.old"}},
		{"linuxfs", "old", map[string]string{"linuxfs@linuxfs.03": "", "linuxfs.03": image("a"), "linuxfs.old@linuxfs.02": "", "linuxfs.02": image("b"), "linuxfs.01": image("c")},
			nil, "0001", []string{"linuxfs.old"}, []string{"linuxfs", "linuxfs.03", "linuxfs.01"}},
	} {
		dir := memDir(t)
		put(t, dir, c.files)
		before := treeOf(t, dir)
		untouched := exactTree(t, dir)[linuxfsOf(dir, c.name)]
		got, err := medium(t, dir, c.name).File(context.Background(), c.suffix, "the history\n", nil, c.extra...)
		must(t, err)
		if got.Archive != "archive/"+c.archive || !slices.Equal(got.Files, c.moved) {
			t.Errorf("filed %+v", got)
		}
		want := tree{"archive": "40755 0:0", "archive/" + c.archive: "40755 0:0"}
		for name, what := range before {
			top, rest, _ := strings.Cut(name, "/")
			switch {
			case slices.Contains(c.moved, top) && rest != "":
				want["archive/"+c.archive+"/"+name] = what
			case slices.Contains(c.moved, top) && strings.Contains(what, "->"):
				want["archive/"+c.archive+"/"+name] = before[strings.Fields(what)[3]]
			case slices.Contains(c.moved, top):
				want["archive/"+c.archive+"/"+name] = what
			case slices.Contains(c.after, top) || top == "archive":
				want[name] = what
			}
		}
		put(t, dir, nil)
		after := treeOf(t, dir)
		if text, _ := os.ReadFile(dir + "/archive/" + c.archive + "/linuxfs.ver"); string(text) != "the history\n" {
			t.Errorf("linuxfs.ver is %q", text)
		}
		if d := after.without("archive/" + c.archive + "/linuxfs.ver").diff(want); d != "" {
			t.Errorf("%s of %s:\n%s", c.suffix, c.name, d)
		}
		if exactTree(t, dir)[linuxfsOf(dir, c.name)] != untouched {
			t.Error("the linuxfs was touched")
		}
	}
}

// What must not be moved stays, and nothing else is touched.
func TestFileRefuses(t *testing.T) {
	for _, c := range []struct {
		what  string
		code  wire.Code
		files map[string]string
		prep  func(dir string) error
	}{
		{"no set at all", wire.Internal, map[string]string{"state.bad/a": "", "linuxfs.e16.old": ""}, nil},
		{"the default under a second name", wire.Protected, map[string]string{}, func(d string) error { return os.Link(d+"/linuxfs", d+"/linuxfs.old") }},
		{"a link to the default", wire.Protected, map[string]string{"linuxfs.old@linuxfs": ""}, nil},
		{"a shared target", wire.SharedTarget, map[string]string{"linuxfs.old@linuxfs.03": "", "linuxfs.bad@linuxfs.03": "", "linuxfs.03": image("x")}, nil},
		{"a shared target, written otherwise", wire.SharedTarget, map[string]string{"linuxfs.old@linuxfs.03": "", "mine@./linuxfs.03": "", "linuxfs.03": image("x")}, nil},
		{"a link out of the directory", wire.NameTaken, map[string]string{"linuxfs.old@../linuxfs": ""}, nil},
		{"a link to another directory", wire.NameTaken, map[string]string{"linuxfs.old@sub/linuxfs": "", "sub/linuxfs": image("x")}, nil},
		{"an absolute link", wire.NameTaken, map[string]string{"linuxfs.old@/etc/passwd": ""}, nil},
		{"a dangling link", wire.Internal, map[string]string{"linuxfs.old@linuxfs.99": ""}, nil},
		{"a link to a link", wire.NameTaken, map[string]string{"linuxfs.old@a": "", "a@linuxfs.03": "", "linuxfs.03": image("x")}, nil},
		{"a link to a name that JSON cannot hold", wire.NameTaken, map[string]string{"linuxfs.old@linuxfs.\xff": "", "linuxfs.\xff": image("x")}, nil},
		{"an archive that is a link", wire.WriteFailed, map[string]string{"linuxfs.old": image("b"), "archive@elsewhere": "", "elsewhere/": ""}, nil},
		{"an archive that is a file", wire.WriteFailed, map[string]string{"linuxfs.old": image("b"), "archive": "mine"}, nil},
		{"somebody's journal", wire.WriteFailed, map[string]string{"linuxfs.old": image("b"), "remaster.jnl/": ""}, nil},
	} {
		dir := memDir(t)
		c.files["linuxfs"] = image("a")
		put(t, dir, c.files)
		if c.prep != nil {
			must(t, c.prep(dir))
		}
		before := exactTree(t, dir)
		_, err := medium(t, dir, "linuxfs").File(context.Background(), "old", "v", nil)
		if codeOf(err) != c.code {
			t.Errorf("%s: %v", c.what, err)
		}
		if c.code == wire.Internal && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", c.what, err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("%s:\n%s", c.what, d)
		}
	}
}

// The number is one more than the highest, and one that the journal can name.
func TestArchiveNumbers(t *testing.T) {
	for _, c := range []struct {
		have []string
		want string
	}{
		{nil, "0001"}, {[]string{"0001", "0003"}, "0004"}, {[]string{"9999"}, "10000"}, {[]string{"12"}, "0013"},
		{[]string{"99999999999999", "0002"}, "0003"}, {[]string{"-7", "x", "0002.old"}, "0001"}, {[]string{"00000000000000000000000000000"}, "0001"},
		{[]string{"99999999"}, "0001"},
	} {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.old": image("b")})
		for _, n := range c.have {
			must(t, os.MkdirAll(filepath.Join(dir, archiveDir, n), 0o755))
		}
		got, err := medium(t, dir, "linuxfs").File(context.Background(), "old", "", nil)
		must(t, err)
		if got.Archive != "archive/"+c.want || !archiveNumber.MatchString(c.want) {
			t.Errorf("%q: %s", c.have, got.Archive)
		}
	}
}

// A boot between the crash and the healing renamed files: they belong where
// the initrd put them.
func TestHealAfterABootInBetween(t *testing.T) {
	t.Run("disarm, then the swap came first", func(t *testing.T) {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.new": image("b"), "state.new/x": "1", "state/x": "0"})
		m := medium(t, dir, "linuxfs")
		moves, err := m.set("new", nil)
		must(t, err)
		must(t, m.begin(intent{Action: actionFile, Archive: "0001", Moves: moves}))
		for _, r := range [][2]string{{"linuxfs", "linuxfs.old"}, {"linuxfs.new", "linuxfs"}, {"state", "state.old"}, {"state.new", "state"}} {
			must(t, os.Rename(dir+"/"+r[0], dir+"/"+r[1]))
		}
		before := exactTree(t, dir).without(JournalName)
		healed, left, err := medium(t, dir, "linuxfs").Heal()
		if err != nil || len(healed)+len(left) > 0 {
			t.Errorf("healed %q, left %q, %v", healed, left, err)
		}
		if d := exactTree(t, dir).without("archive").diff(before); d != "" {
			t.Error(d)
		}
	})
	t.Run("the swap of links", func(t *testing.T) {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs@linuxfs.01": "", "linuxfs.01": image("a"), "linuxfs.new@linuxfs.02": "", "linuxfs.02": image("b")})
		m := medium(t, dir, "linuxfs")
		moves, err := m.set("new", nil)
		must(t, err)
		must(t, m.begin(intent{Action: actionFile, Archive: "0001", Moves: moves}))
		must(t, os.Rename(dir+"/linuxfs", dir+"/linuxfs.old"))
		must(t, os.Rename(dir+"/linuxfs.new", dir+"/linuxfs"))
		before := exactTree(t, dir).without(JournalName)
		// Not even protected: the link tells.
		m = medium(t, dir, "linuxfs")
		m.protected = nil
		_, _, err = m.Heal()
		must(t, err)
		if d := exactTree(t, dir).without("archive").diff(before); d != "" {
			t.Error(d)
		}
	})
	t.Run("armed, and the swap came first", func(t *testing.T) {
		dir := memDir(t)
		put(t, dir, stickFiles())
		m := medium(t, dir, "linuxfs")
		b, err := m.Begin(thePlan())
		must(t, err)
		_, err = b.Image().WriteString(image("second"))
		must(t, err)
		_, err = b.Companions(context.Background(), md5Text, fillTest)
		must(t, err)
		id, err := identify(b.Image())
		must(t, err)
		id.Made = "linuxfs.new"
		must(t, m.note(id))
		must(t, m.publish(b.Image(), m.dir, "linuxfs.part", "linuxfs.new"))
		for _, r := range [][2]string{{"linuxfs", "linuxfs.old"}, {"linuxfs.new", "linuxfs"}, {"state", "state.old"}, {"state.new", "state"},
			{"linuxfs.md5", "linuxfs.md5.old"}, {"linuxfs.md5.new", "linuxfs.md5"}, {"xtra.tgz", "xtra.tgz.old"}, {"xtra.tgz.new", "xtra.tgz"}} {
			must(t, os.Rename(dir+"/"+r[0], dir+"/"+r[1]))
		}
		before := exactTree(t, dir).without(JournalName)
		_, left, err := medium(t, dir, "linuxfs").Heal()
		if err != nil || len(left) > 0 {
			t.Errorf("left %q, %v", left, err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Error(d)
		}
	})
}

// Companions alone are a set of what a swap left, as the next one would delete
// them; of what is armed they are not.
func TestFileCompanionsAlone(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), "rootfs.old": "changes", "xtra.old@../elsewhere": "", "state.new/a": "b"})
	m := medium(t, dir, "linuxfs")
	filed, err := m.File(context.Background(), "old", "", nil)
	must(t, err)
	if want := []string{"rootfs.old", "xtra.old"}; !slices.Equal(filed.Files, want) {
		t.Errorf("filed %q, not %q", filed.Files, want)
	}
	if text, err := os.Readlink(dir + "/archive/0001/xtra.old"); err != nil || text != "../elsewhere" {
		t.Errorf("the link of a companion: %q, %v", text, err)
	}
	if _, err := m.File(context.Background(), "new", "", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("companions of nothing that is armed: %v", err)
	}
}
