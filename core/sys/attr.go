package sys

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Symlink makes the new link name with this text.
func (d *Dir) Symlink(target, name string) error {
	if err := d.check(name); err != nil {
		return err
	}
	if err := unix.Symlinkat(target, d.fd(), name); err != nil {
		return d.wrap("make link", name, err)
	}
	return nil
}

// SetAttributes gives the open file or directory f the owner, permissions and
// time of n, in this order. File systems without owners or permissions keep
// what they have.
func SetAttributes(f *os.File, n Node) error {
	fd := int(f.Fd())
	err := unix.Fchown(fd, int(n.UID), int(n.GID))
	if err == nil {
		err = unix.Fchmod(fd, n.Mode&0o7777)
	}
	if err = unlessRefused(err); err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), timesOf(n), 0)
	}
	if err != nil {
		return fmt.Errorf("cannot set the attributes of %s: %w", f.Name(), err)
	}
	return nil
}

// SetLink gives the link name the owner and time of n.
func (d *Dir) SetLink(name string, n Node) error {
	if err := d.check(name); err != nil {
		return err
	}
	err := unlessRefused(unix.Fchownat(d.fd(), name, int(n.UID), int(n.GID), unix.AT_SYMLINK_NOFOLLOW))
	if err == nil {
		err = unix.UtimesNanoAt(d.fd(), name, timesOf(n), unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return d.wrap("set the attributes of", name, err)
	}
	return nil
}

// unlessRefused forgives file systems that have no owners or permissions.
func unlessRefused(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	return err
}

// timesOf leaves the time of access alone.
func timesOf(n Node) []unix.Timespec {
	return []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(n.MTime * 1e9)}
}

// SameFile tells whether name still is the open file f.
func (d *Dir) SameFile(name string, f *os.File) bool {
	n, err := d.Node(name)
	var st unix.Stat_t
	return err == nil && unix.Fstat(int(f.Fd()), &st) == nil && n.Dev == uint64(st.Dev) && n.Ino == st.Ino
}
