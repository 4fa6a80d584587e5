package sys

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Lacks tells whether an error is one of a computer that is short of something:
// memory or open files. It says nothing about what was to be read.
func Lacks(err error) bool {
	for _, e := range []error{unix.ENOMEM, unix.ENFILE, unix.EMFILE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// ReadFailed tells whether an error is one that the medium gave.
func ReadFailed(err error) bool { return errors.Is(err, unix.EIO) }
