package iso

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
)

// chunk is what is read from xorriso and written at once, in bytes.
const chunk = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sums are those of the chunks of the image as they came from xorriso. Written to
// with what the medium gives back, in order, it tells what is not the same.
type sums struct {
	want  []uint32
	at    int64 // bytes written so far
	crc   uint32
	wrong []int // numbers of chunks
}

func (s *sums) add(b []byte) { s.want = append(s.want, crc32.Checksum(b, castagnoli)) }

func (s *sums) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), chunk-int(s.at%chunk))
		s.crc = crc32.Update(s.crc, castagnoli, rest[:n])
		s.at += int64(n)
		rest = rest[n:]
		if s.at%chunk == 0 {
			s.compare()
		}
	}
	return len(b), nil
}

func (s *sums) compare() {
	k := int((s.at - 1) / chunk)
	if k >= len(s.want) || s.want[k] != s.crc {
		s.wrong = append(s.wrong, k)
	}
	s.crc = 0
}

// check is called when all was read.
func (s *sums) check() error {
	if s.at%chunk != 0 {
		s.compare()
	}
	if len(s.wrong) > 0 {
		return fmt.Errorf("the medium gives back something else than was written, first at byte %d", int64(s.wrong[0])*chunk)
	}
	return nil
}

// follower sums up the linuxfs while the image is written: where it lies is in
// the beginning of the image. It reads what it needs from the file f, where it
// still is in the cache.
type follower struct {
	f       *os.File
	name    string // path in the image
	place   extent // of the linuxfs; size 0: not known yet
	done    int64  // up to where it was summed up
	md5     hash.Hash
	sha     hash.Hash // nil: not wanted
	all     io.Writer
	looked  int64
	working sync.WaitGroup
	err     error
}

// newFollower makes one that takes its time for SHA-256 only when that is wanted.
func newFollower(f *os.File, sha bool) *follower {
	w := &follower{f: f, name: imagePath, md5: md5.New()}
	w.all = w.md5
	if sha {
		w.sha = sha256.New()
		w.all = io.MultiWriter(w.md5, w.sha)
	}
	return w
}

// lookAgain is how much more must have been written before the tables of the
// image, which are larger than was thought, are looked for again.
const lookAgain = 1 << 20

// upTo hears that the first n bytes are in the file. It returns before they are
// summed up, and waits for those of the call before.
func (w *follower) upTo(n int64) error {
	w.working.Wait()
	if w.err == nil && w.place.size == 0 && n >= w.looked+lookAgain {
		w.looked = n
		w.locate(n)
	}
	if w.err != nil || w.place.size == 0 || w.done >= min(n, w.place.end()) {
		return w.err
	}
	w.working.Go(func() { w.err = w.sum(min(n, w.place.end())) })
	return nil
}

// locate finds the linuxfs among the first n bytes; it may not be there yet.
func (w *follower) locate(n int64) {
	m, err := openISO(io.NewSectionReader(w.f, 0, n))
	if err == nil {
		w.place, err = m.find(w.name)
	}
	if err == nil {
		w.done = w.place.at
	} else if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errImage) {
		w.err = err
	}
}

func (w *follower) sum(to int64) error {
	if to <= w.done {
		return nil
	}
	_, err := io.Copy(w.all, io.NewSectionReader(w.f, w.done, to-w.done))
	w.done = to
	return err
}

// end gives the sums of the whole linuxfs, in lower-case hex; "" for one that was
// not wanted. size is how large the image is.
func (w *follower) end(size int64) (md5, sha256 string, err error) {
	w.working.Wait()
	if w.err == nil && w.place.size == 0 {
		w.locate(size)
	}
	if w.err == nil && w.place.size == 0 {
		w.err = improper("it holds no %s", w.name)
	}
	if w.err == nil {
		w.err = w.sum(w.place.end())
	}
	if w.sha != nil {
		sha256 = hex.EncodeToString(w.sha.Sum(nil))
	}
	return hex.EncodeToString(w.md5.Sum(nil)), sha256, w.err
}
