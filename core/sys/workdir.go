package sys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// WorkDir makes path a private directory: root's, entered by nobody else, and
// empty, since a small tmpfs of this mount namespace covers it. Somebody
// else's directory or a link of that name is refused.
func WorkDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make the work directory: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fmt.Errorf("cannot look at %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != 0 || st.Mode&0o077 != 0 {
		return fmt.Errorf("%s was made by somebody else: %w", path, ErrUnsafe)
	}
	if err := unix.Mount("tmpfs", path, "tmpfs", hardened, "mode=0700,size=16m"); err != nil {
		return fmt.Errorf("cannot prepare %s: %w", path, err)
	}
	return nil
}

// OpenParent opens the directory of a file, which need not exist, with links
// followed, and gives the file's name there.
func OpenParent(file string) (*Dir, string, error) {
	at, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return nil, "", err
	}
	d, err := OpenDir(at)
	return d, filepath.Base(file), err
}

// BindWritable shows the directory src at dst, writable even where the mount
// at src is read-only but its file system is not.
func BindWritable(src, dst string) error {
	if err := unix.Mount(src, dst, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cannot bind %s to %s: %w", src, dst, err)
	}
	if err := unix.Mount("", dst, "", unix.MS_BIND|unix.MS_REMOUNT|hardened, ""); err != nil {
		_ = unix.Unmount(dst, unix.MNT_DETACH) // the first error tells
		return fmt.Errorf("cannot make %s writable: %w", dst, err)
	}
	return nil
}

// ReadOnlyFS tells whether nothing can be written below path now.
func ReadOnlyFS(path string) bool {
	return errors.Is(unix.Access(path, unix.W_OK), unix.EROFS)
}

// OwnMounts tells whether this process has a mount namespace of its own,
// other than its parent's; than that of PID 1 when the parent is in another
// PID namespace, where its number shows as 0.
func OwnMounts() bool {
	mine, err := os.Readlink("/proc/self/ns/mnt")
	theirs, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", max(os.Getppid(), 1)))
	return err == nil && err2 == nil && mine != theirs
}
