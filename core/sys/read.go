package sys

import (
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// OpenBelow opens the regular file at path, relative to the directory, for
// reading. No link is followed on the way and no mount is entered; a file of an
// overlay may be on another device than its directory. What is no regular file
// is ErrUnsafe, and is not waited for.
func (d *Dir) OpenBelow(rel string) (*os.File, error) {
	const flags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	const resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV
	fd, err := unix.Openat2(d.fd(), rel, &unix.OpenHow{Flags: flags | unix.O_NOATIME, Resolve: resolve})
	if errors.Is(err, unix.EPERM) { // somebody else's file, whose access time we may not keep
		fd, err = unix.Openat2(d.fd(), rel, &unix.OpenHow{Flags: flags, Resolve: resolve})
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return d.openByParts(rel)
	}
	if err != nil {
		return nil, d.wrap("open", rel, err)
	}
	return d.regular(os.NewFile(uintptr(fd), rel))
}

// openByParts does the same on kernels before 5.6.
func (d *Dir) openByParts(rel string) (*os.File, error) {
	first, rest, more := strings.Cut(rel, "/")
	if !more {
		f, err := d.OpenTree(first)
		if err != nil {
			return nil, err
		}
		return d.regular(f)
	}
	sub, err := d.Dir(first)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	return sub.openByParts(rest)
}

func (d *Dir) regular(f *os.File) (*os.File, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = ErrUnsafe
	}
	if err != nil {
		f.Close()
		return nil, d.wrap("open", path.Clean(f.Name()), err)
	}
	return f, nil
}

// Extent is a part of a file, in bytes, that is no hole.
type Extent struct{ From, To int64 }

// Extents finds the parts of f, of size bytes, that are not holes, at most
// limit of them: the last then reaches to the end. A file system that does not
// tell has no holes.
func Extents(f *os.File, size int64, limit int) []Extent {
	var out []Extent
	for at := int64(0); at < size; {
		from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return out
		}
		if err != nil {
			return append(out, Extent{at, size})
		}
		to, err := unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
		if err != nil || len(out)+1 >= limit {
			to = size
		}
		out, at = append(out, Extent{from, min(to, size)}), to
	}
	return out
}

// CPUTime is what this program has used of the processors so far.
func CPUTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("getrusage: %v", err)) // no reason exists
	}
	return time.Duration(unix.TimevalToNsec(u.Utime) + unix.TimevalToNsec(u.Stime))
}

// CPU is what an ended program used of the processors, its children included.
func (p *Process) CPU() time.Duration {
	<-p.done
	state := p.cmd.ProcessState
	if state == nil {
		return 0
	}
	return state.UserTime() + state.SystemTime()
}

// Pages is how often an ended program used a page of memory for the first time: its
// minor faults, those of mapped files among them.
func (p *Process) Pages() int64 {
	<-p.done
	if state := p.cmd.ProcessState; state != nil {
		if u, ok := state.SysUsage().(*syscall.Rusage); ok {
			return int64(u.Minflt)
		}
	}
	return 0
}

// Calm runs do on a thread of its own with a low priority, for work that
// nobody waits for, and returns when it is done.
func Calm(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with its priority
		lowerPriority()
		do()
	}()
	<-done
}
