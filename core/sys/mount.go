package sys

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const hardened = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// PrivateMounts starts this program again, same arguments, in a mount
// namespace of its own: the first thread moves there and execs, since a
// running Go program cannot take its other threads along. Mounts made later
// are seen by nobody else and vanish with the process, however it ends; what
// others unmount still vanishes here (slave propagation). It does not return
// on success.
func PrivateMounts(env []string) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("cannot get a private mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("cannot make the mounts private: %w", err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, env)
}

// BindReadOnly shows the file system at src, without what is mounted below
// it, read-only at dst.
func BindReadOnly(src, dst string) error {
	if err := unix.Mount(src, dst, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cannot bind %s to %s: %w", src, dst, err)
	}
	if err := unix.Mount("", dst, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|hardened, ""); err != nil {
		_ = unix.Unmount(dst, unix.MNT_DETACH) // the first error tells
		return fmt.Errorf("cannot make %s read-only: %w", dst, err)
	}
	return nil
}

// BindFile shows the open file f at dst, an existing file that only root can
// reach: who opens dst opens f, whatever happens to f's name.
func BindFile(f *os.File, dst string) error {
	src := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if err := unix.Mount(src, dst, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cannot bind %s to %s: %w", f.Name(), dst, err)
	}
	if err := unix.Mount("", dst, "", unix.MS_BIND|unix.MS_REMOUNT|hardened, ""); err != nil {
		_ = unix.Unmount(dst, unix.MNT_DETACH) // the first error tells
		return fmt.Errorf("cannot harden %s: %w", dst, err)
	}
	return nil
}

// MountDevice mounts a device; data is the file system's own option string.
func MountDevice(device, dst, fstype string, readOnly bool, data string) error {
	flags := uintptr(hardened)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount(device, dst, fstype, flags, data); err != nil {
		return fmt.Errorf("cannot mount %s (%s) at %s: %w", device, fstype, dst, err)
	}
	return nil
}

// RemountWritable makes the file system at path writable or read-only again.
// The flags of the mount are those of our own view of it.
func RemountWritable(path string, writable bool) error {
	flags := uintptr(unix.MS_REMOUNT | hardened)
	if !writable {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("", path, "", flags, ""); err != nil {
		return fmt.Errorf("cannot remount %s: %w", path, err)
	}
	return nil
}

// Unmount takes the topmost mount at path away, even when it is in use.
func Unmount(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
		return fmt.Errorf("cannot unmount %s: %w", path, err)
	}
	return nil
}
