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

// part reads a part of a file and gives its length. One that got shorter gives
// what is left; what it grew by since the walk is not counted.
func (b *blocks) part(file int32, buf []byte, from int64) int {
	return b.parts(file, buf, []span{{from, from + int64(len(buf))}})
}

// span is a part of a file, in bytes.
type span struct{ from, to int64 }

// parts reads parts of a file, one behind the other.
func (b *blocks) parts(file int32, buf []byte, spans []span) (n int) {
	e := &b.c.entries[file]
	if e.unread || len(spans) == 0 {
		return 0
	}
	f, err := b.root.OpenBelow(b.c.path(file))
	if err != nil {
		e.unread = true
		return 0
	}
	defer f.Close()
	for _, s := range spans {
		read, err := f.ReadAt(buf[n:n+int(s.to-s.from)], s.from)
		if err != nil && err != io.EOF { //nolint:errorlint // ReadAt gives it as it is
			e.unread = true
			return 0
		}
		n += read
	}
	return n
}

// pieces gives some pieces of a block that are spread over it, valid until the
// next call. A piece of small files goes on in the next file.
func (b *blocks) pieces(l *layout, k key) []byte {
	files, begin, total := []int32{k.file}, -int64(k.number)*blockSize, int64(b.c.inBlock(k))
	if k.number < 0 {
		files, _ = l.members(k.file)
		begin, total = 0, int64(-k.number)
	}
	share := total / glancePieces
	each := min(glancePiece, share)
	n, piece := 0, int64(0)
	for _, f := range files {
		size := b.c.entries[f].size
		var spans []span
		for piece < glancePieces {
			from := piece*share + (share-each)/2 - begin
			to := from + each
			if from < size {
				spans = append(spans, span{max(from, 0), min(to, size)})
			}
			if to > size { // the rest is in the next file
				break
			}
			piece++
		}
		n += b.parts(f, b.buf[n:], spans)
		begin += size
	}
	return b.buf[:n]
}
