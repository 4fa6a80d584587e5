package run

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/wire"
)

// liveDir is a live directory whose lock file has this text and age; without
// a text there is none.
func liveDir(t *testing.T, text *string, age time.Duration) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "config/locked")
	must(t, os.Mkdir(dir+"/config", 0o755))
	if text != nil {
		must(t, os.WriteFile(path, []byte(*text), 0o644))
		touched := time.Now().Add(-age)
		must(t, os.Chtimes(path, touched, touched))
	}
	return dir, path
}

func TestAntixLock(t *testing.T) {
	dir, path := liveDir(t, nil, 0)
	lock, err := takeAntixLock(dir)
	must(t, err)
	if text := read(t, path); text != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("it says %q", text)
	}
	_, err = takeAntixLock(dir)
	if e := wire.AsError(err); e.Code != wire.AntixLock || !slices.Equal(e.Args, []string{path}) {
		t.Errorf("taken twice: %v", err)
	}
	must(t, lock.release())
	if names, err := os.ReadDir(dir + "/config"); err != nil || len(names) > 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	lock, err = takeAntixLock(dir)
	must(t, err)
	must(t, lock.release())
}

// A lock without a pid would count as held for five minutes.
func TestAntixLockWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/config", 0o755))
	must(t, syscall.Mount("tmpfs", dir+"/config", "tmpfs", 0, "size=4k"))
	t.Cleanup(func() { syscall.Unmount(dir+"/config", syscall.MNT_DETACH) })
	must(t, os.WriteFile(dir+"/config/initrd.out", make([]byte, 4096), 0o644))
	if lock, err := takeAntixLock(dir); !errors.Is(err, syscall.ENOSPC) || lock != nil {
		t.Errorf("%v, %v", lock, err)
	}
	if _, err := os.Lstat(dir + "/config/locked"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is left: %v", err)
	}
}

// Without a live initrd there is nobody to lock out, and nothing is made.
func TestAntixLockWithoutInitrd(t *testing.T) {
	empty := t.TempDir()
	must(t, os.WriteFile(empty+"/file", nil, 0o644))
	t.Chdir(empty)
	must(t, os.Mkdir("config", 0o755)) // must not be taken for that of ""
	for _, dir := range []string{"", empty + "/none", empty + "/file", t.TempDir()} {
		lock, err := takeAntixLock(dir)
		if err != nil || lock != nil || lock.release() != nil {
			t.Errorf("%q: %v, %v", dir, lock, err)
		}
	}
	if names, err := os.ReadDir("config"); err != nil || len(names) > 0 {
		t.Errorf("made: %v, %v", names, err)
	}
}

func TestAntixLockStale(t *testing.T) {
	dead, self := deadPID(t), strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		what, text string
		age        time.Duration
		stale      bool
	}{
		{"a dead pid", dead + "\n", 0, true},
		{"a dead pid without a newline", " " + dead, 0, true},
		{"a pid that never was", "2147483647\n", 0, true},
		{"a live pid", "1\n", 0, false},
		{"a live pid, untouched for long", "1\n", 24 * time.Hour, false},
		{"our own pid", self + "\n", time.Hour, false},
		{"no pid, just made", "", 0, false},
		{"no pid, touched lately", "", 4 * time.Minute, false},
		{"no pid, untouched for long", "", 6 * time.Minute, true},
		{"no pid, the clock went back a little", "", -4 * time.Minute, false},
		{"no pid, the clock went back", "", -6 * time.Minute, true},
		{"no pid, of the year 1970", "", time.Since(time.Unix(1, 0)), true},
		{"lockfile-create's", "0\n", time.Minute, false},
		{"lockfile-create's, untouched for long", "0\n", time.Hour, true},
		{"a negative pid", "-1\n", 0, false},
		{"nonsense", "\xff\x00" + dead, 0, false},
		{"nonsense, untouched for long", "\xff\x00" + dead, time.Hour, true},
		{"two pids", dead + " 1\n", 0, false},
	} {
		dir, path := liveDir(t, &c.text, c.age)
		lock, err := takeAntixLock(dir)
		if c.stale && (err != nil || read(t, path) != self+"\n") {
			t.Errorf("%s: %v, it says %q", c.what, err, read(t, path))
		}
		if !c.stale && (wire.AsError(err).Code != wire.AntixLock || read(t, path) != c.text) {
			t.Errorf("%s: %v, it says %q", c.what, err, read(t, path))
		}
		must(t, lock.release())
	}
}

// What is no file is not followed, emptied or removed.
func TestAntixLockOfAnotherKind(t *testing.T) {
	dead := deadPID(t)
	for what, make := range map[string]func(path string) error{
		"a dangling link": func(p string) error { return os.Symlink("none", p) },
		"a directory":     func(p string) error { return os.Mkdir(p, 0o755) },
		"a link to a live lock": func(p string) error {
			return errors.Join(os.WriteFile(p+".real", []byte("1\n"), 0o644), os.Symlink("locked.real", p))
		},
	} {
		dir, path := liveDir(t, nil, 0)
		must(t, make(path))
		before, err := os.Lstat(path)
		must(t, err)
		lock, err := takeAntixLock(dir)
		if wire.AsError(err).Code != wire.AntixLock || lock != nil {
			t.Errorf("%s: %v", what, err)
		}
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s: was replaced: %v", what, err)
		}
		if _, err := os.Lstat(dir + "/config/none"); err == nil {
			t.Errorf("%s: was followed", what)
		}
	}
	dir, path := liveDir(t, nil, 0)
	must(t, os.WriteFile(dir+"/target", []byte(dead), 0o644))
	must(t, os.Symlink("../target", path))
	lock, err := takeAntixLock(dir)
	must(t, err)
	if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() || read(t, dir+"/target") != dead {
		t.Errorf("a link to a stale lock: %v, the target says %q", err, read(t, dir+"/target"))
	}
	must(t, lock.release())
}

// Releasing removes only our own lock, and a tool that removed it before does
// not make a finished run fail.
func TestAntixLockTakenAway(t *testing.T) {
	for what, text := range map[string]string{"removed": "", "somebody else's now": "1\n"} {
		dir, path := liveDir(t, nil, 0)
		lock, err := takeAntixLock(dir)
		must(t, err)
		must(t, os.Remove(path))
		if text != "" {
			must(t, os.WriteFile(path, []byte(text), 0o644))
		}
		if err := lock.release(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		names, err := os.ReadDir(dir + "/config")
		if err != nil || len(names) != strings.Count(text, "\n") || text != "" && read(t, path) != text {
			t.Errorf("%s: there is %v, %v", what, names, err)
		}
	}
}
