package squashfs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// zoo is tree with every other kind of file, odd modes, times and names.
func zoo(t testing.TB) string {
	t.Helper()
	dir := tree(t)
	for name, mode := range map[string]uint32{"pipe": syscall.S_IFIFO | 0o600, "disk": syscall.S_IFBLK | 0o660, "tty": syscall.S_IFCHR | 0o620} {
		if err := syscall.Mknod(filepath.Join(dir, name), mode, 0x0501); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	write(t, dir+"/odd/ \xff\n name", []byte("x"))
	for name, mode := range map[string]fs.FileMode{"exact": fs.ModeSetuid | 0o4755, "empty": fs.ModeSetgid | 0o2070, "odd": fs.ModeSticky | 0o777, "noise": 0} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, at := range map[string]int64{"text": 0, "noise": 1<<32 - 1, "odd": 981173106} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Unix(at, 0), time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestListsAndCopies compares all that is said of every file, and its content,
// with the directory that was packed.
func TestListsAndCopies(t *testing.T) {
	dir := zoo(t)
	for _, args := range [][]string{{"-comp", "zstd"}, {"-comp", "xz", "-b", "8192"}, {"-comp", "gzip", "-noI", "-no-fragments"}, {"-comp", "lz4"}} {
		im, err := Open(bytes.NewReader(pack(t, dir, args...)))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			want := lstatAll(t, path)
			got, err := im.List(path[len(dir):])
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%v %s:\n got %+v, %v\nwant %+v", args, path, got, err, want)
			}
			seen += len(got)
			for _, e := range got {
				copied(t, im, path[len(dir):]+"/"+e.Name, filepath.Join(path, e.Name), e)
			}
			return nil
		})
		if err != nil || seen < 1020 {
			t.Errorf("%v: %d entries, %v", args, seen, err)
		}
	}
}

func lstatAll(t *testing.T, dir string) []Entry {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []Entry
	for _, d := range all {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		// An image has 32 bits of a time, from 1970 on; so has stat on 32 bit, but with a sign.
		e := Entry{Name: d.Name(), Mode: info.Mode(), MTime: int64(uint32(info.ModTime().Unix()))}
		if e.Mode.IsRegular() {
			e.Size = info.Size()
		}
		e.Target, _ = os.Readlink(filepath.Join(dir, d.Name()))
		out = append(out, e)
	}
	return out
}

// copied compares one file, and what Stat says of it.
func copied(t *testing.T, im *Image, inside, outside string, want Entry) {
	t.Helper()
	if got, err := im.Stat(inside, false); err != nil || got != want {
		t.Errorf("%s: %+v, %v, want %+v", inside, got, err, want)
	}
	if !want.Mode.IsRegular() {
		return
	}
	content, err := os.ReadFile(outside)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := im.Copy(t.Context(), inside, &out); err != nil || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("%s: %d bytes, want %d (%v)", inside, out.Len(), len(content), err)
	}
}

func TestCopyFollowsAndEnds(t *testing.T) {
	im, err := Open(bytes.NewReader(pack(t, tree(t), "-comp", "gzip")))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := im.Copy(t.Context(), "/tolink", &out); err != nil || out.Len() != 70_000 {
		t.Errorf("through a link: %d bytes, %v", out.Len(), err)
	}
	if e, err := im.Stat("/tolink", true); err != nil || e.Size != 70_000 || e.Name != "tolink" {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := im.Stat("/", true); err != nil || !e.Mode.IsDir() || e.Name != "" {
		t.Errorf("%+v, %v", e, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		path string
		want error
	}{
		{t.Context(), "gone", fs.ErrNotExist}, {t.Context(), "dangling", fs.ErrNotExist}, {t.Context(), "loop", fs.ErrInvalid},
		{t.Context(), "etc", fs.ErrInvalid}, {t.Context(), "", fs.ErrInvalid}, {ended, "text", context.Canceled},
	} {
		if err := im.Copy(c.ctx, c.path, &out); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.path, err, c.want)
		}
	}
	if err := im.Copy(t.Context(), "text", &sink{1000}); err == nil {
		t.Error("a full disk was not noticed")
	}
	for _, path := range []string{"gone", "noise", "dangling"} {
		if all, err := im.List(path); err == nil {
			t.Errorf("%q is no directory, and holds %v", path, all)
		}
	}
}

// TestBadNames: an image is somebody else's, and its names become names of files.
func TestBadNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/abcdef", nil)
	raw := pack(t, dir, "-noI", "-nopad")
	for _, bad := range []string{"/bcdef", "abc/ef", "abc\x00ef"} {
		im, err := Open(bytes.NewReader(bytes.Replace(raw, []byte("abcdef"), []byte(bad), 1)))
		if err != nil {
			t.Fatal(err)
		}
		if all, err := im.List(""); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %v, %v", bad, all, err)
		}
	}
}
