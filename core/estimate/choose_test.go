package estimate

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"antix-remaster/core/plan"
)

// TestChoose: other choices are answered without another walk, as if they had
// been made at once; and going back gives the same again.
func TestChoose(t *testing.T) {
	dir := zoo(t)
	in := input(t, dir, "lz4")
	in.Stay = true
	r := Start(t.Context(), in)
	for _, patterns := range [][]string{{"home/*"}, {"usr/lib/*", "usr/share/same"}, {"usr", "home/user/photo*"}, nil} {
		_, size := truth(t, dir, "lz4", patterns...)
		c := in.Choice
		c.Rules = plan.Compile(patterns)
		r.Choose(c)
		s, ok := State{}, false
		for s = range r.States() {
			if ok = len(s.Rows) > 0 && s.Rows[0].Whole && within(s.Rows[0].Estimate, size, 0.01); ok {
				break
			}
		}
		if !ok {
			t.Fatalf("without %q it ends with %+v, but %d bytes are right", patterns, s.Rows, size)
		}
	}
}

func within(got, want int64, share float64) bool {
	off := float64(got)/float64(want) - 1
	return off < share && off > -share
}

// TestChooseKeeps: what was measured before counts after other choices.
func TestChooseKeeps(t *testing.T) {
	dir := zoo(t)
	in := input(t, dir, "xz")
	r := Start(t.Context(), in)
	var s State
	for s = range r.States() {
		if len(s.Rows) > 0 && s.Rows[0].Blocks >= 20 {
			break
		}
	}
	work := s.Work
	c := in.Choice
	c.Rules, c.Number = plan.Compile([]string{"home/*"}), 1
	r.Choose(c)
	for s = range r.States() {
		if s.Number == 1 && s.Rows[0].Blocks > 0 { // first a place may come that home had a twin of
			break
		}
	}
	_, size := truth(t, dir, "xz", "home/*")
	if s.Rows[0].Blocks == 0 || !within(s.Rows[0].Estimate, size, 0.15) {
		t.Errorf("%d blocks, %d of %d bytes", s.Rows[0].Blocks, s.Rows[0].Estimate, size)
	}
	if more := s.Work - work; more > 2*time.Second {
		t.Errorf("%v of work for other choices", more)
	}
}

// TestChooseMore: what is let in late, of another kind than all before, much or
// little, is not thought to be like that: no bound is below the truth, and no
// verdict is wrong.
func TestChooseMore(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	dull := bytes.Repeat(append(prose(rnd, 3000), noise(rnd, 100)...), 10_000)
	for _, parts := range [][2][]byte{{prose(rnd, 20<<20), noise(rnd, 40<<20)}, {dull, noise(rnd, 1<<20)}, {dull[:2<<20], noise(rnd, 30<<20)}} {
		dir := memory(t)
		put(t, dir+"/a/text", parts[0])
		put(t, dir+"/z/noise", parts[1])
		for _, compressor := range []string{"zstd", "lz4"} {
			_, size := truth(t, dir, compressor)
			for _, late := range []string{"a", "z"} {
				letIn(t, dir, compressor, late, size)
			}
		}
	}
}

// letIn leaves a directory out until the estimate is sure of the rest.
func letIn(t *testing.T, dir, compressor, late string, size int64) {
	t.Helper()
	in := input(t, dir, compressor)
	in.Stay, in.Enough, in.Choice.Rules = true, 0.005, plan.Compile([]string{late})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := Start(ctx, in)
	for s := range r.States() {
		if len(s.Rows) == 0 {
			continue
		}
		row := s.Rows[0]
		sure := row.Whole || t99(row.degrees)*float64(row.Error) <= in.Enough*float64(row.Estimate) && row.Blocks >= minBlocks
		if s.Number == 0 {
			if sure {
				r.Choose(Choice{Hows: in.Hows, Room: -1, Number: 1})
			}
			continue
		}
		if _, wrong := verdicts(row, size); wrong > 0 || row.Bound < size && row.Blocks >= minBlocks || row.Error < 0 {
			t.Errorf("%s, %s late: %+v, but %d bytes are right", compressor, late, row, size)
		}
		if sure {
			return
		}
	}
	t.Errorf("%s, %s late: ended", compressor, late)
}

// TestChooseProcessors: the number of processors changes no size, and nothing is
// packed again for it.
func TestChooseProcessors(t *testing.T) {
	in := input(t, zoo(t), "gzip")
	in.Stay, in.Enough = true, 0
	r := Start(t.Context(), in)
	for s := range r.States() {
		if len(s.Rows) > 0 && s.Rows[0].Whole {
			break
		}
	}
	in.Choice.Hows, in.Choice.Number = []How{{Compressor: "gzip", Processors: 1}}, 7
	r.Choose(in.Choice)
	for s := range r.States() {
		if s.Number != 7 {
			continue
		}
		if row := s.Rows[0]; !row.Whole || row.How.Processors != 1 {
			t.Errorf("%+v", row)
		}
		break
	}
}

// TestChooseOften: whatever other choices interrupt, it comes out right in the
// end, for the rows that were not chosen meanwhile, too.
func TestChooseOften(t *testing.T) {
	dir, rnd := zoo(t), rand.New(rand.NewPCG(5, 6))
	for i := range 600 {
		put(t, fmt.Sprintf("%s/usr/share/man/m%04d", dir, i/2), prose(rnd, 20_000)[:20_000-i])
		put(t, fmt.Sprintf("%s/usr/share/twin/t%04d", dir, i), bytes.Repeat([]byte{byte(i % 3)}, 30_000))
	}
	in := input(t, dir, "gzip", "lz4")
	in.Stay, in.Enough = true, 0
	r := Start(t.Context(), in)
	for i := range 60 {
		time.Sleep(time.Duration(2+i%30) * time.Millisecond)
		in.Choice.Hows, in.Choice.Number = hows([]string{"gzip", "lz4"}[i%2:]...), i
		r.Choose(in.Choice)
	}
	in.Choice.Hows, in.Choice.Number = hows("gzip", "lz4"), 60
	r.Choose(in.Choice)
	for s := range r.States() {
		if s.Number != 60 || !s.Rows[0].Whole || !s.Rows[1].Whole {
			continue
		}
		for i, name := range []string{"gzip", "lz4"} {
			_, size := truth(t, dir, name)
			near(t, name, s.Rows[i], size, 0.004)
		}
		return
	}
}
