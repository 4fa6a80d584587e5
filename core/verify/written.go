package verify

import (
	"context"
	"fmt"
	"hash/maphash"
	"os"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
)

// written holds sums of the chunks of a file that were in the cache, as they
// were written. Then it is fed with what the medium gives.
type written struct {
	seed  maphash.Seed
	size  int64
	sums  map[int64]uint64 // by the chunk's offset
	at    int64            // bytes fed so far
	same  int64            // bytes of them that came back as they were written
	wrong []int64          // offsets of chunks that came back otherwise
}

// sumWritten reads only what the cache holds; a cancel leaves the rest out, as
// the caller is about to stop.
func sumWritten(ctx context.Context, f *os.File, size int64) (written, error) {
	w := written{seed: maphash.MakeSeed(), size: size, sums: map[int64]uint64{}}
	buf := make([]byte, chunk)
	for off := int64(0); off < size && ctx.Err() == nil; off += chunk {
		pause.Wait(ctx)
		n := min(chunk, size-off)
		if !sys.Cached(f, off, n) {
			continue
		}
		if _, err := f.ReadAt(buf[:n], off); err != nil {
			return w, err
		}
		w.sums[off] = maphash.Bytes(w.seed, buf[:n])
	}
	return w, nil
}

// Write compares what comes in whole chunks, the last one shorter.
func (w *written) Write(b []byte) (int, error) {
	want, ok := w.sums[w.at]
	whole := int64(len(b)) == min(chunk, w.size-w.at)
	switch {
	case !ok || !whole:
	case maphash.Bytes(w.seed, b) != want:
		w.wrong = append(w.wrong, w.at)
	default:
		w.same += int64(len(b))
	}
	w.at += int64(len(b))
	return len(b), nil
}

func (w *written) check() error {
	if len(w.wrong) > 0 {
		return fmt.Errorf("the medium gives back something else than was written, first at byte %d", w.wrong[0])
	}
	return nil
}
