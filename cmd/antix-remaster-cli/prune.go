package main

import (
	"context"
	"fmt"
	"strconv"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// pruneLine says what is going to be done, "plan", and what was: "result".
type pruneLine struct {
	Event   string        `json:"event"`
	DryRun  bool          `json:"dry_run"`
	Delete  []prunedEntry `json:"delete"` // what would go, or went, in this order
	Stay    []keptEntry   `json:"stay"`   // what no policy deletes
	Left    int           `json:"left"`   // old versions that remain
	Free    int64         `json:"free"`   // bytes that are free on the stick then
	TooMany int           `json:"too_many"`
	Missing int64         `json:"missing"` // bytes of --free
}

type prunedEntry struct {
	listedEntry
	Frees int64 `json:"frees"` // bytes
}

type keptEntry struct {
	listedEntry
	Why wire.Code `json:"why"`
}

// prune deletes old versions until a policy holds.
func (a *app) prune(ctx context.Context) error {
	if !a.dryRun {
		if err := a.mayAsk(); err != nil {
			return err
		}
	}
	f, all, err := a.look(ctx)
	if err == nil {
		err = preflight.Unchangeable(f)
	}
	if err != nil {
		return err
	}
	a.noteNewer(f)
	weights := history.Weigh(f, "", all)
	p := history.Prune(f, all, weights, a.policy())
	a.pruneText(f, p, weights)
	if a.json && !a.dryRun {
		a.object(pruneJSON("plan", p, weights, a.dryRun))
	}
	switch {
	case a.dryRun || p.Met() && len(p.Go) == 0:
	case !p.Met() && (a.yes || len(p.Go) == 0): // it would be in vain, and nobody is there to want it all the same
		return wire.Fail(wire.PolicyUnmet, nil, words.Size(p.Free), strconv.Itoa(p.Left))
	default:
		if p.Free, err = a.deleteThese(ctx, p); err != nil {
			return err
		}
	}
	if a.json {
		a.object(pruneJSON("result", p, weights, a.dryRun))
	}
	return nil
}

func (a *app) policy() history.Policy {
	p := history.Policy{Keep: -1, Free: int64(a.free) << 20}
	if a.most != nil {
		p.Keep = *a.most
	}
	return p
}

// pruneText says what would go, what cannot, and what comes of it.
func (a *app) pruneText(f live.Facts, p history.Pruning, weights history.Weights) {
	if len(p.Go) == 0 {
		a.say("%s", tr("Nothing would be deleted."))
	} else {
		a.say("%s", tr("These versions would be deleted, in this order:"))
	}
	for _, v := range p.Go {
		a.row(v.File(), fmt.Sprintf(tr("“%[1]s”, made %[2]s, %[3]s"), words.VersionName(v), known(v.Date), words.Size(weights[v.Place].Bytes)))
	}
	if len(p.Stay) > 0 {
		a.say("%s", tr("These are left alone in any case:"))
	}
	for _, k := range p.Stay {
		a.row(k.File(), words.Kept(k, tr))
	}
	a.say("%s", fmt.Sprintf(tr("Free on the stick: %[1]s now, %[2]s then. Old versions that remain: %[3]d."), words.Size(int64(f.Boot.Free)), words.Size(p.Free), p.Left))
	if p.TooMany > 0 {
		a.say("%s", fmt.Sprintf(tr("That is more than you asked for, by: %[1]d."), p.TooMany))
	}
	if p.Missing > 0 {
		a.say("%s", fmt.Sprintf(tr("Still missing of the room that you asked for: %[1]s."), words.Size(p.Missing)))
	}
}

// deleteThese asks, deletes one after the other, and gives what is free then.
func (a *app) deleteThese(ctx context.Context, p history.Pruning) (free int64, err error) {
	if err := a.agree(ctx, tr("Delete them for good? [y/N]")); err != nil {
		return 0, err
	}
	gone := 0
	err = a.session(ctx, func(c *wire.Client) error {
		for _, v := range p.Go {
			var r wire.DeleteResult
			if err := a.operate(ctx, c, wire.Request{Op: wire.OpDelete, Version: v.Ref()}, &r); err != nil {
				return err
			}
			gone++
			a.deleted(r)
		}
		return nil
	})
	if err != nil {
		return 0, words.Stopped(p.Go, gone, err, tr)
	}
	if f, err := live.Read(context.WithoutCancel(ctx), ""); err == nil && f.Boot.Mounted() {
		return int64(f.Boot.Free), nil
	}
	return p.Free, nil
}

// deleted tells of one of several versions that is gone.
func (a *app) deleted(r wire.DeleteResult) {
	if a.json {
		a.object(deleteLine{"deleted", r})
		return
	}
	a.say("%s", fmt.Sprintf(tr("Deleted: %[1]s."), words.Clean(r.Place)))
}

func pruneJSON(event string, p history.Pruning, weights history.Weights, dryRun bool) pruneLine {
	line := pruneLine{event, dryRun, []prunedEntry{}, []keptEntry{}, p.Left, p.Free, p.TooMany, p.Missing}
	for _, v := range p.Go {
		line.Delete = append(line.Delete, prunedEntry{listed(v), weights[v.Place].Bytes})
	}
	for _, k := range p.Stay {
		line.Stay = append(line.Stay, keptEntry{listed(k.Version), wire.AsError(k.Why).Code})
	}
	return line
}
