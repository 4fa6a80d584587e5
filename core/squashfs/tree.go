package squashfs

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Node is one entry of the tree of an image.
type Node struct {
	Dir   int    // number of its directory; -1 of the root
	Name  string // "" of the root
	Type  uint32 // S_IFMT part of the mode
	MTime int64  // seconds since 1970

	// Of a regular file:
	Size     int64    // bytes
	Start    int64    // offset of its first block: files with the same content share it
	Blocks   []uint32 // of each block as stored, for Stored; valid until the visit ends
	Fragment uint32   // number of the block that holds its tail, higher than all when none does
	Offset   uint32   // of the tail in that block
}

// Stored is how many bytes a block takes in the image, from its size as an
// Node or a Fragment tells it. A hole takes none.
func Stored(size uint32) int64 { return int64(size &^ dataPlain) }

// Fragment is a block that holds several small files.
type Fragment struct {
	Start int64  // offset
	Size  uint32 // for Stored
}

// fileTypes are the S_IFMT parts of inode types 1 to 7; the extended types
// follow in the same order.
var fileTypes = [...]uint32{0, 0o040000, 0o100000, 0o120000, 0o060000, 0o020000, 0o010000, 0o140000}

// Tree visits every entry, numbered from 0, the root first: what is in a
// directory comes one after another in the order of the names, and after the
// directory itself. It reads only the tables. Damage is ErrCorrupt, more than
// four million entries or blocks are ErrTooLarge; an error of visit ends it.
func (im *Image) Tree(ctx context.Context, visit func(number int, e Node) error) error {
	t := treeWalk{im: im, visit: visit, dirs: map[uint64]bool{}}
	err := t.entry(im.Super.RootInode, -1, "")
	for len(t.todo) > 0 && err == nil {
		if err = ctx.Err(); err == nil {
			next := t.todo[0]
			t.todo = t.todo[1:]
			err = t.list(next)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot read the tree of the image: %w", err)
	}
	return nil
}

type treeWalk struct {
	im     *Image
	visit  func(int, Node) error
	todo   []place
	dirs   map[uint64]bool // those that were met
	count  int             // entries so far
	blocks int             // and blocks of files
	sizes  []uint32
}

// place is a directory that is still to be listed.
type place struct {
	number int
	inode  inode
}

func (t *treeWalk) list(p place) error {
	t.im.listed = 0
	var names []string
	var refs []uint64
	err := t.im.list(p.inode, func(name string, ref uint64) bool {
		names, refs = append(names, name), append(refs, ref)
		return true
	})
	if err != nil {
		return err
	}
	for i, name := range names {
		if i > 0 && name <= names[i-1] {
			return corrupt("read a directory whose names are not in order")
		}
		if err := t.entry(refs[i], p.number, name); err != nil {
			return err
		}
	}
	return nil
}

func (t *treeWalk) entry(ref uint64, dir int, name string) error {
	n, err := t.im.inode(ref)
	if err != nil {
		return err
	}
	number := t.count
	if t.count++; t.count > maxWalk {
		return fmt.Errorf("%d entries: %w", t.count, ErrTooLarge)
	}
	e := Node{Dir: dir, Name: name, Type: fileTypes[(n.kind-1)%7+1], MTime: n.mtime, Fragment: noFragment}
	switch {
	case n.isDir():
		if t.dirs[ref] {
			return corrupt("walk a directory that has two places")
		}
		t.dirs[ref] = true
		t.todo = append(t.todo, place{number, n})
	case n.isFile():
		if err := t.file(&e, n); err != nil {
			return err
		}
	}
	return t.visit(number, e)
}

func (t *treeWalk) file(e *Node, n inode) error {
	e.Size, e.Start, e.Fragment, e.Offset = n.size, n.start, n.fragment, n.offset
	block := int64(t.im.Super.BlockSize)
	blocks := n.size / block
	if n.size%block > 0 && n.fragment == noFragment {
		blocks++
	}
	if blocks > int64(maxWalk-t.blocks) {
		return fmt.Errorf("a file of %d blocks: %w", blocks, ErrTooLarge)
	}
	t.blocks += int(blocks)
	t.sizes = t.sizes[:0]
	for left := int(blocks); left > 0; { // memory grows with what is really there
		take := min(left, 512)
		raw, err := n.blocks.next(4 * take)
		if err != nil {
			return err
		}
		for ; len(raw) > 0; raw = raw[4:] {
			t.sizes = append(t.sizes, binary.LittleEndian.Uint32(raw))
		}
		left -= take
	}
	e.Blocks = t.sizes
	return nil
}

// FragmentBlocks reads the table of the blocks that hold small files.
func (im *Image) FragmentBlocks() ([]Fragment, error) {
	var out []Fragment
	le, left := binary.LittleEndian, int(im.Super.Fragments)
	if int64(left) > im.Super.BytesUsed {
		return nil, corrupt("read a table of more fragments than bytes")
	}
	for part := int64(0); left > 0; part++ {
		index, err := im.readAt(im.Super.FragmentTable+8*part, 8)
		if err != nil {
			return nil, err
		}
		c := cursor{im: im, at: int64(le.Uint64(index))}
		for ; left > 0 && len(out) < int(part+1)*perMeta; left-- {
			b, err := c.next(fragmentSize)
			if err != nil {
				return nil, fmt.Errorf("cannot read the fragment table: %w", err)
			}
			out = append(out, Fragment{int64(le.Uint64(b)), le.Uint32(b[8:])})
		}
	}
	return out, nil
}

const hasOptions = 0x400 // flag: the compressor's options follow the superblock

// Level is the level that the image was compressed with, 0 for a compressor
// without levels. usual is false when there was another option beside it.
// Source: the compressor wrappers of squashfs-tools 4.5.
func (im *Image) Level() (level int, usual bool) {
	level = map[string]int{"zstd": 15, "gzip": 9}[im.Super.Compressor]
	if im.Super.Flags&hasOptions == 0 {
		return level, true
	}
	b, err := im.metaBlock(superSize)
	if err != nil || len(b.data) < 4 {
		return level, false
	}
	first, second := binary.LittleEndian.Uint32(b.data), uint32(0)
	if len(b.data) >= 8 {
		second = binary.LittleEndian.Uint32(b.data[4:])
	}
	switch im.Super.Compressor {
	case "zstd":
		return int(first), true
	case "gzip":
		return int(first), second&0xffff == 15 && second>>16 <= 1 // window, strategies
	case "lz4":
		return 0, second == 0 // -Xhc
	}
	return level, first == im.Super.BlockSize && second == 0 // dictionary, filters
}
