package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
)

// What follows reads an ISO image without xorriso: ECMA-119, the names of Rock
// Ridge, El Torito 1.0, and the partition tables of a hybrid image. It believes
// nothing, and reads a few KiB at a time.

// errImage says that the bytes are no ISO image as it should be.
var errImage = errors.New("not a proper ISO image")

func improper(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), errImage)
}

// image is an ISO image.
type image struct {
	r    io.ReaderAt
	root extent
}

// extent is where a file lies: one piece, as xorriso writes even files of
// several extents (ECMA-119, 6.5.1) one behind the other.
type extent struct{ at, size int64 }

func (e extent) end() int64 { return e.at + e.size }

const (
	descriptors = 16 // block of the first volume descriptor
	mostTree    = 1 << 20
	flagDir     = 0x02
	flagMore    = 0x80 // another extent of the file follows
)

// openISO reads the primary volume descriptor.
func openISO(r io.ReaderAt) (*image, error) {
	b, err := readAt(r, descriptors*block, block)
	if err != nil {
		return nil, err
	}
	if b[0] != 1 || string(b[1:6]) != "CD001" {
		return nil, improper("no volume descriptor")
	}
	return &image{r: r, root: recordExtent(b[156:190])}, nil
}

func readAt(r io.ReaderAt, at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := r.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("cannot read at byte %d of the image: %w", at, err)
	}
	return b, nil
}

func recordExtent(rec []byte) extent {
	le := binary.LittleEndian
	return extent{int64(le.Uint32(rec[2:])) * block, int64(le.Uint32(rec[10:]))}
}

// find gives the place of a file or folder; fs.ErrNotExist when there is none.
func (m *image) find(name string) (extent, error) {
	at := m.root
	for _, part := range strings.Split(name, "/") {
		var err error
		if at, err = m.in(at, part); err != nil {
			return extent{}, fmt.Errorf("cannot find %s in the image: %w", name, err)
		}
	}
	return at, nil
}

// in looks for a name in a folder.
func (m *image) in(dir extent, want string) (extent, error) {
	if dir.size <= 0 || dir.size > mostTree {
		return extent{}, improper("a folder of %d bytes", dir.size)
	}
	b, err := readAt(m.r, dir.at, int(dir.size))
	if err != nil {
		return extent{}, err
	}
	var found *extent
	for len(b) > 0 {
		n := int(b[0])
		if n == 0 { // no record crosses a block
			b = b[min(len(b), 1+(len(b)-1)%block):]
			continue
		}
		if n < 34 || n > len(b) || 33+int(b[32]) > n {
			return extent{}, improper("a folder's entry of %d bytes", n)
		}
		rec := b[:n]
		b = b[n:]
		if name, err := m.nameOf(rec); err != nil {
			return extent{}, err
		} else if name != want {
			continue
		}
		e := recordExtent(rec)
		if found == nil {
			found = &e
		} else if found.end() != e.at {
			return extent{}, improper("%s is in pieces", want)
		} else {
			found.size += e.size
		}
		if rec[25]&flagMore == 0 {
			return *found, nil
		}
	}
	return extent{}, fs.ErrNotExist
}

// nameOf is the name that Rock Ridge gives (RRIP 1.12, 4.1.4), else that of ISO
// 9660. The field for it may go on elsewhere (SUSP 1.12, 5.1).
func (m *image) nameOf(rec []byte) (string, error) {
	length := int(rec[32])
	use := rec[min(len(rec), 33+length+(1-length%2)):]
	long := ""
	for hops := 0; use != nil && hops < mostHops; hops++ {
		piece, more := rockRidge(use)
		long += piece
		use = nil
		if more.size > 0 && more.size <= block {
			var err error
			if use, err = readAt(m.r, more.at, int(more.size)); err != nil {
				return "", err
			}
		}
	}
	if long != "" {
		return long, nil
	}
	name, _, _ := strings.Cut(string(rec[33:33+length]), ";")
	return strings.TrimSuffix(name, "."), nil
}

const mostHops = 4 // a name has at most 255 bytes

// rockRidge reads the entries of one area: the piece of the name in it, and where
// they go on.
func rockRidge(use []byte) (name string, more extent) {
	for len(use) >= 4 && int(use[2]) >= 4 && int(use[2]) <= len(use) {
		e := use[:use[2]]
		switch {
		case string(e[:2]) == "NM" && len(e) > 5:
			name += string(e[5:])
		case string(e[:2]) == "CE" && len(e) >= 28:
			le := binary.LittleEndian
			more = extent{int64(le.Uint32(e[4:]))*block + int64(le.Uint32(e[12:])), int64(le.Uint32(e[20:]))}
		}
		use = use[len(e):]
	}
	return name, more
}

// file is the content of a file of the image.
func (m *image) file(name string) (*io.SectionReader, error) {
	e, err := m.find(name)
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(m.r, e.at, e.size), nil
}

// boots are the boot images of El Torito, by platform: 0 BIOS, 0xef UEFI. The
// value is where one begins, in bytes.
func (m *image) boots() (map[byte]int64, error) {
	b, err := readAt(m.r, (descriptors+1)*block, block)
	if err != nil {
		return nil, err
	}
	if b[0] != 0 || !strings.HasPrefix(string(b[7:39]), "EL TORITO SPECIFICATION") {
		return nil, improper("no boot record")
	}
	c, err := readAt(m.r, int64(binary.LittleEndian.Uint32(b[71:]))*block, block)
	if err != nil {
		return nil, err
	}
	var sum uint16
	for i := 0; i < 32; i += 2 {
		sum += binary.LittleEndian.Uint16(c[i:])
	}
	if c[0] != 1 || sum != 0 || c[30] != 0x55 || c[31] != 0xaa {
		return nil, improper("a boot catalogue that is none")
	}
	found := map[byte]int64{}
	platform := c[1]
	for i := 32; i+32 <= len(c); i += 32 {
		switch e := c[i : i+32]; {
		case e[0] == 0x90 || e[0] == 0x91: // the header of a section
			platform = e[1]
		case e[0] == 0x88 && e[1] == 0: // bootable, no emulation
			found[platform] = int64(binary.LittleEndian.Uint32(e[8:])) * block
		}
	}
	return found, nil
}

const (
	gptSector = 512
	gptEntry  = 128 // bytes; the standard's smallest
	mostGPT   = 1024
)

// hybrid holds that the image starts from a stick, too: a partition table of the
// old kind with boot code before it, and a GPT in which one partition begins
// where the EFI image does.
func (m *image) hybrid(efi int64) error {
	b, err := readAt(m.r, 0, 2*gptSector)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if b[0] == 0 || b[510] != 0x55 || b[511] != 0xaa {
		return improper("no boot code for sticks")
	}
	h := b[gptSector:]
	length := le.Uint32(h[12:])
	if string(h[:8]) != "EFI PART" || length < 92 || length > gptSector {
		return improper("no partition table for UEFI")
	}
	header := append([]byte{}, h[:length]...)
	copy(header[16:20], "\x00\x00\x00\x00")
	count, size := int64(le.Uint32(h[80:])), int64(le.Uint32(h[84:]))
	if crc32.ChecksumIEEE(header) != le.Uint32(h[16:]) || count > mostGPT || size != gptEntry {
		return improper("a partition table for UEFI that is damaged")
	}
	all, err := readAt(m.r, int64(le.Uint64(h[72:])&0xffffffff)*gptSector, int(count*size))
	if err != nil {
		return err
	}
	if crc32.ChecksumIEEE(all) != le.Uint32(h[88:]) {
		return improper("partitions for UEFI that are damaged")
	}
	for i := int64(0); i < count; i++ {
		if int64(le.Uint64(all[i*size+32:]))*gptSector == efi {
			return nil
		}
	}
	return improper("no partition with the boot loader for UEFI")
}
