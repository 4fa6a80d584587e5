package main

import (
	"context"
	"fmt"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/iso"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type isoLine struct {
	Event string `json:"event"`
	iso.Result
}

// iso makes a LiveCD, with the rights of whoever called.
func (a *app) iso(ctx context.Context) error {
	if err := a.mayAsk(); err != nil {
		return err
	}
	if err := sys.BecomeCaller(); err != nil {
		return err
	}
	p, err := a.planISO(ctx)
	if err != nil {
		return err
	}
	a.say("%s", tr("A LiveCD of this version is going to be made:"))
	a.versionText(p.Version)
	a.row(tr("File"), fmt.Sprintf(tr("%[1]s, about %[2]s"), p.Output, words.Size(p.Size)))
	a.row(tr("Label"), p.Label)
	for _, c := range p.Notes {
		a.note(c)
	}
	if err := a.agree(ctx, tr("Make the LiveCD now? [y/N]")); err != nil {
		return err
	}
	r, err := a.writeISO(ctx, p)
	if err != nil {
		return err
	}
	a.madeISO(r)
	return nil
}

func (a *app) planISO(ctx context.Context) (iso.Plan, error) {
	f, all, err := a.look(ctx)
	if err != nil {
		return iso.Plan{}, err
	}
	v, err := a.versionForISO(all)
	if err != nil {
		return iso.Plan{}, err
	}
	return iso.Make(ctx, f, v, iso.Choices{Output: a.output, Label: a.label})
}

// versionForISO is the running version when none was named; where that cannot be
// told, as when its file may not be read, the one that a plain start uses.
func (a *app) versionForISO(all []history.Version) (history.Version, error) {
	if a.of != "" {
		return history.Find(all, a.of)
	}
	v, err := history.Find(all, "running")
	if err != nil {
		v, err = history.Find(all, "default")
	}
	return v, err
}

func (a *app) writeISO(ctx context.Context, p iso.Plan) (iso.Result, error) {
	a.beginProgress()
	defer a.endProgress()
	said := context.AfterFunc(ctx, func() { a.tell(tr("Cancelling. What was begun is being removed.")) })
	defer said()
	report, stop := wire.Throttle(a.progress)
	defer stop()
	return p.Write(ctx, report)
}

// madeISO says what was made, and what to do with it.
func (a *app) madeISO(r iso.Result) {
	if a.json {
		a.object(isoLine{"result", r})
		return
	}
	a.say("%s", tr("The LiveCD is ready."))
	a.row(tr("File"), fmt.Sprintf("%s, %s", words.Clean(r.Output), words.Size(r.Size)))
	a.row("SHA-256", r.SHA256)
	a.row(tr("Verified"), words.ISOProof(r.FromMedium, tr))
	a.row(tr("Time"), words.Clock(time.Duration(r.Seconds*float64(time.Second))))
	for _, line := range words.ISONext(tr) {
		a.say("%s", line)
	}
}
