package estimate

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"antix-remaster/core/plan"
)

// TestEven: what is left is in its order, as large in the mean as was asked for, and
// most of it is there.
func TestEven(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, mean := range []float64{600, 1000, 1400} {
		var files [][]byte
		for range 500 {
			files = append(files, make([]byte, int(rnd.ExpFloat64()*1000)))
		}
		all := bytes.Join(files, nil)
		for i := range files { // each knows where it was
			files[i], all = all[:len(files[i])], all[len(files[i]):]
		}
		got, sum, left := even(files, mean), 0, -1
		for _, f := range got {
			if sum += len(f); cap(f) > left && left >= 0 {
				t.Fatal("another order")
			}
			left = cap(f)
		}
		if off := float64(sum)/float64(len(got)) - mean; math.Abs(off) > mean/50 || len(got) < 200 {
			t.Errorf("%d files, mean off by %.0f of %.0f", len(got), off, mean)
		}
	}
	for n := range 3 {
		if got := even(make([][]byte, n), 100); len(got) != n {
			t.Errorf("%d of %d empty files", len(got), n)
		}
	}
}

// TestSomeSmall: each trial reads other files, no more than some, and they are put
// into blocks as the engine puts them.
func TestSomeSmall(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/large", noise(rnd, 3*blockSize))
	for i := range 4200 {
		put(t, dir+"/"+string(rune('a'+i%20))+"/"+time.Duration(i).String(), noise(rnd, 2000+rnd.IntN(9000)))
	}
	w := prepared(t, input(t, dir, "lz4"))
	seen, read := map[string]bool{}, 0
	for range mostTrials {
		files, sum := 0, 0
		for _, block := range w.someSmall() {
			joined := len(bytes.Join(block, nil))
			if files, sum = files+len(block), sum+joined; joined > blockSize {
				t.Errorf("a block of %d bytes", joined)
			}
			for _, f := range block {
				seen[string(f)] = true
			}
		}
		if mean := float64(sum) / float64(files); files < 600 || sum > 32*blockSize || math.Abs(mean-6500) > 200 {
			t.Errorf("%d files, %.0f bytes each", files, mean)
		}
		w.exact.trials, read = append(w.exact.trials, costs{}), read+files
	}
	if len(seen) != read {
		t.Errorf("%d files were read twice", read-len(seen))
	}
	none := prepared(t, input(t, memory(t), "lz4"))
	if got := none.someSmall(); len(got) > 0 {
		t.Errorf("%d blocks of no files", len(got))
	}
}

// TestCosts: what is measured can be, a byte costs what is left, and each part of a
// tree counts once.
func TestCosts(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(7, 8))
	large := noise(rnd, 2*blockSize)
	for _, n := range []string{"one", "two"} {
		put(t, dir+"/"+n, large)
		put(t, dir+"/small-"+n, []byte("the same"))
	}
	w := prepared(t, input(t, dir, "lz4"))
	for !w.twins.done() {
		w.twins.step(t.Context())
	}
	w.l = w.c.lay(w.c.apply(plan.Rules{}))
	if w.l.smalls != 2 || w.l.dropped != 2*blockSize || w.l.bytes != 2*blockSize+8 {
		t.Errorf("%d small files, %d bytes dropped, of %d", w.l.smalls, w.l.dropped, w.l.bytes)
	}
	check(t, w.calibrate())
	c := w.exact.costs
	for what, d := range map[string]time.Duration{"a run": c.start, "an entry": c.bare, "a page": c.page} {
		if d <= 0 || d > time.Second {
			t.Errorf("%s takes %s", what, d)
		}
	}
	w.exact.costs = costs{start: 100 * time.Millisecond, page: time.Microsecond, bare: time.Millisecond, small: 10 * time.Millisecond}
	r, s := w.rows[0], w.rows[0].samples[0]
	s.taken, s.bytes, r.how.Processors = taken{}, 1, 1
	s.add(used{cpu: 403 * time.Millisecond, pages: 1000}, []int32{500_000, 500_000}) // 301 ms for a million bytes
	r.out.Estimate = 0
	want := 0.301e-6*float64(4*blockSize+8) + 2*0.010 + 3*0.001 + 1e-6*w.pages(r)
	if got := w.seconds(r); math.Abs(got-want) > 1e-3 {
		t.Errorf("%.4f s, want %.4f", got, want)
	}
}
