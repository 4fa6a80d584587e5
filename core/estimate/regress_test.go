package estimate

import (
	"fmt"
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

// madeUp is a tree by hand, with how far each block of it shrinks: alike in a
// directory, and one in fifty far worse.
type madeUp struct {
	*work
	x, y  map[key]float64
	truth float64
}

// kindOfTree tells what is known of a made-up tree without any look.
type kindOfTree struct {
	aided   bool // the old image has eight of ten files: it says what the cheap compressor makes of their blocks
	glanced int  // every so many-th block has a glance; 0: none
}

// makeUp makes one.
func makeUp(rnd *rand.Rand, kind kindOfTree) *madeUp {
	var files [][3]any
	for dir := range 60 {
		for i := range 2 + rnd.IntN(3) {
			files = append(files, [3]any{fmt.Sprint("d", dir), fmt.Sprint("large", i), (2+rnd.IntN(30))*blockSize + rnd.IntN(blockSize)})
		}
		for i := range rnd.IntN(60) {
			files = append(files, [3]any{fmt.Sprint("d", dir), fmt.Sprint("small", i), 20_000 + rnd.IntN(40_000)})
		}
	}
	c := byHand(files...)
	m := &madeUp{work: &work{Run: &Run{}, c: c, axis: newAxis(c), reader: &blocks{c: c}}, x: map[key]float64{}, y: map[key]float64{}}
	m.twins, m.l = &twins{c: c}, c.lay(all(c))
	m.glances = newGlances(c)
	if kind.aided {
		c.image = &Old{block: blockSize, compressor: "xz", telling: true}
	}
	m.tables = lookalike(c, m.l, guess)
	level := map[int32]float64{}
	for _, f := range m.axis.files {
		dir := c.entries[f].parent
		if level[dir] == 0 {
			level[dir] = 0.05 + 0.9*rnd.Float64()
		}
		for at := int64(0); at < c.entries[f].size; at += blockSize {
			k := m.reader.at(m.l, f, at)
			if m.x[k] > 0 {
				continue
			}
			x := min(max(level[dir]+0.08*rnd.NormFloat64(), 0.02), 1)
			y := min(max(x-0.35*x*(1-x)+0.02*rnd.NormFloat64(), 0.01), 1)
			if rnd.IntN(50) == 0 {
				y = min(y+0.2*math.Abs(rnd.NormFloat64()), 1)
			}
			if m.x[k], m.y[k] = x, y; kind.glanced > 0 && len(m.x)%kind.glanced == 0 {
				files, _ := m.l.members(k.file)
				m.glances.keep(k, files, float32(min(max(0.1+0.8*x+0.05*rnd.NormFloat64(), 0.01), 1)))
			}
		}
	}
	r := m.newRow(How{Compressor: "zstd"})
	for k, y := range m.y {
		m.truth += y * m.share(r.samples[0], k)
	}
	for _, f := range m.axis.files {
		if kind.aided && rnd.IntN(10) < 8 {
			m.remember(f)
		}
	}
	m.truth += m.tables.cost(r.ratios)
	return m
}

// remember puts a file into the old image.
func (m *madeUp) remember(f int32) {
	o, e := m.c.image, &m.c.entries[f]
	n := oldNode{size: e.size, first: int32(len(o.blocks))}
	for at := int64(0); at < e.size; at += blockSize {
		stored := m.x[m.reader.at(m.l, f, at)] * float64(min(e.size-at, blockSize))
		n.stored += stored
		if e.size >= blockSize {
			o.blocks = append(o.blocks, uint32(stored))
			n.many++
		}
	}
	e.old = int32(len(o.nodes))
	o.nodes = append(o.nodes, n)
}

// row is one for which so many places were looked at, and packed.
func (m *madeUp) row(seed uint32, looks, packs int) *rowState {
	r := m.newRow(How{Compressor: "zstd"})
	r.ratios, r.entries = [4]float64{0.3, 0.3, 0.3, 0.3}, 1
	for n := range looks {
		at, file, offset := m.axis.at(uint32(n), seed)
		k, s := m.reader.at(m.l, file, offset), r.sampleOf(&m.c.entries[file])
		d := draw{at: at, number: uint32(n), file: file, key: k, x: m.x[k]}
		s.next, s.draws = uint32(looks), append(s.draws, d)
		if n < packs {
			r.y[k] = packed{int32(m.y[k] * blockSize), blockSize}
		}
	}
	return r
}

// TestCalculateCovers draws a thousand times from made-up trees: the bound
// must hold as often as it says, without the part of the margin that makes small
// trees safe, and what is claimed must not be wider than need be.
func TestCalculateCovers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	plain, aided, glanced, half := kindOfTree{}, kindOfTree{aided: true}, kindOfTree{glanced: 1}, kindOfTree{glanced: 2}
	trees := map[kindOfTree][]*madeUp{}
	for _, kind := range []kindOfTree{plain, aided, glanced, half} {
		for range 10 {
			trees[kind] = append(trees[kind], makeUp(rnd, kind))
		}
	}
	for _, c := range []struct {
		kind         kindOfTree
		looks, packs int
	}{{plain, 80, 6}, {plain, 300, 40}, {plain, 1200, 40}, {plain, 3000, 100}, {aided, 60, 56}, {aided, 300, 60}, {aided, 800, 300},
		{glanced, 20, 6}, {glanced, 80, 6}, {glanced, 300, 40}, {glanced, 1200, 100}, {half, 60, 20}, {half, 300, 40}} {
		missed, squares, claimed := 0, 0.0, 0.0
		const runs = 1000
		for i := range runs {
			m := trees[c.kind][i%10]
			r := m.row(rnd.Uint32(), c.looks, c.packs)
			if c.kind.aided != (len(r.samples) == 2) {
				t.Fatalf("%d samples", len(r.samples))
			}
			m.calculate(r)
			off, se := float64(r.out.Estimate)-m.truth, float64(r.out.Error)
			if off+t99(r.out.degrees)*se+marginShare*float64(r.out.Estimate) < 0 {
				missed++
			}
			squares, claimed = squares+off*off/runs, claimed+se*se/runs
		}
		if wide := math.Sqrt(claimed / squares); missed > runs/50 || wide > 2.5 {
			t.Errorf("%+v, %d looks, %d blocks: the bound was exceeded in %d of %d cases; claimed is %.2f of the error", c.kind, c.looks, c.packs, missed, runs, wide)
		} else {
			t.Logf("%+v, %d looks, %d blocks: exceeded in %d, claimed is %.2f of the error of %.2f %%", c.kind, c.looks, c.packs, missed, wide, math.Sqrt(squares)/trees[c.kind][0].truth*100)
		}
	}
}

func TestPointsAreEven(t *testing.T) {
	for seed, n := range []uint32{1, 2, 7, 64, 1000, 1024} {
		var cells = make([]int, n)
		for k := range n {
			p := point(k, uint32(seed))
			if p < 0 || p >= 1 {
				t.Fatalf("point %d is %f", k, p)
			}
			cells[int(p*float64(n))]++
		}
		for i, c := range cells {
			if c > 3 || c > 1 && n&(n-1) == 0 {
				t.Errorf("%d of %d points in cell %d", c, n, i)
			}
		}
	}
}

// TestPointsOfSeeds: two seeds share no more places than chance has them share.
func TestPointsOfSeeds(t *testing.T) {
	const n, cells = 128, 512
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		one, other, both := rnd.Uint32(), rnd.Uint32(), 0
		hit := map[int]bool{}
		for k := range uint32(n) {
			hit[int(point(k, one)*cells)] = true
		}
		for k := range uint32(n) {
			if hit[int(point(k, other)*cells)] {
				both++
			}
		}
		if both < 8 || both > 56 { // 32, and five times the standard deviation
			t.Errorf("seeds %d and %d share %d of %d places", one, other, both, n)
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
		c.r.degrees = int(c.degrees)
		c.r.judge(c.room, c.most)
		if c.r.Verdict != c.want || c.r.Missing != c.missing {
			t.Errorf("%s: %s, %d missing", c.what, c.r.Verdict, c.r.Missing)
		}
	}
}
