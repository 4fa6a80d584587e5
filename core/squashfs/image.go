package squashfs

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

const (
	maxLinks   = 40      // as Linux does before ELOOP
	maxListing = 8 << 20 // bytes of directories read in one call; about 300,000 names
)

// Image is an open image. It is not safe for concurrent use.
type Image struct {
	Super Super

	r          io.ReaderAt
	decompress decompressor
	cache      map[int64]block
	listed     int64 // bytes of directories read in this call, against loops of links through huge ones
}

// Open reads and checks the superblock. Errors wrap ErrNotSquashfs, ErrCorrupt
// or ErrCompressor.
func Open(r io.ReaderAt) (*Image, error) {
	s, err := ReadSuper(r)
	if err != nil {
		return nil, err
	}
	unpack, err := newDecompressor(s)
	if err != nil {
		return nil, err
	}
	return &Image{Super: s, r: r, decompress: unpack, cache: map[int64]block{}}, nil
}

// ReadFile returns the contents of a regular file. A file of more than limit
// bytes is ErrTooLarge; a missing one wraps fs.ErrNotExist, anything but a
// regular file fs.ErrInvalid. Links on the way are followed inside the image,
// a link at the end is not.
func (im *Image) ReadFile(path string, limit int64) ([]byte, error) {
	b, err := im.readFile(path, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read %q in the image: %w", path, err)
	}
	return b, nil
}

// ReadDir returns the sorted names in a directory. Links are followed inside
// the image. A missing directory wraps fs.ErrNotExist, anything but a directory
// fs.ErrInvalid.
func (im *Image) ReadDir(path string) ([]string, error) {
	var names []string
	n, err := im.directory(path)
	if err == nil {
		err = im.list(n, func(name string, _ uint64) bool {
			names = append(names, name)
			return true
		})
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %q in the image: %w", path, err)
	}
	slices.Sort(names)
	return names, nil
}

func (im *Image) directory(path string) (inode, error) {
	n, err := im.lookup(path, true)
	if err == nil && !n.isDir() {
		err = fmt.Errorf("not a directory: %w", fs.ErrInvalid)
	}
	return n, err
}

// lookup finds the inode of path. A link at the end is followed if follow says
// so; one on the way always is.
func (im *Image) lookup(path string, follow bool) (inode, error) {
	im.listed = 0
	root, err := im.inode(im.Super.RootInode)
	if err != nil {
		return inode{}, err
	}
	at, todo, links := []inode{root}, strings.Split(path, "/"), 0
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = at[:max(1, len(at)-1)]
			continue
		}
		n, err := im.child(at[len(at)-1], name)
		if err != nil {
			return inode{}, err
		}
		if !n.isLink() || len(todo) == 0 && !follow {
			at = append(at, n)
			continue
		}
		if links++; links > maxLinks {
			return inode{}, fmt.Errorf("too many symbolic links: %w", fs.ErrInvalid)
		}
		if strings.HasPrefix(n.target, "/") {
			at = at[:1]
		}
		todo = append(strings.Split(n.target, "/"), todo...)
	}
	return at[len(at)-1], nil
}

// child finds a name in a directory.
func (im *Image) child(dir inode, name string) (inode, error) {
	if !dir.isDir() {
		return inode{}, fmt.Errorf("%q is not in a directory: %w", name, fs.ErrNotExist)
	}
	found, ref := false, uint64(0)
	err := im.list(dir, func(have string, at uint64) bool {
		found, ref = have == name, at
		return have < name // names are stored in order
	})
	if err != nil {
		return inode{}, err
	}
	if !found {
		return inode{}, fmt.Errorf("there is no %q: %w", name, fs.ErrNotExist)
	}
	return im.inode(ref)
}

// list calls visit for each entry of a directory until it returns false.
func (im *Image) list(dir inode, visit func(name string, ref uint64) bool) error {
	left := dir.size - 3 // the stored size counts "." and "..", which are not stored
	if im.listed += max(0, left); im.listed > maxListing {
		return fmt.Errorf("directories of %d bytes: %w", im.listed, ErrTooLarge)
	}
	le := binary.LittleEndian
	c := cursor{im: im, at: im.Super.DirTable + dir.start, pos: int(dir.offset)}
	for left > 0 {
		head, err := c.next(12)
		if err != nil {
			return err
		}
		count, start := int(le.Uint32(head))+1, uint64(le.Uint32(head[4:]))
		if left -= 12; count < 1 || count > 256 {
			return corrupt("read a directory")
		}
		for ; count > 0; count-- {
			entry, err := c.next(8)
			if err != nil {
				return err
			}
			offset, length := uint64(le.Uint16(entry)), int(le.Uint16(entry[6:]))+1
			if left -= int64(8 + length); left < 0 || length > 256 {
				return corrupt("read a directory")
			}
			name, err := c.next(length)
			if err != nil {
				return err
			}
			if !visit(string(name), start<<16|offset) {
				return nil
			}
		}
	}
	return nil
}
