package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	metaSize   = 8 << 10 // unpacked bytes of every metadata block but the last of a table
	metaPlain  = 1 << 15 // flag of a metadata block that is not compressed
	metaCached = 32      // blocks kept; one is at most 8 KiB

	dataPlain = 1 << 24 // flag of a data block that is not compressed
)

// block is an unpacked metadata block.
type block struct {
	data []byte
	next int64 // offset of the block after it
}

// cursor reads on from a place in a table, over the ends of blocks.
type cursor struct {
	im  *Image
	at  int64 // offset of the current block
	pos int   // in its unpacked data
}

// corrupt reports damage found while doing what.
func corrupt(what string) error { return fmt.Errorf("cannot %s: %w", what, ErrCorrupt) }

// readAt reads n bytes that must lie inside the image.
func (im *Image) readAt(at int64, n int) ([]byte, error) {
	if at < superSize || at > im.Super.BytesUsed-int64(n) {
		return nil, corrupt(fmt.Sprintf("read %d bytes at %d", n, at))
	}
	b := make([]byte, n)
	got, err := im.r.ReadAt(b, at)
	if got == n {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, corrupt(fmt.Sprintf("read at %d: the file ends too early", at))
	}
	return nil, fmt.Errorf("cannot read at %d: %w", at, err)
}

// metaBlock reads and unpacks the metadata block at offset at.
func (im *Image) metaBlock(at int64) (block, error) {
	if b, ok := im.cache[at]; ok {
		return b, nil
	}
	head, err := im.readAt(at, 2)
	if err != nil {
		return block{}, err
	}
	h := binary.LittleEndian.Uint16(head)
	n := int(h &^ metaPlain)
	if n == 0 || n > metaSize {
		return block{}, corrupt(fmt.Sprintf("read the metadata block at %d", at))
	}
	raw, err := im.readAt(at+2, n)
	if err != nil {
		return block{}, err
	}
	b := block{data: raw, next: at + 2 + int64(n)}
	if h&metaPlain == 0 {
		if b.data, err = im.unpack(raw, metaSize); err != nil {
			return block{}, fmt.Errorf("cannot unpack the metadata block at %d: %w", at, err)
		}
	}
	if len(im.cache) >= metaCached {
		clear(im.cache)
	}
	im.cache[at] = b
	return b, nil
}

// unpack calls the decompressor and reports its complaints as damage.
func (im *Image) unpack(raw []byte, limit int) ([]byte, error) {
	b, err := im.decompress(raw, limit)
	switch {
	case errors.Is(err, ErrCompressor):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case len(b) > limit:
		return nil, ErrCorrupt
	}
	return b, nil
}

// next returns the n bytes at the cursor and moves it on.
func (c *cursor) next(n int) ([]byte, error) {
	var out []byte
	for {
		b, err := c.im.metaBlock(c.at)
		if err != nil {
			return nil, err
		}
		if c.pos > len(b.data) || len(b.data) == 0 {
			return nil, corrupt("follow a table")
		}
		take := min(n-len(out), len(b.data)-c.pos)
		part := b.data[c.pos : c.pos+take]
		c.pos += take
		if c.pos == len(b.data) {
			c.at, c.pos = b.next, 0
		}
		if take == n {
			return part, nil
		}
		if out = append(out, part...); len(out) == n {
			return out, nil
		}
	}
}

// dataBlock reads a data block or fragment of at most one block size. size is
// as stored: 0 means a hole.
func (im *Image) dataBlock(at int64, size uint32) ([]byte, error) {
	stored := size &^ dataPlain
	if stored > im.Super.BlockSize { // before it becomes an int, of 32 bits on some machines
		return nil, corrupt(fmt.Sprintf("read the data block at %d", at))
	}
	raw, err := im.readAt(at, int(stored))
	if err != nil || size&dataPlain != 0 {
		return raw, err
	}
	b, err := im.unpack(raw, int(im.Super.BlockSize))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the data block at %d: %w", at, err)
	}
	return b, nil
}
