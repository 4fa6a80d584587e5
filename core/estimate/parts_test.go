package estimate

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"testing"
	"time"

	"antix-remaster/core/plan"
)

// TestInside: a directory is divided into what is in it, the heaviest first, by
// what it takes when it is packed and not by what it is.
func TestInside(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(5, 6))
	for i := range 10 {
		put(t, fmt.Sprintf("%s/usr/share/doc/text%02d", dir, i), bytes.Repeat([]byte{byte(i)}, 400_000))
		put(t, fmt.Sprintf("%s/usr/share/icons/noise%02d", dir, i), noise(rnd, 300_000))
	}
	put(t, dir+"/usr/share/one file", noise(rnd, 2_600_000))
	put(t, dir+"/etc/prose", prose(rnd, 500_000))
	in := input(t, dir, "lz4")
	in.Stay = true
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r := Start(ctx, in)
	for _, c := range []struct {
		within  string
		exclude []string
		want    string // names, the heaviest first
	}{
		{"", nil, "[usr etc]"},
		{"usr", nil, "[share]"},
		{"usr/share", nil, "[icons one file doc]"},
		{"usr/share", []string{"usr/share/icons"}, "[one file doc]"},
		{"usr/nothing", nil, "[]"},
		{"usr/share/one file", nil, "[]"},
	} {
		choice := in.Choice
		choice.Within, choice.Rules = c.within, plan.Compile(c.exclude)
		r.Choose(choice)
		var names []string
		sum, ok := int64(0), false
		for s := range r.States() {
			names, sum = []string{}, 0
			for _, p := range s.Inside {
				names, sum = append(names, path.Base(p.Path)), sum+p.Stored
			}
			if ok = s.Within == c.within && len(s.Rows) > 0 && (s.Rows[0].Whole || c.within != "") && fmt.Sprint(names) == c.want; ok {
				break
			}
		}
		if !ok {
			t.Fatalf("%q without %q holds %q, want %s", c.within, c.exclude, names, c.want)
		}
		if _, size := truth(t, dir, "lz4", c.exclude...); c.within == "" && !within(sum, size, 0.1) {
			t.Errorf("the parts make %d, the image has %d", sum, size)
		}
	}
}

// TestLargest: directories to the second level, and none twice as heavy as its
// rank.
func TestLargest(t *testing.T) {
	in := input(t, zoo(t), "lz4")
	var s State
	for s = range Start(t.Context(), in).States() {
	}
	if len(s.Largest) < 3 || !slices.IsSortedFunc(s.Largest, func(a, b Part) int { return int(b.Stored - a.Stored) }) {
		t.Errorf("%+v", s.Largest)
	}
	for _, p := range s.Largest {
		if !p.Dir || p.Stored > p.Bytes+1 {
			t.Errorf("%+v", p)
		}
	}
}
