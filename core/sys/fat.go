package sys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// IsFAT tells whether the file system is FAT or exFAT, where a rename is
// several writes and a directory entry can outlive its clusters.
func (s Space) IsFAT() bool { return s.Type == magicFAT || s.Type == magicExFAT }

// MaxFile is the size in bytes of the largest file that it can hold, where that
// is less than its space. ExFAT has no such limit.
func (s Space) MaxFile() int64 {
	if s.Type == magicFAT {
		return 1<<32 - 1
	}
	return math.MaxInt64
}

// Preallocate takes the room of the first size bytes of f and leaves its size as
// it is. Where the file system cannot, nothing is done.
func Preallocate(f *os.File, size int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("cannot take %d bytes for %s: %w", size, f.Name(), err)
	}
	return nil
}

// Hold keeps the inode behind name, whatever it is, alive: its blocks are only
// given back when the holder is closed, not when the name goes.
func (d *Dir) Hold(name string) (io.Closer, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	fd, err := unix.Openat(d.fd(), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, d.wrap("open", name, err)
	}
	return os.NewFile(uintptr(fd), d.Path()+"/"+name), nil
}

// Places tells where in a FAT directory the slots of each name begin, in
// bytes: there d_off is the position of the next entry. The directory must
// begin with "." and "..", as every whole one but the root does; else ok is
// false, and what the directory holds may be anything.
func (d *Dir) Places() (places map[string]int64, ok bool, err error) {
	fd, err := unix.Openat(d.fd(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false, d.wrap("list", ".", err)
	}
	defer unix.Close(fd)
	places = map[string]int64{}
	at := int64(0)
	for buf := make([]byte, 32<<10); ; {
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			return nil, false, d.wrap("list", ".", err)
		}
		if n <= 0 {
			_, dot := places["."]
			_, dots := places[".."]
			return places, dot && dots, nil
		}
		for e := buf[:n]; len(e) >= direntHead; {
			size := int(binary.NativeEndian.Uint16(e[16:]))
			name, _, _ := strings.Cut(string(e[direntHead:size]), "\x00")
			places[name] = at
			at = int64(binary.NativeEndian.Uint64(e[8:]))
			e = e[size:]
		}
	}
}

const direntHead = 19 // of struct linux_dirent64: inode, offset, length, type
