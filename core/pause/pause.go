// Package pause lets a long work stand still until it may go on. Like a cancel,
// a pause travels with the context: who starts the work holds the switch, and
// the work asks between two steps.
package pause

import (
	"context"
	"sync"
	"time"
)

// Switch holds up and lets go on the work that has its context.
type Switch struct {
	mu    sync.Mutex
	gate  chan struct{} // closed when the work may go on; nil while it goes
	since time.Time     // when this pause began
	total time.Duration // of the former ones
}

type key struct{}

// With gives a context that the switch holds up.
func With(ctx context.Context) (context.Context, *Switch) {
	s := &Switch{}
	return context.WithValue(ctx, key{}, s), s
}

func of(ctx context.Context) *Switch {
	s, _ := ctx.Value(key{}).(*Switch)
	return s
}

// Pause holds the work up; changed is false when it was held up already.
func (s *Switch) Pause() (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate != nil {
		return false
	}
	s.gate, s.since = make(chan struct{}), time.Now()
	return true
}

// Resume lets the work go on; changed is false when it was not held up.
func (s *Switch) Resume() (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate == nil {
		return false
	}
	close(s.gate)
	s.gate = nil
	s.total += time.Since(s.since)
	return true
}

func (s *Switch) current() chan struct{} {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gate
}

// On tells whether work with this context is to stand still.
func On(ctx context.Context) bool { return of(ctx).current() != nil }

// Wait returns at once unless the context is held up; then when the work may go
// on, or when ctx is done: a cancel ends a pause.
func Wait(ctx context.Context) {
	s := of(ctx)
	for gate := s.current(); gate != nil; gate = s.current() {
		select {
		case <-gate:
		case <-ctx.Done():
			return
		}
	}
}

// Total is how long the work was held up so far.
func Total(ctx context.Context) time.Duration {
	s := of(ctx)
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate != nil {
		return s.total + time.Since(s.since)
	}
	return s.total
}
