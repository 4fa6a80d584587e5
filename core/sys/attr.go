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

// SetNode gives name the owner, permissions and time of n, in this order.
// File systems without owners or permissions keep what they have.
func (d *Dir) SetNode(name string, n Node) error {
	if err := d.check(name); err != nil {
		return err
	}
	err := unix.Fchownat(d.fd(), name, int(n.UID), int(n.GID), unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && !n.IsLink() {
		err = d.chmod(name, n.Mode&0o7777)
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		err = nil
	}
	if err == nil {
		times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(n.MTime * 1e9)}
		err = unix.UtimesNanoAt(d.fd(), name, times, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return d.wrap("set the attributes of", name, err)
	}
	return nil
}

// chmod never follows a link that took the place of name: a plain fchmodat
// would, and before Linux 6.6 cannot be told otherwise.
func (d *Dir) chmod(name string, mode uint32) error {
	fd, err := unix.Openat(d.fd(), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return ErrUnsafe
	}
	return unix.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), mode)
}

// SameFile tells whether name still is the open file f.
func (d *Dir) SameFile(name string, f *os.File) bool {
	n, err := d.Node(name)
	var st unix.Stat_t
	return err == nil && unix.Fstat(int(f.Fd()), &st) == nil && n.Dev == uint64(st.Dev) && n.Ino == st.Ino
}
