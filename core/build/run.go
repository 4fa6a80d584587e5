// Package build makes the image: it walks the view of the system that is
// packed, writes the new version entry, and runs mksquashfs.
package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"antix-remaster/core/pause"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Job is one run of mksquashfs.
type Job struct {
	Engine Engine
	Args   []string     // plan.Plan.Args: the output is plan.Output
	Out    *os.File     // the unfinished image, which plan.Output shows
	Room   int64        // bytes that the image may have
	Dense  float64      // share of what is read that is data, not holes: 0 to 1
	Report wire.Report  // StagePack, then StageWrite
	Watch  func() error // asked every two seconds: an error stops the run
	Log    func(string) // gets every line of output that is no progress
}

// Packed is what mksquashfs made.
type Packed struct {
	Size    int64    // bytes
	Changed int      // files that changed while they were read
	Lost    []string // prefixes of attributes that cannot be stored
}

// Run packs and returns when the image's bytes have been handed to the
// medium, but are not yet durable: sync Job.Out. Errors are wire errors. A
// cancelled context kills mksquashfs at once, a paused one stops it.
func Run(ctx context.Context, j Job) (Packed, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	report := newStderr(j.Log)
	meter := &meter{job: j, stop: stop}
	p, err := sys.Start(sys.Spec{Path: j.Engine.Path, Args: meter.args(), Pty: !j.Engine.percentage(),
		Stdout: meter, Stderr: report, Background: true})
	if err != nil {
		return Packed{}, wire.Fail(wire.EngineFailed, err, err.Error())
	}
	meter.follow(ctx, p)
	err = p.Wait()
	report.end()
	if ctx.Err() != nil {
		return Packed{}, stopped(ctx)
	}
	if err := verdict(err, report); err != nil {
		return Packed{}, err
	}
	if err := meter.writeOut(ctx); err != nil {
		return Packed{}, err
	}
	return Packed{Size: meter.size(), Changed: report.changed, Lost: report.lost}, nil
}

// stopped tells a cancel of the user from a stop with a reason of our own.
func stopped(ctx context.Context) error {
	cause := context.Cause(ctx)
	var own *wire.Error
	if errors.As(cause, &own) {
		return cause
	}
	return wire.Fail(wire.Cancelled, cause)
}

func verdict(err error, out *stderr) error {
	sig, status := sys.Killed(err)
	switch {
	case out.full || status == 128+int(syscall.SIGXFSZ):
		return wire.Fail(wire.FilledUp, out.asError(err))
	case sig != 0:
		return wire.Fail(wire.EngineKilled, out.asError(err), fmt.Sprint(int(sig)))
	case err != nil:
		return wire.Fail(wire.EngineFailed, out.asError(err), out.last())
	case len(out.unreadable) > 0:
		return wire.Fail(wire.Unreadable, out.asError(nil), fmt.Sprint(out.count), wire.List(out.unreadable, 5))
	case len(out.unknown) > 0:
		return wire.Fail(wire.EngineFailed, out.asError(nil), out.unknown[0])
	}
	return nil
}

// args adds what depends on the installed version.
func (m *meter) args() []string {
	if !m.job.Engine.percentage() {
		return m.job.Args
	}
	args := append([]string{}, m.job.Args[:2]...)
	return append(append(args, "-percentage"), m.job.Args[2:]...)
}

const (
	flushStep   = 1 << 20
	minUnsynced = 4 << 20
	maxUnsynced = 32 << 20
	worth       = time.Second // of writing may be outstanding
)

// allowed is how much may be outstanding at the speed at which the last steps
// reached the medium: a cancel waits until all of it is written.
func allowed(bytesPerSecond float64) int64 {
	return int64(min(max(bytesPerSecond*worth.Seconds(), minUnsynced), maxUnsynced))
}

// follow hands what mksquashfs wrote to the medium as it comes, and holds
// mksquashfs back while too much is outstanding or the run is paused. It
// returns when the program has ended. What may have to wait, for a slow stick
// or a busy machine, has a goroutine of its own: neither a cancel nor the
// holding back waits with it.
func (m *meter) follow(ctx context.Context, p *sys.Process) {
	var others sync.WaitGroup
	defer others.Wait()
	defer context.AfterFunc(ctx, func() { p.Signal(syscall.SIGKILL) })()
	others.Go(func() { m.every(ctx, p, flushEvery, m.flush) })
	if m.job.Watch != nil {
		others.Go(func() { m.every(ctx, p, watchEvery, func(context.Context) error { return m.job.Watch() }) })
	}
	var calmed bool
	sys.Guard(func() time.Duration {
		select {
		case <-p.Done():
			return 0
		default:
		}
		if !calmed { // best before there is anything to write
			calmed = m.size() > 0
			sys.CalmClose(m.job.Out)
		}
		m.hold(ctx, p)
		if !calmed {
			return brisk
		}
		return m.pace()
	})
	<-p.Done()
}

// How often it is looked at what is outstanding: seldom, as every look costs
// the compressor its caches, but briskly where enough of it waits to matter. On
// a slow medium more often: there the compressor waits anyway, and once it had
// to, its queue is full of blocks that are ready, which it writes as fast as
// memory takes them, 2 MiB in a millisecond.
const (
	calm  = 100 * time.Millisecond
	alert = 20 * time.Millisecond
	brisk = 5 * time.Millisecond
	quick = time.Millisecond
)

const (
	flushEvery = 100 * time.Millisecond
	watchEvery = 2 * time.Second
)

func (m *meter) pace() time.Duration {
	slow := m.unsynced.Load() < maxUnsynced // or not yet measured
	switch {
	case slow && m.held && !m.stopped:
		return quick
	case m.stopped, m.size()-m.flushed.Load() > minUnsynced/2:
		return brisk
	case slow:
		return alert
	}
	return calm
}

// hold stops mksquashfs while the run is paused, and while too much is
// outstanding until half of that is written. Only here it is stopped and
// continued, so that the end of one reason does not undo the other.
func (m *meter) hold(ctx context.Context, p *sys.Process) {
	outstanding, most := m.size()-m.flushed.Load(), max(m.unsynced.Load(), minUnsynced)
	switch {
	case outstanding > most:
		m.ahead, m.held = true, true
	case outstanding < most/2:
		m.ahead = false
	}
	stop := m.ahead || pause.On(ctx)
	switch {
	case stop && !m.stopped:
		p.Hold()
	case !stop && m.stopped:
		p.Release()
	}
	m.stopped = stop
}

// every does something from time to time while mksquashfs runs; an error stops
// the run.
func (m *meter) every(ctx context.Context, p *sys.Process, pause time.Duration, do func(context.Context) error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-p.Done():
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := do(ctx); err != nil {
			m.stop(err)
			return
		}
	}
}

func (m *meter) flush(ctx context.Context) error {
	for m.size()-m.flushed.Load() >= flushStep && ctx.Err() == nil {
		if err := m.flushNext(); err != nil {
			return err
		}
	}
	return nil
}

// flushNext hands the next step over, waits for the medium, and learns how
// fast it is.
func (m *meter) flushNext() error {
	begin := time.Now()
	if err := sys.FlushRange(m.job.Out, m.flushed.Load(), flushStep); err != nil {
		return wire.Fail(wire.WriteFailed, err, m.job.Out.Name())
	}
	m.flushed.Add(flushStep)
	took, latest := time.Since(begin).Seconds(), 0.25 // the weight of this step
	if m.perStep == 0 {
		latest = 1
	}
	m.perStep += latest * (took - m.perStep)
	// No more than has got there already: the first steps may have met only a
	// cache of the stick's own.
	m.unsynced.Store(min(allowed(flushStep/m.perStep), max(m.flushed.Load(), minUnsynced)))
	return nil
}

// writeOut shows how the rest reaches a slow stick.
func (m *meter) writeOut(ctx context.Context) error {
	size := m.size()
	for m.flushed.Load() < size {
		pause.Wait(ctx)
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		m.report(wire.Progress{Stage: wire.StageWrite, Done: m.flushed.Load(), Total: size, Bytes: size})
		if err := m.flushNext(); err != nil {
			return err
		}
	}
	m.report(wire.Progress{Stage: wire.StageWrite, Done: size, Total: size, Bytes: size})
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	return nil
}

func (m *meter) size() int64 {
	st, err := m.job.Out.Stat()
	if err != nil {
		return m.flushed.Load()
	}
	return st.Size()
}

func (m *meter) report(p wire.Progress) {
	if m.job.Report != nil {
		m.job.Report(p)
	}
}

// viewPrefix is where the tree lies while it is packed; messages leave it out.
const viewPrefix = plan.View + "/"
