package squashfs

import (
	"encoding/binary"
	"fmt"
)

// Inode types: the basic ones, and the extended ones with more fields.
const (
	typeDir     = 1
	typeFile    = 2
	typeSymlink = 3
	typeLDir    = 8
	typeLFile   = 9
	typeLLink   = 10

	noFragment = 0xffffffff
	maxTarget  = 4096 // PATH_MAX, and with it the longest symbolic link
)

// inode holds what this package needs of a directory, file or symlink. Other
// kinds keep only what all have.
type inode struct {
	kind  uint16
	perm  uint16 // permissions, with setuid, setgid and sticky as in stat(2)
	mtime int64  // seconds since 1970

	size     int64  // file: bytes; directory: bytes of its listing
	start    int64  // file: offset of its first block; directory: of its listing's block in the table
	offset   uint32 // in the fragment, or in the listing's block
	fragment uint32 // index in the fragment table, or noFragment
	blocks   cursor // file: at its list of block sizes
	target   string // symlink
}

func (n inode) isDir() bool  { return n.kind == typeDir || n.kind == typeLDir }
func (n inode) isFile() bool { return n.kind == typeFile || n.kind == typeLFile }
func (n inode) isLink() bool { return n.kind == typeSymlink || n.kind == typeLLink }

// inode reads the inode at ref, which is laid out like Super.RootInode.
func (im *Image) inode(ref uint64) (inode, error) {
	block := int64(ref >> 16)
	if block >= im.Super.DirTable-im.Super.InodeTable {
		return inode{}, corrupt("find an inode outside the inode table")
	}
	c := cursor{im: im, at: im.Super.InodeTable + block, pos: int(ref & 0xffff)}
	head, err := c.next(16)
	if err != nil {
		return inode{}, fmt.Errorf("cannot read an inode: %w", err)
	}
	le := binary.LittleEndian
	n := inode{kind: le.Uint16(head), perm: le.Uint16(head[2:]) & 0o7777, mtime: int64(le.Uint32(head[8:])), fragment: noFragment}
	switch {
	case n.isDir():
		err = n.readDir(&c)
	case n.isFile():
		err = n.readFile(&c)
	case n.isLink():
		err = n.readLink(&c)
	case n.kind == 0 || n.kind > 14:
		err = corrupt("read an inode of unknown type")
	}
	if err != nil {
		return inode{}, fmt.Errorf("cannot read an inode: %w", err)
	}
	return n, nil
}

func (n *inode) readDir(c *cursor) error {
	length := 16
	if n.kind == typeLDir {
		length = 24 // the directory index that may follow is not needed
	}
	b, err := c.next(length)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if n.kind == typeDir {
		n.start, n.size, n.offset = int64(le.Uint32(b)), int64(le.Uint16(b[8:])), uint32(le.Uint16(b[10:]))
	} else {
		n.size, n.start, n.offset = int64(le.Uint32(b[4:])), int64(le.Uint32(b[8:])), uint32(le.Uint16(b[18:]))
	}
	return nil
}

func (n *inode) readFile(c *cursor) error {
	length := 16
	if n.kind == typeLFile {
		length = 40
	}
	b, err := c.next(length)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if n.kind == typeFile {
		n.start, n.fragment, n.offset, n.size = int64(le.Uint32(b)), le.Uint32(b[4:]), le.Uint32(b[8:]), int64(le.Uint32(b[12:]))
	} else {
		n.start, n.size = int64(le.Uint64(b)), int64(le.Uint64(b[8:]))
		n.fragment, n.offset = le.Uint32(b[28:]), le.Uint32(b[32:])
	}
	if n.size < 0 || n.start < 0 {
		return corrupt("read a file of impossible size")
	}
	n.blocks = *c
	return nil
}

func (n *inode) readLink(c *cursor) error {
	b, err := c.next(8)
	if err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(b[4:])
	if size == 0 || size > maxTarget {
		return corrupt("read a symbolic link of impossible length")
	}
	target, err := c.next(int(size))
	n.target = string(target)
	return err
}
