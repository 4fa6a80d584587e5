package guest

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys/inside"
)

// fill copies what the host prepared to the empty stick.
func fill(spec inside.Spec) error {
	if err := mount("/dev/ubda", "/stick", spec.FSType, 0, ""); err != nil {
		return err
	}
	from := shared + "/" + TreeDir
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := "/stick" + strings.TrimPrefix(path, from)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		return copyFile(path, to)
	})
	if err != nil {
		return err
	}
	return unix.Unmount("/stick", 0)
}

// copyFile copies in large pieces, as every system call is slow here.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 1<<20))
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}
