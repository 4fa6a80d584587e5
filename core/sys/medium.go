package sys

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Space is statfs of a file system, in bytes. Root may use Free, others Avail.
type Space struct {
	Total, Free, Avail uint64
	Type               int64 // magic number of the file system
}

// Magic numbers of statfs(2) for file systems whose inode numbers do not, or
// need not, outlive a mount.
const (
	magicFAT   = 0x4d44
	magicExFAT = 0x2011bab0
	magicFUSE  = 0x65735546
	magicTmpfs = 0x01021994
)

// FreeSpace is the space of the file system that holds f.
func FreeSpace(f *os.File) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return Space{}, fmt.Errorf("cannot read the free space of %s: %w", f.Name(), err)
	}
	block := uint64(st.Bsize)
	if st.Frsize > 0 {
		block = uint64(st.Frsize)
	}
	return Space{Total: st.Blocks * block, Free: st.Bfree * block, Avail: st.Bavail * block, Type: int64(st.Type)}, nil
}

// StableInodes tells whether an inode number still means the same file after
// the file system was mounted again; FAT, exFAT and what FUSE offers make them up.
func (s Space) StableInodes() bool {
	return s.Type != magicFAT && s.Type != magicExFAT && s.Type != magicFUSE
}

// InMemory tells whether what lies there is gone with the next start.
func (s Space) InMemory() bool { return s.Type == magicTmpfs }

// Entry describes the open file f.
func FileEntry(f *os.File) (Entry, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Entry{}, fmt.Errorf("cannot stat %s: %w", f.Name(), err)
	}
	return entryOf(&st), nil
}

// Allocated is how many bytes of the file at path the medium really holds; a
// sparse rootfs holds fewer than its size.
func Allocated(path string) (size, allocated int64, err error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return 0, 0, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return st.Size, st.Blocks * 512, nil
}

// SameDevice tells whether path lies on the file system of the open file f.
func SameDevice(path string, f *os.File) bool {
	var a, b unix.Stat_t
	return unix.Stat(path, &a) == nil && unix.Fstat(int(f.Fd()), &b) == nil && a.Dev == b.Dev
}

// FlushRange writes the bytes [from, from+n) of f to the medium and waits.
// It orders no metadata: only Sync makes a file durable.
func FlushRange(f *os.File, from, n int64) error {
	const all = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	err := unix.SyncFileRange(int(f.Fd()), from, n, all)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ESPIPE) {
		return f.Sync()
	}
	return err
}

// CalmClose keeps ext4 from writing out the whole file f when the program that
// emptied it by opening it closes it, or is killed: ext4 does so once, at the
// next close. What is only in memory can then still be dropped.
func CalmClose(f *os.File) {
	if again, err := Reopen(f, false); err == nil {
		again.Close() //nolint:errcheck // opened for this alone
	}
}

// FlushDevice empties the write cache of the block device major:minor.
func FlushDevice(path string) error {
	dev, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot open device %s: %w", path, err)
	}
	defer dev.Close()
	if err := dev.Sync(); err != nil {
		return fmt.Errorf("cannot flush device %s: %w", path, err)
	}
	return nil
}

// SyncFS writes everything of f's file system to its medium.
func SyncFS(f *os.File) error {
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("cannot sync the file system of %s: %w", f.Name(), err)
	}
	return nil
}

// DropCache asks the kernel to forget the cached pages of f and tells whether
// it really did: true means that the next read comes from the medium.
func DropCache(f *os.File, size int64) (bool, error) {
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return false, fmt.Errorf("cannot drop %s from the cache: %w", f.Name(), err)
	}
	n, err := resident(f, size)
	return n == 0 && err == nil, err
}

// window keeps the mapping small enough for a 32-bit address space.
const window = 128 << 20

// resident counts the pages of f that are in the page cache.
func resident(f *os.File, size int64) (int64, error) {
	page := int64(os.Getpagesize())
	vec := make([]byte, window/page)
	var count int64
	for off := int64(0); off < size; off += window {
		n := min(window, size-off)
		pages, err := residentWindow(f, off, n, vec[:(n+page-1)/page])
		if err != nil {
			return 0, fmt.Errorf("cannot ask what of %s is cached: %w", f.Name(), err)
		}
		count += pages
	}
	return count, nil
}

// Cached tells whether all of the n bytes of f from off on, at most 128 MiB and
// off a multiple of a page, are in the page cache.
func Cached(f *os.File, off, n int64) bool {
	page := int64(os.Getpagesize())
	pages := (n + page - 1) / page
	count, err := residentWindow(f, off, n, make([]byte, pages))
	return err == nil && count == pages
}

func residentWindow(f *os.File, off, n int64, vec []byte) (int64, error) {
	m, err := unix.Mmap(int(f.Fd()), off, int(n), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(m)
	if err := mincore(m, vec); err != nil {
		return 0, err
	}
	var count int64
	for _, v := range vec {
		count += int64(v & 1)
	}
	return count, nil
}

// Sequential tells the kernel that f is read from start to end.
func Sequential(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL) // advice only
	runtime.KeepAlive(f)
}

// Forget drops the first n bytes of f from the cache, so that reading a big
// image does not push the user's programs out of memory.
func Forget(f *os.File, from, n int64) {
	_ = unix.Fadvise(int(f.Fd()), from, n, unix.FADV_DONTNEED) // advice only
}

// Reopen opens the file behind f again, past the page cache (O_DIRECT) when
// direct is set. The new descriptor is the same inode whatever happened to
// the name.
func Reopen(f *os.File, direct bool) (*os.File, error) {
	flags := unix.O_RDONLY | unix.O_CLOEXEC
	if direct {
		flags |= unix.O_DIRECT
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), flags, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s again: %w", f.Name(), err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// Writable tells why this program may make no file in the directory; nil when it
// may.
func (d *Dir) Writable() error {
	flags := 0
	if unix.Getuid() != unix.Geteuid() {
		flags = unix.AT_EACCESS // Linux knows it from 5.8 on; before, only the mode is looked at, and no read-only mount
	}
	if err := unix.Faccessat(d.fd(), ".", unix.W_OK|unix.X_OK, flags); err != nil {
		return d.wrap("write to", ".", err)
	}
	return nil
}

// SameDevice tells whether the directory at path is of the same file system.
func (d *Dir) SameDevice(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && uint64(st.Dev) == d.dev
}
