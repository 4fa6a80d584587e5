package iso

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	longestInitrd = 1 << 30 // bytes, unpacked
	cpioHead      = 110     // bytes before a name in a "newc" archive
	longestName   = 4096
)

// isLiveInitrd tells whether r is an initrd that starts an antiX or MX live
// system with the kernel of this release: it says of what system it is, and has
// modules for the kernel. It may consist of several archives, compressed by gzip
// or not, as one with microcode does.
func isLiveInitrd(r io.Reader, release string) bool {
	s := seen{release: release}
	in := bufio.NewReaderSize(io.LimitReader(r, longestInitrd), 64<<10)
	for s.archive(in) == nil && !s.all() {
	}
	return s.all()
}

// seen is what was found of the signs of a live initrd.
type seen struct {
	release        string
	named, modules bool
}

func (s *seen) all() bool { return s.named && s.modules }

// archive reads the next one of the archives.
func (s *seen) archive(in *bufio.Reader) error {
	for { // zeros may follow an archive
		b, err := in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != 0 {
			break
		}
		in.Discard(1) //nolint:errcheck // was peeked
	}
	if b, _ := in.Peek(2); string(b) != "\x1f\x8b" {
		return s.cpio(in)
	}
	zip, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	zip.Multistream(false)
	inner := bufio.NewReader(io.LimitReader(zip, longestInitrd))
	if err := s.cpio(inner); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, inner)
	return err
}

var errArchive = errors.New("not a cpio archive as the kernel reads it")

// cpio reads the names of one archive.
func (s *seen) cpio(in *bufio.Reader) error {
	for {
		head := make([]byte, cpioHead)
		if _, err := io.ReadFull(in, head); err != nil {
			return err
		}
		size, err1 := strconv.ParseUint(string(head[54:62]), 16, 32)
		length, err2 := strconv.ParseUint(string(head[94:102]), 16, 32)
		if string(head[:5]) != "07070" || err1 != nil || err2 != nil || length == 0 || length > longestName {
			return fmt.Errorf("%q: %w", head[:6], errArchive)
		}
		name := make([]byte, length)
		if _, err := io.ReadFull(in, name); err != nil {
			return err
		}
		if s.take(string(name[:length-1])) {
			return nil
		}
		if string(name) == "TRAILER!!!\x00" {
			return nil
		}
		skip := pad4(cpioHead+int64(length)) + int64(size) + pad4(int64(size))
		if _, err := io.CopyN(io.Discard, in, skip); err != nil {
			return err
		}
	}
}

// pad4 is how many bytes follow n bytes up to a multiple of four.
func pad4(n int64) int64 { return (4 - n%4) % 4 }

// take notices a name, and tells whether no more are needed.
func (s *seen) take(name string) bool {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "."), "/")
	s.named = s.named || name == "etc/initrd_release" || name == "etc/initrd-release"
	dir := "lib/modules/" + s.release
	inside := strings.TrimPrefix(name, "usr/")
	s.modules = s.modules || inside == dir || strings.HasPrefix(inside, dir+"/")
	return s.all()
}
