// Package fillup makes file systems full.
package fillup

import (
	"os"

	"golang.org/x/sys/unix"
)

// Fill lets the new file f take all of its file system but leave bytes.
func Fill(f *os.File, leave int64) error {
	var at int64
	for step := int64(1 << 30); step >= 1024; {
		var st unix.Statfs_t
		if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
			return err
		}
		n := min(step, int64(st.Bfree)*int64(st.Bsize)-leave)
		if n <= 0 {
			break
		}
		if err := unix.Fallocate(int(f.Fd()), 0, at, n); err != nil {
			step /= 2 // the lists of blocks take some, too
			continue
		}
		at += n
	}
	return f.Sync()
}
