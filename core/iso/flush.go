package iso

import (
	"os"
	"sync/atomic"

	"antix-remaster/core/sys"
)

// flusher hands what was written to the medium as it comes, so that little is
// outstanding when it ends or is cancelled.
type flusher struct {
	f       *os.File
	flushed atomic.Int64
	steps   chan int64 // how far to flush
	done    chan error
	closed  bool
	err     error
}

const (
	flushStep   = 8 << 20
	outstanding = 32 << 20
)

func newFlusher(f *os.File) *flusher {
	w := &flusher{f: f, steps: make(chan int64, outstanding/flushStep), done: make(chan error, 1)}
	go func() {
		for to := range w.steps {
			from := w.flushed.Load()
			if err := sys.FlushRange(f, from, to-from); err != nil {
				w.done <- err
				for range w.steps {
				}
				return
			}
			w.flushed.Store(to)
		}
		w.done <- nil
	}()
	return w
}

// upTo has the first n bytes flushed; it waits while too many are outstanding.
func (w *flusher) upTo(n int64) error {
	if n%flushStep == 0 {
		w.steps <- n
	}
	return nil
}

// end waits for the rest.
func (w *flusher) end() error {
	if !w.closed {
		w.closed = true
		close(w.steps)
		w.err = <-w.done
	}
	return w.err
}
