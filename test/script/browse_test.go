package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"antix-remaster/core/squashfs"
	"antix-remaster/test/livesys"
)

// TestBrowseWholeTree compares what is said of every file of a real system, and
// every content, with the same image mounted by the kernel.
func TestBrowseWholeTree(t *testing.T) {
	sys, err := livesys.New(t.Context(), livesys.Options{Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sys.Stop() })
	if err := sys.InstallProgram(programs); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(sys.StickPath("linuxfs"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := squashfs.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	root, entries := mountImage(t, f.Name()), 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		got, err := im.List(path[len(root):])
		if want := lstatAll(t, path); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", path, got, err, want)
		}
		for _, e := range got {
			sameContent(t, im, e, path[len(root):]+"/"+e.Name, filepath.Join(path, e.Name))
		}
		entries += len(got)
		return nil
	})
	if err != nil || entries < 5000 {
		t.Errorf("%d entries, %v", entries, err)
	}
	listedByCLI(t, sys, root)
}

func lstatAll(t *testing.T, dir string) []squashfs.Entry {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []squashfs.Entry
	for _, d := range all {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		e := squashfs.Entry{Name: d.Name(), Mode: info.Mode(), MTime: info.ModTime().Unix()}
		if e.Mode.IsRegular() {
			e.Size = info.Size()
		}
		e.Target, _ = os.Readlink(filepath.Join(dir, d.Name()))
		out = append(out, e)
	}
	return out
}

func sameContent(t *testing.T, im *squashfs.Image, e squashfs.Entry, inside, outside string) {
	t.Helper()
	if !e.Mode.IsRegular() {
		return
	}
	want, err := os.ReadFile(outside)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := im.Copy(t.Context(), inside, &got); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: %d bytes, want %d (%v)", inside, got.Len(), len(want), err)
	}
}

// listedByCLI does it through the front door for every directory of /etc.
func listedByCLI(t *testing.T, sys *livesys.System, root string) {
	t.Helper()
	dirs := 0
	err := filepath.WalkDir(root+"/etc", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		dirs++
		out, err := sys.Output(t.Context(), "antix-remaster-cli", "browse", "running", path[len(root):], "--json")
		var line struct {
			Entries []struct {
				Name, Type, Mode, Target string
				Size, MTime              int64
			}
		}
		if err != nil || json.Unmarshal([]byte(out), &line) != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
		var got, want []string
		for _, e := range line.Entries {
			got = append(got, fmt.Sprintf("%s %s %d %d %s", e.Name, e.Mode, e.Size, e.MTime, e.Target))
		}
		for _, e := range lstatAll(t, path) {
			var st syscall.Stat_t
			if err := syscall.Lstat(filepath.Join(path, e.Name), &st); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf("%s %04o %d %d %s", e.Name, st.Mode&0o7777, e.Size, e.MTime, e.Target))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", path, got, want)
		}
		return nil
	})
	if err != nil || dirs < 20 {
		t.Errorf("%d directories, %v", dirs, err)
	}
}
