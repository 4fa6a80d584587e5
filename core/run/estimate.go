package run

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/estimate"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// sureEnough is how sure an estimate becomes before it ends by itself: as much
// of the image as the margin that is added anyway.
const sureEnough = 0.005

// tellGap is how long a state stays the newest: people read it.
const tellGap = 250 * time.Millisecond

// Estimate answers wire.OpEstimate: it tells again and again what is known of
// the image to come. It only looks, and takes no lock.
func Estimate(ctx context.Context, req wire.Request, out *wire.Out) (wire.Estimate, error) {
	s, err := open(ctx, out, (*station).read, (*station).openMounted)
	if err != nil {
		return wire.Estimate{}, err
	}
	result, err := s.estimate(ctx, req)
	return result, s.end(err)
}

// openMounted opens the directory of the linuxfs when the stick is mounted: it
// is not mounted only to learn its free space.
func (s *station) openMounted(ctx context.Context) error {
	if !s.facts.Boot.Mounted() {
		return nil
	}
	return s.openDir(ctx)
}

func (s *station) estimate(ctx context.Context, req wire.Request) (wire.Estimate, error) {
	if err := s.mountView(); err != nil {
		return wire.Estimate{}, err
	}
	engine, err := build.FindEngine(ctx)
	if err != nil {
		return wire.Estimate{}, err
	}
	a, err := s.asked(req)
	if err != nil {
		return wire.Estimate{}, err
	}
	always, _ := plan.Shipped()
	result, err := s.follow(ctx, estimate.Input{Dir: plan.View, Always: plan.Compile(always), Choice: a.Choice, Engine: engine,
		Temp: plan.WorkDir, Memory: spareMemory(), Seed: uint64(os.Getpid()), Work: time.Duration(req.Seconds) * time.Second, Enough: sureEnough, Stay: req.Seconds == 0}, a)
	if errors.Is(err, estimate.ErrMemory) {
		s.log.add("no estimate: %v", err)
		err = nil
	}
	return result, err
}

// changed is how much lies in the upper layer, for the rule that goes by it.
func (s *station) changed(ctx context.Context, rules plan.Rules) int64 {
	if s.facts.Union.Upper == "" {
		return 0
	}
	scan, err := build.Count(ctx, s.facts.Union.Upper, rules, nil)
	if err != nil {
		s.log.add("cannot measure the changes: %v", err)
	}
	return scan.Bytes + scan.Media
}

// slow is what takes too long to be read before the first choices are taken.
type slow struct {
	old     chan *estimate.Old
	changed atomic.Int64
	reading sync.WaitGroup
}

func (s *station) readSlow(ctx context.Context, rules plan.Rules) *slow {
	b := &slow{old: make(chan *estimate.Old, 1)}
	b.reading.Go(func() { b.old <- s.oldImage(ctx) })
	b.reading.Go(func() { b.changed.Store(s.changed(ctx, rules)) })
	return b
}

// follow tells what the estimate tells, and what was chosen meanwhile.
func (s *station) follow(ctx context.Context, in estimate.Input, a asked) (last wire.Estimate, err error) {
	b := s.readSlow(ctx, a.Rules)
	gap := time.NewTimer(0)
	<-gap.C
	defer gap.Stop()
	var r *estimate.Run // nil until the old image is known
	var states <-chan estimate.State
	for {
		select {
		case in.Old = <-b.old:
			in.Choice = a.Choice
			r = estimate.Start(ctx, in)
			states = r.States()
		case req := <-wire.Chosen(ctx):
			other, err := s.asked(req)
			if err != nil {
				s.log.add("choices that cannot be: %v", err)
				continue
			}
			if a = other; r != nil {
				r.Choose(a.Choice)
			}
		case state, more := <-states:
			if !more {
				b.reading.Wait()
				last.Changed = b.changed.Load()
				return last, ended(r)
			}
			if state.Walked && state.Number != a.Number {
				continue // of choices before
			}
			last = told(state, a, b.changed.Load())
			states = nil // until the gap is over; the newest waits
			gap.Reset(tellGap)
			s.out.Estimate(last)
		case <-gap.C:
			states = r.States()
		}
	}
}

// ended is why an estimate ended too early.
func ended(r *estimate.Run) error {
	if err := r.Err(); !errors.Is(err, context.Canceled) {
		return err
	}
	return wire.Fail(wire.Cancelled, r.Err())
}

// asked is what the estimate is asked for.
type asked struct {
	estimate.Choice
	beside int64 // bytes that companions of the image will take
}

// asked makes of the user's choices what the estimate needs.
func (s *station) asked(req wire.Request) (asked, error) {
	c := *req.Choices
	p, err := plan.Make(s.facts, c)
	if err != nil {
		return asked{}, err
	}
	hows := []estimate.How{how(c, c.Compressor, c.Level)}
	for _, other := range plan.Compressors {
		if other != c.Compressor {
			hows = append(hows, how(c, other, 0))
		}
	}
	room, m := int64(-1), &preflight.Measured{}
	if s.dir != nil {
		if err := s.space(m, p); err != nil {
			return asked{}, err
		}
		room = max(preflight.Room(preflight.Input{Facts: s.facts, Plan: p, Measured: m}), 0)
	}
	return asked{estimate.Choice{Rules: plan.Compile(p.Patterns), Hows: hows, Room: room, Within: req.Within, Number: req.Number}, m.CopyBytes}, nil
}

// how is a compressor, and what else the choices say of the run.
func how(c wire.Choices, compressor string, level int) estimate.How {
	return estimate.How{Compressor: compressor, Level: level, Processors: c.Processors, MemoryMiB: c.MemoryMiB}
}

// oldImage reads the tables of the image that runs. Whatever is wrong with it,
// the estimate only loses what they would save.
func (s *station) oldImage(ctx context.Context) *estimate.Old {
	if s.facts.Running == nil {
		return nil
	}
	f, err := os.Open(s.facts.Running.Path)
	if err == nil {
		defer f.Close()
		var old *estimate.Old
		if old, err = estimate.ReadOld(ctx, f); err == nil {
			return old
		}
	}
	s.log.add("estimate without the old image: %v", err)
	return nil
}

// spareMemory is what an estimate may use, in bytes: a system of half a million
// files needs 120 MB.
func spareMemory() int64 { return min(sys.MemAvailable()/4, 512<<20) }

func told(s estimate.State, a asked, changed int64) wire.Estimate {
	e := wire.Estimate{Rows: []wire.EstimateRow{}, Largest: parts(s.Largest), Within: s.Within, Number: a.Number, Inside: byName(parts(s.Inside)),
		Entries: s.Entries, Bytes: s.Bytes, Twins: s.Twins, Changed: changed, Room: a.Room, Beside: a.beside, Work: s.Work.Seconds()}
	for _, r := range s.Rows {
		e.Rows = append(e.Rows, wire.EstimateRow{Compressor: r.How.Compressor, Level: r.How.Level, Estimate: r.Estimate, Error: r.Error, Bound: r.Bound,
			Blocks: r.Blocks, Whole: r.Whole, Seconds: r.Seconds, Verdict: string(r.Verdict), Missing: r.Missing})
	}
	if len(e.Rows) > 0 {
		e.EstimateRow = e.Rows[0]
	}
	return e
}

// byName leaves of the paths only the last part: together they must fit a line.
func byName(all []wire.EstimatePart) []wire.EstimatePart {
	for i := range all {
		all[i].Path = path.Base(all[i].Path)
	}
	return all
}

func parts(all []estimate.Part) []wire.EstimatePart {
	out := []wire.EstimatePart{}
	for _, p := range all {
		out = append(out, wire.EstimatePart{Path: strings.ToValidUTF8(p.Path, "\uFFFD"), Bytes: p.Bytes, Stored: p.Stored, Dir: p.Dir})
	}
	return out
}

// How long a check may take to become sure whether the image fits.
const (
	checkWork = 5 * time.Second // of the processors
	checkWall = 20 * time.Second
)

// sample has the bound of the image measured, unless it fits whatever happens.
// The walk is the one that the checks made. What fails leaves the crude bound.
func (s *station) sample(ctx context.Context, p plan.Plan, c wire.Choices, in *preflight.Input, walked *estimate.Census) {
	m, room := in.Measured, preflight.Room(*in)
	if m.Most = estimate.Most(walked); m.Most <= room || in.EngineErr != nil {
		return
	}
	choice := estimate.Choice{Rules: plan.Compile(p.Patterns), Room: max(room, 0),
		Hows: []estimate.How{how(c, c.Compressor, c.Level)}}
	r := estimate.Start(ctx, estimate.Input{Dir: plan.View, Choice: choice, Old: s.oldImage(ctx), Walked: walked, Engine: in.Engine, Temp: plan.WorkDir, Memory: spareMemory(),
		Seed: uint64(os.Getpid()), Work: checkWork, Wall: checkWall, Enough: sureEnough, Settle: true, Urgent: true})
	var last estimate.State
	for last = range r.States() {
	}
	if err := r.Err(); err != nil {
		s.log.add("the size is not measured: %v", err)
		return
	}
	if len(last.Rows) > 0 && (last.Rows[0].Blocks > 0 || last.Rows[0].Whole) {
		m.Bound = last.Rows[0].Bound
		s.log.add("estimate: %+v", last.Rows[0])
	}
}
