// Package superblock makes what looks like a whole image, for tests that move
// images about and never mount one.
package superblock

import "encoding/binary"

// Size is that of a squashfs superblock, bytes.
const Size = 96

// Of is the superblock of an image of size bytes.
func Of(size int64) string {
	raw := make([]byte, Size)
	le := binary.LittleEndian
	copy(raw, "hsqs")
	le.PutUint32(raw[4:], 1)      // inodes
	le.PutUint32(raw[12:], 1<<17) // block size
	le.PutUint16(raw[20:], 1)     // gzip
	le.PutUint16(raw[22:], 17)
	le.PutUint16(raw[26:], 1) // owners
	le.PutUint16(raw[28:], 4) // version
	le.PutUint64(raw[40:], uint64(size))
	const none = ^uint64(0)
	// IDs, xattrs, inodes, directories, fragments, export.
	for i, at := range []uint64{130, none, Size, 120, none, none} {
		le.PutUint64(raw[48+8*i:], at)
	}
	return string(raw)
}
