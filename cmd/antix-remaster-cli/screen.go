package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"antix-remaster/core/wire"
)

// stages are all parts of the work, in order.
var stages = []wire.Stage{wire.StagePrepare, wire.StageScan, wire.StagePack, wire.StageWrite,
	wire.StageRead, wire.StageCompare, wire.StageArm}

func stageWords(s wire.Stage) string {
	switch s {
	case wire.StagePrepare:
		return tr("Getting ready")
	case wire.StageScan:
		return tr("Looking at the files")
	case wire.StagePack:
		return tr("Packing the system")
	case wire.StageWrite:
		return tr("Writing to the stick")
	case wire.StageRead:
		return tr("Reading it back")
	case wire.StageCompare:
		return tr("Comparing every file")
	case wire.StageArm:
		return tr("Making it the next version")
	}
	return clean(string(s))
}

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

// percent is 0 to 100, -1 for a stage that cannot tell.
func percent(p wire.Progress) int64 {
	if p.Total <= 0 {
		return -1
	}
	return min(int64(float64(max(p.Done, 0))/float64(p.Total)*100), 100)
}

func (s *screen) printTenth() {
	if tenth := percent(s.last) / 10; tenth > s.tenth {
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
	parts := []string{fmt.Sprintf("%d/%d %s", s.stage+1, len(stages), stageWords(s.last.Stage))}
	if n := percent(s.last); n >= 0 {
		parts = append(parts, fmt.Sprintf("%3d %%", n))
	}
	if s.last.Bytes > 0 {
		parts = append(parts, fmt.Sprintf(tr("%[1]s written"), size(s.last.Bytes)))
	}
	left := "…"
	if d, ok := remaining(s.now().Sub(s.since), s.last.Done, s.last.Total); ok {
		left = clock(d)
	}
	parts = append(parts, fmt.Sprintf(tr("%[1]s elapsed"), clock(s.now().Sub(s.began))))
	if s.last.Total > 0 {
		parts = append(parts, fmt.Sprintf(tr("step ends in %[1]s"), left))
	}
	return strings.Join(parts, "  ")
}

// An estimate from less than this would be a guess.
const (
	minElapsed = 3 * time.Second
	minPercent = 2
)

// remaining estimates how long a stage goes on, from its speed so far; ok is
// false as long as that says nothing. Only the stage is estimated: how long
// the ones after it take is not known yet.
func remaining(elapsed time.Duration, done, total int64) (d time.Duration, ok bool) {
	if total <= 0 || done <= 0 || elapsed < minElapsed || done < total/100*minPercent {
		return 0, false
	}
	if done >= total {
		return 0, true
	}
	d = time.Duration(float64(elapsed) / float64(done) * float64(total-done))
	switch { // no more precise than it can be
	case d > 10*time.Minute:
		return d.Round(time.Minute), true
	case d > time.Minute:
		return d.Round(10 * time.Second), true
	}
	return d.Round(time.Second), true
}
