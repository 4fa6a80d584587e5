package gui

import (
	"context"
	"os"
	"sync"
	"sync/atomic"

	"github.com/gotk3/gotk3/glib"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// helper is the root side, started when it is needed first, once for the life
// of the window. do is called from one goroutine at a time; the others at will.
type helper struct {
	working sync.Mutex
	client  atomic.Pointer[wire.Client]
	ended   atomic.Bool
}

// do runs one operation to its end.
func (h *helper) do(ctx context.Context, req wire.Request, watch wire.Watch, result any) error {
	h.working.Lock()
	defer h.working.Unlock()
	return h.ask(ctx, req, watch, result)
}

// free tells whether something can be asked without a question for a password.
func (h *helper) free() bool { return h.client.Load() != nil || os.Geteuid() == 0 }

// aside runs an operation that nobody would type a password for.
func (h *helper) aside(ctx context.Context, req wire.Request, watch wire.Watch, result any) error {
	h.working.Lock()
	defer h.working.Unlock()
	if !h.free() { // it died meanwhile
		return errNoHelper
	}
	return h.ask(ctx, req, watch, result)
}

// choose gives other choices to an estimate that goes on.
func (h *helper) choose(choices wire.Choices, within string, number int) {
	if c := h.client.Load(); c != nil {
		_ = c.Choose(choices, within, number) // a helper that is gone shows in aside
	}
}

func (h *helper) ask(ctx context.Context, req wire.Request, watch wire.Watch, result any) error {
	c := h.client.Load()
	if c == nil {
		fresh, err := wire.StartFromWindow(ctx, words.MenuTitles(os.Getenv, tr))
		if err != nil {
			return err
		}
		h.client.Store(fresh)
		if c = fresh; h.ended.Load() { // while the password was asked for
			h.end()
		}
	}
	err := c.Do(ctx, req, watch, result)
	if err != nil && wire.AsError(err).Code == wire.HelperDied {
		h.client.Store(nil)
		_ = c.Close() // how it ended is no news any more
	}
	return err
}

// pause and resume reach a run that goes on.
func (h *helper) pause(yes bool) {
	c := h.client.Load()
	switch {
	case c == nil:
	case yes:
		_ = c.Pause() // a helper that is gone shows in do
	default:
		_ = c.Resume()
	}
}

// end closes the helper's input, which makes it clean up and go, and lets
// somebody wait for that.
func (h *helper) end() {
	h.ended.Store(true)
	if c := h.client.Swap(nil); c != nil {
		_ = c.HangUp() // gone already is as good
		go func() {
			h.working.Lock()
			defer h.working.Unlock()
			_ = c.Close()
		}()
	}
}

// async does work off the main loop, and what it gives on it, unless the window
// is gone by then.
func (w *window) async(work func() func()) {
	go func() {
		then := work()
		glib.IdleAdd(func() {
			if !w.gone {
				then()
			}
		})
	}()
}

// latest hands reports to the main loop, at most one at a time: a busy loop
// gets the newest and no queue.
type latest[T any] struct {
	value   atomic.Pointer[T]
	pending atomic.Bool
	show    func(T)
}

func (l *latest[T]) put(v T) {
	l.value.Store(&v)
	if l.pending.CompareAndSwap(false, true) {
		glib.IdleAdd(func() {
			l.pending.Store(false)
			l.show(*l.value.Load())
		})
	}
}

func writeText(file, text string) error { return os.WriteFile(file, []byte(text), 0o644) }
