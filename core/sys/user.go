package sys

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Caller is the user id of whoever started a root program through pkexec or
// sudo; ok is false when nobody did, and root itself is the caller.
func Caller() (uid int, ok bool) {
	for _, key := range []string{"PKEXEC_UID", "SUDO_UID"} {
		if n, err := strconv.ParseUint(os.Getenv(key), 10, 31); err == nil {
			return int(n), true
		}
	}
	return 0, false
}

// BecomeCaller gives up the rights of root for good, for those of the caller
// (S6): user, group and groups. It does nothing where root is the caller, or
// where this program is not root's.
func BecomeCaller() error {
	uid, ok := Caller()
	if !ok || uid == 0 || !IsRoot() {
		return nil
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return fmt.Errorf("cannot find the user who called: %w", err)
	}
	names, err := u.GroupIds()
	gid, err2 := strconv.Atoi(u.Gid)
	var groups []int
	for _, name := range names {
		n, err3 := strconv.Atoi(name)
		groups, err2 = append(groups, n), errors.Join(err2, err3)
	}
	if err = errors.Join(err, err2); err != nil {
		return fmt.Errorf("cannot find the groups of %s: %w", u.Username, err)
	}
	// Package syscall does it for all threads at once.
	if err := errors.Join(syscall.Setgroups(groups), syscall.Setgid(gid), syscall.Setuid(uid)); err != nil {
		return fmt.Errorf("cannot become the user %s: %w", u.Username, err)
	}
	return nil
}

// BigPipe is a pipe that holds up to size bytes, where the system lets it.
func BigPipe(size int) (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err == nil {
		_, _ = unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, size) // a small one is only slower
	}
	return r, w, err
}
