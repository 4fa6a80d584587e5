package publish

import (
	"bytes"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"antix-remaster/core/wire"
)

// eachMenu strikes at every point of every call on a folder of menus.
func eachMenu(t *testing.T, what string, choose func(p point) bool, check func(action, dir string, fat, success bool) error) (struck int) {
	t.Helper()
	for action, m := range menuCases {
		for _, prefix := range []string{"menu ", "menu fat "} {
			c := crashCase{action: prefix + action, files: func() map[string]string { return menuFiles(action, m.before) }}
			struck += c.each(t, what, func(_, _ int, p point) bool { return choose(p) }, func(dir string, _ point, success bool, _ string) error {
				if err := check(action, dir, prefix == "menu fat ", success); err != nil {
					return fmt.Errorf("%s: %w", c.action, err)
				}
				return nil
			})
		}
	}
	return struck
}

// wholeMenu holds that the folder is as before or as after the action, before any
// healing but for the part; a file of ours may be away or empty on FAT. Then the
// healing leaves nothing, and doing it again succeeds.
func wholeMenu(t *testing.T, action, dir string, fat bool) (done bool, err error) {
	before, after := expected(t, menuFiles(action, menuCases[action].before)), menuResult(t, action)
	name := menuCases[action].name
	now := treeOf(t, dir).without(menuPart)
	done = now.diff(after) == ""
	mayLack := fat && strings.HasPrefix(action, "write") && (now[name] == "" || strings.Contains(now[name], " 0 "))
	if !done && now.diff(before) != "" && !mayLack || mayLack && now.without(name).diff(before.without(name)) != "" {
		return false, fmt.Errorf("neither as before nor as after:\n%s", now.diff(before))
	}
	m := menus(t, dir, fat)
	if err := m.Heal(); err != nil || m.at.dir.Exists(menuPart) {
		return done, fmt.Errorf("healing left the part: %w", err)
	}
	if !done {
		err = menuCases[action].call(m)
	}
	if d := treeOf(t, dir).diff(after); err != nil || d != "" {
		return done, fmt.Errorf("once more: %w\n%s", err, d)
	}
	return done, nil
}

// TestPromiseP2P4MenuKill kills every call on a boot menu at every system call
// that changes something.
func TestPromiseP2P4MenuKill(t *testing.T) {
	var done, undone atomic.Int32
	n := eachMenu(t, "signal=KILL", func(p point) bool { return p.changes }, func(action, dir string, fat, success bool) error {
		isDone, err := wholeMenu(t, action, dir, fat)
		if isDone {
			done.Add(1)
		} else {
			undone.Add(1)
		}
		if success {
			return errors.New("the child was not killed")
		}
		return err
	})
	t.Logf("%d kills, %d after the change", n, done.Load())
	if !raced && (done.Load() == 0 || undone.Load() == 0) {
		t.Error("the test sees one side only")
	}
}

// TestPromiseP5MenuErrors lets every system call fail once, and what takes room
// for want of it, too.
func TestPromiseP5MenuErrors(t *testing.T) {
	for errno, choose := range map[string]func(p point) bool{
		"EIO":    func(point) bool { return true },
		"ENOSPC": func(p point) bool { return strings.HasSuffix(p.call, "write") || strings.HasPrefix(p.call, "pwrite") },
	} {
		n := eachMenu(t, "error="+errno, choose, func(action, dir string, fat, success bool) error {
			if success {
				return errors.New("it reported success")
			}
			_, err := wholeMenu(t, action, dir, fat)
			return err
		})
		t.Logf("%d times %s", n, errno)
		if n == 0 {
			t.Errorf("no call was there to fail with %s", errno)
		}
	}
}

// TestMenuWithoutExchange: where the file system cannot exchange two names, one
// takes the place of the other.
func TestMenuWithoutExchange(t *testing.T) {
	dir := memDir(t)
	put(t, dir, menuFiles("write", ownOld))
	if success, text := strike("menu write", dir, point{"renameat2", 1, true}, "error=EINVAL"); !success {
		t.Error(text)
	}
	if d := treeOf(t, dir).diff(menuResult(t, "write")); d != "" {
		t.Error(d)
	}
}

// TestMenuShortWrite: what is written in place in part only, here for a limit of
// the size of files, is taken back.
func TestMenuShortWrite(t *testing.T) {
	menu := []byte(strings.Repeat("# a line\n", 450)) // 4050 bytes, and the limit is 4096
	long := append(menu[:len(menu):len(menu)], menuSection...)
	dir := memDir(t)
	put(t, dir, map[string]string{"grub.cfg": string(menu), "long.cfg": string(long)})
	before := treeOf(t, dir)
	m := menus(t, dir, true)
	var old syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: old.Max}))
	extend, restore := m.Extend("grub.cfg", menu, []byte(menuSection)), m.Overwrite("long.cfg", long, bytes.Repeat([]byte("#"), len(long)))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
	if codeOf(extend) != wire.WriteFailed || codeOf(restore) != wire.WriteFailed {
		t.Errorf("%v, %v", extend, restore)
	}
	if d := treeOf(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}
