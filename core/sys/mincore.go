package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mincore fills vec, one byte a page of the mapping m; bit 0 says cached.
// golang.org/x/sys has no wrapper for it.
func mincore(m, vec []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), uintptr(unsafe.Pointer(&vec[0])))
	if errno != 0 {
		return errno
	}
	return nil
}
