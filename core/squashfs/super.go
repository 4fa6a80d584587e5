// Package squashfs reads squashfs 4.0 images through an io.ReaderAt, without
// any privilege and with bounded memory, however hostile the image. It is made
// for looking up a few files: it reads one block at a time and keeps a handful
// of them. The layout is that of the kernel's
// Documentation/filesystems/squashfs.rst.
package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

var (
	// ErrNotSquashfs says that the file does not begin with a squashfs 4.0 superblock.
	ErrNotSquashfs = errors.New("not a squashfs 4.0 image")
	// ErrCorrupt says that the image contradicts itself or ends too early.
	ErrCorrupt = errors.New("the squashfs image is damaged")
	// ErrCompressor says that the image is packed in a way this package cannot unpack.
	ErrCompressor = errors.New("the compressor is not supported")
	// ErrTooLarge says that a file or directory exceeds the limit.
	ErrTooLarge = errors.New("larger than the limit")
)

const (
	magic     = 0x73717368
	superSize = 96
	noTable   = -1 // an optional table that the image does not have

	minBlock = 4 << 10
	maxBlock = 1 << 20
)

// compressors names the compressor ids 1 to 6 of the superblock.
var compressors = [...]string{1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

// Super is the superblock of an image. Offsets are bytes from its start; -1
// says that an optional table is absent.
type Super struct {
	Compressor string // "gzip", "lzma", "lzo", "xz", "lz4" or "zstd"
	BlockSize  uint32 // bytes
	BytesUsed  int64  // bytes of the image; a shorter file is truncated
	MkfsTime   int64  // seconds since 1970
	Inodes     uint32
	Fragments  uint32
	IDs        uint16
	Flags      uint16
	RootInode  uint64 // offset of a block in the inode table << 16 | offset in that block

	InodeTable, DirTable, IDTable          int64
	FragmentTable, ExportTable, XattrTable int64
}

// ReadSuper reads and checks the superblock. Errors wrap ErrNotSquashfs when it
// is something else, and ErrCorrupt when its values contradict each other.
func ReadSuper(r io.ReaderAt) (Super, error) {
	var raw [superSize]byte
	if n, err := r.ReadAt(raw[:], 0); n < superSize {
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = ErrNotSquashfs
		}
		return Super{}, fmt.Errorf("cannot read the superblock: %w", err)
	}
	le := binary.LittleEndian
	if le.Uint32(raw[0:]) != magic || le.Uint16(raw[28:]) != 4 || le.Uint16(raw[30:]) != 0 {
		return Super{}, fmt.Errorf("cannot read the superblock: %w", ErrNotSquashfs)
	}
	s := Super{
		Inodes:        le.Uint32(raw[4:]),
		MkfsTime:      int64(le.Uint32(raw[8:])),
		BlockSize:     le.Uint32(raw[12:]),
		Fragments:     le.Uint32(raw[16:]),
		Flags:         le.Uint16(raw[24:]),
		IDs:           le.Uint16(raw[26:]),
		RootInode:     le.Uint64(raw[32:]),
		BytesUsed:     int64(le.Uint64(raw[40:])),
		IDTable:       int64(le.Uint64(raw[48:])),
		XattrTable:    int64(le.Uint64(raw[56:])),
		InodeTable:    int64(le.Uint64(raw[64:])),
		DirTable:      int64(le.Uint64(raw[72:])),
		FragmentTable: int64(le.Uint64(raw[80:])),
		ExportTable:   int64(le.Uint64(raw[88:])),
	}
	if id := int(le.Uint16(raw[20:])); id < len(compressors) {
		s.Compressor = compressors[id]
	}
	if what := s.nonsense(le.Uint16(raw[22:])); what != "" {
		return Super{}, fmt.Errorf("cannot use the superblock: %s: %w", what, ErrCorrupt)
	}
	return s, nil
}

// nonsense names the first value that cannot be true, "" when all may be.
func (s Super) nonsense(blockLog uint16) string {
	switch {
	case s.Compressor == "":
		return "unknown compressor"
	case s.BlockSize < minBlock || s.BlockSize > maxBlock || bits.OnesCount32(s.BlockSize) != 1:
		return "impossible block size"
	case bits.TrailingZeros32(s.BlockSize) != int(blockLog):
		return "block size and its logarithm differ"
	case s.BytesUsed <= superSize:
		return "impossible size"
	case s.Inodes == 0 || s.IDs == 0:
		return "no inodes or no owners"
	case s.Fragments > s.Inodes:
		return "more fragments than inodes"
	case !s.tablesInOrder():
		return "tables out of order"
	case int64(s.RootInode>>16) >= s.DirTable-s.InodeTable || s.RootInode>>48 != 0:
		return "root directory outside the inode table"
	}
	return ""
}

// tablesInOrder tells whether the tables lie in the one order that writers
// produce: inodes, directories, fragments, export, ids, xattrs.
func (s Super) tablesInOrder() bool {
	last := int64(superSize) - 1
	for _, t := range []struct {
		at       int64
		optional bool
	}{
		{s.InodeTable, false}, {s.DirTable, false}, {s.FragmentTable, s.Fragments == 0},
		{s.ExportTable, true}, {s.IDTable, false}, {s.XattrTable, true},
	} {
		if t.at == noTable && t.optional {
			continue
		}
		// Without fragments mksquashfs may write an empty table at the same offset.
		if t.at < last || t.at == last && !t.optional || t.at >= s.BytesUsed {
			return false
		}
		last = t.at
	}
	return true
}
