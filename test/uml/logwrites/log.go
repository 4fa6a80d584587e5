// Package logwrites reads what dm-log-writes wrote.
package logwrites

import (
	"encoding/binary"
	"fmt"
	"io"
)

const magic = 0x6a736677736872

const (
	Flush = 1 << iota
	FUA
	Discard
	Mark
	Metadata
)

// Entry is one record. Off and Len are bytes on the device, Data where the
// bytes lie in the log.
type Entry struct {
	Off, Len int64
	Flags    uint64
	Data     int64
	Name     string // of a mark
}

func (e Entry) Is(flag uint64) bool { return e.Flags&flag != 0 }

func (e Entry) String() string {
	s := ""
	for i, n := range []string{"FLUSH", "FUA", "DISCARD", "MARK", "META"} {
		if e.Flags&(1<<i) != 0 {
			s += n + " "
		}
	}
	return fmt.Sprintf("%s%d+%d %s", s, e.Off/512, e.Len/512, e.Name)
}

// Read lists the entries of a log.
func Read(r io.ReaderAt) ([]Entry, error) {
	le := binary.LittleEndian
	var sb [28]byte
	if _, err := r.ReadAt(sb[:], 0); err != nil {
		return nil, err
	}
	if le.Uint64(sb[0:]) != magic || le.Uint64(sb[8:]) != 1 {
		return nil, fmt.Errorf("not a log of dm-log-writes")
	}
	n, size := le.Uint64(sb[16:]), int64(le.Uint32(sb[24:]))
	var out []Entry
	buf := make([]byte, size)
	pos := size
	for i := range n {
		if _, err := r.ReadAt(buf, pos); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		e := Entry{Off: int64(le.Uint64(buf[0:])) * size, Len: int64(le.Uint64(buf[8:])) * size, Flags: le.Uint64(buf[16:]), Data: pos + size}
		if l := le.Uint64(buf[24:]); l > 0 {
			e.Name = string(buf[32 : 32+l])
		}
		pos += size
		if !e.Is(Discard) {
			pos += e.Len
		}
		out = append(out, e)
	}
	return out, nil
}

// Apply does one entry to an image.
func Apply(log io.ReaderAt, e Entry, image io.WriterAt) error {
	if e.Len == 0 || e.Is(Mark) {
		return nil
	}
	buf := make([]byte, e.Len) // zero for a discard
	if !e.Is(Discard) {
		if _, err := log.ReadAt(buf, e.Data); err != nil {
			return err
		}
	}
	_, err := image.WriteAt(buf, e.Off)
	return err
}
