package inside

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mount creates target when it is missing and mounts source there.
func mount(source, target, fstype string, flags uintptr, data string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return fmt.Errorf("cannot mount %s (%s) at %s: %w", source, fstype, target, err)
	}
	return nil
}

func tmpfs(target, options string) error {
	return mount("tmpfs", target, "tmpfs", unix.MS_NOATIME, options)
}

func bind(source, target string) error {
	return mount(source, target, "", unix.MS_BIND, "")
}

func move(source, target string) error {
	return mount(source, target, "", unix.MS_MOVE, "")
}

// mountLoop mounts the image file by a loop device of its own.
func mountLoop(file, target, fstype string, readOnly bool, data string) error {
	dev, err := Attach(file, readOnly)
	if err != nil {
		return err
	}
	defer dev.Close()
	var flags uintptr
	if readOnly {
		flags = unix.MS_RDONLY
	} else {
		flags = unix.MS_NOATIME
	}
	return mount(dev.Name(), target, fstype, flags, data)
}

// enterRoot makes dir the root of the namespace and forgets the old one, so
// that who joins the namespace later starts in dir too (chroot would not do).
func enterRoot(dir string) error {
	if err := unix.Chdir(dir); err != nil {
		return fmt.Errorf("cannot enter %s: %w", dir, err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("cannot make %s the root: %w", dir, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("cannot leave the old root: %w", err)
	}
	return unix.Chdir("/")
}

// devices fills the directory (a tmpfs) with what programs expect in /dev.
func devices(dir string) error {
	nodes := []struct {
		name         string
		mode         uint32
		major, minor uint32
	}{
		{"null", 0o666, 1, 3}, {"zero", 0o666, 1, 5}, {"full", 0o666, 1, 7},
		{"random", 0o666, 1, 8}, {"urandom", 0o666, 1, 9}, {"tty", 0o666, 5, 0},
		{"kmsg", 0o644, 1, 11}, {"loop-control", 0o660, 10, 237},
	}
	for _, n := range nodes {
		if err := mknod(filepath.Join(dir, n.name), unix.S_IFCHR|n.mode, n.major, n.minor); err != nil {
			return err
		}
	}
	// The host's kernel makes loop devices on demand; no udev makes nodes here.
	for i := range uint32(256) {
		if err := mknod(filepath.Join(dir, fmt.Sprintf("loop%d", i)), unix.S_IFBLK|0o660, 7, i); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
		"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := mount("devpts", filepath.Join(dir, "pts"), "devpts", 0, "newinstance,ptmxmode=0666,mode=0620,gid=5"); err != nil {
		return err
	}
	return mount("tmpfs", filepath.Join(dir, "shm"), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777")
}

func mknod(path string, mode, major, minor uint32) error {
	if err := unix.Mknod(path, mode, int(unix.Mkdev(major, minor))); err != nil {
		return fmt.Errorf("cannot make %s: %w", path, err)
	}
	return os.Chmod(path, os.FileMode(mode&0o777))
}
