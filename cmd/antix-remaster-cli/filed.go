package main

import (
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type filedLine struct {
	Event string `json:"event"`
	wire.FiledResult
}

// disarm takes a new version out of the next start.
func (a *app) disarm(ctx context.Context) error { return a.file(ctx, wire.OpDisarm) }

// keep files the previous version away.
func (a *app) keep(ctx context.Context) error { return a.file(ctx, wire.OpKeep) }

func (a *app) file(ctx context.Context, op wire.Op) error {
	var r wire.FiledResult
	err := a.session(ctx, func(c *wire.Client) error {
		return a.operate(ctx, c, wire.Request{Op: op}, &r)
	})
	switch {
	case err != nil:
		return err
	case a.json:
		a.object(filedLine{"result", r})
		return nil
	}
	switch {
	case r.Back != "":
		a.say("%s", fmt.Sprintf(tr("The version is back where it was: %[1]s. Nothing was deleted."), words.Clean(wire.List(r.Files, 12))))
	case len(r.Archives) > 0:
		a.say("%s", fmt.Sprintf(tr("Filed away in %[1]s: %[2]s. Nothing was deleted."),
			words.Clean(strings.Join(r.Archives, ", ")), words.Clean(wire.List(r.Files, 12))))
	default:
		a.say("%s", tr("Done. Nothing was deleted."))
	}
	a.sayNextBoot(ctx)
	return nil
}

// sayNextBoot says what the next start does now.
func (a *app) sayNextBoot(ctx context.Context) {
	f, err := live.Read(context.WithoutCancel(ctx), "")
	if err == nil {
		a.row(tr("Next start"), words.NextBoot(f.NextBoot(), f, tr))
	}
}
