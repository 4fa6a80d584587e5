package sys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// zoo is a directory with one entry of every kind, a secret beside it that no
// link may lead to, and the names of its entries.
func zoo(t testing.TB) (path string, names []string) {
	t.Helper()
	top := t.TempDir()
	path = filepath.Join(top, "zoo")
	must(t, os.MkdirAll(filepath.Join(top, "outside/sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(top, "outside/secret"), []byte("secret"), 0o600))
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(path+"/file", []byte("text"), 0o644))
	must(t, os.Mkdir(path+"/dir", 0o755))
	must(t, os.WriteFile(path+"/dir/inner", nil, 0o644))
	for name, target := range map[string]string{"link": "file", "linkdir": "dir", "out": "../outside/secret", "outdir": "../outside", "dangling": "none"} {
		must(t, os.Symlink(target, filepath.Join(path, name)))
	}
	must(t, unix.Mkfifo(path+"/fifo", 0o644))
	must(t, unix.Mknod(path+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(t, unix.Mknod(path+"/loop", unix.S_IFBLK|0o600, int(unix.Mkdev(7, 0))))
	must(t, unix.Mknod(path+"/socket", unix.S_IFSOCK|0o666, 0))
	return path, []string{"dangling", "dir", "fifo", "file", "link", "linkdir", "loop", "null", "out", "outdir", "socket"}
}

// withMounts mounts a file system on a directory and a foreign file on a file.
func withMounts(t testing.TB, path string) {
	t.Helper()
	must(t, os.Mkdir(path+"/mount", 0o755))
	mountTmpfs(t, path+"/mount")
	must(t, os.WriteFile(path+"/mount/foreign", []byte("foreign"), 0o644))
	must(t, os.WriteFile(path+"/bound", nil, 0o644))
	must(t, unix.Mount(path+"/mount/foreign", path+"/bound", "", unix.MS_BIND, ""))
	t.Cleanup(func() { _ = unix.Unmount(path+"/bound", unix.MNT_DETACH) })
}

func TestOpensOnlyPlainFiles(t *testing.T) {
	path, names := zoo(t)
	withMounts(t, path)
	d := openDir(t, path)
	before := snapshot(t, filepath.Dir(path))
	for _, name := range append(names, "mount", "bound") {
		for what, flags := range map[string]int{"to read": os.O_RDONLY, "to append": os.O_WRONLY | os.O_APPEND, "to write": os.O_RDWR} {
			f, err := d.Open(name, flags)
			if err == nil {
				f.Close()
			}
			if (err == nil) != (name == "file") || err != nil && !errors.Is(err, ErrUnsafe) {
				t.Errorf("open %s %s: %v", name, what, err)
			}
		}
		sub, err := d.Dir(name)
		if err == nil {
			sub.Close()
		}
		if (err == nil) != (name == "dir") {
			t.Errorf("open the directory %s: %v", name, err)
		}
	}
	if _, err := d.Dir("mount"); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a directory on another device: %v", err)
	}
	if _, err := d.Open("absent", os.O_RDONLY); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is not there: %v", err)
	}
	if _, err := OpenDir(path + "/linkdir"); err == nil {
		t.Error("a link to a directory was opened")
	}
	if after := snapshot(t, filepath.Dir(path)); after != before {
		t.Errorf("opening changed the tree\nfrom\n%sto\n%s", before, after)
	}
}

// A fifo has no other side: an ordinary open of it would wait for ever.
func TestFifoDoesNotHang(t *testing.T) {
	path, _ := zoo(t)
	d := openDir(t, path)
	done := make(chan error, 2)
	go func() {
		for _, flags := range []int{os.O_RDONLY, os.O_WRONLY} {
			_, err := d.Open("fifo", flags)
			done <- err
		}
	}()
	for range 2 {
		select {
		case err := <-done:
			if !errors.Is(err, ErrUnsafe) {
				t.Errorf("a fifo was opened: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("opening a fifo hangs")
		}
	}
}

// Whatever has a name keeps it: nothing is made in its place, truncated or
// followed.
func TestMakesOnlyNewNames(t *testing.T) {
	path, names := zoo(t)
	d := openDir(t, path)
	before := snapshot(t, filepath.Dir(path))
	for _, name := range names {
		f, err := d.Create(name)
		if err == nil {
			f.Close()
		}
		for what, err := range map[string]error{"create": err, "mkdir": d.Mkdir(name, 0o755), "symlink": d.Symlink("file", name)} {
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s %s: %v", what, name, err)
			}
		}
	}
	if after := snapshot(t, filepath.Dir(path)); after != before {
		t.Errorf("the tree changed\nfrom\n%sto\n%s", before, after)
	}
	f, err := d.Create("new")
	must(t, err)
	defer f.Close()
	if e, err := d.Lstat("new"); err != nil || !e.IsRegular() || e.Mode.Perm() != 0o644 || e.Links != 1 || !d.SameFile("new", f) {
		t.Errorf("created %+v, %v", e, err)
	}
}

func TestRenameNeverReplaces(t *testing.T) {
	path, names := zoo(t)
	must(t, os.Mkdir(path+"/dst", 0o755))
	d, dst := openDir(t, path), openDir(t, path+"/dst")
	before := snapshot(t, filepath.Dir(path))
	for _, from := range names {
		for _, to := range names {
			if err := d.Rename(from, d, to); from != to && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
	if err := d.Rename("absent", dst, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("renamed what is not there: %v", err)
	}
	if after := snapshot(t, filepath.Dir(path)); after != before {
		t.Errorf("the tree changed\nfrom\n%sto\n%s", before, after)
	}
	for _, name := range names {
		was, err := d.Lstat(name)
		must(t, err)
		must(t, d.Rename(name, dst, name+".moved"))
		is, err := dst.Lstat(name + ".moved")
		if err != nil || is != was || d.Exists(name) {
			t.Errorf("%s is %+v, was %+v, %v", name, is, was, err)
		}
	}
}

// TestExchangeAndReplace: whatever has the names, links themselves are meant.
func TestExchangeAndReplace(t *testing.T) {
	path, names := zoo(t)
	d := openDir(t, path)
	must(t, os.WriteFile(path+"/mine", []byte("mine"), 0o644))
	mine, err := d.Lstat("mine")
	must(t, err)
	for _, name := range names {
		was, err := d.Lstat(name)
		must(t, err)
		must(t, d.Exchange("mine", name))
		if a, _ := d.Lstat(name); a != mine {
			t.Errorf("%s is %+v", name, a)
		}
		must(t, d.Exchange("mine", name))
		if a, _ := d.Lstat(name); a != was {
			t.Errorf("%s is %+v, was %+v", name, a, was)
		}
	}
	if err := d.Exchange("mine", "absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("exchanged with nothing: %v", err)
	}
	must(t, d.Replace("mine", "out"))
	if a, _ := d.Lstat("out"); a != mine || d.Exists("mine") {
		t.Errorf("out is %+v", a)
	}
	for _, bad := range []string{"", "..", "a/b"} {
		if err := errors.Join(d.Exchange("out", bad), d.Replace("out", bad)); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRemoveAllStaysInside(t *testing.T) {
	path, _ := zoo(t)
	top := filepath.Dir(path)
	withMounts(t, path)
	d := openDir(t, top)
	outside := snapshot(t, top+"/outside")
	if err := d.RemoveAll("zoo"); err == nil {
		t.Error("a tree with a mount in it was removed without an error")
	}
	if text, err := os.ReadFile(path + "/mount/foreign"); err != nil || string(text) != "foreign" {
		t.Errorf("the file of the other file system: %q, %v", text, err)
	}
	must(t, unix.Unmount(path+"/bound", 0))
	must(t, unix.Unmount(path+"/mount", 0))
	must(t, d.RemoveAll("zoo"))
	must(t, d.RemoveAll("zoo")) // gone already is what was wanted
	if after := snapshot(t, top+"/outside"); after != outside {
		t.Errorf("what links led to changed\nfrom\n%sto\n%s", outside, after)
	}
	if names, err := d.Names(); err != nil || strings.Join(names, " ") != "outside" {
		t.Errorf("left: %q, %v", names, err)
	}
}

// A link is removed, not what it leads to; a full directory is no entry.
func TestRemove(t *testing.T) {
	path, names := zoo(t)
	d := openDir(t, path)
	outside := snapshot(t, filepath.Dir(path)+"/outside")
	for _, name := range append(names, "absent") {
		if err := d.Remove(name); (err == nil) != (name != "dir") || d.Exists(name) != (name == "dir") {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, d.RemoveAll("dir"))
	if names, err := d.Names(); err != nil || len(names) > 0 {
		t.Errorf("left: %q, %v", names, err)
	}
	if after := snapshot(t, filepath.Dir(path)+"/outside"); after != outside {
		t.Errorf("what links led to changed\nfrom\n%sto\n%s", outside, after)
	}
}

// SameFile knows the open file, not its name or its content.
func TestSameFile(t *testing.T) {
	path, _ := zoo(t)
	d := openDir(t, path)
	f, err := d.Open("file", os.O_RDONLY)
	must(t, err)
	defer f.Close()
	must(t, os.Link(path+"/file", path+"/second"))
	must(t, os.WriteFile(path+"/copy", []byte("text"), 0o644))
	for name, want := range map[string]bool{"file": true, "second": true, "copy": false, "link": false, "absent": false} {
		if got := d.SameFile(name, f); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	must(t, os.Rename(path+"/copy", path+"/file"))
	if d.SameFile("file", f) {
		t.Error("another file under the name passes")
	}
}

// A hard link would lead a write out of the directory.
func TestWritesNoHardLink(t *testing.T) {
	path, _ := zoo(t)
	must(t, os.Link(path+"/../outside/secret", path+"/linked"))
	d := openDir(t, path)
	for _, flags := range []int{os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND} {
		if f, err := d.Open("linked", flags); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%d: opened %v, %v", flags, f, err)
		}
	}
	f, err := d.Open("linked", os.O_RDONLY)
	must(t, err)
	f.Close()
}

// A directory of the same file system that is mounted below is not entered.
func TestRemoveAllStopsAtMounts(t *testing.T) {
	path, _ := zoo(t)
	must(t, os.Mkdir(path+"/dir/mounted", 0o755))
	must(t, unix.Mount(path+"/../outside", path+"/dir/mounted", "", unix.MS_BIND, ""))
	t.Cleanup(func() { _ = unix.Unmount(path+"/dir/mounted", unix.MNT_DETACH) })
	if err := openDir(t, path).RemoveAll("dir"); !errors.Is(err, ErrUnsafe) {
		t.Errorf("RemoveAll: %v", err)
	}
	if text, err := os.ReadFile(path + "/../outside/secret"); string(text) != "secret" {
		t.Errorf("it removed what is mounted: %v", err)
	}
}
