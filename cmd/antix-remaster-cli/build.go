package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"antix-remaster/core/intent"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type buildLine struct {
	Event string `json:"event"`
	wire.BuildResult
}

// build makes a new version.
func (a *app) build(ctx context.Context) error {
	i, err := intent.Make(ctx, a.choices)
	if err != nil {
		return err
	}
	if !a.inTTY && !a.yes {
		return usage("%s", tr("There is no terminal to ask on. Say --yes to make the new version without a question; nothing was touched."))
	}
	i.Choices.HomeLoss = a.confirm == confirmation && i.Plan.LeaveHome
	if err := i.Hopeless(ctx); err != nil {
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

// summary says what is going to be made.
func (a *app) summary(i intent.Intent) {
	a.say("%s", tr("A new version of this system is going to be made:"))
	a.row(tr("Title"), i.Plan.Title)
	a.row(tr("Packed"), words.Packed(i.Facts.Home.Kind, i.Plan.LeaveHome, tr))
	if n := len(i.Choices.Exclude); n > 0 {
		a.row(tr("Left out"), wire.List(i.Choices.Exclude, 5))
	}
	a.row(tr("Compressor"), i.Plan.Compressor)
	a.row(tr("Stick"), i.Facts.Boot.Device)
}

func (a *app) checkAndBuild(ctx context.Context, c *wire.Client, i intent.Intent) (wire.BuildResult, error) {
	var check wire.CheckResult
	if err := a.operate(ctx, c, wire.Request{Op: wire.OpCheck, Choices: &i.Choices}, &check); err != nil {
		return wire.BuildResult{}, err
	}
	if err := a.judge(ctx, check, &i); err != nil {
		return wire.BuildResult{}, err
	}
	if err := i.SamePlan(ctx, check); err != nil {
		return wire.BuildResult{}, err
	}
	if err := a.agree(ctx, tr("Make the new version now? [y/N]")); err != nil {
		return wire.BuildResult{}, err
	}
	var r wire.BuildResult
	return r, a.operate(ctx, c, wire.Request{Op: wire.OpBuild, Choices: &i.Choices, Plan: check.Plan}, &r)
}

// judge shows what the checks found, and stops where one forbids the run. To
// leave out the files in /home is the one thing that a user can still allow.
func (a *app) judge(ctx context.Context, check wire.CheckResult, i *intent.Intent) error {
	if check.Bound > 0 {
		a.row(tr("Size"), fmt.Sprintf(tr("up to %[1]s; %[2]s are free for it"), words.Size(check.Bound), words.Size(max(check.Room, 0))))
	}
	var home *wire.Check
	for _, c := range check.Checks {
		switch {
		case c.Level != wire.Stop:
			a.note(c)
		case c.Code == wire.HomeLeave && a.inTTY:
			home = &c
		default:
			return c.Refusal()
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
		return home.Refusal()
	}
	i.Choices.HomeLoss = true
	return nil
}

// built says what was made and what comes next.
func (a *app) built(ctx context.Context, r wire.BuildResult) {
	if a.json {
		a.object(buildLine{"result", r})
		return
	}
	a.say("%s", tr("The new version is ready."))
	a.row(tr("Title"), words.Clean(r.Title))
	a.row(tr("File"), fmt.Sprintf("%s, %s, %s", words.Clean(r.Name), words.Size(r.Size), words.Clean(r.Compressor)))
	a.row(tr("Verified"), words.Proof(r, tr))
	a.row(tr("Time"), words.Clock(time.Duration(r.Seconds*float64(time.Second))))
	if a.verbose {
		a.row("SHA-256", words.Clean(r.SHA256))
		a.row(tr("Companions"), words.Clean(strings.Join(r.Companions, ", ")))
	}
	a.sayNextBoot(ctx)
	a.say("%s", tr("What you change from now on is not in the new version."))
	a.say("%s", tr("To go back, start with the boot option rollback: it brings back the version you use now."))
}
