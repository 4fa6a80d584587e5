package gui

import (
	"context"
	"io"
	"testing"
	"time"

	"antix-remaster/core/wire"
)

// serving is a helper whose other end answers here: estimates go on until they
// are cancelled and tell which compressor they are of, all else is done at once.
func serving(t *testing.T) *helper {
	t.Helper()
	in, face := io.Pipe()
	back, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- wire.Serve(t.Context(), in, out, func(ctx context.Context, req wire.Request, to *wire.Out) (any, error) {
			for req.Op == wire.OpEstimate {
				to.Estimate(wire.Estimate{Within: req.Within, EstimateRow: wire.EstimateRow{Compressor: req.Choices.Compressor}})
				select {
				case req = <-wire.Chosen(ctx):
					req.Op = wire.OpEstimate
				case <-ctx.Done():
					return nil, wire.Fail(wire.Cancelled, ctx.Err())
				}
			}
			return wire.CheckResult{Room: 7}, nil
		})
	}()
	c, err := wire.NewClient(back, face, wire.Titles{})
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{}
	h.client.Store(c)
	t.Cleanup(func() {
		h.end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

// TestEstimateMakesWay: an estimate gets other choices while it runs, and ends
// when something else is asked for, which then is done.
func TestEstimateMakesWay(t *testing.T) {
	h := serving(t)
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		told, ended := make(chan wire.Estimate, 4), make(chan error, 1)
		go func() {
			req := wire.Request{Op: wire.OpEstimate, Choices: &wire.Choices{Compressor: "zstd"}}
			ended <- h.aside(ctx, req, wire.Watch{Estimate: func(e wire.Estimate) { told <- e }}, &wire.Estimate{})
		}()
		if e := <-told; e.Compressor != "zstd" {
			t.Fatalf("%+v", e)
		}
		h.choose(wire.Choices{Compressor: "xz"}, "usr", 1)
		if e := <-told; e.Compressor != "xz" || e.Within != "usr" {
			t.Fatalf("%+v", e)
		}
		stop()
		begin, r := time.Now(), wire.CheckResult{}
		if err := h.do(t.Context(), wire.Request{Op: wire.OpCheck, Choices: &wire.Choices{}}, wire.Watch{}, &r); err != nil || r.Room != 7 {
			t.Fatalf("%+v, %v", r, err)
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it waited for %v", took)
		}
		if err := <-ended; wire.AsError(err).Code != wire.Cancelled {
			t.Fatalf("the estimate ended with %v", err)
		}
	}
}
