package estimate

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"antix-remaster/core/plan"
)

// TestRatioOf: a glance tells zeros from text, text from noise, and what repeats
// from what does not.
func TestRatioOf(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		what     string
		data     []byte
		from, to float32
	}{
		{"nothing", nil, 0, 0},
		{"one byte", []byte{7}, 1e-6, 1e-6},
		{"zeros", make([]byte, 32<<10), 1e-6, 0.01},
		{"prose", prose(rnd, 32<<10), 0.2, 0.7},
		{"the same prose again", bytes.Repeat(prose(rnd, 4<<10), 8), 0.02, 0.15},
		{"noise", noise(rnd, 32<<10), 0.99, 1},
	} {
		if got := ratioOf(c.data); got < c.from || got > c.to {
			t.Errorf("%s: %.4f, want %.2f to %.2f", c.what, got, c.from, c.to)
		}
	}
}

// prepared is a run up to where measuring begins.
func prepared(t *testing.T, in Input) *work {
	t.Helper()
	w := newWork(t.Context(), &Run{in: in, states: make(chan State, 1)})
	t.Cleanup(func() { check(t, w.close()) })
	check(t, w.begin())
	w.step = t.Context()
	return w
}

// glanceAll glances at all there is, without asking for how long that may take.
func (w *work) glanceAll() (blocks int) {
	for blocks = len(w.glances.left); len(w.glances.left) > 0; {
		w.glance(w.rows[0])
	}
	return blocks
}

// TestGlance: every block that is sampled gets a glance, also of small files, and
// it is about right; holes, what is left out and what cannot be read get none. Other
// choices want it only for what they add, and lose nothing.
func TestGlance(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/a/mixed", append(append(noise(rnd, blockSize), make([]byte, blockSize)...), prose(rnd, blockSize+500)...))
	for _, name := range []string{"one", "three", "two"} {
		put(t, dir+"/b/"+name, prose(rnd, 60_000))
	}
	put(t, dir+"/b/two", nil)
	put(t, dir+"/c/large", noise(rnd, 2*blockSize))
	put(t, dir+"/c/small", noise(rnd, 10_000))
	put(t, dir+"/d/gone", noise(rnd, 2*blockSize))
	sparse(t, dir+"/a/hole", prose(rnd, blockSize)) // behind 1200 blocks

	in := input(t, dir, "xz")
	in.Choice.Rules = plan.Compile([]string{"c/*"})
	w := prepared(t, in)
	check(t, os.Remove(dir+"/d/gone"))
	if n := w.glanceAll(); n != 1+4+1+2 {
		t.Errorf("%d blocks, not 8", n)
	}
	at := func(path string, number int32) float64 {
		for i := range w.c.entries {
			if w.c.path(int32(i)) == path {
				return w.glances.at(int32(i), key{int32(i), number})
			}
		}
		t.Fatal(path)
		return 0
	}
	text := at("b/one", -1)
	for _, c := range []struct {
		path   string
		number int32
		want   float64
	}{
		{"a/mixed", 0, 1}, {"a/mixed", 1, 0.005}, {"a/mixed", 2, text}, {"a/mixed", 3, text}, {"b/three", -1, text},
		{"a/hole", 0, 0}, {"a/hole", 1200, text}, {"c/large", 0, 0}, {"c/small", -1, 0}, {"d/gone", 0, 0},
	} {
		if got := at(c.path, c.number); math.Abs(got-c.want) > 0.15 && c.want > 0 || c.want == 0 && got > 0 {
			t.Errorf("%s, block %d: %.3f, want %.3f", c.path, c.number, got, c.want)
		}
	}
	w.choose(Choice{Hows: in.Hows, Room: -1})
	if n := w.glanceAll(); n != 2+1 { // the small ones of b share theirs with one of c now
		t.Errorf("%d blocks more, not 3", n)
	}
	if at("c/large", 1) < 0.9 || at("c/small", -1) == 0 || at("b/three", -1) == 0 {
		t.Error("c/large, c/small or b/three has no glance")
	}
	w.choose(Choice{Hows: in.Hows, Room: -1, Rules: in.Choice.Rules})
	if n := w.glanceAll(); n != 0 {
		t.Errorf("%d blocks after all were seen", n)
	}
}
