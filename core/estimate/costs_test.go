package estimate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/plan"
)

// TestSomeSmall: each round reads other files, no more than some, and they become
// blocks as the engine puts them together. What cannot be read, and what is there
// already, is left out.
func TestSomeSmall(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/large", noise(rnd, 3*blockSize))
	for i := range 4200 {
		put(t, fmt.Sprintf("%s/%02d/%d", dir, i%20, i), noise(rnd, 2000+rnd.IntN(9000)))
	}
	w := prepared(t, input(t, dir, "lz4"))
	seen, read := map[string]bool{}, 0
	for range mostRounds {
		files := w.someSmall()
		for _, f := range files {
			seen[string(f)] = true
		}
		blocks := intoBlocks(files)
		if all := bytes.Join(files, nil); !bytes.Equal(all, bytes.Join(blocks, nil)) || len(files) < 500 || len(all) > 7<<20 {
			t.Errorf("%d files of %d bytes", len(files), len(all))
		}
		if slices.ContainsFunc(blocks, func(b []byte) bool { return len(b) > blockSize }) || len(blocks) < 2 {
			t.Error("a block is too large")
		}
		w.exact.tries, read = w.exact.tries+1, read+len(files)
	}
	if len(seen) != read {
		t.Errorf("%d files were read twice", read-len(seen))
	}
	for what, files := range map[string]int{"none": 0, "gone": 0, "twins": 1} {
		dir := memory(t)
		if what != "none" {
			put(t, dir+"/one", []byte("the same"))
			put(t, dir+"/two", []byte("the same"))
		}
		w := prepared(t, input(t, dir, "lz4"))
		if what == "gone" {
			check(t, errors.Join(os.Remove(dir+"/one"), os.Remove(dir+"/two")))
		}
		if got := w.someSmall(); len(got) != files || len(intoBlocks(got)) != files {
			t.Errorf("%s: %d files", what, len(got))
		}
	}
}

// TestRound: what the runs of a round tell; memory is none of it, and nothing is less
// than nothing.
func TestRound(t *testing.T) {
	ms := func(cpu time.Duration, pages int64) used { return used{cpu * time.Millisecond, pages} }
	r := round{page: time.Microsecond, runs: []used{ms(5, 1000), ms(11, 1880), ms(27, 2000), ms(16, 3000)},
		files: make([][]byte, 102), blocks: [][]byte{make([]byte, 900_000), make([]byte, 100_000)}}
	want := costs{start: 4 * time.Millisecond, page: time.Microsecond, entry: 5120 * time.Microsecond / manyEmpty, small: 0.011 / 1e6}
	if got := r.costs(); got.start != want.start || got.page != want.page || got.entry != want.entry || math.Abs(got.small-want.small) > 1e-12 {
		t.Errorf("%+v, want %+v", got, want)
	}
	r.runs[runStart], r.runs[runEmpty], r.runs[runFiles] = ms(0, 9), ms(1, 2000), ms(1, 0)
	if got := r.costs(); got != (costs{page: time.Microsecond}) {
		t.Errorf("%+v", got)
	}
	r.files, r.blocks = nil, nil
	if got := r.costs(); got.small != 0 {
		t.Errorf("no small files, and each byte of them takes %g s", got.small)
	}
}

// TestCalibrate: a round is made run by run, none of which leaves anything; one that is
// interrupted is made again, one that fails costs the time only. Other processors need
// other rounds, and until then the costs stay.
func TestCalibrate(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(7, 8))
	for i := range 300 {
		put(t, fmt.Sprintf("%s/%03d", dir, i), prose(rnd, 3000))
	}
	w := prepared(t, input(t, dir, "lz4"))
	x := w.exact
	runs := func(n int) {
		t.Helper()
		left, err := os.ReadDir(filepath.Join(x.dir, "in"))
		check(t, err)
		if _, err := os.Stat(filepath.Join(x.dir, "out")); len(left) > 0 || !errors.Is(err, fs.ErrNotExist) || x.tries*runsOfRound+len(x.round.runs) != n || x.tries != len(x.rounds) {
			t.Fatalf("%d runs and %d of the next, not %d; %d files left", x.tries*runsOfRound, len(x.round.runs), n, len(left))
		}
	}
	for n := range mostRounds*runsOfRound - 1 {
		stopped, stop := context.WithCancel(t.Context())
		stop()
		w.step = stopped
		w.calibrate()
		runs(n)
		w.step = t.Context()
		w.calibrate()
		runs(n + 1)
	}
	before := x.costs
	if before == (costs{}) || !w.uncalibrated(true) {
		t.Errorf("%+v after two rounds", before)
	}
	engine := x.engine.Path
	x.engine.Path = "/bin/false"
	w.calibrate()
	x.engine.Path = engine
	if x.tries != mostRounds || len(x.rounds) != mostRounds-1 || len(x.round.runs) > 0 || w.uncalibrated(true) || x.costs != before {
		t.Errorf("%d of %d rounds after one failed, %+v", len(x.rounds), x.tries, x.costs)
	}
	c := w.in.Choice
	c.Hows = []How{{Compressor: "xz", Processors: 2}}
	w.choose(c)
	if w.uncalibrated(true) {
		t.Error("another compressor needs other costs")
	}
	c.Hows[0].Processors = 1
	if w.choose(c); !w.uncalibrated(true) || x.costs != before {
		t.Errorf("one processor: %d rounds, %+v", len(x.rounds), x.costs)
	}
}

// TestBasisLike: a little more or less memory is no reason to measure anew.
func TestBasisLike(t *testing.T) {
	of := basis{2, 400, 1000}
	for _, c := range []struct {
		basis
		like bool
	}{{of, true}, {basis{1, 400, 1000}, false}, {basis{2, 420, 1900}, true}, {basis{2, 380, 600}, true}, {basis{2, 800, 1000}, false},
		{basis{2, 400, 2100}, false}, {basis{2, 400, 400}, false}, {basis{2, 400, 0}, false}} {
		if of.like(c.basis) != c.like || c.like != c.basis.like(of) {
			t.Errorf("%+v and %+v: alike is not %t", of, c.basis, c.like)
		}
	}
}

// TestEngineOfSamples: the engine gets the memory that it will have, but not more than
// there is, and settings for its memory.
func TestEngineOfSamples(t *testing.T) {
	e, dir := engine(t), memory(t)
	x, err := newExact(e, dir, false)
	check(t, err)
	x.engine.Path = dir + "/engine"
	check(t, os.WriteFile(x.engine.Path, []byte("#!/bin/sh\nenv >"+dir+"/env; echo \"$@\" >"+dir+"/args; exec "+e.Path+" \"$@\"\n"), 0o755))
	x.most = 300
	for asked, want := range map[int]string{0: "-mem 64M", 1: "-mem 32M", 200: "-mem 200M", 4000: "-mem 300M"} {
		u, err := x.packOnce(t.Context(), oneFile, asBlocks, How{Compressor: "gzip", MemoryMiB: asked})
		check(t, err)
		args, err := os.ReadFile(dir + "/args")
		check(t, err)
		if !strings.Contains(string(args), want) || u.cpu <= 0 || u.pages <= 0 {
			t.Errorf("memory %d: %s; %+v", asked, args, u)
		}
	}
	env, err := os.ReadFile(dir + "/env")
	check(t, err)
	for _, want := range []string{"MALLOC_ARENA_MAX=1", "MALLOC_MMAP_MAX_=0", "LC_ALL=C"} {
		if !strings.Contains(string(env), want+"\n") {
			t.Errorf("%s is not in %s", want, env)
		}
	}
}

// TestSeconds: each part of a tree counts once, large twins as they are compressed.
func TestSeconds(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(7, 8))
	large := noise(rnd, 2*blockSize)
	for _, n := range []string{"one", "two"} {
		put(t, dir+"/"+n, large)
		put(t, dir+"/small-"+n, []byte("the same"))
	}
	check(t, os.Link(dir+"/one", dir+"/link"))
	check(t, os.Link(dir+"/small-one", dir+"/small-link"))
	w := prepared(t, input(t, dir, "lz4"))
	for !w.twins.done() {
		w.twins.step(t.Context())
	}
	w.l = w.c.lay(w.c.apply(plan.Rules{}))
	if l := w.l; l.entries != 7 || l.smallBytes != 16 || l.dropped != 2*blockSize || l.bytes != 2*blockSize+8 {
		t.Errorf("%d entries, %d bytes in small files, %d dropped, of %d", l.entries, l.smallBytes, l.dropped, l.bytes)
	}
	r, s := w.rows[0], w.rows[0].samples[0]
	s.taken, s.bytes, r.how.Processors, r.how.MemoryMiB, r.out.Estimate = taken{}, 1, 1, 1, 4096
	s.add(used{cpu: 403 * time.Millisecond, pages: 1000}, []int32{500_000, 500_000}) // 0.3 s for a million bytes
	if got := w.seconds(r); got != 0 {
		t.Errorf("%.4f s without costs", got)
	}
	w.exact.costs = costs{start: 100 * time.Millisecond, page: time.Microsecond, entry: 2 * time.Millisecond, small: 1e-3}
	pages := float64((1<<20/4 + 4096)) / float64(os.Getpagesize())
	want := 0.3e-6*float64(4*blockSize+8) + 7*0.002 + 16*0.001 + 1e-6*pages
	if got := w.seconds(r); math.Abs(got-want) > 1e-6 {
		t.Errorf("%.4f s, want %.4f", got, want)
	}
	r.how.Processors = 4
	if got := w.seconds(r); math.Abs(got-want/4) > 1e-6 {
		t.Errorf("%.4f s on four processors, want %.4f", got, want/4)
	}
}

// TestSmallFolder: the folder for samples has 16 MiB; blocks that do not shrink, small
// files that do not, and very many very small ones, fit into it.
func TestSmallFolder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	folder := func(do func(temp string)) {
		temp := memory(t)
		check(t, unix.Mount("tmpfs", temp, "tmpfs", 0, "size=16m"))
		defer func() { check(t, unix.Unmount(temp, unix.MNT_DETACH)) }()
		do(temp)
	}
	folder(func(temp string) {
		x, err := newExact(engine(t), temp, false)
		check(t, err)
		for range maxBatch {
			check(t, x.add(noise(rnd, blockSize)))
		}
		if sizes, _, err := x.measure(t.Context(), How{Compressor: "lz4"}, blockSize); err != nil || sizes[maxBatch-1] != blockSize {
			t.Errorf("%d blocks: %v", maxBatch, err)
		}
	})
	for _, size := range []int{6500, 20} {
		dir := memory(t)
		for i := range min(24<<20/size, 14_000) {
			put(t, fmt.Sprintf("%s/%02d/%d", dir, i%30, i), noise(rnd, size))
		}
		_, total := truth(t, dir, "lz4")
		in := input(t, dir, "lz4")
		folder(func(temp string) {
			in.Temp = temp
			s := last(t, Start(t.Context(), in))
			near(t, fmt.Sprint(size), s.Rows[0], total, 0.01)
			if s.Rows[0].Seconds <= 0 {
				t.Errorf("files of %d bytes: no time", size)
			}
		})
	}
}
