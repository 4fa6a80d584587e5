package sys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// actions are all that can be done with a name.
func actions(d *Dir, name string) map[string]error {
	file := func(f *os.File, err error) error {
		if err == nil {
			f.Close()
		}
		return err
	}
	sub, errDir := d.Dir(name)
	if errDir == nil {
		sub.Close()
	}
	_, errLstat := d.Lstat(name)
	_, errReadlink := d.Readlink(name)
	return map[string]error{
		"open": file(d.Open(name, os.O_RDWR)), "open a tree's": file(d.OpenTree(name)), "dir": errDir, "lstat": errLstat,
		"readlink": errReadlink, "rename from": d.Rename(name, d, "moved"), "rename to": d.Rename("file", d, name),
		"remove all": d.RemoveAll(name), "remove": d.Remove(name), "symlink": d.Symlink("file", name),
		"set link": d.SetLink(name, Node{}), "create": file(d.Create(name)), "mkdir": d.Mkdir(name, 0o700),
	}
}

func TestNames(t *testing.T) {
	path, _ := zoo(t)
	d := openDir(t, path)
	before := snapshot(t, filepath.Dir(path))
	for _, name := range []string{"", ".", "..", "/", "//", "dir/", "/etc", "dir/inner", "./file", "../outside/secret", "outdir/secret",
		"file\x00", "\x00", "a\x00b", strings.Repeat("n", 256), strings.Repeat("n", 5000)} {
		for what, err := range actions(d, name) {
			if !errors.Is(err, ErrName) {
				t.Errorf("%s %.20q: %v", what, name, err)
			}
		}
	}
	if after := snapshot(t, filepath.Dir(path)); after != before {
		t.Errorf("the tree changed\nfrom\n%sto\n%s", before, after)
	}
	for _, name := range []string{"a", "...", "-rf", " ", "a\nb", "\xff\xfe", "*", "$(id)", "~", `a\b`, strings.Repeat("n", 255)} {
		f, err := d.Create(name)
		must(t, err)
		must(t, f.Close())
		if names, err := d.Names(); err != nil || !strings.Contains("\x00"+strings.Join(names, "\x00")+"\x00", "\x00"+name+"\x00") {
			t.Errorf("%q is not there: %q, %v", name, names, err)
		}
		must(t, d.Remove(name))
	}
	if names, err := d.Names(); err != nil || len(names) != 11 {
		t.Errorf("left: %q, %v", names, err)
	}
}

// Whatever name is asked for, nothing outside of the directory is touched, and
// no action takes a name that is not one component.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"", "..", "../outside/secret", "outdir/secret", "/etc/passwd", "file", "out", "outdir", "fifo", "a\x00b", "\xff", "new", strings.Repeat("n", 256)} {
		f.Add(name)
	}
	path, _ := zoo(f)
	outside := snapshot(f, filepath.Dir(path)+"/outside")
	f.Fuzz(func(t *testing.T, name string) {
		dir := t.TempDir() + "/zoo"
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.WriteFile(dir+"/file", []byte("text"), 0o644))
		must(t, os.Symlink(filepath.Dir(path)+"/outside/secret", dir+"/out"))
		must(t, os.Symlink(filepath.Dir(path)+"/outside", dir+"/outdir"))
		d := openDir(t, dir)
		plain := name != "" && name != "." && name != ".." && len(name) <= 255 && !strings.ContainsAny(name, "/\x00")
		for what, err := range actions(d, name) {
			if errors.Is(err, ErrName) == plain {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
		if names, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(names) != 1 {
			t.Errorf("%q made something beside the directory: %v, %v", name, names, err)
		}
		if after := snapshot(t, filepath.Dir(path)+"/outside"); after != outside {
			t.Errorf("%q reached outside\nfrom\n%sto\n%s", name, outside, after)
		}
	})
}
