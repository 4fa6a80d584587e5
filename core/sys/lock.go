package sys

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLocked says that somebody else holds the lock.
var ErrLocked = errors.New("locked by another process")

// Lock takes the exclusive flock of f without waiting. It ends with the
// process, so it can never be stale.
func Lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// CreateWhole makes the new file path, which must not exist, with all of its
// text at once: nobody ever sees a part of it, whatever happens to us.
func CreateWhole(path, text string) error {
	fd, err := unix.Open(filepath.Dir(path), unix.O_WRONLY|unix.O_TMPFILE|unix.O_CLOEXEC, 0o644)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENOENT) {
		return createSlowly(path, text)
	}
	if err != nil {
		return fmt.Errorf("cannot create %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	_, err = f.WriteString(text)
	if err == nil {
		err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot create %s: %w", path, err)
	}
	return nil
}

// createSlowly is for file systems without nameless files.
func createSlowly(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// LockHolder is the pid of the process that holds a flock on f, 0 when
// /proc/locks does not tell.
func LockHolder(f *os.File) int {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return 0
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer locks.Close()
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	for s := bufio.NewScanner(locks); s.Scan(); {
		w := strings.Fields(s.Text()) // 1: FLOCK ADVISORY WRITE 4711 08:01:12 0 EOF
		if len(w) > 5 && w[1] == "FLOCK" && w[5] == want {
			pid, _ := strconv.Atoi(w[4])
			return pid
		}
	}
	return 0
}

// RecordLocked tells whether a process holds a POSIX record lock on the file
// at path, as dpkg and apt do. ok is false when that cannot be asked.
func RecordLocked(path string) (pid int, locked, ok bool) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return 0, false, errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	l := unix.Flock_t{Type: unix.F_WRLCK}
	if unix.FcntlFlock(f.Fd(), unix.F_GETLK, &l) != nil {
		return 0, false, false
	}
	return int(l.Pid), l.Type != unix.F_UNLCK, true
}

// Alive tells whether a process of this pid exists.
func Alive(pid int) bool {
	return pid > 0 && !errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}
