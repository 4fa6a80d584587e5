package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/wire"
)

// sumOf is what the usual tool says.
func sumOf(t *testing.T, tool, path string) string {
	t.Helper()
	out, err := exec.Command(tool, "--", path).Output()
	must(t, err)
	sum, _, _ := strings.Cut(string(out), " ")
	return sum
}

// oddSizes are those around the borders of pages and of the chunks that are read.
var oddSizes = []int{0, 1, 511, 512, 4095, 4096, 4097, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 3<<20 + 4096, 5<<20 + 777}

func TestDigest(t *testing.T) {
	dir := ext4Dir(t)
	for _, size := range oddSizes {
		path := filepath.Join(dir, "image")
		f := synced(t, path, []byte(noise(size)))
		_, err := f.Seek(17, io.SeekStart) // it is read from the start all the same
		must(t, err)
		var last int64
		got, err := Digest(context.Background(), f, int64(size), func(p wire.Progress) {
			if p.Stage != wire.StageRead || p.Done < last || p.Total != int64(size) {
				t.Errorf("%d bytes: progress %+v after %d", size, p, last)
			}
			last = p.Done
		})
		want := Digests{sumOf(t, "sha256sum", path), sumOf(t, "md5sum", path), true, got.Compared} // the cache may have been needed
		if err != nil || got != want || last != int64(size) {
			t.Errorf("%d bytes: %+v, want %+v, %v, progress ends at %d", size, got, want, err, last)
		}
		must(t, os.Remove(path))
	}
}

// A mapped page stays in the cache whatever is advised: then the file is read
// with O_DIRECT, which must do for sizes that are no multiple of a sector, too.
func TestDigestOfAMappedFile(t *testing.T) {
	dir := ext4Dir(t)
	for _, size := range oddSizes[1:] {
		path := filepath.Join(dir, "image")
		f := synced(t, path, []byte(noise(size)))
		m, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
		must(t, err)
		before := deviceReads(t, dir)
		got, err := Digest(context.Background(), f, int64(size), func(wire.Progress) {})
		if read := deviceReads(t, dir) - before; read < int64(size/512) {
			t.Errorf("%d bytes: only %d sectors were read from the device", size, read)
		}
		want := Digests{sumOf(t, "sha256sum", path), sumOf(t, "md5sum", path), true, int64(size)}
		if err != nil || got != want {
			t.Errorf("%d bytes: %+v, want %+v, %v", size, got, want, err)
		}
		must(t, unix.Munmap(m))
		must(t, os.Remove(path))
	}
}

// device is the name of the loop device that is mounted at dir.
func device(t *testing.T, dir string) string {
	t.Helper()
	dev, err := exec.Command("findmnt", "-n", "-o", "SOURCE", dir).Output()
	must(t, err)
	return filepath.Base(strings.TrimSpace(string(dev)))
}

// deviceReads is how many sectors were read from the device below dir.
func deviceReads(t *testing.T, dir string) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/sys/block", device(t, dir), "stat"))
	must(t, err)
	n, err := strconv.ParseInt(strings.Fields(string(text))[2], 10, 64)
	must(t, err)
	return n
}

// What is read is the medium: a byte that changed there is an error, although
// the cache still had the good one; and where the cache had nothing, it is in
// the digest.
func TestDigestSeesTheMedium(t *testing.T) {
	for _, mapped := range []bool{false, true} {
		dir := ext4Dir(t)
		data := []byte(noise(1 << 20))
		f := synced(t, filepath.Join(dir, "image"), data)
		if mapped {
			m, err := unix.Mmap(int(f.Fd()), 0, len(data), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
			must(t, err)
			defer func() { must(t, unix.Munmap(m)) }()
		}
		flipOnMedium(t, dir, data[700<<10:700<<10+64])
		cached := make([]byte, len(data))
		if _, err := f.ReadAt(cached, 0); err != nil || !bytes.Equal(cached, data) {
			t.Fatalf("the cache does not hold the good bytes: %v", err)
		}
		if d, err := Digest(context.Background(), f, int64(len(data)), func(wire.Progress) {}); wire.AsError(err).Code != wire.WriteFailed {
			t.Errorf("mapped %v: %+v, %v", mapped, d, err)
		}
		if mapped {
			continue // its page stays
		}
		data[700<<10] ^= 1
		want := fmt.Sprintf("%x", sha256.Sum256(data))
		if d, err := Digest(context.Background(), f, int64(len(data)), func(wire.Progress) {}); err != nil || d.SHA256 != want || !d.FromMedium {
			t.Errorf("mapped %v: %+v, want %s, %v", mapped, d, want, err)
		}
	}
}

// flipOnMedium flips a bit of the file's bytes behind the file system's back.
func flipOnMedium(t *testing.T, dir string, piece []byte) {
	t.Helper()
	name, err := os.ReadFile(filepath.Join("/sys/block", device(t, dir), "loop/backing_file"))
	must(t, err)
	f, err := os.OpenFile(strings.TrimSpace(string(name)), os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	all, err := io.ReadAll(f)
	must(t, err)
	at := bytes.Index(all, piece)
	if at < 0 {
		t.Fatal("the bytes are not on the medium")
	}
	_, err = f.WriteAt([]byte{piece[0] ^ 1}, int64(at))
	must(t, err)
}

func TestDigestErrors(t *testing.T) {
	dir := ext4Dir(t)
	f := synced(t, dir+"/image", []byte(noise(10000)))
	for _, size := range []int64{0, 1, 9999, 10001, 4 << 20} {
		if d, err := Digest(context.Background(), f, size, func(wire.Progress) {}); wire.AsError(err).Code != wire.WriteFailed || d != (Digests{}) {
			t.Errorf("%d bytes expected: %+v, %v", size, d, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if d, err := Digest(ctx, f, 10000, func(wire.Progress) {}); wire.AsError(err).Code != wire.Cancelled || d != (Digests{}) {
		t.Errorf("cancelled before: %+v, %v", d, err)
	}
	big := synced(t, dir+"/big", []byte(noise(8<<20)))
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	var last int64
	_, err := Digest(ctx, big, 8<<20, func(p wire.Progress) { last = p.Done; cancel() })
	if wire.AsError(err).Code != wire.Cancelled || last > 2<<20 {
		t.Errorf("cancelled in the middle: %v after %d bytes", err, last)
	}
	must(t, f.Close())
	if _, err := Digest(context.Background(), f, 10000, func(wire.Progress) {}); wire.AsError(err).Code != wire.WriteFailed {
		t.Errorf("a closed file: %v", err)
	}
}
