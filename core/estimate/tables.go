package estimate

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// tables are the look-alikes of the tables that mksquashfs will write behind
// the data: what they hold is known but for places in the image, which are made
// up. Source of the formats: squashfs_fs.h of squashfs-tools.
type tables struct {
	inodes, dirs, fragments, export chunks
	xattrs                          int64
}

// metaSize is how many bytes of a table are compressed together.
const metaSize = 8 << 10

// chunks is a table of which every so many chunks are kept.
type chunks struct {
	every int
	bytes int64
	buf   []byte
	kept  [][]byte
}

func (c *chunks) add(parts ...[]byte) {
	for _, p := range parts {
		c.bytes += int64(len(p))
		c.buf = append(c.buf, p...)
	}
	for len(c.buf) >= metaSize {
		c.keep(c.buf[:metaSize])
		c.buf = append(c.buf[:0], c.buf[metaSize:]...)
	}
}

func (c *chunks) keep(chunk []byte) {
	if number := int((c.bytes-1)/metaSize) + c.every/2; number%c.every == 0 || len(c.kept) == 0 {
		c.kept = append(c.kept, append([]byte(nil), chunk...))
	}
}

// end keeps the last, shorter chunk when there is no other.
func (c *chunks) end() {
	if len(c.kept) == 0 && len(c.buf) > 0 {
		c.kept = append(c.kept, append([]byte(nil), c.buf...))
	}
	c.buf = nil
}

// keptChunks is about how many of each large table are measured.
const keptChunks = 16

// tableWriter makes the tables for one layout.
type tableWriter struct {
	c      *Census
	l      *layout
	t      *tables
	ratio  float64 // of the data, for sizes of blocks that are not known
	rnd    *rand.Rand
	owners map[uint32]uint16
	place  uint64 // where the next file begins in the image
	names  []int32
	starts []int32 // of a directory: where its entries are in names
	number []uint32
	at     []int64    // of an entry: where its inode begins in the table
	inside []fragment // of a small file: number of its fragment, and its offset there
}

// lookalike makes the tables. ratio is that of the data, about.
func lookalike(c *Census, l *layout, ratio float64) *tables {
	every := func(bytes int) int { return max(l.entries*bytes/metaSize/keptChunks, 1) }
	t := &tables{inodes: chunks{every: every(40)}, dirs: chunks{every: every(24)}, export: chunks{every: every(8 * 4)}}
	t.fragments = chunks{every: max(len(l.fragments)*16/metaSize/4, 1)}
	w := tableWriter{c: c, l: l, t: t, ratio: ratio, rnd: rand.New(rand.NewPCG(1, 2)), owners: map[uint32]uint16{}, number: make([]uint32, len(c.entries)), at: make([]int64, len(c.entries))}
	w.sortChildren()
	w.findInside()
	w.writeInodes()
	w.writeDirs()
	w.writeFragments()
	for _, c := range []*chunks{&t.inodes, &t.dirs, &t.fragments, &t.export} {
		c.end()
	}
	t.xattrs = c.xattrs.table(l.entries)
	return t
}

// sortChildren lists the entries by directory.
func (w *tableWriter) sortChildren() {
	n := len(w.c.entries)
	w.starts, w.names = make([]int32, n+1), make([]int32, n)
	for i := 1; i < n; i++ {
		if w.l.in[i] {
			w.starts[w.c.entries[i].parent+1]++
		}
	}
	for i := range n {
		w.starts[i+1] += w.starts[i]
	}
	next := append([]int32(nil), w.starts...)
	for i := 1; i < n; i++ {
		if w.l.in[i] {
			p := w.c.entries[i].parent
			w.names[next[p]] = int32(i)
			next[p]++
		}
	}
}

// findInside finds where small files are.
func (w *tableWriter) findInside() {
	for i := range w.l.fragments {
		offset := int32(0)
		for _, f := range w.l.inFragment(i) {
			w.inside = append(w.inside, fragment{int32(i), offset})
			offset += int32(w.c.entries[f].size)
		}
	}
}

var le = binary.LittleEndian

func (w *tableWriter) writeInodes() {
	count := uint32(0)
	buf := make([]byte, 0, 256)
	for i := range w.c.entries {
		e := &w.c.entries[i]
		if !w.l.in[i] || w.number[e.first] > 0 {
			continue
		}
		count++
		w.number[e.first], w.at[e.first] = count, w.t.inodes.bytes
		buf = w.inode(buf[:0], int32(i), count)
		w.t.export.add(le.AppendUint64(nil, uint64(w.t.inodes.bytes/metaSize*3000)<<16|uint64(w.t.inodes.bytes%metaSize)))
		w.t.inodes.add(buf)
	}
}

func (w *tableWriter) inode(b []byte, i int32, number uint32) []byte {
	e := &w.c.entries[i]
	owner, ok := w.owners[e.owner]
	if !ok {
		owner = uint16(len(w.owners))
		w.owners[e.owner] = owner
	}
	b = le.AppendUint16(b, uint16(e.kind))
	b = le.AppendUint16(b, e.mode)
	b = le.AppendUint16(b, owner)
	b = le.AppendUint16(b, owner)
	b = le.AppendUint32(b, e.mtime)
	b = le.AppendUint32(b, number)
	switch e.kind {
	case kindDir:
		children := w.starts[i+1] - w.starts[i]
		b = le.AppendUint32(b, uint32(w.t.dirs.bytes/metaSize*3500)+uint32(number/100*3500))
		b = le.AppendUint32(b, uint32(2+children/4))
		b = le.AppendUint16(b, uint16(3+children*24))
		b = le.AppendUint16(b, uint16(w.rnd.IntN(metaSize)))
		return le.AppendUint32(b, number+1)
	case kindLink:
		b = le.AppendUint32(b, 1)
		b = le.AppendUint32(b, uint32(e.size))
		return append(b, target(e, int(min(e.size, 4096)))...)
	case kindFile:
		return w.file(b, e, i)
	}
	return append(b, 1, 0, 0, 0)
}

// target looks like a link's: most are a name beside the link.
func target(e *entry, size int) []byte {
	t := []byte("../" + e.name + "/../" + e.name)
	for len(t) < size {
		t = append(t, e.name+"/"...)
	}
	return t[len(t)-size:]
}

func (w *tableWriter) file(b []byte, e *entry, i int32) []byte {
	if small := w.l.inSmall[e.first]; e.size < blockSize {
		offset, fragment := uint32(0), uint32(0xffffffff)
		if small >= 0 && e.size > 0 {
			fragment, offset = uint32(w.inside[small].first), uint32(w.inside[small].bytes)
		}
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, fragment)
		b = le.AppendUint32(b, offset)
		return le.AppendUint32(b, uint32(e.size))
	}
	b = le.AppendUint32(b, uint32(w.place))
	b = le.AppendUint32(b, 0xffffffff)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(e.size))
	for left := w.c.data(e.first); left > 0; left -= blockSize {
		size := uint32(float64(min(left, blockSize)) * min(w.ratio*(0.7+0.6*w.rnd.Float64()), 1))
		w.place += uint64(size)
		b = le.AppendUint32(b, size)
	}
	return b
}

func (w *tableWriter) writeDirs() {
	var buf []byte
	for i := range w.c.entries {
		if !w.l.in[i] || w.c.entries[i].kind != kindDir {
			continue
		}
		buf = buf[:0]
		names := w.names[w.starts[i]:w.starts[i+1]]
		head, first, chunk := 0, uint32(0), int64(-1)
		for k, n := range names {
			e := &w.c.entries[n]
			number, at := w.number[e.first], w.at[e.first]
			if at/metaSize != chunk || k-head == 256 { // a header tells of inodes in one chunk
				head, first, chunk = k, number, at/metaSize
				buf = le.AppendUint32(buf, uint32(min(len(names)-k, 256)-1))
				buf = le.AppendUint32(buf, uint32(chunk*3000))
				buf = le.AppendUint32(buf, number)
			}
			buf = le.AppendUint16(buf, uint16(at%metaSize))
			buf = le.AppendUint16(buf, uint16(number-first))
			buf = le.AppendUint16(buf, uint16(e.kind))
			buf = le.AppendUint16(buf, uint16(len(e.name)-1))
			buf = append(buf, e.name...)
		}
		w.t.dirs.add(buf)
	}
}

func (w *tableWriter) writeFragments() {
	for _, f := range w.l.fragments {
		size := uint32(float64(f.bytes) * min(w.ratio*(0.7+0.6*w.rnd.Float64()), 1))
		b := le.AppendUint64(nil, w.place)
		b = le.AppendUint32(b, size)
		w.place += uint64(size)
		w.t.fragments.add(le.AppendUint32(b, 0))
	}
}

// all are the tables in the order of a price.
func (t *tables) all() [4]*chunks {
	return [4]*chunks{&t.inodes, &t.dirs, &t.fragments, &t.export}
}

// cost is what the tables take, compressed by ratios, one for each.
func (t *tables) cost(ratio [4]float64) float64 {
	sum := 96 + 2048.0 + float64(t.xattrs) // superblock, rounding up to 4 KiB
	for i, c := range t.all() {
		sum += float64(c.bytes)*ratio[i] + float64(c.bytes/metaSize)*(2+8)
	}
	return sum
}

// size is what they take when nothing gets smaller.
func (t *tables) size() int64 { return int64(t.cost([4]float64{1, 1, 1, 1})) + 4096 }

// packTables has the real compressor pack pieces of the look-alike tables.
func (w *work) packTables(r *rowState) (err error) {
	defer func() { err = errors.Join(err, w.exact.clear()) }()
	for _, t := range w.tables.all() {
		for _, chunk := range t.kept {
			if err := w.exact.add(chunk); err != nil {
				return err
			}
		}
	}
	sizes, u, err := w.exact.measure(w.step, r.how, metaSize)
	w.child += u.cpu
	if err != nil {
		return err
	}
	var stored, bytes [4]float64
	kept := 0
	for i, t := range w.tables.all() {
		for _, chunk := range t.kept {
			stored[i] += float64(sizes[kept])
			bytes[i] += float64(len(chunk))
			kept++
		}
		if bytes[i] > 0 {
			r.ratios[i] = stored[i] / bytes[i]
		}
	}
	r.entries = max(w.l.files, 1)
	return nil
}
