package persist

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/test/private"
)

// TestMain runs the tests where their mounts are seen by nobody else.
func TestMain(m *testing.M) {
	private.Mounts()
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, dir string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "rootfs.part"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// mounted mounts a file of a file system.
func mounted(t *testing.T, file string, options string) string {
	t.Helper()
	dir := t.TempDir()
	output(t, "mount", "-o", options, file, dir)
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// The initrd decides by what is in it (contract §7): nothing but lost+found.
func TestMake(t *testing.T) {
	for name, whole := range map[string]bool{"sparse": false, "whole": true} {
		t.Run(name, func(t *testing.T) {
			const size = 100<<20 + 4096 // no multiple of a chunk
			f := create(t, t.TempDir())
			var told []int64
			syncs := 0
			must(t, Make(t.Context(), f, plan.Companion{Name: "rootfs", Fresh: size, Whole: whole},
				func() error { syncs++; return f.Sync() }, func(n int64) { told = append(told, n) }))
			total, allocated, err := sys.Allocated(f.Name())
			must(t, err)
			if total != size || syncs != 2 {
				t.Errorf("%d bytes, %d of them taken, %d syncs", total, allocated, syncs)
			}
			if !whole && allocated > (plan.Companion{Fresh: size}).Place() {
				t.Errorf("takes %d bytes", allocated)
			}
			if whole && (len(told) != 26 || told[25] != size) || !whole && told != nil {
				t.Errorf("told of %v", told)
			}
			if text := output(t, "dumpe2fs", "-h", f.Name()); !regexp.MustCompile(`(?m)volume name: +rootfs$`).MatchString(text) {
				t.Errorf("label: %s", text)
			}
			names, err := os.ReadDir(mounted(t, f.Name(), "loop,ro"))
			if must(t, err); len(names) != 1 || names[0].Name() != "lost+found" {
				t.Errorf("it holds %v", names)
			}
		})
	}
}

// The id that the initrd compares (contract §7), of both kinds of union.
func TestVersion(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"overlay":   {"upper/etc/live/version/rootfs.ver", "==== 01\n\ntitle: a\n==== 02\ntitle: b\n", "02"},
		"aufs":      {"etc/live/version/rootfs.ver", "==== 03\n", "03"},
		"empty":     {"lost", "", ""},
		"no id":     {"upper/etc/live/version/rootfs.ver", "title: a\n", ""},
		"elsewhere": {"upper/etc/live/version/linuxfs.ver", "==== 04\n", ""},
	} {
		tree, f := t.TempDir(), create(t, t.TempDir())
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(tree, c.file)), 0o755))
		must(t, os.WriteFile(filepath.Join(tree, c.file), []byte(c.text), 0o644))
		must(t, f.Truncate(8<<20))
		output(t, "mkfs.ext4", "-q", "-F", "-d", tree, f.Name())
		before, err := os.ReadFile(f.Name())
		must(t, err)
		if got := Version(t.Context(), f); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		if after, err := os.ReadFile(f.Name()); err != nil || string(after) != string(before) {
			t.Errorf("%s: it was written to (%v)", name, err)
		}
	}
	f := create(t, t.TempDir())
	_, err := f.WriteString("no file system")
	if must(t, err); Version(t.Context(), f) != "" {
		t.Error("an id of what is no file system")
	}
}

// One byte of each kind of table: all are found.
func TestDamageIsFound(t *testing.T) {
	const size = 100 << 20
	f := create(t, t.TempDir())
	must(t, Make(t.Context(), f, plan.Companion{Fresh: size}, f.Sync, nil))
	must(t, check(t.Context(), f, size))
	for what, at := range map[string]int64{"superblock": 1024 + 0x38, "free blocks": 1024 + 0x0c, "group": 2048 + 4} {
		b := make([]byte, 1)
		_, err := f.ReadAt(b, at)
		must(t, err)
		_, err = f.WriteAt([]byte{b[0] ^ 0x40}, at)
		must(t, errors.Join(err, f.Sync()))
		if err := check(t.Context(), f, size); err == nil {
			t.Errorf("%s: not found", what)
		}
		_, err = f.WriteAt(b, at)
		must(t, errors.Join(err, f.Sync()))
	}
	must(t, check(t.Context(), f, size))
	must(t, f.Truncate(size-4096))
	if err := check(t.Context(), f, size); err == nil || !strings.Contains(err.Error(), "instead of") {
		t.Errorf("a short file: %v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := create(t, t.TempDir())
	err := Make(ctx, f, plan.Companion{Fresh: 100 << 20, Whole: true}, f.Sync, func(n int64) {
		if n >= 20<<20 {
			cancel()
		}
	})
	if e, _ := f.Stat(); !errors.Is(err, context.Canceled) || e.Size() != 20<<20 {
		t.Errorf("%v at %d bytes", err, e.Size())
	}
}

// A step that fails ends it, and the programs say why.
func TestFailure(t *testing.T) {
	broken := errors.New("no medium")
	f := create(t, t.TempDir())
	err := Make(t.Context(), f, plan.Companion{Fresh: 100 << 20}, func() error { return broken }, nil)
	if !errors.Is(err, broken) {
		t.Errorf("a sync: %v", err)
	}
	small := create(t, t.TempDir())
	if err := Make(t.Context(), small, plan.Companion{Fresh: 1000}, small.Sync, nil); err == nil || !strings.Contains(err.Error(), "mkfs.ext4 failed") {
		t.Errorf("mkfs.ext4: %v", err)
	}
	full := create(t, mountedTmpfs(t))
	if err := Make(t.Context(), full, plan.Companion{Fresh: 100 << 20, Whole: true}, full.Sync, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full stick: %v", err)
	}
}

func mountedTmpfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	output(t, "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", dir)
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}
