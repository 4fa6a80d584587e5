package run

import (
	"context"

	"antix-remaster/core/build"
	"antix-remaster/core/estimate"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Check answers wire.OpCheck: every check, tried for real. A stick that cannot
// even be opened is an answer too.
func Check(ctx context.Context, c wire.Choices, out *wire.Out) (wire.CheckResult, error) {
	s, err := openStation(ctx, out)
	if err != nil {
		if e := wire.AsError(err); wire.ExitStatus(e.Code) == wire.ExitRefused {
			return wire.CheckResult{Checks: []wire.Check{wire.StopOf(err)}}, nil
		}
		return wire.CheckResult{}, err
	}
	result, err := s.check(ctx, c)
	return result, s.end(err)
}

func (s *station) check(ctx context.Context, c wire.Choices) (wire.CheckResult, error) {
	if err := s.mountView(); err != nil {
		return wire.CheckResult{}, err
	}
	r, err := s.examine(ctx, c)
	return r.result, err
}

// examined is a run that passed, or failed, its checks.
type examined struct {
	plan   plan.Plan
	engine build.Engine
	scan   build.Scan
	room   int64
	result wire.CheckResult
}

// examine makes the plan and runs every check on the mounted view.
func (s *station) examine(ctx context.Context, c wire.Choices) (examined, error) {
	p, err := plan.Make(s.facts, c)
	if err != nil {
		return examined{}, err
	}
	in := look(ctx, s.facts, c, p)
	walked := estimate.NewCensus(spareMemory())
	scan, err := s.scan(ctx, p, s.out.Progress, walked.Visit)
	if err == nil {
		in.Measured, err = s.measure(ctx, p, scan)
	}
	if err != nil {
		return examined{}, err
	}
	s.sample(ctx, p, c, &in, walked)
	if ctx.Err() != nil {
		return examined{}, wire.Fail(wire.Cancelled, ctx.Err())
	}
	checks := preflight.Run(in)
	if preflight.FirstStop(checks) == nil {
		for _, m := range []*publish.Medium{s.medium, s.annex} {
			if m == nil {
				continue
			}
			if err := m.WriteCheck(); err != nil {
				s.log.add("write check: %v", err)
				checks = append(checks, wire.StopOf(err))
			}
		}
	}
	room := preflight.Room(in)
	result := wire.CheckResult{Checks: checks, Plan: p.Hash(), Bound: preflight.Bound(in), Room: room, Uncompressed: scan.Bytes + scan.Media}
	if s.facts.Home.Kind == live.HomeInSystem {
		result.Home = scan.Home
	}
	return examined{p, in.Engine, scan, room, result}, nil
}

// look gathers what the checks need and nobody has to be root for.
func look(ctx context.Context, f live.Facts, c wire.Choices, p plan.Plan) preflight.Input {
	in := preflight.Input{Facts: f, Choices: c, Plan: p, Memory: sys.MemAvailable()}
	in.Engine, in.EngineErr = build.FindEngine(ctx)
	in.MkfsErr = preflight.FindMkfs()
	in.Battery, in.OnBattery = sys.Battery("")
	return in
}
