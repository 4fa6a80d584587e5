package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

type buildLine struct {
	Event string `json:"event"`
	wire.BuildResult
}

// intent is what the user wants, with what this program made of it.
type intent struct {
	facts   live.Facts
	choices wire.Choices
	plan    plan.Plan
}

// intend reads the facts and makes the plan, as the helper will again.
func intend(ctx context.Context, c wire.Choices) (intent, error) {
	f, err := live.Read(ctx, "")
	if err != nil {
		return intent{}, err
	}
	c = plan.Resolve(c, f, time.Now().Format("2006-01-02 15:04"), sys.MemAvailable(), runtime.NumCPU())
	p, err := plan.Make(f, c)
	return intent{f, c, p}, err
}

// build makes a new version.
func (a *app) build(ctx context.Context) error {
	i, err := intend(ctx, a.choices)
	if err != nil {
		return err
	}
	if !a.inTTY && !a.yes {
		return usage("%s", tr("There is no terminal to ask on. Say --yes to make the new version without a question; nothing was touched."))
	}
	i.choices.HomeLoss = a.confirm == confirmation && i.plan.LeaveHome
	if err := a.hopeless(ctx, i); err != nil {
		return err
	}
	a.summary(i)
	var r wire.BuildResult
	err = a.session(ctx, func(c *wire.Client) (err error) {
		r, err = a.checkAndBuild(ctx, c, i)
		return err
	})
	if err != nil {
		return err
	}
	a.built(ctx, r)
	return nil
}

// hopelessCodes stop a run whatever the helper finds or puts right, so nobody
// need type a password to hear of them.
var hopelessCodes = []wire.Code{wire.NotLive, wire.ConfigDamaged, wire.ConfigOutside, wire.NotRemasterable,
	wire.FromISO, wire.ArchiveBoot, wire.RootPersistence, wire.EngineMissing, wire.EngineOld}

func (a *app) hopeless(ctx context.Context, i intent) error {
	for _, c := range i.checks(ctx) {
		if c.Level == wire.Stop && slices.Contains(hopelessCodes, c.Code) {
			return refused(&c)
		}
	}
	return nil
}

// summary says what is going to be made.
func (a *app) summary(i intent) {
	packed := tr("the whole system with /home")
	switch {
	case i.facts.Home.Kind != live.HomeInSystem:
		packed = tr("the whole system; /home stays where it is")
	case i.plan.LeaveHome:
		packed = tr("the whole system, with an empty /home")
	}
	a.say("%s", tr("A new version of this system is going to be made:"))
	a.row(tr("Title"), i.plan.Title)
	a.row(tr("Packed"), packed)
	if n := len(i.choices.Exclude); n > 0 {
		a.row(tr("Left out"), wire.List(i.choices.Exclude, 5))
	}
	a.row(tr("Compressor"), i.plan.Compressor)
	a.row(tr("Stick"), i.facts.Boot.Device)
}

func (a *app) checkAndBuild(ctx context.Context, c *wire.Client, i intent) (wire.BuildResult, error) {
	var check wire.CheckResult
	if err := a.operate(ctx, c, wire.Request{Op: wire.OpCheck, Choices: &i.choices}, &check); err != nil {
		return wire.BuildResult{}, err
	}
	if err := a.judge(ctx, check, &i); err != nil {
		return wire.BuildResult{}, err
	}
	if err := a.samePlan(ctx, check, i); err != nil {
		return wire.BuildResult{}, err
	}
	if err := a.agree(ctx, tr("Make the new version now? [y/N]")); err != nil {
		return wire.BuildResult{}, err
	}
	var r wire.BuildResult
	return r, a.operate(ctx, c, wire.Request{Op: wire.OpBuild, Choices: &i.choices, Plan: check.Plan}, &r)
}

// judge shows what the checks found, and stops where one forbids the run. To
// leave out the files in /home is the one thing that a user can still allow.
func (a *app) judge(ctx context.Context, check wire.CheckResult, i *intent) error {
	if check.Bound > 0 {
		a.row(tr("Size"), fmt.Sprintf(tr("up to %[1]s; %[2]s are free for it"), size(check.Bound), size(max(check.Room, 0))))
	}
	var home *wire.Check
	for _, c := range check.Checks {
		switch {
		case c.Level != wire.Stop:
			a.note(c)
		case c.Code == wire.HomeLeave && a.inTTY:
			home = &c
		default:
			return refused(&c)
		}
	}
	if home == nil {
		return nil
	}
	a.printAt(a.err, a.checkText(*home))
	answer, err := a.ask(ctx, fmt.Sprintf(tr("If you want that, type exactly: %[1]s\n>"), confirmation))
	if err != nil {
		return err
	}
	if answer != confirmation {
		return refused(home)
	}
	i.choices.HomeLoss = true
	return nil
}

// samePlan makes sure that the helper is going to do what was shown. A stick
// that only the helper could mount, or that it had to put in order first, is
// looked at once more.
func (a *app) samePlan(ctx context.Context, check wire.CheckResult, i intent) error {
	if check.Plan == i.plan.Hash() || !i.facts.Boot.Mounted() {
		return nil
	}
	f, err := live.Read(ctx, "")
	if err != nil {
		return err
	}
	p, err := plan.Make(f, i.choices)
	if err != nil {
		return err
	}
	if check.Plan != p.Hash() {
		return wire.Fail(wire.PlanChanged, errors.New("the helper's plan is another one"))
	}
	return nil
}

// built says what was made and what comes next.
func (a *app) built(ctx context.Context, r wire.BuildResult) {
	if a.json {
		a.object(buildLine{"result", r})
		return
	}
	a.say("%s", tr("The new version is ready."))
	a.row(tr("Title"), clean(r.Title))
	a.row(tr("File"), fmt.Sprintf("%s, %s, %s", clean(r.Name), size(r.Size), clean(r.Compressor)))
	proof := tr("compared with this system, but not past the memory cache; entries: %[1]d")
	if r.FromMedium {
		proof = tr("read back from the stick and compared with this system; entries: %[1]d")
	}
	a.row(tr("Verified"), fmt.Sprintf(proof, r.Entries))
	a.row(tr("Time"), clock(time.Duration(r.Seconds*float64(time.Second))))
	if a.verbose {
		a.row("SHA-256", clean(r.SHA256))
		a.row(tr("Companions"), clean(strings.Join(r.Companions, ", ")))
	}
	a.sayNextBoot(ctx)
	a.say("%s", tr("What you change from now on is not in the new version."))
	a.say("%s", tr("To go back, start with the boot option rollback: it brings back the version you use now."))
}

// checks are those that need no privilege.
func (i intent) checks(ctx context.Context) []wire.Check {
	return preflight.Run(i.input(ctx))
}
