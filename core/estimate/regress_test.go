package estimate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestT99 against a table of Student's distribution.
func TestT99(t *testing.T) {
	for degrees, want := range map[int]float64{3: 4.541, 5: 3.365, 8: 2.896, 10: 2.764, 20: 2.528, 38: 2.429, 100: 2.364, 100000: 2.326} {
		if got := t99(degrees); math.Abs(got/want-1) > 0.02 {
			t.Errorf("%d: %f, want %f", degrees, got, want)
		}
	}
	if !math.IsInf(t99(0), 1) {
		t.Error("no degrees of freedom, and yet a figure")
	}
}

// TestRegressCovers draws from a made-up image a thousand times: the bound of
// the mean, without any margin, must hold as often as it says, and the cheap
// figures must make it narrower than it is without.
func TestRegressCovers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const blocks = 4000
	x, y, mean := make([]float64, blocks), make([]float64, blocks), 0.0
	level := 0.3
	for i := range x {
		if rnd.IntN(20) == 0 { // another directory
			level = rnd.Float64() * 0.9
		}
		x[i] = min(max(level+rnd.NormFloat64()*0.1, 0.02), 1)
		y[i] = min(max(0.8*x[i]-0.02+rnd.NormFloat64()*0.03, 0.01), 1)
		mean += y[i] / blocks
	}
	missed, wide, plain := 0, 0.0, 0.0
	const runs = 1000
	for range runs {
		shift := rnd.Float64()
		var all []drawn
		for k := range uint32(800) {
			at := point(k, shift)
			i := int(at * blocks)
			all = append(all, drawn{at: at, x: x[i], y: y[i], exact: k < 40})
		}
		f := regress(all)
		se := math.Sqrt(f.residual + f.spread)
		if f.mean+t99(f.exact-3)*se < mean {
			missed++
		}
		wide += se / runs
		var exact []drawn
		for _, d := range all {
			if d.exact {
				exact = append(exact, drawn{at: d.at, x: 0, y: d.y, exact: true})
			}
		}
		plain += math.Sqrt(regress(exact).residual) / runs
	}
	if missed > runs/50 {
		t.Errorf("the bound was exceeded in %d of %d cases", missed, runs)
	}
	if wide > plain*0.6 {
		t.Errorf("standard error %f, %f without the cheap figures", wide, plain)
	}
}

func TestPointsAreEven(t *testing.T) {
	for _, n := range []uint32{1, 2, 7, 64, 1000} {
		var cells = make([]int, n)
		for k := range n {
			p := point(k, 0.37)
			if p < 0 || p >= 1 {
				t.Fatalf("point %d is %f", k, p)
			}
			cells[int(p*float64(n))]++
		}
		for i, c := range cells {
			if c > 3 {
				t.Errorf("%d of %d points in cell %d", c, n, i)
			}
		}
	}
}

func TestVerdict(t *testing.T) {
	const mb = 1_000_000
	for _, c := range []struct {
		what             string
		r                Row
		room, most       int64
		want             Verdict
		missing, degrees int64
	}{
		{"room not known", Row{Estimate: 100 * mb, Bound: 110 * mb, Blocks: 50}, -1, 900 * mb, Unknown, 0, 48},
		{"fits", Row{Estimate: 100 * mb, Error: mb, Bound: 110 * mb, Blocks: 50}, 110 * mb, 900 * mb, Fits, 0, 48},
		{"few blocks", Row{Estimate: 100 * mb, Error: mb, Bound: 110 * mb, Blocks: 39}, 200 * mb, 900 * mb, MayNotFit, 0, 37},
		{"few blocks, but all", Row{Estimate: 100 * mb, Bound: 105 * mb, Blocks: 3, Whole: true}, 110 * mb, 900 * mb, Fits, 0, 1000},
		{"whatever happens", Row{Estimate: 100 * mb, Error: 90 * mb, Bound: 190 * mb, Blocks: 0}, 190 * mb, 190 * mb, Fits, 0, 0},
		{"too close", Row{Estimate: 100 * mb, Error: mb, Bound: 110 * mb, Blocks: 50}, 109 * mb, 900 * mb, MayNotFit, mb, 48},
		{"does not fit", Row{Estimate: 100 * mb, Error: mb, Bound: 110 * mb, Blocks: 50}, 90 * mb, 900 * mb, FitsNot, 20 * mb, 48},
		{"seems not to", Row{Estimate: 100 * mb, Error: 10 * mb, Bound: 140 * mb, Blocks: 8}, 50 * mb, 900 * mb, MayNotFit, 90 * mb, 6},
	} {
		c.r.judge(c.room, c.most, int(c.degrees))
		if c.r.Verdict != c.want || c.r.Missing != c.missing {
			t.Errorf("%s: %s, %d missing", c.what, c.r.Verdict, c.r.Missing)
		}
	}
}
