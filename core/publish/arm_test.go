package publish

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

func codeOf(err error) wire.Code {
	if err == nil {
		return ""
	}
	return wire.AsError(err).Code
}

// armed is the directory that arming makes of stickFiles.
func armed() map[string]string {
	files := stickFiles()
	files["linuxfs.new"] = image("second")
	files["linuxfs.md5.new"] = md5Text + "  linuxfs\n"
	files["xtra.tgz.new"] = "archive"
	files["state.new/"], files["state.new/random"] = "", "seed"
	files["state.new/general/var/x"], files["state.new/empty/"], files["state.new/link@../gone"] = "text", "", ""
	return files
}

func expected(t testing.TB, files map[string]string) tree {
	t.Helper()
	dir := memDir(t)
	put(t, dir, files)
	return treeOf(t, dir)
}

func TestArmOnExt4(t *testing.T) {
	dir, device := ext4Dir(t)
	put(t, dir, stickFiles())
	must(t, os.Chmod(filepath.Join(dir, "xtra.tgz"), 0o600))
	must(t, os.Chown(filepath.Join(dir, "state/random"), 1000, 1001))
	must(t, os.Lchown(filepath.Join(dir, "state/link"), 1000, 1001))
	must(t, os.Chmod(filepath.Join(dir, "state/general"), 0o2750))
	before := exactTree(t, dir)
	m, err := openMedium(dir, "linuxfs", device)
	must(t, err)
	defer m.dir.Close()
	must(t, build(m, thePlan(), image("second")))
	after := exactTree(t, dir)
	made := []string{"linuxfs.new", "linuxfs.md5.new", "xtra.tgz.new", "state.new"}
	if d := after.without(made...).diff(before); d != "" {
		t.Errorf("something else was touched:\n%s", d)
	}
	plain := treeOf(t, dir)
	for name, what := range plain {
		if strings.HasPrefix(name, "state.new") {
			if old := plain["state"+strings.TrimPrefix(name, "state.new")]; old != what {
				t.Errorf("%s is %s, its original %s", name, what, old)
			}
		}
	}
	if plain["xtra.tgz.new"] != plain["xtra.tgz"] {
		t.Errorf("xtra.tgz.new is %s", plain["xtra.tgz.new"])
	}
	for name := range armed() {
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "/"), "@")
		if _, ok := plain[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "linuxfs.new")); isImage(string(text)) != "second" {
		t.Errorf("linuxfs.new is %q", text)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "linuxfs.md5.new")); string(text) != md5Text+"  linuxfs\n" {
		t.Errorf("md5 is %q", text)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		until func(*Build) error
	}{
		{"at once", func(*Build) error { return nil }},
		{"half written", func(b *Build) error { _, err := b.Image().WriteString("half"); return err }},
		{"with companions", func(b *Build) error { _, err := b.Companions(context.Background(), md5Text, fillTest); return err }},
	} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		before := exactTree(t, dir)
		b, err := medium(t, dir, "linuxfs").Begin(thePlan())
		must(t, err)
		if len(exactTree(t, dir)) <= len(before) {
			t.Fatal("nothing was begun")
		}
		must(t, c.until(b))
		must(t, b.Abort())
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
}

// Each name that a build needs, taken by each kind of entry: refused, nothing
// touched.
func TestNamesTaken(t *testing.T) {
	names := []string{"linuxfs.part", "linuxfs.new", "remaster.jnl", "remaster.jn_",
		"state.part", "state.new", "xtra.tgz.part", "xtra.tgz.new", "linuxfs.md5.part", "linuxfs.md5.new"}
	plants := map[string]func(string) error{
		"file":     func(p string) error { return os.WriteFile(p, []byte("theirs"), 0o600) },
		"empty":    func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"dir":      func(p string) error { return os.Mkdir(p, 0o700) },
		"link":     func(p string) error { return os.Symlink("vmlinuz", p) },
		"dangling": func(p string) error { return os.Symlink("/gone", p) },
		"fifo":     func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"device":   func(p string) error { return syscall.Mknod(p, syscall.S_IFCHR|0o600, 0x103) },
	}
	for _, name := range names {
		for kind, plant := range plants {
			dir := memDir(t)
			put(t, dir, stickFiles())
			must(t, plant(filepath.Join(dir, name)))
			before := exactTree(t, dir)
			_, err := medium(t, dir, "linuxfs").Begin(thePlan())
			if e := wire.AsError(err); err == nil || e.Code != wire.NameTaken || !slices.Equal(e.Args, []string{name}) {
				t.Errorf("%s as %s: %v", name, kind, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%s as %s:\n%s", name, kind, d)
			}
		}
	}
}

// What appears under our names while the image is made is not replaced.
func TestNeverReplaces(t *testing.T) {
	for _, name := range []string{"linuxfs.new", "state.new", "xtra.tgz.new", "linuxfs.md5.new", "state.part", "xtra.tgz.part"} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		b, err := medium(t, dir, "linuxfs").Begin(thePlan())
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("theirs"), 0o644))
		_, err = b.Image().WriteString(image("second"))
		must(t, err)
		if _, err = b.Companions(context.Background(), md5Text, fillTest); err == nil {
			err = b.Arm()
		}
		if codeOf(err) != wire.WriteFailed || !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if err := b.Abort(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: abort does not tell of it: %v", name, err)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, name)); string(text) != "theirs" {
			t.Errorf("%s is now %q", name, text)
		}
	}
}

// The name exchanged under the open file: never armed.
func TestExchangedImageIsNotArmed(t *testing.T) {
	dir := memDir(t)
	put(t, dir, stickFiles())
	b, err := medium(t, dir, "linuxfs").Begin(thePlan())
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "linuxfs.part")))
	must(t, os.WriteFile(filepath.Join(dir, "linuxfs.part"), []byte("evil"), 0o644))
	if err := b.Arm(); codeOf(err) != wire.WriteFailed {
		t.Errorf("armed: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "linuxfs.new")); err == nil {
		t.Error("linuxfs.new is there")
	}
}

func TestBlockedIsNotArmed(t *testing.T) {
	for _, name := range []string{"linuxfs.old", "linuxfs.bad"} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		b, err := medium(t, dir, "linuxfs").Begin(thePlan())
		must(t, err)
		put(t, dir, map[string]string{name: image("older")})
		if err := b.Arm(); codeOf(err) != wire.Blocked || wire.AsError(err).Args[0] != name {
			t.Errorf("%s: %v", name, err)
		}
		must(t, b.Abort())
		files := stickFiles()
		files[name] = image("older")
		if d := treeOf(t, dir).diff(expected(t, files)); d != "" {
			t.Error(d)
		}
	}
}

// A companion that is neither file nor directory, or holds such a thing, ends
// the build; nothing is left.
func TestOddCompanions(t *testing.T) {
	for _, name := range []string{"xtra.tgz", "state/fifo", "state/general/socket"} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		os.Remove(filepath.Join(dir, name))
		must(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
		before := exactTree(t, dir)
		if err := build(medium(t, dir, "linuxfs"), thePlan(), image("second")); codeOf(err) != wire.WriteFailed {
			t.Errorf("%s: %v", name, err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestWriteCheckLeavesNothing(t *testing.T) {
	dir, device := ext4Dir(t)
	put(t, dir, stickFiles())
	before := exactTree(t, dir)
	m, err := openMedium(dir, "linuxfs", device)
	must(t, err)
	defer m.dir.Close()
	must(t, m.WriteCheck())
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
	must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	if err := m.WriteCheck(); codeOf(err) != wire.WriteCheck {
		t.Errorf("on a read-only medium: %v", err)
	}
}

// The swap renames links as they are, so a companion that is one stays one;
// and a link to nothing in the place of an older version is not in its way.
func TestLinks(t *testing.T) {
	dir := memDir(t)
	files := stickFiles()
	delete(files, "xtra.tgz")
	files["xtra.tgz@../xtra.tgz"], files["linuxfs.old@linuxfs.99"] = "", ""
	put(t, dir, files)
	must(t, build(medium(t, dir, "linuxfs"), thePlan(), image("second")))
	if text, err := os.Readlink(dir + "/xtra.tgz.new"); err != nil || text != "../xtra.tgz" {
		t.Errorf("the new link: %q, %v", text, err)
	}
	if _, err := os.Stat(dir + "/linuxfs.new"); err != nil {
		t.Error(err)
	}
}

func TestCancelledCopy(t *testing.T) {
	dir := memDir(t)
	put(t, dir, stickFiles())
	before := exactTree(t, dir)
	b, err := medium(t, dir, "linuxfs").Begin(thePlan())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Companions(ctx, md5Text, fillTest); !errors.Is(err, context.Canceled) {
		t.Errorf("companions of a cancelled run: %v", err)
	}
	must(t, b.Abort())
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}

// Who may write to the directory moves the linuxfs to the name of a part that
// was just made: nothing of the copy goes there, and nothing is published.
func TestExchangedPartIsNotWritten(t *testing.T) {
	dir := memDir(t)
	put(t, dir, stickFiles())
	m := medium(t, dir, "linuxfs")
	_, err := m.Begin(thePlan())
	must(t, err)
	before, err := os.ReadFile(dir + "/linuxfs")
	must(t, err)
	const part = "xtra.tgz.part"
	f, err := copying{ctx: t.Context(), m: m}.file(m.dir, "xtra.tgz", m.dir, part, func() error {
		return errors.Join(os.Rename(dir+"/"+part, dir+"/taken"), os.Rename(dir+"/linuxfs", dir+"/"+part))
	})
	must(t, err)
	if err := m.publishFile(f, part, "xtra.tgz.new"); !errors.Is(err, sys.ErrUnsafe) {
		t.Errorf("published: %v", err)
	}
	after, err := os.ReadFile(dir + "/" + part)
	if err != nil || !bytes.Equal(after, before) {
		t.Errorf("the linuxfs was written: %v", err)
	}
	if _, err := os.Lstat(dir + "/xtra.tgz.new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was published: %v", err)
	}
}
