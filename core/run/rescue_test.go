package run

import (
	"testing"

	"antix-remaster/core/wire"
)

// TestWholly: the two parts of a verification are one that goes on.
func TestWholly(t *testing.T) {
	const size, before = 1000, 600
	var last wire.Progress
	report := wholly(before, size, func(p wire.Progress) {
		if p.Stage != wire.StageRescue || p.Done < last.Done || p.Total != before+2*size {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	})
	for _, c := range []struct {
		p    wire.Progress
		want int64
	}{
		{wire.Progress{Stage: wire.StageRead, Total: size}, 0}, {wire.Progress{Stage: wire.StageRead, Done: 400, Total: size}, 400}, {wire.Progress{Stage: wire.StageRead, Done: size, Total: size}, size},
		{wire.Progress{Stage: wire.StageWalk, Done: 0, Total: 8}, size}, {wire.Progress{Stage: wire.StageWalk, Done: 6, Total: 8}, 1750}, {wire.Progress{Stage: wire.StageWalk, Done: 9, Total: 8}, 2 * size},
	} {
		if report(c.p); last.Done != before+c.want {
			t.Errorf("%+v is %d, want %d", c.p, last.Done, before+c.want)
		}
	}
	wholly(0, size, func(p wire.Progress) {
		if p.Done != size {
			t.Errorf("an empty image: %+v", p)
		}
	})(wire.Progress{Stage: wire.StageWalk})
}
