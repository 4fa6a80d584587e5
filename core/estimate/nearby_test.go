package estimate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBend: a dozen blocks, of which one is far off, make a curve that is close
// to what the others follow, and that keeps to 1 where no block was.
func TestBend(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	follows := func(x float64) float64 { return x - 0.35*x*(1-x) }
	for _, outlier := range []float64{0.12, 0.9} {
		known := []drawn{{x: 0.35, y: outlier}}
		for range 11 {
			x := 0.1 + 0.4*rnd.Float64()
			known = append(known, drawn{x: x, y: follows(x) + 0.004*rnd.NormFloat64()})
		}
		c := bend(known, true)
		for _, x := range []float64{0, 0.1, 0.3, 0.5, 0.8, 1} {
			if off := c.at(x) - follows(x); math.Abs(off) > 0.025 {
				t.Errorf("with a block at %.2f: off by %.3f at %.1f", outlier, off, x)
			}
		}
	}
	if c := bend(nil, true); c.at(0.3) != 0.3 {
		t.Errorf("without blocks: %f at 0.3", c.at(0.3))
	}
	if c := bend([]drawn{{y: 0.2}, {y: 0.6}, {y: 0.7}}, false); math.Abs(c.at(0)-0.5) > 1e-9 {
		t.Errorf("without cheap figures: %f, want the mean", c.at(0))
	}
}

// TestBendManyBlocks: among hundreds those that are far off count in full: what is
// to be predicted has as many.
func TestBendManyBlocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var known []drawn
	sum := 0.0
	for i := range 400 {
		x := 0.1 + 0.6*rnd.Float64()
		y := x - 0.35*x*(1-x) + 0.01*rnd.NormFloat64()
		if i%50 == 0 {
			y += 0.25
		}
		known, sum = append(known, drawn{x: x, y: y}), sum+y
	}
	c := bend(known, true)
	for _, d := range known {
		sum -= c.at(d.x)
	}
	if off := sum / float64(len(known)); math.Abs(off) > 0.003 {
		t.Errorf("off by %.4f in the mean", off)
	}
}

// byHand makes a census of files by hand: directory, name, bytes.
func byHand(files ...[3]any) *Census {
	c := NewCensus(1 << 20)
	dirs := map[string]int32{}
	add := func(e entry) int32 {
		e.first, e.old, e.identity = int32(len(c.entries)), -1, -1
		c.entries = append(c.entries, e)
		return e.first
	}
	for _, f := range files {
		dir := f[0].(string)
		if _, ok := dirs[dir]; !ok {
			dirs[dir] = add(entry{name: dir, kind: kindDir})
		}
		add(entry{name: f[1].(string), parent: dirs[dir], kind: kindFile, size: int64(f[2].(int))})
	}
	return c
}

func all(c *Census) []bool {
	in := make([]bool, len(c.entries))
	for i := range in {
		in[i] = true
	}
	return in
}

// TestNearby: what nobody looked at is thought to be like the blocks of the same
// file, then of its directory, and small files like small ones.
func TestNearby(t *testing.T) {
	c := byHand([3]any{"noise", "looked", 8 * blockSize}, [3]any{"noise", "other", 4 * blockSize}, [3]any{"noise", "small", 100},
		[3]any{"text", "looked", 8 * blockSize}, [3]any{"text", "small", 100}, [3]any{"text", "small too", 100})
	files := map[string]int32{}
	for i := range c.entries {
		files[c.path(int32(i))] = int32(i)
	}
	w := &work{c: c, l: c.lay(all(c))}
	r := w.newRow(How{Compressor: "zstd"})
	s := r.samples[0]
	s.fit.exact = 3
	for i := range 8 {
		s.draws = append(s.draws, draw{file: files["noise/looked"], x: 0.9, key: key{files["noise/looked"], int32(i)}},
			draw{file: files["text/looked"], x: 0.1, key: key{files["text/looked"], int32(i)}},
			draw{file: files["text/small"], x: 0.2, key: key{files["text/small"], -2}})
	}
	near := w.near(s)
	for _, c := range []struct {
		file     string
		from, to float64
	}{
		{"noise/looked", 0.8, 0.9}, {"noise/other", 0.6, 0.85}, {"text/looked", 0.1, 0.2},
		{"text/small too", 0.2, 0.25}, {"noise/small", 0.2, 0.3},
	} {
		if got := near.ratio(files[c.file]); got < c.from || got > c.to {
			t.Errorf("%s: %.3f, want %.2f to %.2f", c.file, got, c.from, c.to)
		}
	}
}

// TestExpectedTwins: large files with twins, which come first, do not make one
// expect twins among small ones.
func TestExpectedTwins(t *testing.T) {
	var files [][3]any
	for i := range 40 {
		files = append(files, [3]any{"large", fmt.Sprint("a", i), 200_000 + i}, [3]any{"large", fmt.Sprint("b", i), 200_000 + i})
	}
	for i := range 400 {
		files = append(files, [3]any{"small", fmt.Sprint("a", i), 1000 + i}, [3]any{"small", fmt.Sprint("b", i), 1000 + i})
	}
	c := byHand(files...)
	tw := newTwins(c, newAxis(c), nil, rand.New(rand.NewPCG(1, 2)))
	if len(tw.groups) != 440 {
		t.Fatalf("%d groups", len(tw.groups))
	}
	before, _ := tw.expected(c.lay(all(c)))
	for ; tw.next < 150; tw.next++ {
		if g := tw.groups[tw.next]; c.entries[g[0]].size >= 200_000 {
			c.entries[g[0]].identity, c.entries[g[1]].identity = g[0], g[0]
		}
	}
	left, truth := 0.0, 0.0
	for _, g := range tw.groups[tw.next:] {
		if size := float64(c.entries[g[0]].size); size >= 200_000 {
			truth += size
		} else {
			left += size
		}
	}
	after, se := tw.expected(c.lay(all(c)))
	if before < 1e6 || math.Abs(after-truth) > 0.1*left || se > 0.2*left {
		t.Errorf("expected %.0f, then %.0f (error %.0f); there are %.0f, and small files of %.0f", before, after, se, truth, left)
	}
}
