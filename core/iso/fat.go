package iso

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// A small FAT file system, as firmware reads it from a disc (UEFI 13.3): it is
// written once and never changed. Numbers are those of Microsoft's FAT
// specification, version 1.03.
const (
	sector      = 512
	cluster     = 4 * sector
	rootEntries = 512 // 32 bytes each
	direntSize  = 32
	mostFAT12   = 4084  // clusters; more make it FAT16
	mostFAT16   = 65524 // clusters
	attrDir     = 0x10
	attrFile    = 0x20
	attrLong    = 0x0f
	longChars   = 13 // of a long name in one entry
	lastPiece   = 0x40
)

// node is a file or folder of the tree.
type node struct {
	name     string
	item     *item // of a file
	children []*node
	start    int // first cluster
	size     int64
	short    [11]byte
}

// fatImage is a layout.
type fatImage struct {
	root     *node
	clusters int      // that are used
	next     []uint16 // the table, from cluster 2 on
}

// fatSize is how large the file system of these files gets, in bytes.
func fatSize(items []item) int64 {
	f, err := layFAT(items)
	if err != nil {
		return 0 // writeFAT says why
	}
	return f.size()
}

func layFAT(items []item) (*fatImage, error) {
	f := &fatImage{root: &node{}}
	for k := range items {
		if err := f.insert(&items[k]); err != nil {
			return nil, err
		}
	}
	f.place(f.root, true)
	if f.clusters > mostFAT16 {
		return nil, fmt.Errorf("cannot make an EFI file system of %d clusters", f.clusters)
	}
	return f, nil
}

func (f *fatImage) insert(i *item) error {
	at := f.root
	parts := strings.Split(i.to, "/")
	for k, part := range parts {
		j := slices.IndexFunc(at.children, func(n *node) bool { return strings.EqualFold(n.name, part) })
		if j < 0 {
			n := &node{name: part}
			n.short = shortName(part, at.children)
			at.children = append(at.children, n)
			j = len(at.children) - 1
		}
		at = at.children[j]
		if last := k == len(parts)-1; last {
			at.item, at.size = i, i.bytes()
		} else if at.item != nil {
			return fmt.Errorf("cannot make the folder %s: it is a file", path.Join(parts[:k+1]...))
		}
	}
	return nil
}

// shortName is the name in eight and three signs: the name itself where it has
// such a form, else one of its own.
func shortName(name string, beside []*node) [11]byte {
	var short [11]byte
	copy(short[:], "           ")
	base, ext, _ := strings.Cut(strings.ToUpper(name), ".")
	if isShort(name) {
		copy(short[:8], base)
		copy(short[8:], ext)
		return short
	}
	keep := func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", r) {
			return r
		}
		return -1
	}
	base = strings.Map(keep, base)
	copy(short[:8], fmt.Sprintf("%.4s~%d", base, len(beside)+1))
	ext = strings.Map(keep, strings.TrimPrefix(path.Ext(strings.ToUpper(name)), "."))
	copy(short[8:], ext)
	return short
}

func isShort(name string) bool {
	base, ext, _ := strings.Cut(name, ".")
	plain := func(s string) bool {
		return strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	}
	return len(base) > 0 && len(base) <= 8 && len(ext) <= 3 && plain(base) && plain(ext)
}

// pieces is how many entries a name takes. Every name has a long form, which
// keeps its small letters.
func pieces(name string) int { return 1 + (len(utf16.Encode([]rune(name)))+longChars-1)/longChars }

// place gives every folder and file its clusters, one after the other.
func (f *fatImage) place(n *node, root bool) {
	if n.item == nil {
		n.size = 2 * direntSize
		for _, c := range n.children {
			n.size += int64(pieces(c.name) * direntSize)
		}
	}
	if count := int((n.size + cluster - 1) / cluster); !root && count > 0 {
		n.start = 2 + f.clusters
		for k := 1; k < count; k++ {
			f.next = append(f.next, uint16(n.start+k))
		}
		f.next = append(f.next, 0xffff)
		f.clusters += count
	}
	for _, c := range n.children {
		f.place(c, false)
	}
}

func (f *fatImage) is16() bool { return f.clusters > mostFAT12 }

// tableSectors is the length of one of the two tables.
func (f *fatImage) tableSectors() int {
	bits := 12
	if f.is16() {
		bits = 16
	}
	return ((f.clusters+2)*bits/8 + sector) / sector
}

func (f *fatImage) dataStart() int64 {
	return int64(1+2*f.tableSectors()+rootEntries*direntSize/sector) * sector
}

func (f *fatImage) size() int64 {
	return (f.dataStart() + int64(f.clusters)*cluster + block - 1) / block * block
}

// writeFAT writes the file system of these files.
func writeFAT(w *os.File, items []item) error {
	f, err := layFAT(items)
	if err != nil {
		return err
	}
	head := append(f.bootSector(), f.table()...)
	head = append(head, f.table()...)
	if len(f.root.children) > 0 {
		dir := f.directory(f.root, nil)
		if len(dir) > rootEntries*direntSize {
			return fmt.Errorf("cannot make an EFI file system: too many names in its root")
		}
		head = append(head, dir...)
	}
	if err := w.Truncate(f.size()); err != nil {
		return err
	}
	if _, err := w.WriteAt(head, 0); err != nil {
		return err
	}
	return f.write(w, f.root, nil)
}

func (f *fatImage) bootSector() []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "\xeb\x3c\x90MKFS    ")
	le.PutUint16(b[11:], sector)
	b[13] = cluster / sector
	le.PutUint16(b[14:], 1) // reserved: this sector
	b[16] = 2               // tables
	le.PutUint16(b[17:], rootEntries)
	sectors := f.dataStart()/sector + int64(f.clusters)*cluster/sector
	if sectors < 1<<16 {
		le.PutUint16(b[19:], uint16(sectors))
	} else {
		le.PutUint32(b[32:], uint32(sectors))
	}
	b[21] = 0xf8 // a fixed medium
	le.PutUint16(b[22:], uint16(f.tableSectors()))
	le.PutUint16(b[24:], 32)
	le.PutUint16(b[26:], 64)
	b[36], b[38] = 0x80, 0x29
	copy(b[43:], "NO NAME    ")
	kind := "FAT12   "
	if f.is16() {
		kind = "FAT16   "
	}
	copy(b[54:], kind)
	copy(b[510:], "\x55\xaa")
	return b
}

func (f *fatImage) table() []byte {
	b := make([]byte, f.tableSectors()*sector)
	all := append([]uint16{0xfff8, 0xffff}, f.next...)
	for k, v := range all {
		if f.is16() {
			binary.LittleEndian.PutUint16(b[2*k:], v)
			continue
		}
		at, v := k*3/2, v&0xfff
		if k%2 == 0 {
			b[at], b[at+1] = byte(v), b[at+1]|byte(v>>8)
		} else {
			b[at], b[at+1] = b[at]|byte(v<<4), byte(v>>4)
		}
	}
	return b
}

// directory is the content of a folder; that of the root has no ways up.
func (f *fatImage) directory(n, parent *node) []byte {
	var b bytes.Buffer
	if parent != nil {
		b.Write(dirent([11]byte([]byte(".          ")), attrDir, n.start, 0))
		b.Write(dirent([11]byte([]byte("..         ")), attrDir, parent.start, 0))
	}
	for _, c := range n.children {
		b.Write(longName(c.name, c.short))
		if c.item != nil {
			b.Write(dirent(c.short, attrFile, c.start, c.size))
		} else {
			b.Write(dirent(c.short, attrDir, c.start, 0))
		}
	}
	return b.Bytes()
}

// A date that is none would be one of fsck's complaints: 1 January 2020.
const fatDate = (2020-1980)<<9 | 1<<5 | 1

func dirent(short [11]byte, attr byte, start int, size int64) []byte {
	b := make([]byte, direntSize)
	copy(b, short[:])
	b[11] = attr
	for _, at := range []int{16, 18, 24} {
		binary.LittleEndian.PutUint16(b[at:], fatDate)
	}
	binary.LittleEndian.PutUint16(b[26:], uint16(start))
	binary.LittleEndian.PutUint32(b[28:], uint32(size))
	return b
}

// longName are the entries before the short one, the last piece first.
func longName(name string, short [11]byte) []byte {
	sum := byte(0)
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	units := append(utf16.Encode([]rune(name)), 0)
	count := pieces(name) - 1
	var all []byte
	for k := count; k >= 1; k-- {
		b := bytes.Repeat([]byte{0xff}, direntSize)
		b[0], b[11], b[12], b[13], b[26], b[27] = byte(k), attrLong, 0, sum, 0, 0
		if k == count {
			b[0] |= lastPiece
		}
		for j, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			if i := (k-1)*longChars + j; i < len(units) {
				binary.LittleEndian.PutUint16(b[at:], units[i])
			}
		}
		all = append(all, b...)
	}
	return all
}

// write writes what is in the clusters.
func (f *fatImage) write(w *os.File, n, parent *node) error {
	out := io.NewOffsetWriter(w, f.dataStart()+int64(n.start-2)*cluster)
	switch {
	case parent != nil && n.item == nil:
		if _, err := out.Write(f.directory(n, parent)); err != nil {
			return err
		}
	case n.item != nil && n.item.from == "":
		_, err := out.Write(n.item.text)
		return err
	case n.item != nil:
		return copyExactly(out, n.item.from, n.size)
	}
	for _, c := range n.children {
		if err := f.write(w, c, n); err != nil {
			return err
		}
	}
	return nil
}

func copyExactly(w io.Writer, from string, size int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := io.CopyN(w, in, size); err != nil {
		return fmt.Errorf("cannot copy %s: %w", from, err)
	}
	return nil
}
