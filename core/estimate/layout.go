package estimate

import (
	"math/bits"
	"slices"
	"sort"
)

// blockSize is plan.BlockSize in bytes.
const blockSize = 256 << 10

// axis lays the data of every file of the census on one line, whether it is
// packed or not, so that a place on it stays the same when the choices change.
type axis struct {
	files []int32 // entries with data of their own, in order
	ends  []int64 // where the data of each ends
}

func newAxis(c *Census) *axis {
	a := &axis{}
	end := int64(0)
	for i := range c.entries {
		e := &c.entries[i]
		if e.kind != kindFile || e.size == 0 || int(e.first) != i {
			continue
		}
		n := c.data(int32(i))
		if n == 0 {
			continue
		}
		end += n
		a.files, a.ends = append(a.files, int32(i)), append(a.ends, end)
	}
	return a
}

func (a *axis) length() int64 {
	if len(a.ends) == 0 {
		return 0
	}
	return a.ends[len(a.ends)-1]
}

// find gives the file at a place, and how far into its data the place is.
func (a *axis) find(at int64) (file int32, offset int64) {
	i := sort.Search(len(a.ends), func(i int) bool { return a.ends[i] > at })
	begin := int64(0)
	if i > 0 {
		begin = a.ends[i-1]
	}
	return a.files[i], at - begin
}

// at is place number n of a row, as a part of all bytes, and what it hits.
func (a *axis) at(n, seed uint32) (at float64, file int32, offset int64) {
	at = point(n, seed)
	file, offset = a.find(int64(at * float64(a.length())))
	return at, file, offset
}

// data is how many bytes of a file are in blocks that are no holes.
func (c *Census) data(number int32) int64 {
	size := c.entries[number].size
	runs, sparse := c.sparse[number]
	if !sparse {
		return size
	}
	var sum int64
	for _, r := range runs {
		sum += min(int64(r.to)*blockSize, size) - int64(r.from)*blockSize
	}
	return sum
}

// inBlock is how many bytes of a large file are in a block of it.
func (c *Census) inBlock(k key) float64 {
	return min(float64(c.entries[k.file].size)-float64(k.number)*blockSize, blockSize)
}

// eachBlock shows the numbers of the blocks of a large file that are no holes.
func (c *Census) eachBlock(file int32, do func(number int32)) {
	runs, sparse := c.sparse[file]
	if !sparse {
		runs = []run{{0, int32((c.entries[file].size + blockSize - 1) / blockSize)}}
	}
	for _, r := range runs {
		for n := r.from; n < r.to; n++ {
			do(n)
		}
	}
}

// blockAt is the number of the block of a large file that holds a place in its
// data.
func (c *Census) blockAt(number int32, offset int64) int32 {
	for _, r := range c.sparse[number] {
		if n := int64(r.to-r.from) * blockSize; offset >= n {
			offset -= n
			continue
		}
		return r.from + int32(offset/blockSize)
	}
	return int32(offset / blockSize)
}

// fragment is a block that mksquashfs fills with small files: those in
// layout.small from first on, up to the next fragment's.
type fragment struct {
	first int32
	bytes int32
}

// layout is how mksquashfs lays out what the choices let it pack.
type layout struct {
	in        []bool  // of an entry: packed at all
	entries   int     // that are, the root with them
	own       []bool  // of an entry: packed, and its data are its own, not a twin's
	small     []int32 // files that share blocks, in order
	fragments []fragment
	inSmall   []int32 // of an entry: where it is in small; -1
	bytes     int64   // of all data
	files     int     // with data
	twins     int64   // bytes that are not packed as there is a twin

	smallBytes int64 // of files that share blocks, twins with them
	dropped    int64 // of large twins: they are compressed before that is seen
}

// lay finds for the entries that are in what each takes. Twins are known as
// far as the census knows them.
func (c *Census) lay(in []bool) *layout {
	n := len(c.entries)
	l := &layout{in: in, own: make([]bool, n), inSmall: slices.Repeat([]int32{-1}, n)}
	links, seen := make([]bool, n), make([]bool, n)
	for i := range c.entries {
		e := &c.entries[i]
		if in[i] {
			l.entries++
		}
		if !in[i] || e.kind != kindFile || e.size == 0 || links[e.first] {
			continue
		}
		links[e.first] = true
		if same := c.identity(e.first); same >= 0 {
			if seen[same] {
				l.again(c.data(e.first), e.size)
				continue
			}
			seen[same] = true
		}
		l.add(c, e.first)
	}
	return l
}

// again counts a file that has a twin before it.
func (l *layout) again(data, size int64) {
	if l.twins += data; size < blockSize {
		l.smallBytes += size
	} else {
		l.dropped += data
	}
}

// add places the data of the file that is called number first.
func (l *layout) add(c *Census, number int32) {
	l.own[number] = true
	size := c.entries[number].size
	l.files++
	if size >= blockSize {
		l.bytes += c.data(number)
		return
	}
	l.bytes, l.smallBytes = l.bytes+size, l.smallBytes+size
	last := len(l.fragments) - 1
	if last < 0 || int64(l.fragments[last].bytes)+size > blockSize {
		l.fragments = append(l.fragments, fragment{first: int32(len(l.small))})
		last++
	}
	l.fragments[last].bytes += int32(size)
	l.inSmall[number] = int32(len(l.small))
	l.small = append(l.small, number)
}

// members are the files of the fragment that holds a small file, and their bytes;
// none when it is not packed.
func (l *layout) members(number int32) (files []int32, bytes int32) {
	at := l.inSmall[number]
	if at < 0 {
		return nil, 0
	}
	i := sort.Search(len(l.fragments), func(i int) bool { return l.fragments[i].first > at }) - 1
	return l.inFragment(i), l.fragments[i].bytes
}

// inFragment are the files of fragment i.
func (l *layout) inFragment(i int) []int32 {
	end := int32(len(l.small))
	if i+1 < len(l.fragments) {
		end = l.fragments[i+1].first
	}
	return l.small[l.fragments[i].first:end]
}

// point is place number k of an endless row over [0, 1), of which every beginning is
// spread evenly: the van der Corput sequence. Each seed shuffles it in halves of
// halves, so that no two have the same places, as shifted ones nearly have (Laine and
// Karras, Stratified Sampling for Stochastic Transparency, 2011, in the form of Vegdahl,
// Building a Better LK Hash, 2021).
func point(k, seed uint32) float64 {
	x := k // its last bit says which half, the next which quarter: none may know of those above it
	x ^= x * 0x3d20adea
	x += seed
	x *= seed>>16 | 1
	x ^= x * 0x05526c56
	x ^= x * 0x53a22864
	return float64(bits.Reverse32(x)) / (1 << 32)
}
