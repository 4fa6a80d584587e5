package estimate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// costs are what packing takes besides compressing, in time of the processors.
type costs struct {
	start time.Duration // of a run, before it packs
	page  time.Duration // of a page of memory that was not used before
	bare  time.Duration // of an entry without data
	small time.Duration // of a small file, beyond compressing it
}

// used is what a run took.
type used struct {
	cpu   time.Duration // of the processors
	pages int64         // of memory
}

// net is what a run took besides its memory.
func (c costs) net(u used) time.Duration { return u.cpu - time.Duration(u.pages)*c.page }

// taken is what runs took together that packed blocks.
type taken struct {
	used
	runs, files int
	packed      int64 // bytes
}

func (t *taken) add(u used, lengths []int32) {
	t.cpu, t.pages = t.cpu+u.cpu, t.pages+u.pages
	t.runs, t.files = t.runs+1, t.files+len(lengths)
	for _, n := range lengths {
		t.packed += int64(n)
	}
}

// perByte is what compressing a byte takes, in seconds.
func (c costs) perByte(t taken) float64 {
	rest := c.net(t.used) - time.Duration(t.runs)*c.start - time.Duration(t.files-t.runs)*c.bare
	return max(rest.Seconds(), 0) / float64(t.packed)
}

// mostTrials is how often the costs are measured: a single run is off by a fifth now and then.
const mostTrials = 3

// calibrate measures the costs once more: what does not depend on the compressor with
// one that is quick. Small are files of the tree that share blocks: how long the engine's
// threads wait for each other depends on how large files are, and on its memory.
func (x *exact) calibrate(ctx context.Context, h, quick How, small [][][]byte) (cpu time.Duration, err error) {
	c := costs{page: pageCost()}
	quick.Processors, quick.MemoryMiB = h.Processors, min(h.memory(), mostMemory)
	net := func(h How, files [][]byte, args ...string) time.Duration {
		if err != nil {
			return 0
		}
		var u used
		u, err = x.packOnce(ctx, files, args, h)
		cpu += u.cpu
		return c.net(u)
	}
	c.start = net(h, oneFile, asBlocks...)
	c.bare = max(net(quick, make([][]byte, manyBare+1))-net(quick, oneFile), 0) / manyBare
	var files, blocks [][]byte
	for _, block := range small {
		files, blocks = append(files, block...), append(blocks, bytes.Join(block, nil))
	}
	c.small = c.bare
	if n := len(files) - len(blocks); n > 0 {
		c.small = max((net(quick, files)-net(quick, blocks, asBlocks...))/time.Duration(n), 0)
	}
	if err != nil {
		return cpu, err
	}
	x.trials = append(x.trials, c)
	x.costs = costs{middle(x.trials, func(c costs) time.Duration { return c.start }), middle(x.trials, func(c costs) time.Duration { return c.page }),
		middle(x.trials, func(c costs) time.Duration { return c.bare }), middle(x.trials, func(c costs) time.Duration { return c.small })}
	return cpu, nil
}

const (
	manyBare   = 512 // empty files, which tell what one costs
	mostMemory = 128 // MiB: so few files would never use the same of more again
)

var oneFile = [][]byte{{0, 1, 2, 3}}

// packOnce lays files down, packs them as a tree is packed but for args, and takes
// them away.
func (x *exact) packOnce(ctx context.Context, files [][]byte, args []string, h How) (u used, err error) {
	defer func() { err = errors.Join(err, x.clear()) }()
	for _, data := range files {
		if err := cmp.Or(ctx.Err(), x.add(data)); err != nil {
			return u, err
		}
	}
	return pack(ctx, x.engine, slices.Concat([]string{filepath.Join(x.dir, "in"), filepath.Join(x.dir, "out")}, args), h, blockSize, x.calm)
}

// pageCost is what the first use of a page of memory takes, in pieces as mksquashfs has
// them: above those a kernel may give larger pages.
func pageCost() time.Duration {
	const pieces = 16
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin, page, touched := threadTime(), os.Getpagesize(), 0
	for range pieces {
		data, err := unix.Mmap(-1, 0, blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return 0 // no memory: what it costs does not matter then
		}
		defer unix.Munmap(data) //nolint:errcheck // cannot fail
		for at := 0; at < len(data); at += page {
			data[at] = 1 // to read it first would take two steps
			touched++
		}
	}
	return (threadTime() - begin) / time.Duration(touched)
}

// threadTime is to the nanosecond, while getrusage goes by the ticks of the clock.
func threadTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) // no reason to fail exists
	return time.Duration(t.Nano())
}

// middle is the median of what of gives.
func middle[T any, V cmp.Ordered](all []T, of func(T) V) V {
	var v []V
	for _, one := range all {
		v = append(v, of(one))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// uncalibrated tells whether the costs are to be measured again: after the first figure,
// after more blocks, and in the end. Who waits for a verdict asks for no time.
func (w *work) uncalibrated(worst *rowState) bool {
	n := len(w.exact.trials)
	return !w.in.Settle && n < mostTrials && (worst == nil || worst.out.Blocks > n*minBlocks)
}

// calibrate measures the costs again.
func (w *work) calibrate() error {
	quick := second
	if w.quick {
		quick = quickest
	}
	cpu, err := w.exact.calibrate(w.step, w.rows[0].how, quick, w.someSmall())
	w.child += cpu
	for _, r := range w.rows {
		r.out.Seconds = w.seconds(r)
	}
	w.tell()
	return err
}

// someSmall reads small files, by the blocks that they share: of other blocks for each
// trial, spread over the tree, 8 MiB at most. In the mean they are as large as all are:
// what one takes has a part for each file and one for each byte.
func (w *work) someSmall() (blocks [][][]byte) {
	const files, most = 1200, 32
	of, total := w.l.fragments, int64(0)
	for _, f := range of {
		total += int64(f.bytes)
	}
	n := min(len(of)*files/max(len(w.l.small), 1)+1, most, len(of))
	var all [][]byte
	for i := 0; i < n && w.step.Err() == nil; i++ {
		at := (float64(i) + (float64(len(w.exact.trials))+0.5)/mostTrials) * float64(len(of)) / float64(n)
		for _, f := range w.l.inFragment(int(at)) {
			data := make([]byte, w.c.entries[f].size)
			all = append(all, data[:w.reader.part(f, data, 0)])
		}
	}
	room := 0
	for _, data := range even(all, float64(total)/float64(max(len(w.l.small), 1))) {
		if room -= len(data); room < 0 {
			blocks, room = append(blocks, nil), blockSize-len(data)
		}
		last := &blocks[len(blocks)-1]
		*last = append(*last, data)
	}
	return blocks
}

// even leaves out the smallest or the largest files until the others have mean bytes each.
func even(files [][]byte, mean float64) [][]byte {
	bySize, bytes := slices.Clone(files), 0.0
	slices.SortFunc(bySize, func(a, b []byte) int { return len(a) - len(b) })
	for _, f := range files {
		bytes += float64(len(f))
	}
	for len(bySize) > 1 {
		n := len(bySize)
		drop, rest := bySize[n-1], bySize[:n-1]
		if bytes < mean*float64(n) {
			drop, rest = bySize[0], bySize[1:]
		}
		after := bytes - float64(len(drop))
		if math.Abs(after/float64(n-1)-mean) >= math.Abs(bytes/float64(n)-mean) {
			break
		}
		bySize, bytes = rest, after
	}
	if len(bySize) == 0 {
		return nil
	}
	least, most := len(bySize[0]), len(bySize[len(bySize)-1])
	return slices.DeleteFunc(files, func(f []byte) bool { return len(f) < least || len(f) > most })
}

// seconds is how long packing takes: what the samples took, for all data, and what
// files and memory cost, on so many processors.
func (w *work) seconds(r *rowState) float64 {
	cpu, bytes := 0.0, 0.0
	add := func(t taken, of float64) {
		if t.packed > 0 {
			cpu, bytes = cpu+w.exact.costs.perByte(t)*max(of, 1), bytes+max(of, 1)
		}
	}
	for _, s := range r.samples {
		add(s.taken, s.bytes)
	}
	add(r.timed.taken, r.timed.of)
	if bytes == 0 || len(w.exact.trials) == 0 {
		return 0
	}
	c := w.exact.costs
	cpu *= float64(w.l.bytes+w.l.dropped) / bytes
	cpu += c.bare.Seconds()*float64(w.l.entries-w.l.smalls) + c.small.Seconds()*float64(w.l.smalls) + c.page.Seconds()*w.pages(r)
	return cpu / float64(max(r.how.Processors, 1))
}

// pages are those of memory that packing uses: mksquashfs gives a quarter of its own to
// what it reads, and a quarter to what it writes.
func (w *work) pages(r *rowState) float64 {
	most := int64(r.how.memory()) << 20 / 4
	return float64(min(w.l.bytes+w.l.dropped, most)+min(r.out.Estimate, most)) / float64(os.Getpagesize())
}
