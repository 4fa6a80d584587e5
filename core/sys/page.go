package sys

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// PageCost is what the first use of a page of memory takes of the processors, in pieces
// of so many bytes: in large ones a kernel may give larger pages. 0 when there is no memory.
func PageCost(piece int) time.Duration {
	const pieces = 16
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin, page, touched := threadTime(), os.Getpagesize(), 0
	for range pieces {
		data, err := unix.Mmap(-1, 0, piece, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return 0
		}
		defer unix.Munmap(data) //nolint:errcheck // cannot fail
		for at := 0; at < len(data); at += page {
			data[at] = 1 // to read it first would take two steps
			touched++
		}
	}
	return (threadTime() - begin) / time.Duration(max(touched, 1))
}

// threadTime is to the nanosecond, while getrusage goes by the ticks of the clock.
func threadTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) // no reason to fail exists
	return time.Duration(t.Nano())
}
