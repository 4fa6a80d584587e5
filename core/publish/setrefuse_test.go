package publish

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"antix-remaster/core/wire"
)

// What must not be staged, put back or deleted: refused, nothing touched.
func TestSetsRefuse(t *testing.T) {
	old, kept, b := Set{"", "linuxfs.old"}, Set{"0003", "linuxfs.old"}, image("b")
	for _, c := range []struct {
		what  string
		op    string
		set   Set
		code  wire.Code
		files map[string]string
		prep  func(dir string) error
	}{
		{"something is armed", "stage", old, wire.Pending, map[string]string{"linuxfs.old": b, "linuxfs.new": b}, nil},
		{"a link to nothing has the name", "stage", old, wire.NameTaken, map[string]string{"linuxfs.old": b, "linuxfs.new@gone": ""}, nil},
		{"the armed one", "stage", Set{"", "linuxfs.new"}, wire.Pending, map[string]string{"linuxfs.new": b}, nil},
		{"blocked by the previous one", "stage", kept, wire.Blocked, map[string]string{"archive/0003/linuxfs.old": b, "linuxfs.old": b}, nil},
		{"blocked by a bad one", "stage", old, wire.Blocked, map[string]string{"linuxfs.old": b, "linuxfs.bad": b}, nil},
		{"a bad one, blocked by the previous one", "stage", Set{"", "linuxfs.bad"}, wire.Blocked, map[string]string{"linuxfs.old": b, "linuxfs.bad": b}, nil},
		{"a companion's name is taken", "stage", kept, wire.NameTaken, map[string]string{"archive/0003/linuxfs.old": b, "archive/0003/state.old/": "", "state.new": ""}, nil},
		{"not an image", "stage", old, wire.ImageDamaged, map[string]string{"linuxfs.old": "hsqs"}, nil},
		{"a truncated image", "stage", old, wire.ImageDamaged, map[string]string{"linuxfs.old": b[:len(b)-1]}, nil},
		{"a directory", "stage", kept, wire.ImageDamaged, map[string]string{"archive/0003/linuxfs.old/": ""}, nil},
		{"a link in the archive", "stage", kept, wire.ImageDamaged, map[string]string{"archive/0003/linuxfs.old@../../linuxfs.02": "", "linuxfs.02": b}, nil},
		{"a link to nothing", "stage", old, wire.Internal, map[string]string{"linuxfs.old@linuxfs.02": ""}, nil},
		{"no such version", "stage", kept, wire.Internal, map[string]string{"archive/0003/linuxfs.bad": b}, nil},
		{"no such place", "stage", kept, wire.Internal, map[string]string{"archive/0004/linuxfs.old": b}, nil},
		{"the default", "stage", Set{"", "linuxfs"}, wire.Protected, nil, nil},
		{"the default under a second name", "stage", kept, wire.Protected, map[string]string{"archive/0003/": ""}, func(d string) error { return os.Link(d+"/linuxfs", d+"/archive/0003/linuxfs.old") }},
		{"a link to the default", "stage", old, wire.Protected, map[string]string{"linuxfs.old@linuxfs": ""}, nil},
		{"a shared target", "stage", old, wire.SharedTarget, map[string]string{"linuxfs.old@linuxfs.02": "", "mine@linuxfs.02": "", "linuxfs.02": b}, nil},
		{"no name of a version", "stage", Set{"", "state.old"}, wire.BadRequest, map[string]string{"state.old": ""}, nil},
		{"another linuxfs", "stage", Set{"0003", "linuxfs.e16.old"}, wire.BadRequest, map[string]string{"archive/0003/linuxfs.e16.old": b}, nil},
		{"a path", "stage", Set{"../archive/0003", "linuxfs.old"}, wire.BadRequest, map[string]string{"archive/0003/linuxfs.old": b}, nil},
		{"a path as a name", "stage", Set{"0003", "../linuxfs.old"}, wire.BadRequest, map[string]string{"linuxfs.old": b}, nil},
		{"an archive that is a link", "stage", kept, wire.WriteFailed, map[string]string{"archive@elsewhere": "", "elsewhere/0003/linuxfs.old": b}, nil},
		{"somebody's journal", "stage", old, wire.NameTaken, map[string]string{"linuxfs.old": b, "remaster.jnl/": ""}, nil},
		{"a spare one that a link leads to", "stage", Set{"", "linuxfs.02"}, wire.SharedTarget, map[string]string{"mine@./linuxfs.02": "", "linuxfs.02": b}, nil},
		{"a spare one that is a link", "stage", Set{"", "linuxfs.02"}, wire.NameTaken, map[string]string{"linuxfs.02@linuxfs.03": "", "linuxfs.03": b}, nil},
		{"what the linuxfs could be", "stage", Set{"", "linuxfs.e16"}, wire.BadRequest, map[string]string{"linuxfs.e16": b}, nil},
		{"a spare one in an archive", "stage", Set{"0003", "linuxfs.02"}, wire.BadRequest, map[string]string{"archive/0003/linuxfs.02": b}, nil},
		{"the default, spare", "stage", Set{"", "linuxfs.02"}, wire.Protected, nil, func(d string) error { return os.Link(d+"/linuxfs", d+"/linuxfs.02") }},
		{"a damaged spare one", "stage", Set{"", "linuxfs.02"}, wire.ImageDamaged, map[string]string{"linuxfs.02": b[:len(b)-1]}, nil},

		{"nothing is armed", "back", kept, wire.NothingArmed, map[string]string{"archive/0003/linuxfs.ver": ""}, nil},
		{"the place is taken", "back", kept, wire.NameTaken, map[string]string{"archive/0003/linuxfs.old": b, "linuxfs.new": b}, nil},
		{"a companion's place is taken", "back", kept, wire.NameTaken, map[string]string{"archive/0003/state.old/": "", "linuxfs.new": b, "state.new/": ""}, nil},
		{"the place beside is taken", "back", old, wire.NameTaken, map[string]string{"linuxfs.old@gone": "", "linuxfs.new": b}, nil},
		{"back to itself", "back", Set{"", "linuxfs.new"}, wire.Pending, map[string]string{"linuxfs.new": b}, nil},
		{"to the name of the default", "back", Set{"", "linuxfs"}, wire.Protected, map[string]string{"linuxfs.new": b}, nil},
		{"the default is armed", "back", kept, wire.Protected, nil, func(d string) error { return os.Link(d+"/linuxfs", d+"/linuxfs.new") }},
		{"a link out of the scheme", "back", kept, wire.NameTaken, map[string]string{"linuxfs.new@linuxfs.e16": "", "linuxfs.e16": b}, nil},
		{"somebody's journal again", "back", kept, wire.NameTaken, map[string]string{"linuxfs.new": b, "remaster.jnl": "mine"}, nil},
		{"an archive that is a file", "back", kept, wire.WriteFailed, map[string]string{"linuxfs.new": b, "archive": "mine"}, nil},

		{"the place of a spare one is taken", "back", Set{"", "linuxfs.02"}, wire.NameTaken, map[string]string{"linuxfs.new": b, "linuxfs.02": b}, nil},

		{"a spare one", "delete", Set{"", "linuxfs.02"}, wire.NotMovable, map[string]string{"linuxfs.02": b}, nil},
		{"the default", "delete", Set{"", "linuxfs"}, wire.Protected, nil, nil},
		{"what is armed", "delete", Set{"", "linuxfs.new"}, wire.Pending, map[string]string{"linuxfs.new": b}, nil},
		{"the default under a second name", "delete", old, wire.Protected, nil, func(d string) error { return os.Link(d+"/linuxfs", d+"/linuxfs.old") }},
		{"the default in an archive", "delete", kept, wire.Protected, map[string]string{"archive/0003/": ""}, func(d string) error { return os.Link(d+"/linuxfs", d+"/archive/0003/linuxfs.old") }},
		{"a link to the default", "delete", old, wire.Protected, map[string]string{"linuxfs.old@linuxfs": ""}, nil},
		{"a shared target", "delete", old, wire.SharedTarget, map[string]string{"linuxfs.old@linuxfs.02": "", "mine@linuxfs.02": "", "linuxfs.02": b}, nil},
		{"another default by a link", "delete", old, wire.NameTaken, map[string]string{"linuxfs.old@linuxfs.e16": "", "linuxfs.e16": b}, nil},
		{"no such version", "delete", kept, wire.Internal, map[string]string{"archive/0003/linuxfs.bad": b, "archive/0003/linuxfs.ver": ""}, nil},
		{"companions alone", "delete", old, wire.Internal, map[string]string{"rootfs.old": ""}, nil},
		{"companions alone in an archive", "delete", kept, wire.Internal, map[string]string{"archive/0003/rootfs.old": ""}, nil},
	} {
		for _, fat := range []bool{false, true} {
			if fat && c.set == (Set{"", "linuxfs.02"}) {
				c.code = wire.BadRequest // no links, no scheme
			}
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.md5": "m", "state/x": ""})
			put(t, dir, c.files)
			if c.prep != nil {
				must(t, c.prep(dir))
			}
			before := exactTree(t, dir)
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			if c.op == "stage" {
				checkedBefore(t, m, c.set, c.code, c.what)
			}
			err := doSet(m, c.op, c.set)
			if codeOf(err) != c.code && !(fat && c.code == wire.NameTaken && codeOf(err) == wire.WriteFailed) {
				t.Errorf("%s %s (FAT %v): %v", c.op, c.what, fat, err)
			}
			if c.code == wire.Internal && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s %s: %v", c.op, c.what, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%s %s (FAT %v):\n%s", c.op, c.what, fat, d)
			}
		}
	}
}

func doSet(m *Medium, op string, s Set) (err error) {
	switch op {
	case "stage":
		_, err = m.Stage(noContext, s, nil)
	case "back":
		_, err = m.PutBack(noContext, s, nil)
	case "delete":
		_, err = m.Delete(noContext, s, nil)
	case "file": // without a version text, as the way by the archive does it
		_, suffix, _ := m.split(s.Image)
		_, err = m.File(noContext, suffix, "", nil)
	default:
		err = errors.New("unknown action " + op)
	}
	return err
}

// A copy that does not fit is refused before anything is written; one that is
// cancelled leaves nothing, or the version filed when it came by the archive.
func TestSetsOnFATNeedRoom(t *testing.T) {
	for _, set := range []Set{{"0003", "linuxfs.old"}, {"", "linuxfs.old"}} {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a"), pathIn(set.Archive, "linuxfs.old"): image("b")})
		must(t, os.Truncate(dir+"/"+pathIn(set.Archive, "linuxfs.old"), 1<<50))
		m := fatMedium(t, dir)
		checkedBefore(t, m, set, wire.NoSpace, "no room")
		if _, err := m.Stage(t.Context(), set, nil); codeOf(err) != wire.NoSpace {
			t.Errorf("%v: %v", set, err)
		}
		if _, err := os.Lstat(dir + "/" + JournalName); err == nil || m.dir.Exists("linuxfs.part") || m.dir.Exists("linuxfs.new") {
			t.Errorf("%v: something was begun", set)
		}
	}
}

// checkedBefore: what Stage refuses CheckStage refuses, but for what is filed
// away first.
func checkedBefore(t *testing.T, m *Medium, set Set, want wire.Code, what string) {
	t.Helper()
	if want == wire.Blocked {
		want = ""
	}
	if err := m.CheckStage(set); codeOf(err) != want {
		t.Errorf("checked: %s (FAT %v): %v", what, m.fat, err)
	}
}

// TestWithoutRoom: on a full stick nothing is begun, but a version can be
// deleted, whose image makes the room for the journal.
func TestWithoutRoom(t *testing.T) {
	for _, fat := range []bool{false, true} {
		dir := smallDir(t)
		files := map[string]string{"linuxfs": image("a"), "linuxfs.bad": image("c"), "archive/": ""}
		put(t, dir, files)
		put(t, dir, map[string]string{"archive/0003/linuxfs.old": image("b"), "archive/0003/state.old": "s"})
		f, err := os.Create(dir + "/filler")
		must(t, err)
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		must(t, f.Close())
		before := treeOf(t, dir)
		m := medium(t, dir, "linuxfs")
		m.stable, m.fat = !fat, fat
		_, file := m.File(t.Context(), "bad", "v", nil)
		refused := map[bool]wire.Code{false: wire.FilledUp, true: wire.NoSpace} // FAT copies
		if codeOf(file) != refused[fat] || codeOf(m.WriteRecord([]byte("{\"format\":1,\"versions\":{}}\n"))) != wire.FilledUp {
			t.Errorf("FAT %v: %v", fat, file)
		}
		if d := treeOf(t, dir).diff(before); d != "" {
			t.Errorf("FAT %v, refused:\n%s", fat, d)
		}
		_, err = m.Delete(t.Context(), Set{"0003", "linuxfs.old"}, nil)
		must(t, err)
		must(t, os.Remove(dir+"/filler"))
		if d := treeOf(t, dir).diff(expected(t, files)); d != "" {
			t.Errorf("FAT %v, deleted:\n%s", fat, d)
		}
	}
}

// TestStageNoCopyOfTheDefault: on FAT healing could not remove a part of it.
func TestStageNoCopyOfTheDefault(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), "archive/0003/linuxfs.old": image("a"), "archive/0004/linuxfs.old": image("b")})
	before := exactTree(t, dir)
	m := medium(t, dir, "linuxfs")
	m.stable, m.fat = false, true
	checkedBefore(t, m, Set{"0003", "linuxfs.old"}, wire.CopyInUse, "a copy")
	if err := doSet(m, "stage", Set{"0003", "linuxfs.old"}); codeOf(err) != wire.CopyInUse {
		t.Error(err)
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
	must(t, doSet(m, "stage", Set{"0004", "linuxfs.old"}))
}
