package squashfs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Entry is one name in an image.
type Entry struct {
	Name   string      // any bytes but "/" and NUL, never "", "." or ".."
	Mode   fs.FileMode // type and permissions, as os.Lstat gives them
	Size   int64       // bytes of a regular file, else 0
	MTime  int64       // seconds since 1970
	Target string      // of a symbolic link
}

// maxEntries is how many names of one directory are listed; a live system has
// some ten thousand in /var/lib/dpkg/info.
const maxEntries = 100_000

// List returns what is in a directory, sorted by name. Links are followed
// inside the image. Errors are those of ReadDir; names that lead out of the
// directory are ErrCorrupt, more than 100,000 names ErrTooLarge.
func (im *Image) List(path string) ([]Entry, error) {
	all, err := im.entries(path)
	if err != nil {
		return nil, fmt.Errorf("cannot list %q in the image: %w", path, err)
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func (im *Image) entries(path string) ([]Entry, error) {
	dir, err := im.directory(path)
	if err != nil {
		return nil, err
	}
	var all []Entry
	var refs []uint64
	err = im.list(dir, func(name string, ref uint64) bool {
		all, refs = append(all, Entry{Name: name}), append(refs, ref)
		return len(all) <= maxEntries
	})
	if err == nil && len(all) > maxEntries {
		err = fmt.Errorf("more than %d names: %w", maxEntries, ErrTooLarge)
	}
	if err != nil {
		return nil, err
	}
	for i, ref := range refs {
		if !plain(all[i].Name) {
			return nil, corrupt("use the names of a directory")
		}
		n, err := im.inode(ref)
		if err != nil {
			return nil, err
		}
		// A thousand names may share one long target.
		if im.listed += int64(len(n.target)); im.listed > maxListing {
			return nil, fmt.Errorf("links of %d bytes: %w", im.listed, ErrTooLarge)
		}
		all[i] = n.entry(all[i].Name)
	}
	return all, nil
}

func plain(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// Stat describes what path leads to, its last link followed if follow says so.
// A missing one wraps fs.ErrNotExist. The name is the last part of path.
func (im *Image) Stat(path string, follow bool) (Entry, error) {
	n, err := im.lookup(path, follow)
	if err != nil {
		return Entry{}, fmt.Errorf("cannot look at %q in the image: %w", path, err)
	}
	path = strings.TrimRight(path, "/")
	return n.entry(path[strings.LastIndexByte(path, '/')+1:]), nil
}

// Copy writes the contents of a regular file to w, one block after another;
// holes are written as zeros. All links are followed inside the image. A
// missing file wraps fs.ErrNotExist, anything but a regular file fs.ErrInvalid.
func (im *Image) Copy(ctx context.Context, path string, w io.Writer) error {
	n, err := im.lookup(path, true)
	if err == nil && !n.isFile() {
		err = errNoFile
	}
	if err == nil {
		err = im.parts(n, func(part []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := w.Write(part)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("cannot copy %q out of the image: %w", path, err)
	}
	return nil
}

// types are those of inodes; the extended kind of each is seven higher.
var types = [...]fs.FileMode{typeDir: fs.ModeDir, typeSymlink: fs.ModeSymlink, 4: fs.ModeDevice,
	5: fs.ModeDevice | fs.ModeCharDevice, 6: fs.ModeNamedPipe, 7: fs.ModeSocket}

func (n inode) entry(name string) Entry {
	e := Entry{Name: name, Mode: types[(n.kind-1)%7+1] | fs.FileMode(n.perm&0o777), MTime: n.mtime, Target: n.target}
	for i, mode := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if n.perm&(0o1000<<i) != 0 {
			e.Mode |= mode
		}
	}
	if n.isFile() {
		e.Size = n.size
	}
	return e
}
