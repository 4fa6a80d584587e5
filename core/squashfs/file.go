package squashfs

import (
	"encoding/binary"
	"fmt"
	"io/fs"
)

const (
	fragmentSize = 16 // bytes of an entry in the fragment table
	perMeta      = metaSize / fragmentSize
)

var errNoFile = fmt.Errorf("not a regular file: %w", fs.ErrInvalid)

func (im *Image) readFile(path string, limit int64) ([]byte, error) {
	n, err := im.lookup(path, false)
	switch {
	case err != nil:
		return nil, err
	case !n.isFile():
		return nil, errNoFile
	case n.size > limit:
		return nil, fmt.Errorf("%d bytes: %w", n.size, ErrTooLarge)
	}
	// Memory grows with what is really there, not with what the inode claims.
	var out []byte
	err = im.parts(n, func(part []byte) error {
		out = append(out, part...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// parts hands over the contents of a regular file, at most a block at a time.
func (im *Image) parts(n inode, take func([]byte) error) error {
	block, at := int64(im.Super.BlockSize), n.start
	for left := n.size; left > 0; {
		var part []byte
		var err error
		want := min(left, block)
		if want < block && n.fragment != noFragment {
			part, err = im.fragment(n, int(want))
		} else {
			part, at, err = im.fileBlock(&n, at, int(want))
		}
		if err == nil {
			err = take(part)
		}
		if err != nil {
			return err
		}
		left -= want
	}
	return nil
}

// fileBlock returns the next block of a file, want bytes of it, and the offset
// of the block after it.
func (im *Image) fileBlock(n *inode, at int64, want int) ([]byte, int64, error) {
	raw, err := n.blocks.next(4)
	if err != nil {
		return nil, 0, err
	}
	size := binary.LittleEndian.Uint32(raw)
	if size == 0 {
		return make([]byte, want), at, nil
	}
	b, err := im.dataBlock(at, size)
	if err != nil {
		return nil, 0, err
	}
	if len(b) != want {
		return nil, 0, corrupt("read a data block of the wrong length")
	}
	return b, at + int64(size&^dataPlain), nil
}

// fragment returns the tail of a file, want bytes, from the block in which the
// tails of several files are packed together.
func (im *Image) fragment(n inode, want int) ([]byte, error) {
	if n.fragment >= im.Super.Fragments {
		return nil, corrupt("find a fragment outside the table")
	}
	// The table is an index of offsets, one for each metadata block of entries.
	index, err := im.readAt(im.Super.FragmentTable+int64(n.fragment/perMeta)*8, 8)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	c := cursor{im: im, at: int64(le.Uint64(index)), pos: int(n.fragment%perMeta) * fragmentSize}
	entry, err := c.next(fragmentSize)
	if err != nil {
		return nil, err
	}
	b, err := im.dataBlock(int64(le.Uint64(entry)), le.Uint32(entry[8:]))
	if err != nil {
		return nil, err
	}
	if end := int64(n.offset) + int64(want); end > int64(len(b)) {
		return nil, corrupt("read a fragment beyond its block")
	}
	return b[n.offset : int(n.offset)+want], nil
}
