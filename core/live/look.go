package live

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// The functions below look at more of the stick than Read does. Paths are as
// seen from root, as in Facts; "" and "/" are the real system. They write
// nothing and trust nothing.

func rooted(root string) tree { return tree{strings.TrimRight(root, "/")} }

// ReadDir tells what is in a directory.
func ReadDir(root, dir string) (Dir, error) {
	t := rooted(root)
	entries, err := t.list(dir)
	if err != nil {
		return nil, err
	}
	all := Dir{}
	for _, e := range entries {
		all[e.Name()] = t.kind(path.Join(dir, e.Name()))
	}
	return all, nil
}

// ReadFile returns at most limit bytes of a regular file.
func ReadFile(root, name string, limit int64) ([]byte, error) { return rooted(root).read(name, limit) }

// Open opens a regular file for reading. It never waits, as an open of a pipe
// would.
func Open(root, name string) (*os.File, error) {
	f, _, err := rooted(root).open(name)
	return f, err
}

// Allocated is what a file, or everything in a directory, takes on the medium, in
// bytes: sparse files take less than their size. Links are not followed, and
// what cannot be seen counts nothing.
func Allocated(root, name string) (sum int64) {
	_ = filepath.WalkDir(rooted(root).root+name, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // as said
		}
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				sum += st.Blocks * 512
			}
		}
		return nil
	})
	return sum
}

// ReadVersion reads an image of the stick that need not be mounted. What is
// wrong with it is in its Problem.
func ReadVersion(root string, f Facts, dir, name string) Version {
	r := reader{Facts: &f, tree: rooted(root), config: f.Config}
	return *r.versionIn(dir, name)
}
