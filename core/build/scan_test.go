package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// sparse writes a page of data behind a hole of a megabyte.
func sparse(t testing.TB, name string) {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	_, err = f.WriteAt(make([]byte, 4096), 1<<20)
	must(t, err)
	must(t, f.Close())
}

func count(t testing.TB, dir string, patterns ...string) Scan {
	t.Helper()
	s, err := Count(t.Context(), dir, plan.Compile(patterns), nil)
	must(t, err)
	return s
}

func text(n int) string { return strings.Repeat("x", n) }

func TestCount(t *testing.T) {
	for name, c := range map[string]struct {
		patterns []string
		files    [][2]string
		want     Scan
	}{
		"empty":       {nil, nil, Scan{}},
		"files":       {nil, [][2]string{{"a", text(5)}, {"b/c", text(10000)}, {"d", ""}}, Scan{Entries: 4, Bytes: 10005, Read: 10005, Sizes: 10005}},
		"no files":    {nil, [][2]string{{"a/", ""}, {"b.zip/", ""}, {"c", "@a"}, {"d.zip", "@nowhere"}}, Scan{Entries: 4}},
		"links once":  {nil, [][2]string{{"a", text(5)}, {"b/c", "=a"}, {"z", "=a"}, {"y", text(7)}}, Scan{Entries: 5, Bytes: 12, Read: 22, Sizes: 12}},
		"media apart": {nil, [][2]string{{"a.JPG", text(5)}, {"b.tar.gz", text(6)}, {"c.gz/d", text(7)}, {".zip", text(8)}, {"zip", text(9)}}, Scan{Entries: 6, Bytes: 16, Media: 19, Read: 35, Sizes: 35}},
		"excluded": {[]string{"a", "b/*", "*/*.iso"}, [][2]string{{"a/x", text(5)}, {"b/y", text(6)}, {"c/z.iso", text(7)}, {"c/k", text(8)}, {"z.iso", text(9)}},
			Scan{Entries: 4, Bytes: 8, Media: 9, Read: 17, Sizes: 17}},
		"home packed": {nil, [][2]string{{"home/u/a", text(5)}, {"home/f.png", text(6)}, {"homework", text(7)}, {"x/home/y", text(8)}},
			Scan{Entries: 8, Bytes: 20, Media: 6, Home: 11, Read: 26, Sizes: 26}},
		"home left": {[]string{"home/*", "home/.*"}, [][2]string{{"home/u/a", text(5)}, {"home/.h", text(6)}, {"home/u/.b/c.png", text(7)}, {"home/v", "=home/u/a"}, {"x", text(8)}},
			Scan{Entries: 2, Bytes: 8, Home: 18, Read: 8, Sizes: 8}},
		"a part of home left": {[]string{"home/lost+found"}, [][2]string{{"home/lost+found/a", text(5)}, {"home/u", text(6)}}, Scan{Entries: 2, Bytes: 6, Home: 11, Read: 6, Sizes: 6}},
	} {
		dir := memDir(t)
		put(t, dir, c.files...)
		got := count(t, dir, c.patterns...)
		got.stamps = nil
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestCountHoles(t *testing.T) {
	const page, length = 4096, 1<<20 + 4096
	dir := memDir(t)
	sparse(t, filepath.Join(dir, "sparse"))
	sparse(t, filepath.Join(dir, "sparse.iso"))
	put(t, dir, [2]string{"hole", ""})
	must(t, os.Truncate(filepath.Join(dir, "hole"), 1<<40))
	got := count(t, dir)
	got.stamps = nil
	if want := (Scan{Entries: 3, Bytes: page, Media: page, Read: 2*length + 1<<40, Sizes: 2*length + 1<<40}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDense(t *testing.T) {
	for s, want := range map[*Scan]float64{
		{}:                               1,
		{Bytes: 5, Media: 5, Sizes: 40}:  0.25,
		{Bytes: 40, Sizes: 40, Read: 80}: 1,
		{Bytes: 41, Sizes: 40}:           1,
		{Sizes: 40, Home: 40}:            0,
	} {
		if got := s.Dense(); got != want {
			t.Errorf("%+v: %v, want %v", s, got, want)
		}
	}
}

func TestCountReportsAndStops(t *testing.T) {
	dir := memDir(t)
	for i := range 3000 {
		put(t, dir, [2]string{fmt.Sprintf("%d/f", i/100*100+i), ""})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var seen []int64
	s, err := Count(ctx, dir, plan.Rules{}, func(n int64) { seen = append(seen, n) })
	if err != nil || s.Entries != 6000 || !reflect.DeepEqual(seen, []int64{1024, 2048, 3072, 4096, 5120}) {
		t.Errorf("%d entries, reported %v, %v", s.Entries, seen, err)
	}
	_, err = Count(ctx, dir, plan.Rules{}, func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Count(t.Context(), filepath.Join(dir, "nowhere"), plan.Rules{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
}

// Whatever is done to an entry shows, also when its clock is set back. Only
// what was done is not as it was.
func TestUnchanged(t *testing.T) {
	old := time.Unix(1_000_000_000, 0)
	edits := map[string]func(name string) error{
		"nothing": func(string) error { return nil },
		"content": func(name string) error { return os.WriteFile(name, []byte("after"), 0o644) },
		"longer":  func(name string) error { return os.WriteFile(name, []byte("longer"), 0o644) },
		"mode":    func(name string) error { return os.Chmod(name, 0o600) },
		"owner":   func(name string) error { return os.Chown(name, 1, 1) },
		"replaced": func(name string) error {
			return errors.Join(os.Remove(name), os.WriteFile(name, []byte("begun"), 0o644))
		},
		"time": func(name string) error { return os.Chtimes(name, old.Add(time.Second), old.Add(time.Second)) },
	}
	dir := memDir(t)
	for name := range edits {
		p := filepath.Join(dir, "d", name)
		put(t, dir, [2]string{"d/" + name, "begun"}, [2]string{"d/left out/" + name, "begun"})
		must(t, os.Chtimes(p, old, old))
	}
	s := count(t, dir, "d/left out")
	time.Sleep(30 * time.Millisecond) // the clock of the file system goes in steps of up to 10 ms
	for name, edit := range edits {
		must(t, edit(filepath.Join(dir, "d", name)))
		if name != "time" && name != "nothing" {
			must(t, os.Chtimes(filepath.Join(dir, "d", name), old, old))
		}
	}
	d, err := sys.OpenDir(filepath.Join(dir, "d"))
	must(t, err)
	defer d.Close()
	for name := range edits {
		n, err := d.Node(name)
		must(t, err)
		if got := s.Unchanged("d/"+name, n); got != (name == "nothing") {
			t.Errorf("%s: unchanged is %v", name, got)
		}
		if !s.Known("d/"+name) || s.Known("d/left out/"+name) || s.Unchanged("d/left out/"+name, n) || s.Unchanged(name, n) {
			t.Errorf("%s: known is wrong", name)
		}
	}
}

func TestUnchangedDirectories(t *testing.T) {
	dir := memDir(t)
	put(t, dir, [2]string{"a/x", ""}, [2]string{"b/x", ""})
	s := count(t, dir)
	time.Sleep(30 * time.Millisecond)
	put(t, dir, [2]string{"b/y", ""})
	must(t, os.Chtimes(dir, time.Now(), time.Now()))
	root, err := sys.OpenDir(dir)
	must(t, err)
	defer root.Close()
	self, err := root.Self()
	must(t, err)
	if s.Unchanged("", self) || !s.Known("") {
		t.Error("the root")
	}
	for name, want := range map[string]bool{"a": true, "b": false} {
		n, err := root.Node(name)
		must(t, err)
		if s.Unchanged(name, n) != want {
			t.Errorf("%s: unchanged is %v", name, !want)
		}
	}
}
