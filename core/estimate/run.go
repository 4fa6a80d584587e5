package estimate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
)

// work is the one goroutine that does it all, step by step.
type work struct {
	*Run
	ctx      context.Context
	c        *Census
	root     *sys.Dir
	axis     *axis
	l        *layout
	tables   *tables
	twins    *twins
	looks    map[key]cheap
	reader   *blocks
	quick    bool // the engine has the quickest compressor
	glances  glances
	exact    *exact
	places   uint32            // what makes their row
	rows     []*rowState       // those of the choice, in its order
	idle     map[How]*rowState // those of other choices, by what decides their sizes
	room     int64
	step     context.Context // ends when the choices change
	began    time.Time
	own      time.Duration // this program's processor time when it began
	child    time.Duration // that of mksquashfs
	lately   used          // by its last run on blocks
	ready    time.Time     // when all was laid out
	before   time.Duration // of the processors until then
	busy     time.Duration // by the clock, of all steps since the choices changed
	twinCPU  time.Duration
	twinEach time.Duration // of a group of files, by the clock, lately
	parts    divided
	within   string // as Choice.Within
	number   int    // as Choice.Number
}

func (r *Run) run(ctx context.Context) {
	defer close(r.done)
	defer close(r.states)
	run := sys.Calm
	if r.in.Urgent {
		run = func(do func()) { do() }
	}
	run(func() {
		r.err = newWork(ctx, r).whole()
	})
}

func newWork(ctx context.Context, r *Run) *work {
	return &work{Run: r, ctx: ctx, began: time.Now(), own: sys.CPUTime(), looks: map[key]cheap{}, idle: map[How]*rowState{}}
}

func (w *work) whole() (err error) {
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.begin(); err != nil {
		return err
	}
	for w.again() || w.stay() {
		if err := w.next(); err != nil && w.ctx.Err() == nil && w.step.Err() == nil {
			return err
		}
	}
	return w.ctx.Err()
}

// begin does what comes before measuring. Close is due even when it fails.
func (w *work) begin() (err error) {
	if w.root, err = sys.OpenDir(w.in.Dir); err != nil {
		return err
	}
	if err := w.take(); err != nil {
		return err
	}
	if w.exact, err = newExact(w.in.Engine, w.in.temp(), !w.in.Urgent); err != nil {
		return err
	}
	return w.prepare()
}

func (w *work) close() (err error) {
	if w.exact != nil {
		err = w.exact.close()
	}
	if w.root != nil {
		w.root.Close() //nolint:errcheck // it was only read
	}
	return err
}

// take makes the census, unless somebody else walked, and compares it with the
// old image.
func (w *work) take() error {
	if w.c = w.in.Walked; w.c == nil {
		w.c = NewCensus(w.in.Memory)
		if err := w.walk(); err != nil && w.c.full == nil {
			return err
		}
	}
	if w.c.full != nil {
		return w.c.full
	}
	w.c.match(w.in.Old)
	return nil
}

// walk fills the census until it is full.
func (w *work) walk() error {
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	last := time.Now()
	return build.Each(ctx, w.in.Dir, w.in.Always, func(dir string, n sys.Node, d *sys.Dir, name string) {
		if w.c.Visit(dir, n, d, name); w.c.full != nil {
			stop()
		}
		if len(w.c.entries)%512 == 0 && time.Since(last) > eventGap {
			last = time.Now()
			w.publish(State{Entries: int64(len(w.c.entries)), Work: w.spent()})
		}
	})
}

const eventGap = 100 * time.Millisecond

// prepare lays out what the choices pack at the start.
func (w *work) prepare() error {
	w.axis = newAxis(w.c)
	rnd := rand.New(rand.NewPCG(w.in.Seed, 1))
	w.places = rnd.Uint32()
	w.glances = newGlances(w.c)
	w.twins = newTwins(w.c, w.axis, w.root, rnd)
	w.reader = &blocks{c: w.c, root: w.root, buf: make([]byte, blockSize)}
	if err := w.try(); err != nil {
		return fmt.Errorf("cannot start %s: %w", w.in.Engine.Path, err)
	}
	w.choose(w.in.Choice)
	w.ready, w.before = time.Now(), w.spent()
	return nil
}

// choose takes over other choices.
func (w *work) choose(c Choice) {
	for _, r := range w.rows {
		w.idle[r.how.sizes()] = r
	}
	w.rows = nil
	for _, h := range c.Hows {
		r := w.idle[h.sizes()]
		if r == nil {
			r = w.newRow(h)
		}
		r.how = h
		w.rows = append(w.rows, r)
	}
	w.room, w.within, w.number = c.Room, c.Within, c.Number
	w.busy, w.glances.clock = 0, 0
	w.l = w.c.lay(w.c.apply(c.Rules))
	w.exact.recalibrate(basis{c.Hows[0].Processors, c.Hows[0].memory(), w.l.smallBytes})
	for _, r := range w.rows {
		for _, s := range r.samples {
			w.resume(s)
		}
	}
	w.laid()
}

// laid tells what follows from a new layout, after the choices changed or twins
// were found.
func (w *work) laid() {
	ratio := guess
	if len(w.rows) > 0 && w.rows[0].packs > 0 {
		ratio = w.rows[0].mean
	}
	w.tables = lookalike(w.c, w.l, ratio)
	for _, r := range w.rows {
		w.rename(r)
		w.calculate(r)
	}
	w.toGlance()
	w.divideNow()
	w.tell()
}

// again tells whether there is more to do, after the newest choices were taken.
func (w *work) again() bool {
	pause.Wait(w.ctx)
	w.mu.Lock()
	chosen := w.chosen
	w.chosen = nil
	if w.interrupt != nil {
		w.interrupt() // of the step before
	}
	w.step, w.interrupt = context.WithCancel(w.ctx)
	w.mu.Unlock()
	if chosen != nil {
		w.choose(*chosen)
	}
	if w.ctx.Err() != nil || w.over(w.in.Work, w.spent()) || w.over(w.in.Wall, time.Since(w.began)) {
		return false
	}
	if w.in.Settle && !w.rows[0].stale && (w.rows[0].out.Verdict == Fits || w.rows[0].out.Verdict == FitsNot) {
		return false
	}
	if !w.twins.done() {
		return true
	}
	for _, r := range w.rows {
		if !r.sure || r.stale {
			return true
		}
	}
	return w.untimed(nil) != nil || w.uncalibrated(true)
}

// stay tells what is known in the end, waits for other choices, and tells
// whether there are some.
func (w *work) stay() bool {
	w.divideNow()
	w.tell()
	for w.in.Stay {
		select {
		case <-w.ctx.Done():
			return false
		case <-w.wake:
			if w.again() {
				return true
			}
		}
	}
	return false
}

func (w *work) over(limit, used time.Duration) bool { return limit > 0 && used >= limit }

// spent is the time of the processors so far.
func (w *work) spent() time.Duration { return sys.CPUTime() - w.own + w.child }

// tell publishes what is known.
func (w *work) tell() {
	w.divide()
	s := State{Entries: int64(w.l.entries) - 1, Bytes: w.l.bytes, Twins: w.l.twins, Walked: true, Largest: w.parts.largest,
		Within: w.parts.within, Inside: w.parts.inside, Number: w.number, Work: w.spent()}
	for _, r := range w.rows {
		s.Rows = append(s.Rows, r.out)
	}
	w.publish(s)
}
