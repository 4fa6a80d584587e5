package estimate

import (
	"context"
	"io"
	"sort"

	"antix-remaster/core/squashfs"
)

// Old is what is known of the files in the image that runs: what each costs
// there, it costs in the new image too, as long as nobody changed it. For another
// compressor it tells how far each block shrinks there.
type Old struct {
	compressor string
	level      int
	usable     bool // its costs are those of a new image with the same compressor
	telling    bool // and they tell something of those with another
	nodes      []oldNode
	block      int64    // bytes of a block
	blocks     []uint32 // of all files, as stored
	tables     int64    // bytes of the image behind the data
}

type oldNode struct {
	name        string
	dir         int32
	first, many int32 // a directory: where its entries are; a file: its blocks
	kind        kind
	mtime       uint32
	size        int64
	stored      float64 // bytes that its data take
	content     content
}

// content is the same for files that share their data.
type content struct {
	start            int64
	fragment, offset uint32
	size             int64
}

var kinds = map[uint32]kind{0o040000: kindDir, 0o100000: kindFile, 0o120000: kindLink}

// ReadOld reads the tables of an image. The error tells that nothing can be
// taken from it; everything is then measured.
func ReadOld(ctx context.Context, r io.ReaderAt) (*Old, error) {
	im, err := squashfs.Open(r)
	if err != nil {
		return nil, err
	}
	blocks, err := im.FragmentBlocks()
	if err != nil {
		return nil, err
	}
	o := &Old{compressor: im.Super.Compressor, block: int64(im.Super.BlockSize), tables: im.Super.BytesUsed - im.Super.InodeTable}
	var usual bool
	o.level, usual = im.Level()
	o.usable = usual && im.Super.BlockSize == blockSize
	o.telling = o.compressor != "lz4" && o.compressor != "lzo" && im.Super.Flags&plainData == 0
	used := make([]int64, len(blocks)) // bytes in each fragment block
	err = im.Tree(ctx, func(number int, e squashfs.Node) error {
		o.add(int32(number), e)
		if uint64(e.Fragment) < uint64(len(used)) { // int has 32 bits on old computers
			used[e.Fragment] = max(used[e.Fragment], int64(e.Offset)+tail(e.Size, im.Super.BlockSize))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range o.nodes {
		n := &o.nodes[i]
		if f := n.content.fragment; n.kind == kindFile && uint64(f) < uint64(len(used)) && used[f] > 0 {
			n.stored += float64(tail(n.size, im.Super.BlockSize)) * float64(squashfs.Stored(blocks[f].Size)) / float64(used[f])
		}
	}
	return o, nil
}

// plainData is a flag of the superblock: no data are compressed. Source: the
// kernel's Documentation/filesystems/squashfs and squashfs_fs.h of squashfs-tools.
const plainData = 0x2

func tail(size int64, block uint32) int64 { return size % int64(block) }

func (o *Old) add(number int32, e squashfs.Node) {
	n := oldNode{name: e.Name, dir: int32(e.Dir), kind: kinds[e.Type], mtime: uint32(e.MTime), size: e.Size,
		content: content{e.Start, e.Fragment, e.Offset, e.Size}}
	for _, b := range e.Blocks {
		n.stored += float64(squashfs.Stored(b))
	}
	if len(e.Blocks) == 0 {
		n.content.start = 0
	} else {
		n.first, n.many = int32(len(o.blocks)), int32(len(e.Blocks))
		o.blocks = append(o.blocks, e.Blocks...)
	}
	if e.Dir >= 0 {
		d := &o.nodes[e.Dir]
		if d.many == 0 {
			d.first = number
		}
		d.many++
	}
	o.nodes = append(o.nodes, n)
}

// child finds a name in a directory, -1 when it is not there.
func (o *Old) child(dir int32, name string) int32 {
	if dir < 0 || o.nodes[dir].kind != kindDir {
		return -1
	}
	d := o.nodes[dir]
	list := o.nodes[d.first : d.first+d.many]
	i := sort.Search(len(list), func(i int) bool { return list[i].name >= name })
	if i == len(list) || list[i].name != name {
		return -1
	}
	return d.first + int32(i)
}

// same tells whether a file is the one of the image: nobody changed it.
func (o *Old) same(node int32, e *entry) bool {
	if node < 0 {
		return false
	}
	n := o.nodes[node]
	return n.kind == e.kind && n.size == e.size && n.mtime == e.mtime
}

// ratio is how far bytes from to to of a file shrank in the image. Those in a
// block with other files shrank as the file as a whole.
func (o *Old) ratio(node int32, from, to int64) float64 {
	n := &o.nodes[node]
	sum, left := 0.0, to-from
	for i := from / o.block; i < int64(n.many) && i*o.block < to; i++ {
		begin, end := i*o.block, min((i+1)*o.block, n.size)
		part := min(end, to) - max(begin, from)
		sum += float64(part) / float64(end-begin) * float64(squashfs.Stored(o.blocks[int64(n.first)+i]))
		left -= part
	}
	sum += float64(left) / float64(n.size) * n.stored
	return min(sum/float64(to-from), 1)
}

// oldRatio is how far a block of a file shrank there: with other small files,
// those that it has.
func (w *work) oldRatio(k key, file int32) float64 {
	e := &w.c.entries[file]
	if k.number >= 0 {
		from := int64(k.number) * blockSize
		return w.c.image.ratio(e.old, from, min(from+blockSize, e.size))
	}
	bytes, stored := 0.0, 0.0
	files, _ := w.l.members(k.file)
	for _, f := range files {
		if e := &w.c.entries[f]; e.old >= 0 {
			bytes, stored = bytes+float64(e.size), stored+w.c.image.nodes[e.old].stored
		}
	}
	if bytes == 0 { // the files of the block are no longer packed
		return w.c.image.ratio(e.old, 0, e.size)
	}
	return min(stored/bytes, 1)
}

// expectOld is what a file with data that the old image has is expected to take,
// block by block, as the curve of the sample bends.
func (w *work) expectOld(s *sample, file int32) (bytes float64) {
	e := &w.c.entries[file]
	w.c.eachBlock(file, func(n int32) {
		from := int64(n) * blockSize
		to := min(from+blockSize, e.size)
		bytes += float64(to-from) * s.fromOld(w.c.image.ratio(e.old, from, to))
	})
	return bytes
}

// fromOld is the ratio that follows from the one in the old image. A block of
// zeros takes nothing, whatever the compressor.
func (s *sample) fromOld(x float64) float64 {
	if x == 0 {
		return 0
	}
	return s.fit.curve.at(x)
}

// aids tells whether it helps where it has no price. What lz4 makes of a block
// tells less than a look at some (docs/decisions/0022).
func (o *Old) aids(h How) bool { return o != nil && o.telling && !o.prices(h) }

// prices tells whether the image's costs hold for a new one of this kind.
func (o *Old) prices(h How) bool {
	return o != nil && o.usable && o.compressor == h.Compressor && o.level == h.level()
}

// sizes leaves what decides the size.
func (h How) sizes() How { return How{Compressor: h.Compressor, Level: h.Level} }

// level is the one that 0 stands for.
func (h How) level() int {
	if h.Level > 0 {
		return h.Level
	}
	return map[string]int{"zstd": 15, "gzip": 9}[h.Compressor]
}
