package sys

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func eventually(ok func() bool) bool {
	for range 500 {
		if ok() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func TestLockExcludes(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, dir)
	if pid := LockHolder(d.File()); pid != 0 {
		t.Errorf("free, but %d is named", pid)
	}
	_, holder, end := other(t, "flock", dir)
	if err := Lock(d.File()); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	if pid := LockHolder(d.File()); pid != holder || !Alive(pid) {
		t.Errorf("the holder is %d, but %d is named", holder, pid)
	}
	end()
	must(t, Lock(d.File()))
	if pid := LockHolder(d.File()); pid != os.Getpid() {
		t.Errorf("we hold it, but %d is named", pid)
	}
	if Alive(holder) || Alive(0) || Alive(-1) || !Alive(1) {
		t.Error("a dead process is called alive, or the other way round")
	}
}

// dpkg holds a record lock; a flock or an open file is none.
func TestRecordLocked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	if pid, locked, ok := RecordLocked(path); pid != 0 || locked || !ok {
		t.Errorf("no file: %d, %v, %v", pid, locked, ok)
	}
	must(t, os.WriteFile(path, nil, 0o640))
	must(t, os.Symlink("lock", dir+"/link"))
	_, _, endFlock := other(t, "flock", path)
	if pid, locked, ok := RecordLocked(path); locked || !ok {
		t.Errorf("a flock: %d, %v, %v", pid, locked, ok)
	}
	endFlock()
	_, holder, end := other(t, "fcntl", path)
	if pid, locked, ok := RecordLocked(path); pid != holder || !locked || !ok {
		t.Errorf("%d holds it: %d, %v, %v", holder, pid, locked, ok)
	}
	if pid, locked, ok := RecordLocked(dir + "/link"); pid != 0 || locked || ok {
		t.Errorf("a link was followed: %d, %v, %v", pid, locked, ok)
	}
	end()
	if pid, locked, ok := RecordLocked(path); locked || !ok {
		t.Errorf("released: %d, %v, %v", pid, locked, ok)
	}
}

func TestWorkDir(t *testing.T) {
	for _, c := range []struct {
		what string
		make func(path string) error
		ok   bool
	}{
		{"nothing there", func(string) error { return nil }, true},
		{"ours of an earlier run", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.WriteFile(p+"/old", nil, 0o600)) }, true},
		{"a link to a good directory", func(p string) error { return errors.Join(os.Mkdir(p+".real", 0o700), os.Symlink(p+".real", p)) }, false},
		{"a dangling link", func(p string) error { return os.Symlink(p+".none", p) }, false},
		{"somebody else's", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chown(p, 1000, 0)) }, false},
		{"open to its group", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o710)) }, false},
		{"open to all", func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o701)) }, false},
		{"a file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, false},
		{"a fifo", func(p string) error { return unix.Mkfifo(p, 0o600) }, false},
	} {
		top := t.TempDir()
		path := top + "/work"
		must(t, c.make(path))
		before := snapshot(t, top)
		err := WorkDir(path)
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v", c.what, err)
		}
		if !c.ok && snapshot(t, top) != before {
			t.Errorf("%s: it was changed to\n%s", c.what, snapshot(t, top))
		}
		if err == nil {
			privateAndEmpty(t, c.what, path)
		}
	}
}

func privateAndEmpty(t *testing.T, what, path string) {
	t.Helper()
	defer func() { must(t, Unmount(path)) }()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	var fs unix.Statfs_t
	must(t, unix.Statfs(path, &fs))
	const flags = unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC
	if st.Mode != unix.S_IFDIR|0o700 || st.Uid != 0 || fs.Type != unix.TMPFS_MAGIC || int64(fs.Flags)&flags != flags {
		t.Errorf("%s: mode %o, owner %d, file system %#x, flags %#x", what, st.Mode, st.Uid, fs.Type, fs.Flags)
	}
	if names, err := os.ReadDir(path); err != nil || len(names) > 0 {
		t.Errorf("%s: holds %v, %v", what, names, err)
	}
}

func TestBattery(t *testing.T) {
	for _, c := range []struct {
		what    string
		files   map[string]string
		percent int
		on      bool
	}{
		{"none", nil, 0, false},
		{"mains only", map[string]string{"AC/type": "Mains\n", "AC/online": "1\n"}, 0, false},
		{"charging", map[string]string{"BAT0/type": "Battery\n", "BAT0/status": "Charging\n", "BAT0/capacity": "41\n"}, 0, false},
		{"full", map[string]string{"BAT0/type": "Battery\n", "BAT0/status": "Full\n", "BAT0/capacity": "100\n"}, 0, false},
		{"in use", map[string]string{"AC/type": "Mains\n", "BAT0/type": "Battery\n", "BAT0/status": "Discharging\n", "BAT0/capacity": "41\n"}, 41, true},
		{"of a mouse", map[string]string{"hid/type": "Battery\n", "hid/status": "Discharging\n", "hid/capacity": "7\n", "hid/scope": "Device\n"}, 0, false},
		{"without a figure", map[string]string{"BAT1/type": "Battery\n", "BAT1/status": "Discharging\n"}, 0, true},
		{"nonsense", map[string]string{"BAT1/type": "\x00\xff\n", "BAT1/status": "Discharging\n", "BAT1/capacity": "41\n"}, 0, false},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(root, "sys/class/power_supply", name)
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, os.WriteFile(path, []byte(text), 0o644))
		}
		if percent, on := Battery(root); percent != c.percent || on != c.on {
			t.Errorf("%s: %d %%, %v", c.what, percent, on)
		}
	}
}

func TestMachine(t *testing.T) {
	var info unix.Sysinfo_t
	must(t, unix.Sysinfo(&info))
	if free := MemAvailable(); free <= 0 || free > int64(info.Totalram)*int64(info.Unit) {
		t.Errorf("%d bytes are available", free)
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	must(t, err)
	machine, got := Machine()
	if got != strings.TrimSpace(string(release)) || runtime.GOARCH == "amd64" && machine != "x86_64" {
		t.Errorf("%s, %s", machine, got)
	}
	if !IsRoot() || !OwnMounts() {
		t.Error("these tests run as root in a mount namespace of their own")
	}
}
