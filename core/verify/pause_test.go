package verify

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"antix-remaster/core/pause"
	"antix-remaster/core/wire"
)

// Each pass stands still from any report on, and then goes on to a good end.
func TestPassesPause(t *testing.T) {
	view := newTree(t)
	image := mounted(t, pack(t, view, "lz4", leftOut))
	big := synced(t, ext4Dir(t)+"/big", []byte(noise(8<<20)))
	in := trees(view, image, scan(t, view))
	for name, pass := range map[string]func(context.Context, wire.Report) error{
		"digest": func(ctx context.Context, report wire.Report) error {
			_, err := Digest(ctx, big, 8<<20, report)
			return err
		},
		"compare": func(ctx context.Context, report wire.Report) error {
			in.Report = report
			_, err := Compare(ctx, in)
			return err
		},
	} {
		for _, at := range []int64{1, 2, 4} {
			ctx, s := pause.With(t.Context())
			var reports, held atomic.Int64
			err := pass(ctx, func(wire.Progress) {
				if reports.Add(1) == at {
					s.Pause()
					time.AfterFunc(300*time.Millisecond, func() {
						held.Store(reports.Load())
						s.Resume()
					})
				}
			})
			if err != nil || held.Load() != at || reports.Load() <= at {
				t.Errorf("%s, paused at %d: %v; %d reports while paused, %d in all", name, at, err, held.Load(), reports.Load())
			}
		}
	}
}

func TestCancelEndsAPause(t *testing.T) {
	big := synced(t, ext4Dir(t)+"/big", []byte(noise(8<<20)))
	ctx, cancel := context.WithCancel(t.Context())
	ctx, s := pause.With(ctx)
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := Digest(ctx, big, 8<<20, func(wire.Progress) { s.Pause() }); wire.AsError(err).Code != wire.Cancelled {
		t.Error(err)
	}
}
