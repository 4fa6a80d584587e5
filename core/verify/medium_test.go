package verify

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
)

// TestPromiseP6Medium flips single bits of an image on the medium, while the
// cache holds what was written, and cuts its end off: the reading pass must find
// every one, before anything is mounted. A try in which this machine needed the
// memory of the cache for something else is drawn again; what is found then,
// after the mount, is for TestPromiseP6.
func TestPromiseP6Medium(t *testing.T) {
	tries := 100
	if os.Getenv("ANTIX_REMASTER_FULL") != "" {
		tries = 1000
	}
	seed := uint64(time.Now().UnixNano())
	view := newTree(t)
	for i, compressor := range []string{"zstd", "xz", "gzip", "lz4"} {
		image, err := os.ReadFile(pack(t, view, compressor, leftOut))
		must(t, err)
		dir := ext4Dir(t)
		m := newMedium(t, dir, image)
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		missed, uncut := 0, 0
		for range tries {
			at, bit := random.Int64N(int64(len(image))), byte(1)<<random.IntN(8)
			if !m.finds(t, at, bit) {
				missed++
				t.Errorf("%s, seed %d: bit %d of byte %d was not found", compressor, seed, bit, at)
			}
		}
		for range tries { // only now: the blocks then lie elsewhere
			if !m.findsCut(t, random.Int64N(int64(len(image)))) {
				uncut++
			}
		}
		figure.Record(t, "P6", compressor+": single bits flipped on the medium, found before anything is mounted", tries, missed)
		figure.Record(t, "P6", compressor+": cut off at any byte, found before anything is mounted", tries, uncut)
	}
}

// medium is an image on a file system, and the block device below it.
type medium struct {
	image  []byte
	file   *os.File
	writer *os.File // of the same file
	dev    *os.File
	at     int64 // where the file lies on the device, in one piece
}

func newMedium(t *testing.T, dir string, image []byte) *medium {
	t.Helper()
	m := &medium{image: image, file: synced(t, filepath.Join(dir, "linuxfs"), image)}
	writer, err := os.OpenFile(m.file.Name(), os.O_WRONLY, 0)
	must(t, err)
	t.Cleanup(func() { writer.Close() })
	m.writer = writer
	name, err := os.ReadFile(filepath.Join("/sys/block", device(t, dir), "loop/backing_file"))
	must(t, err)
	m.dev, err = os.OpenFile(strings.TrimSpace(string(name)), os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { m.dev.Close() })
	all, err := os.ReadFile(m.dev.Name())
	must(t, err)
	m.at = int64(strings.Index(string(all), string(image)))
	if m.at < 0 {
		t.Fatal("the image does not lie in one piece on the medium")
	}
	return m
}

// findsCut tells whether the digest notices that the file was cut off at at.
func (m *medium) findsCut(t *testing.T, at int64) bool {
	t.Helper()
	must(t, os.Truncate(m.file.Name(), at))
	_, err := Digest(context.Background(), m.file, int64(len(m.image)), func(wire.Progress) {})
	_, back := m.writer.WriteAt(m.image[at:], at)
	must(t, back)
	must(t, m.writer.Sync())
	return err != nil
}

// finds flips the bit, and tells whether the digest notices. Afterwards the
// medium and the cache are good again.
func (m *medium) finds(t *testing.T, at int64, bit byte) bool {
	t.Helper()
	for range 50 {
		if found, compared := m.flip(t, at, bit); found || compared == int64(len(m.image)) {
			return found
		}
	}
	t.Fatal("the cache lost the image 50 times in a row; this test needs some megabytes of free memory")
	return false
}

// flip is one try of finds, with the bytes the digest had something to compare with.
func (m *medium) flip(t *testing.T, at int64, bit byte) (bool, int64) {
	t.Helper()
	must(t, unix.Fadvise(int(m.file.Fd()), 0, 0, unix.FADV_DONTNEED))
	cached := make([]byte, len(m.image))
	_, err := m.file.ReadAt(cached, 0)
	must(t, err)
	_, err = m.dev.WriteAt([]byte{m.image[at] ^ bit}, m.at+at)
	must(t, err)
	d, err := Digest(context.Background(), m.file, int64(len(m.image)), func(wire.Progress) {})
	_, back := m.dev.WriteAt([]byte{m.image[at]}, m.at+at)
	must(t, back)
	return wire.AsError(err).Code == wire.WriteFailed, d.Compared
}
