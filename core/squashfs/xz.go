package squashfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/ulikunitz/xz/lzma"
)

// Filter and check ids of the .xz format, version 1.2.0, §5.3 and §2.1.1.2.
const (
	filterX86   = 0x04
	filterLZMA2 = 0x21
	checkCRC32  = 1
)

var (
	xzMagic = []byte{0xfd, '7', 'z', 'X', 'Z', 0}
	errXZ   = errors.New("malformed xz block")
)

// unxz unpacks an .xz stream of one block. The container is read here because
// a general xz reader would allocate whatever dictionary the header asks for,
// and does not know the x86 filter that "mksquashfs -Xbcj x86" may apply.
func unxz(src []byte, limit int) ([]byte, error) {
	x86, rest, err := xzHeader(src)
	if err != nil {
		return nil, err
	}
	// No match reaches back further than the output, so the limit is dictionary enough.
	body := bytes.NewReader(rest)
	lz, err := lzma.Reader2Config{DictCap: max(limit, lzma.MinDictCap)}.NewReader2(body)
	if err != nil {
		return nil, err
	}
	out, err := readAtMost(lz, limit)
	if err != nil {
		return nil, err
	}
	if x86 {
		undoX86(out)
	}
	return out, xzCheck(src, len(src)-body.Len(), out)
}

// xzHeader reads the stream and block headers of src. It tells whether the x86
// filter follows LZMA2, and returns what comes after the headers.
func xzHeader(src []byte) (x86 bool, rest []byte, err error) {
	if len(src) < 14 || !bytes.Equal(src[:6], xzMagic) || src[12] == 0 {
		return false, nil, errXZ
	}
	size := (int(src[12]) + 1) * 4
	if len(src) < 12+size {
		return false, nil, errXZ
	}
	fields, flags := src[14:12+size-4], src[13]
	for bit := byte(0x40); bit != 0; bit <<= 1 {
		if flags&bit != 0 { // compressed, then uncompressed size: not needed
			if _, fields, err = xzNumber(fields); err != nil {
				return false, nil, err
			}
		}
	}
	for n := int(flags&3) + 1; n > 0; n-- {
		var id uint64
		if id, fields, err = xzFilter(fields); err != nil {
			return false, nil, err
		}
		switch {
		case id == filterLZMA2 && n == 1:
		case id == filterX86 && n == 2 && !x86:
			x86 = true
		default:
			return false, nil, fmt.Errorf("xz filter %#x: %w", id, ErrCompressor)
		}
	}
	return x86, src[12+size:], nil
}

// xzFilter reads one filter's id and skips its properties.
func xzFilter(b []byte) (id uint64, rest []byte, err error) {
	if id, b, err = xzNumber(b); err != nil {
		return 0, nil, err
	}
	props, b, err := xzNumber(b)
	if err != nil || props > uint64(len(b)) {
		return 0, nil, errXZ
	}
	if id == filterX86 && props != 0 {
		return 0, nil, fmt.Errorf("xz filter with an offset: %w", ErrCompressor)
	}
	return id, b[props:], nil
}

func xzNumber(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errXZ
	}
	return v, b[n:], nil
}

// xzCheck compares out with the checksum that follows the block, which ends at
// end. Squashfs writers use CRC32 only; other checks are not looked at.
func xzCheck(src []byte, end int, out []byte) error {
	if src[7]&0xf != checkCRC32 {
		return nil
	}
	end = (end + 3) &^ 3 // headers and block are padded to four bytes
	if end+4 > len(src) {
		return errXZ
	}
	if binary.LittleEndian.Uint32(src[end:]) != crc32.ChecksumIEEE(out) {
		return errors.New("xz checksum differs")
	}
	return nil
}

// undoX86 turns the absolute targets of x86 CALL and JMP back into relative
// ones, as the decoder of XZ Embedded (public domain) does.
func undoX86(b []byte) {
	allowed := [8]bool{true, true, true, false, true}
	bitNum := [8]uint{0, 1, 2, 2, 3, 3, 3, 3}
	outer := func(c byte) bool { return c == 0 || c == 0xff }
	prev, mask := -1, uint32(0)
	for i := 0; i+4 < len(b); i++ {
		if b[i]&0xfe != 0xe8 {
			continue
		}
		if gap := i - prev; gap > 3 {
			mask = 0
		} else {
			mask = mask << uint(gap-1) & 7
			if mask != 0 && (!allowed[mask] || outer(b[i+4-int(bitNum[mask])])) {
				prev, mask = i, mask<<1|1
				continue
			}
		}
		prev = i
		if !outer(b[i+4]) {
			mask = mask<<1 | 1
			continue
		}
		target := relative(binary.LittleEndian.Uint32(b[i+1:]), uint32(i)+5, bitNum[mask&7]*8, mask != 0)
		target &= 0x01ffffff
		target |= -(target & 0x01000000)
		binary.LittleEndian.PutUint32(b[i+1:], target)
		i += 4
	}
}

// relative subtracts the position of the next instruction, again as long as
// the byte at bit shows that the encoder had to add twice.
func relative(src, next uint32, bit uint, again bool) uint32 {
	for {
		dest := src - next
		if !again {
			return dest
		}
		if c := byte(dest >> (24 - bit)); c != 0 && c != 0xff {
			return dest
		}
		src = dest ^ (1<<(32-bit) - 1)
	}
}
