package estimate

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPieces: eight pieces of 4 KiB come from every full block, spread over it,
// however small the files are.
func TestPieces(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	for i := range 700 {
		put(t, fmt.Sprintf("%s/tiny/%03d", dir, i), noise(rnd, 200+i))
	}
	put(t, dir+"/large", noise(rnd, blockSize+9000))
	w := prepared(t, input(t, dir, "xz"))
	for _, k := range w.glances.left {
		pieces := bytes.Clone(w.reader.pieces(w.l, k))
		all, at := w.reader.read(w.l, k), -1
		each := min(len(all)/glancePieces, glancePiece)
		for piece := range slices.Chunk(pieces, each) {
			next := bytes.Index(all, piece)
			if next < at+each && at >= 0 || next < 0 {
				t.Errorf("%+v: a piece is at %d, the one before at %d", k, next, at)
			}
			at = next
		}
		if len(pieces) != glancePieces*each || at < len(all)*3/4 {
			t.Errorf("%+v, %d bytes: %d bytes of pieces, the last at %d", k, len(all), len(pieces), at)
		}
	}
	if n := len(w.glances.left); n < 3 {
		t.Errorf("%d blocks", n)
	}
}

// TestLook: blocks that are looked at together get what each gets alone, also
// those that the second compressor looks at beside others that it does not, and
// whichever row is first.
func TestLook(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	for i := range 4 {
		put(t, fmt.Sprintf("%s/%d-noise", dir, i), noise(rnd, blockSize))
		put(t, fmt.Sprintf("%s/%d-prose", dir, i), prose(rnd, blockSize-20_000*i))
		put(t, fmt.Sprintf("%s/%d-dull", dir, i), bytes.Repeat(prose(rnd, 1000+300*i), blockSize/1000+1)[:blockSize])
	}
	looks := func(each func(w *work, keys []key)) map[key]cheap {
		w := prepared(t, input(t, dir, "xz", "gzip"))
		each(w, slices.Clone(w.glances.left))
		return w.looks
	}
	at := func(w *work, row int, keys ...key) { check(t, w.look(w.rows[row], keys)) }
	want := looks(func(w *work, keys []key) {
		for _, k := range keys {
			at(w, 0, k)
			at(w, 1, k)
		}
	})
	for what, each := range map[string]func(w *work, keys []key){
		"xz first":   func(w *work, keys []key) { at(w, 0, keys...); at(w, 1, keys...) },
		"gzip first": func(w *work, keys []key) { at(w, 1, keys...); at(w, 0, keys...) },
		"some before": func(w *work, keys []key) {
			at(w, 0, keys[3:7]...)
			at(w, 1, keys[5:9]...)
			at(w, 0, keys...)
			at(w, 1, keys...)
		},
	} {
		if got := looks(each); len(got) < 12 || !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	some := looks(func(w *work, keys []key) { at(w, 0, keys...) })
	second := 0
	for _, c := range some {
		if c.second > 0 {
			second++
		}
	}
	if second != 4 {
		t.Errorf("the second looked at %d blocks of prose, not at 4", second)
	}
}
