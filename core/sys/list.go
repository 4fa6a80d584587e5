package sys

import (
	"errors"
	"sort"
	"sync"

	"golang.org/x/sys/unix"
)

// Names lists the directory, sorted.
func (d *Dir) Names() ([]string, error) {
	fd, err := unix.Openat(d.fd(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, d.wrap("list", ".", err)
	}
	defer unix.Close(fd) //nolint:errcheck // only read
	return d.list(fd)
}

// NamesOnce is Names without opening the directory again, and works once: for
// a walk over a whole tree.
func (d *Dir) NamesOnce() ([]string, error) { return d.list(d.fd()) }

var listBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// list reads the names from an open directory, and moves its position.
func (d *Dir) list(fd int) ([]string, error) {
	var names []string
	buf := listBuffers.Get().(*[32 << 10]byte)
	defer listBuffers.Put(buf)
	for {
		n, err := unix.ReadDirent(fd, buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return names, d.wrap("list", ".", err)
		}
		if n <= 0 {
			sort.Strings(names)
			return names, nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}
