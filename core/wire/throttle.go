package wire

import (
	"sync"
	"time"
)

const eventGap = 100 * time.Millisecond

// throttle lets at most ten progress events a second through, the first and the
// last of a stage always. Within a stage nothing goes back.
type throttle struct {
	last Progress
	held bool // last was not sent
	sent time.Time
}

func (t *throttle) take(p Progress, send Report) {
	first := p.Stage != t.last.Stage
	if first {
		t.flush(send)
	} else {
		p.Done = max(p.Done, t.last.Done)
		p.Total = max(p.Total, p.Done)
		p.Bytes = max(p.Bytes, t.last.Bytes)
	}
	t.last, t.held = p, true
	if now := time.Now(); first || now.Sub(t.sent) >= eventGap {
		t.flush(send)
		t.sent = now
	}
}

func (t *throttle) flush(send Report) {
	if t.held {
		t.held = false
		send(t.last)
	}
}

// Throttle makes a Report of one that is for people, for work that is done in
// the face itself; end sends what is still held back.
func Throttle(send Report) (report Report, end func()) {
	var mu sync.Mutex
	var t throttle
	return func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			t.take(p, send)
		}, func() {
			mu.Lock()
			defer mu.Unlock()
			t.flush(send)
		}
}
