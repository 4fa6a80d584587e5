// Package intent is what a user wants, with what a face made of it before any
// password is asked for: the facts, the plan and the checks that the helper
// will make again. Both faces use it; the helper does not.
package intent

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Intent is what the user wants, with what this program made of it.
type Intent struct {
	Facts   live.Facts
	Choices wire.Choices // resolved: nothing is left open
	Plan    plan.Plan
}

// Make reads the facts and makes the plan, as the helper will again. Where the
// choices make no sense the error is a *wire.Error with Usage.
func Make(ctx context.Context, c wire.Choices) (Intent, error) {
	f, err := live.Read(ctx, "")
	if err != nil {
		return Intent{}, err
	}
	c = plan.Resolve(c, f, time.Now().Format("2006-01-02 15:04"), sys.MemAvailable(), runtime.NumCPU())
	p, err := plan.Make(f, c)
	return Intent{f, c, p}, err
}

// Checks are those that need no privilege.
func (i Intent) Checks(ctx context.Context) []wire.Check { return preflight.Run(i.input(ctx)) }

// input gathers what the checks look at and everybody may see.
func (i Intent) input(ctx context.Context) preflight.Input {
	in := preflight.Input{Facts: i.Facts, Choices: i.Choices, Plan: i.Plan, Memory: sys.MemAvailable()}
	in.Engine, in.EngineErr = build.FindEngine(ctx)
	in.MkfsErr = preflight.FindMkfs()
	in.Battery, in.OnBattery = sys.Battery("")
	return in
}

// Compressors are those that neither the engine nor the kernel forbids.
func (i Intent) Compressors(ctx context.Context) (out []string) {
	in := i.input(ctx)
	for _, name := range plan.Compressors {
		in.Choices.Compressor, in.Choices.Level = name, 0
		p, err := plan.Make(i.Facts, in.Choices)
		if in.Plan = p; err == nil && !forbids(preflight.Run(in), wire.Compressor) {
			out = append(out, name)
		}
	}
	return out
}

func forbids(checks []wire.Check, code wire.Code) bool {
	return slices.ContainsFunc(checks, func(c wire.Check) bool { return c.Level == wire.Stop && c.Code == code })
}

// hopeless stop a run whatever the helper finds or puts right, so nobody need
// type a password to hear of them.
var hopeless = []wire.Code{wire.NotLive, wire.ConfigDamaged, wire.ConfigOutside, wire.NotRemasterable,
	wire.FromISO, wire.ArchiveBoot, wire.RootElsewhere, wire.MkfsMissing, wire.EngineMissing, wire.EngineOld}

// Hopeless is the first reason why no run can come of this, nil when there is
// none. What else the checks found, the helper may put right.
func (i Intent) Hopeless(ctx context.Context) error {
	for _, c := range i.Checks(ctx) {
		if c.Level == wire.Stop && slices.Contains(hopeless, c.Code) {
			return c.Refusal()
		}
	}
	return nil
}

// SamePlan makes sure that the helper is going to do what was shown; else the
// error is PlanChanged. A stick that only the helper could mount is taken as
// it found it; one that it had to put in order first is looked at once more.
func (i Intent) SamePlan(ctx context.Context, check wire.CheckResult) error {
	if check.Plan == i.Plan.Hash() || !i.Facts.Boot.Mounted() {
		return nil
	}
	f, err := live.Read(ctx, "")
	if err != nil {
		return err
	}
	p, err := plan.Make(f, i.Choices)
	if err != nil {
		return err
	}
	if check.Plan != p.Hash() {
		return wire.Fail(wire.PlanChanged, errors.New("the helper's plan is another one"))
	}
	return nil
}
