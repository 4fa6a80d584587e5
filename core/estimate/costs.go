package estimate

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"time"

	"antix-remaster/core/sys"
)

// costs are what packing takes besides compressing, in time of the processors.
type costs struct {
	start time.Duration // of a run, before it packs
	page  time.Duration // of a page of memory that was not used before
	entry time.Duration // of an entry, whatever it is
	small float64       // seconds of a byte of small files, with what they take beyond an entry and compressing
}

// used is what a run took.
type used struct {
	cpu   time.Duration // of the processors
	pages int64         // of memory
}

// net is what a run took besides its memory.
func (u used) net(page time.Duration) time.Duration { return max(u.cpu-time.Duration(u.pages)*page, 0) }

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
	rest := t.net(c.page) - time.Duration(t.runs)*c.start - time.Duration(t.files-t.runs)*c.entry
	return max(rest.Seconds(), 0) / float64(t.packed)
}

// mostRounds is how often the costs are measured, as a single run is off by a fifth now
// and then, and moreBlocks after how many blocks again: with a slow compressor, which packs
// few in the time, files cost next to nothing.
const (
	mostRounds = 3
	moreBlocks = 150
)

// round measures the costs once, run by run, with a quick compressor. How long the
// engine's threads wait for each other depends on its memory and on how large small
// files are, so they are those of the tree.
type round struct {
	page          time.Duration
	runs          []used   // so far, in the order of its runs
	files, blocks [][]byte // small files, and the blocks that they make
}

// The runs of a round.
const (
	runStart  = iota // one file
	runEmpty         // manyEmpty more without data
	runFiles         // small files, as they are
	runBlocks        // and as blocks
	runsOfRound
)

const manyEmpty = 512

var oneFile = [][]byte{{0, 1, 2, 3}}

// costs are what the runs tell.
func (t round) costs() costs {
	net := func(run int) time.Duration { return t.runs[run].net(t.page) }
	c := costs{start: net(runStart), page: t.page, entry: max(net(runEmpty)-net(runStart), 0) / manyEmpty}
	bytes := 0
	for _, b := range t.blocks {
		bytes += len(b)
	}
	if bytes > 0 {
		entries := c.entry * time.Duration(len(t.files)-len(t.blocks))
		c.small = max(net(runFiles)-net(runBlocks)-entries, 0).Seconds() / float64(bytes)
	}
	return c
}

// nextRun makes the next run of a round.
func (x *exact) nextRun(ctx context.Context, h How) (cpu time.Duration, err error) {
	t := &x.round
	if len(t.runs) == 0 {
		t.page = sys.PageCost(blockSize)
	}
	files := [runsOfRound][][]byte{oneFile, append(make([][]byte, manyEmpty), oneFile...), t.files, t.blocks}
	args := [runsOfRound][]string{runBlocks: asBlocks}
	u, err := x.packOnce(ctx, files[len(t.runs)], args[len(t.runs)], h)
	if err != nil {
		return u.cpu, err
	}
	if t.runs = append(t.runs, u); len(t.runs) == runsOfRound {
		x.rounds = append(x.rounds, t.costs())
		x.tries, x.round = x.tries+1, round{}
		x.costs = costs{middle(x.rounds, func(c costs) time.Duration { return c.start }), middle(x.rounds, func(c costs) time.Duration { return c.page }),
			middle(x.rounds, func(c costs) time.Duration { return c.entry }), middle(x.rounds, func(c costs) float64 { return c.small })}
	}
	return u.cpu, nil
}

// basis is what costs depend on.
type basis struct {
	processors, memory int   // memory in MiB
	small              int64 // bytes of small files
}

// like tells whether what was measured for another one holds.
func (b basis) like(o basis) bool {
	near := func(a, b, part int64) bool { return a <= b+b/part && b <= a+a/part }
	return b.processors == o.processors && near(int64(b.memory), int64(o.memory), 8) && near(b.small, o.small, 1)
}

// recalibrate has the costs measured anew for another basis. Until then
// they stay, and with them what blocks took that were packed before.
func (x *exact) recalibrate(b basis) {
	if !b.like(x.of) {
		x.of, x.rounds, x.tries, x.round = b, nil, 0, round{}
	}
}

// packOnce lays files down, packs them as a tree is packed but for args, and takes
// them and the image away.
func (x *exact) packOnce(ctx context.Context, files [][]byte, args []string, h How) (u used, err error) {
	out := filepath.Join(x.dir, "out")
	defer func() { err = errors.Join(err, x.clear(), os.RemoveAll(out)) }()
	for _, data := range files {
		if ctx.Err() != nil {
			return u, ctx.Err()
		}
		if err := x.add(data); err != nil {
			return u, err
		}
	}
	return x.pack(ctx, slices.Concat([]string{filepath.Join(x.dir, "in"), out}, args), h, blockSize)
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

// uncalibrated tells whether the costs are to be measured again: with the first figure of
// the first row, after more blocks of it, and when nothing else is left. Who waits for a
// verdict asks for no time, and without data there is none.
func (w *work) uncalibrated(nothingElse bool) bool {
	n := w.exact.tries
	if w.in.Settle || n >= mostRounds || w.l.bytes == 0 {
		return false
	}
	r := w.rows[0]
	return nothingElse || r.out.Blocks > n*moreBlocks || n == 0 && r.sure
}

// calibrate takes the next step of measuring the costs. What goes wrong leaves the time
// unknown, or as it is: the size does not need it.
func (w *work) calibrate() {
	x, h := w.exact, second
	if len(x.round.runs) == runFiles && x.round.files == nil {
		files := w.someSmall()
		x.round.files, x.round.blocks = files, intoBlocks(files)
	}
	if w.quick {
		h = quickest
	}
	h.Processors, h.MemoryMiB = w.rows[0].how.Processors, w.rows[0].how.MemoryMiB
	cpu, err := x.nextRun(w.step, h)
	w.child += cpu
	switch {
	case w.step.Err() != nil:
		if len(x.round.runs) == runFiles {
			x.round.files = nil // maybe not all were read
		}
		return
	case err != nil:
		x.tries, x.round = x.tries+1, round{}
	case len(x.round.runs) > 0:
		return
	}
	for _, r := range w.rows {
		w.calculate(r) // also of files that could not be read: they count in full
	}
	w.tell()
}

// someSmall reads small files of blocks that are spread over the tree, other ones for
// each round, each content once. With the image of them they fit into a folder of 16 MiB.
func (w *work) someSmall() (files [][]byte) {
	const most, room = 1200, 7 << 20
	page, of := os.Getpagesize(), w.l.fragments
	each := len(w.l.small)/max(len(of), 1) + 1 // files of a block
	n := min(max(min(most/each, room/(blockSize+each*page/2)), 1), len(of))
	seed, seen, laid := maphash.MakeSeed(), map[uint64]bool{}, 0
	for i := range n {
		at := (float64(i) + (float64(w.exact.tries)+0.5)/mostRounds) * float64(len(of)) / float64(n)
		for _, f := range w.l.inFragment(int(at)) {
			data := make([]byte, w.c.entries[f].size)
			data = data[:w.reader.part(f, data, 0)]
			if laid += (len(data) + page - 1) / page * page; laid > room || len(files) == most || w.step.Err() != nil {
				return files
			}
			if sum := maphash.Bytes(seed, data); len(data) > 0 && !seen[sum] {
				seen[sum], files = true, append(files, data)
			}
		}
	}
	return files
}

// intoBlocks puts files together as mksquashfs does.
func intoBlocks(files [][]byte) (blocks [][]byte) {
	room := 0
	for _, data := range files {
		if room -= len(data); room < 0 {
			blocks, room = append(blocks, nil), blockSize-len(data)
		}
		last := &blocks[len(blocks)-1]
		*last = append(*last, data...)
	}
	return blocks
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
	if bytes == 0 || w.exact.costs == (costs{}) {
		return 0
	}
	c := w.exact.costs
	cpu *= float64(w.l.bytes+w.l.dropped) / bytes
	cpu += c.entry.Seconds()*float64(w.l.entries) + c.small*float64(w.l.smallBytes) + c.page.Seconds()*w.pages(r)
	return cpu / float64(max(r.how.Processors, 1))
}

// pages are those of memory that packing uses: mksquashfs gives a quarter of its own to
// what it reads, and a quarter to what it writes.
func (w *work) pages(r *rowState) float64 {
	most := int64(r.how.memory()) << 20 / 4
	return float64(min(w.l.bytes+w.l.dropped, most)+min(r.out.Estimate, most)) / float64(os.Getpagesize())
}
