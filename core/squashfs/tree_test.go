package squashfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"
)

// listing describes every entry of an image by its path.
func listing(t *testing.T, im *Image) map[string]string {
	t.Helper()
	var names []string
	out := map[string]string{}
	err := im.Tree(t.Context(), func(i int, e Node) error {
		if i != len(names) {
			t.Fatalf("number %d after %d", i, len(names))
		}
		name := ""
		if e.Dir >= 0 {
			name = path.Join(names[e.Dir], e.Name)
		}
		names = append(names, name)
		out[name] = fmt.Sprintf("%#o %d", e.Type, e.MTime)
		if e.Type == 0o100000 {
			out[name] += fmt.Sprintf(" %d", e.Size)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// onDisk describes the same tree as the kernel shows it.
func onDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if rel == "." {
			rel = ""
		}
		kind := map[fs.FileMode]uint32{0: 0o100000, fs.ModeDir: 0o040000, fs.ModeSymlink: 0o120000, fs.ModeNamedPipe: 0o010000}[d.Type()]
		out[rel] = fmt.Sprintf("%#o %d", kind, info.ModTime().Unix())
		if d.Type().IsRegular() {
			out[rel] += fmt.Sprintf(" %d", info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTree(t *testing.T) {
	dir := tree(t)
	if err := os.Chtimes(dir+"/noise", time.Time{}, time.Unix(1_000_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	want := onDisk(t, dir)
	for _, args := range [][]string{{"-comp", "zstd"}, {"-comp", "xz", "-b", "8192"}, {"-comp", "gzip", "-noI"}, {"-comp", "lz4", "-no-fragments"}} {
		im, err := Open(bytes.NewReader(pack(t, dir, args...)))
		if err != nil {
			t.Fatal(err)
		}
		if got := listing(t, im); !maps.Equal(got, want) {
			t.Errorf("%v: %v\nwant %v", args, got, want)
		}
	}
}

// TestTreeStored adds up what the blocks take: without duplicates that is all
// of the image before its tables.
func TestTreeStored(t *testing.T) {
	dir := tree(t)
	for _, args := range [][]string{{"-comp", "gzip", "-b", "8192"}, {"-comp", "gzip", "-no-fragments"}, {"-comp", "gzip", "-b", "4096", "-noD"}} {
		im, err := Open(bytes.NewReader(pack(t, dir, append(args, "-no-duplicates", "-noI", "-noF")...)))
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		err = im.Tree(t.Context(), func(_ int, e Node) error {
			for _, b := range e.Blocks {
				sum += Stored(b)
			}
			return nil
		})
		list, err2 := im.FragmentBlocks()
		for _, f := range list {
			sum += Stored(f.Size)
		}
		if want := im.Super.InodeTable - superSize; errors.Join(err, err2) != nil || sum != want || len(list) != int(im.Super.Fragments) {
			t.Errorf("%v: %d bytes in %d fragments, want %d in %d: %v", args, sum, len(list), want, im.Super.Fragments, errors.Join(err, err2))
		}
	}
}

func TestTreeEnds(t *testing.T) {
	im, err := Open(bytes.NewReader(small(t)[0]))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	none := func(int, Node) error { return nil }
	if err := im.Tree(ctx, none); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := im.Tree(t.Context(), func(int, Node) error { return errXZ }); !errors.Is(err, errXZ) {
		t.Error(err)
	}
}

func TestLevel(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a", bytes.Repeat([]byte("some text "), 900))
	for _, c := range []struct {
		args  []string
		level int
		usual bool
	}{
		{[]string{"-comp", "zstd"}, 15, true},
		{[]string{"-comp", "zstd", "-Xcompression-level", "3"}, 3, true},
		{[]string{"-comp", "gzip"}, 9, true},
		{[]string{"-comp", "gzip", "-Xcompression-level", "1"}, 1, true},
		{[]string{"-comp", "gzip", "-Xwindow-size", "8"}, 9, false},
		{[]string{"-comp", "gzip", "-Xstrategy", "filtered"}, 9, false},
		{[]string{"-comp", "xz"}, 0, true},
		{[]string{"-comp", "xz", "-Xbcj", "x86"}, 0, false},
		{[]string{"-comp", "xz", "-Xdict-size", "8K"}, 0, false},
		{[]string{"-comp", "lz4"}, 0, true},
		{[]string{"-comp", "lz4", "-Xhc"}, 0, false},
	} {
		im, err := Open(bytes.NewReader(pack(t, dir, c.args...)))
		if err != nil {
			t.Fatal(err)
		}
		if level, usual := im.Level(); level != c.level || usual != c.usual {
			t.Errorf("%v: %d, %v", c.args, level, usual)
		}
	}
}
