package sys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrName says that a name is not one plain path component.
var ErrName = errors.New("not a plain file name")

// ErrUnsafe says that an entry is not what it must be: a link, a fifo, a
// device, a file with several links or on another device.
var ErrUnsafe = errors.New("not a plain file of this directory")

// Dir is an open directory. Every operation takes one plain name, relative to
// the open descriptor, and never follows a link: whoever may write to the
// directory cannot lead root out of it.
type Dir struct {
	f   *os.File
	dev uint64
}

// OpenDir opens the directory at path; the last component is no link.
func OpenDir(path string) (*Dir, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open directory %s: %w", path, err)
	}
	return newDir(fd, path)
}

func newDir(fd int, path string) (*Dir, error) {
	f := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return &Dir{f: f, dev: uint64(st.Dev)}, nil
}

// Close closes the descriptor.
func (d *Dir) Close() error { return d.f.Close() }

// Path is the path the directory was opened by; for messages only.
func (d *Dir) Path() string { return d.f.Name() }

// File is the open directory, for locks and statfs.
func (d *Dir) File() *os.File { return d.f }

func (d *Dir) fd() int { return int(d.f.Fd()) }

func (d *Dir) check(name string) error {
	if name == "" || name == "." || name == ".." || len(name) > 255 || strings.IndexByte(name, 0) >= 0 || strings.IndexByte(name, '/') >= 0 {
		return fmt.Errorf("%q: %w", name, ErrName)
	}
	return nil
}

func (d *Dir) wrap(verb, name string, err error) error {
	return fmt.Errorf("cannot %s %s/%s: %w", verb, d.Path(), name, err)
}

// Dir opens the subdirectory name on the same device.
func (d *Dir) Dir(name string) (*Dir, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	fd, err := d.openBelow(name)
	if err != nil {
		return nil, d.wrap("open directory", name, err)
	}
	sub, err := newDir(fd, d.Path()+"/"+name)
	if err != nil {
		return nil, err
	}
	if sub.dev != d.dev {
		sub.Close()
		return nil, d.wrap("open directory", name, ErrUnsafe)
	}
	return sub, nil
}

// openBelow never enters a mount, be it one of the same device; that takes
// Linux 5.6.
func (d *Dir) openBelow(name string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat2(d.fd(), name, &unix.OpenHow{Flags: flags, Resolve: unix.RESOLVE_NO_XDEV})
	switch {
	case errors.Is(err, unix.EXDEV):
		return fd, ErrUnsafe
	case errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM): // old, or forbidden in a container
		return unix.Openat(d.fd(), name, flags, 0)
	}
	return fd, err
}

// Create makes the new file name, which must not exist, readable for all.
func (d *Dir) Create(name string) (*os.File, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	flags := unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(d.fd(), name, flags, 0o644)
	if err != nil {
		return nil, d.wrap("create", name, err)
	}
	return os.NewFile(uintptr(fd), d.Path()+"/"+name), nil
}

// Open opens the regular file name with flags (O_RDONLY, O_RDWR, O_APPEND);
// anything but a regular file of this device is ErrUnsafe, and for writing also
// one that has another name somewhere.
func (d *Dir) Open(name string, flags int) (*os.File, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	fd, err := unix.Openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EISDIR) {
		err = ErrUnsafe
	}
	if err != nil {
		return nil, d.wrap("open", name, err)
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || uint64(st.Dev) != d.dev ||
		flags&(unix.O_WRONLY|unix.O_RDWR) != 0 && st.Nlink > 1) {
		err = ErrUnsafe
	}
	if err != nil {
		unix.Close(fd)
		return nil, d.wrap("open", name, err)
	}
	return os.NewFile(uintptr(fd), d.Path()+"/"+name), nil
}

// Entry is what Lstat tells of a name.
type Entry struct {
	Mode  fs.FileMode
	Inode uint64
	Links uint64
	Size  int64 // bytes
	MTime int64 // seconds
}

// IsDir and IsRegular tell the type; a link is neither.
func (e Entry) IsDir() bool     { return e.Mode.IsDir() }
func (e Entry) IsRegular() bool { return e.Mode.IsRegular() }

// IsLink tells whether the entry is a symbolic link.
func (e Entry) IsLink() bool { return e.Mode&fs.ModeSymlink != 0 }

// Lstat describes name without following it; fs.ErrNotExist when absent.
func (d *Dir) Lstat(name string) (Entry, error) {
	if err := d.check(name); err != nil {
		return Entry{}, err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Entry{}, d.wrap("stat", name, err)
	}
	return entryOf(&st), nil
}

func entryOf(st *unix.Stat_t) Entry {
	mode := fs.FileMode(st.Mode & 0o777)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFREG:
	default:
		mode |= fs.ModeIrregular
	}
	return Entry{Mode: mode, Inode: st.Ino, Links: uint64(st.Nlink), Size: st.Size, MTime: int64(st.Mtim.Sec)}
}

// Exists tells whether anything, a dangling link included, has the name.
func (d *Dir) Exists(name string) bool {
	_, err := d.Lstat(name)
	return err == nil
}

// Readlink is the text of the link name.
func (d *Dir) Readlink(name string) (string, error) {
	if err := d.check(name); err != nil {
		return "", err
	}
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(d.fd(), name, buf)
	if err != nil {
		return "", d.wrap("read link", name, err)
	}
	return string(buf[:n]), nil
}

// Mkdir makes the new directory name.
func (d *Dir) Mkdir(name string, perm fs.FileMode) error {
	if err := d.check(name); err != nil {
		return err
	}
	if err := unix.Mkdirat(d.fd(), name, uint32(perm.Perm())); err != nil {
		return d.wrap("make directory", name, err)
	}
	return nil
}

// Remove removes the file, link or empty directory name; absent is no error.
func (d *Dir) Remove(name string) error {
	if err := d.check(name); err != nil {
		return err
	}
	err := unix.Unlinkat(d.fd(), name, 0)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EPERM) {
		err = unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.wrap("remove", name, err)
	}
	return nil
}

// RemoveAll removes name and, when it is a directory, all that is below it on
// the same device.
func (d *Dir) RemoveAll(name string) error {
	e, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && e.IsDir() {
		err = d.empty(name)
	}
	if err != nil {
		return err
	}
	return d.Remove(name)
}

func (d *Dir) empty(name string) error {
	sub, err := d.Dir(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	names, err := sub.Names()
	for _, n := range names {
		err = errors.Join(err, sub.RemoveAll(n))
	}
	return err
}

// Rename moves name to newName in dst and never replaces anything: an entry
// of that name is fs.ErrExist. Where the file system has no RENAME_NOREPLACE
// the name is looked up first; the caller's lock must cover the gap.
func (d *Dir) Rename(name string, dst *Dir, newName string) error {
	if err := errors.Join(d.check(name), d.check(newName)); err != nil {
		return err
	}
	err := unix.Renameat2(d.fd(), name, dst.fd(), newName, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		if dst.Exists(newName) {
			err = fs.ErrExist
		} else {
			err = unix.Renameat(d.fd(), name, dst.fd(), newName)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot rename %s/%s to %s/%s: %w", d.Path(), name, dst.Path(), newName, err)
	}
	return nil
}

// Exchange makes two names change places in one step. Where the file system
// cannot, the error is errors.ErrUnsupported.
func (d *Dir) Exchange(a, b string) error {
	err := errors.Join(d.check(a), d.check(b))
	if err == nil {
		err = unix.Renameat2(d.fd(), a, d.fd(), b, unix.RENAME_EXCHANGE)
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return fmt.Errorf("cannot exchange %s/%s and %s: %w", d.Path(), a, b, err)
	}
	return nil
}

// Replace moves name to newName in one step; what had that name is gone.
func (d *Dir) Replace(name, newName string) error {
	err := errors.Join(d.check(name), d.check(newName))
	if err == nil {
		err = unix.Renameat(d.fd(), name, d.fd(), newName)
	}
	if err != nil {
		return fmt.Errorf("cannot rename %s/%s over %s: %w", d.Path(), name, newName, err)
	}
	return nil
}

// Sync makes the names of the directory durable.
func (d *Dir) Sync() error {
	if err := d.f.Sync(); err != nil {
		return fmt.Errorf("cannot sync directory %s: %w", d.Path(), err)
	}
	return nil
}
