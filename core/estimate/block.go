package estimate

import (
	"io"

	"antix-remaster/core/sys"
)

// key names a block of the new image: block number of a large file, or, with a
// negative number, small files of that many bytes together from the first one on.
type key struct{ file, number int32 }

// packed is what the real one made of it.
type packed struct{ stored, bytes int32 }

// blocks reads the blocks of the tree.
type blocks struct {
	c    *Census
	root *sys.Dir
	buf  []byte
}

// at names the block that holds a place in the data of a file.
func (b *blocks) at(l *layout, file int32, offset int64) key {
	if b.c.entries[file].size >= blockSize {
		return key{file, b.c.blockAt(file, offset)}
	}
	files, bytes := l.members(file)
	if len(files) == 0 {
		return key{file, -1}
	}
	return key{files[0], -bytes}
}

// read gives the bytes of a block, valid until the next call. Files that cannot
// be read are left out, and marked: they count in full.
func (b *blocks) read(l *layout, k key) []byte {
	if k.number >= 0 {
		from := int64(k.number) * blockSize
		n := b.part(k.file, b.buf[:min(b.c.entries[k.file].size-from, blockSize)], from)
		return b.buf[:n]
	}
	n := 0
	files, _ := l.members(k.file)
	for _, f := range files {
		n += b.part(f, b.buf[n:n+int(b.c.entries[f].size)], 0)
	}
	return b.buf[:n]
}

// part reads a piece of a file and gives its length. One that got shorter gives
// what is left; what it grew by since the walk is not counted.
func (b *blocks) part(file int32, buf []byte, from int64) int {
	e := &b.c.entries[file]
	if e.unread {
		return 0
	}
	f, err := b.root.OpenBelow(b.c.path(file))
	if err != nil {
		e.unread = true
		return 0
	}
	defer f.Close()
	n, err := f.ReadAt(buf, from)
	if err != nil && err != io.EOF { //nolint:errorlint // ReadAt gives it as it is
		e.unread = true
		return 0
	}
	return n
}
