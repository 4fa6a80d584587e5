package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// stages are those of a remaster, and what else an operation may do.
var stages = append(words.Stages(), wire.StageWalk, wire.StageRescue, wire.StageISO, wire.StageISORead)

func stageWords(s wire.Stage) string { return words.Stage(s, tr) }

// screen shows the progress of one operation: on a terminal as one line that
// is drawn again and again, elsewhere as a line for each stage and tenth. It
// never goes back.
type screen struct {
	mu     sync.Mutex
	w      io.Writer
	width  func() int // nil: no terminal
	now    func() time.Time
	began  time.Time
	stage  int // index in stages; -1 before the first
	last   wire.Progress
	since  time.Time // of the stage
	tenth  int64     // last tenth that was printed
	drawn  bool
	ticker *time.Ticker
	done   chan struct{}
}

func newScreen(w io.Writer, width func() int, now func() time.Time) *screen {
	return &screen{w: w, width: width, now: now, began: now(), stage: -1}
}

// run draws the line every second too, so that the clock goes on.
func (s *screen) run() {
	if s.width == nil {
		return
	}
	s.ticker, s.done = time.NewTicker(time.Second), make(chan struct{})
	go func() {
		for {
			select {
			case <-s.ticker.C:
				s.mu.Lock()
				s.draw()
				s.mu.Unlock()
			case <-s.done:
				return
			}
		}
	}()
}

// end takes the line away.
func (s *screen) end() {
	if s.ticker != nil {
		s.ticker.Stop()
		close(s.done)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	s.stage = -1 // a tick that is under way draws nothing
}

// above prints lines above the progress line.
func (s *screen) above(print func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	print()
	s.draw()
}

func (s *screen) report(p wire.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(stages, p.Stage)
	switch {
	case i < s.stage:
		return
	case i > s.stage:
		s.stage, s.since, s.tenth = i, s.now(), 0
		p.Bytes = max(p.Bytes, s.last.Bytes)
		s.last = p
		if s.width == nil {
			fmt.Fprintf(s.w, "%s …\n", stageWords(p.Stage))
		}
	default:
		s.last.Total = p.Total
		s.last.Done = max(p.Done, s.last.Done)
		s.last.Bytes = max(p.Bytes, s.last.Bytes)
	}
	if s.width == nil {
		s.printTenth()
	} else {
		s.draw()
	}
}

func (s *screen) printTenth() {
	if tenth := words.Percent(s.last) / 10; tenth > s.tenth {
		s.tenth = tenth
		fmt.Fprintf(s.w, "%s: %d %%\n", stageWords(s.last.Stage), tenth*10)
	}
}

func (s *screen) draw() {
	if s.width == nil || s.stage < 0 {
		return
	}
	line := []rune(s.line())
	if limit := max(s.width()-1, 10); len(line) > limit {
		line = append(line[:limit-1], '…')
	}
	fmt.Fprintf(s.w, "\r%s\x1b[K", string(line))
	s.drawn = true
}

func (s *screen) wipe() {
	if s.drawn {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.drawn = false
	}
}

// line is what a person wants to know, the most important first.
func (s *screen) line() string {
	parts := []string{stageWords(s.last.Stage)}
	if all := len(words.Stages()); s.stage < all {
		parts[0] = fmt.Sprintf("%d/%d %s", s.stage+1, all, parts[0])
	}
	if n := words.Percent(s.last); n >= 0 {
		parts = append(parts, fmt.Sprintf("%3d %%", n))
	}
	if s.last.Bytes > 0 {
		parts = append(parts, fmt.Sprintf(tr("%[1]s written"), words.Size(s.last.Bytes)))
	}
	left := "…"
	if d, ok := words.Remaining(s.now().Sub(s.since), s.last.Done, s.last.Total); ok {
		left = words.Clock(d)
	}
	parts = append(parts, fmt.Sprintf(tr("%[1]s elapsed"), words.Clock(s.now().Sub(s.began))))
	if s.last.Total > 0 {
		parts = append(parts, fmt.Sprintf(tr("step ends in %[1]s"), left))
	}
	return strings.Join(parts, "  ")
}
