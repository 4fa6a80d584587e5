package wire

import (
	"context"
	"strings"
	"testing"
)

// TestChoose: an estimate is told as it goes on, gets the newest other choices,
// and ends when it is cancelled.
func TestChoose(t *testing.T) {
	c, _ := connect(t, func(ctx context.Context, req Request, out *Out) (any, error) {
		out.Estimate(Estimate{EstimateRow: EstimateRow{Compressor: req.Choices.Compressor, Estimate: 1, Verdict: "may_not_fit"}, Room: int64(req.Seconds)})
		select {
		case other := <-Chosen(ctx):
			out.Estimate(Estimate{EstimateRow: EstimateRow{Compressor: other.Choices.Compressor + " " + other.Within, Estimate: 2}})
		case <-ctx.Done():
		}
		<-ctx.Done()
		return nil, Fail(Cancelled, ctx.Err())
	})
	defer c.Close() //nolint:errcheck // TestClose looks at it
	ctx, stop := context.WithCancel(t.Context())
	var got []string
	err := c.Do(ctx, Request{Op: OpEstimate, Choices: &Choices{Compressor: "xz"}, Seconds: 7}, Watch{Estimate: func(e Estimate) {
		got = append(got, e.Compressor+" "+e.Verdict)
		if e.Estimate == 2 {
			stop()
			return
		}
		if e.Room != 7 {
			t.Errorf("%+v", e)
		}
		if err := c.Choose(Choices{Compressor: "lz4"}, "usr/lib", 1); err != nil {
			t.Error(err)
		}
	}}, &Estimate{})
	if AsError(err).Code != Cancelled || strings.Join(got, ",") != "xz may_not_fit,lz4 usr/lib " {
		t.Errorf("%v, %q", err, got)
	}
}

// TestChooseNothing: without a running operation other choices are ignored, and
// a limit belongs to an estimate.
func TestChooseNothing(t *testing.T) {
	events, err := answers(t, strings.NewReader(hello+`{"op":"choose","choices":{"type":"personal","home":"keep"}}`+"\n"+`{"op":"choose"}`+"\n"), nil)
	if err != nil || len(events) != 1 {
		t.Errorf("%v, %+v", err, events)
	}
	for _, r := range []Request{{Op: OpBuild, Seconds: 1}, {Op: OpEstimate, Seconds: -1}, {Op: OpCheck, Within: "usr"}, {Op: OpEstimate, Within: "../etc"}, {Op: OpChoose, Within: "/etc"}, {Op: OpCheck, Number: 1}} {
		if r.check() == nil {
			t.Errorf("accepted %+v", r)
		}
	}
	if ch := Chosen(t.Context()); ch != nil {
		t.Error("choices of nobody")
	}
}
