package main

import (
	"context"
	"fmt"
	"time"

	"antix-remaster/core/estimate"
	"antix-remaster/core/intent"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// estimateSeconds of the processors are spent at most; a face that shows the
// figures while they get better needs no limit.
const estimateSeconds = 30

type estimateLine struct {
	Event string `json:"event"`
	wire.Estimate
}

// ruleLine is the answer of --method.
type ruleLine struct {
	Event    string `json:"event"`
	Method   string `json:"method"`
	Estimate int64  `json:"estimate"` // bytes
}

// estimate tells how large the new version would be.
func (a *app) estimate(ctx context.Context) error {
	i, err := intent.Make(ctx, a.choices)
	if err != nil {
		return err
	}
	a.say("%s", tr("Measuring how large the new version would be. This takes up to a minute."))
	req := wire.Request{Op: wire.OpEstimate, Choices: &i.Choices, Seconds: estimateSeconds}
	if a.method != "" {
		req.Seconds = 1
	}
	var e wire.Estimate
	if err := a.request(ctx, req, &e); err != nil {
		return err
	}
	if a.method != "" {
		a.byRule(i, e)
		return nil
	}
	a.sayEstimate(e)
	return nil
}

// estimated shows what is known by now, for scripts.
func (a *app) estimated(e wire.Estimate) {
	if a.json && a.method == "" {
		a.object(estimateLine{"estimate", e})
	}
}

// byRule answers by one of the rules that people use.
func (a *app) byRule(i intent.Intent, e wire.Estimate) {
	size := int64(estimate.ByTree(e.Bytes + e.Twins))
	if a.method == "upper" && i.Facts.Default != nil {
		size = int64(estimate.ByUpper(i.Facts.Default.Size, e.Changed))
	}
	if a.json {
		a.object(ruleLine{"result", a.method, size})
		return
	}
	a.row(tr("Size"), fmt.Sprintf(tr("about %[1]s"), words.Size(size)))
}

func (a *app) sayEstimate(e wire.Estimate) {
	if a.json {
		a.object(estimateLine{"result", e})
		return
	}
	if len(e.Rows) == 0 {
		a.say("%s", tr("There is too little memory to measure it."))
		return
	}
	for _, r := range e.Rows {
		a.row(r.Compressor, a.estimateText(r))
	}
	if e.Room >= 0 {
		a.row(tr("Free"), words.Size(e.Room))
	}
	for _, p := range e.Largest[:min(len(e.Largest), 5)] {
		a.row(words.Size(p.Stored), "/"+words.Clean(p.Path))
	}
}

// estimateText is one compressor's size, time and verdict.
func (a *app) estimateText(r wire.EstimateRow) string {
	text := fmt.Sprintf(tr("about %[1]s, at most %[2]s"), words.Size(r.Estimate), words.Size(r.Bound))
	if r.Seconds > 0 {
		text += ", " + words.Clock(time.Duration(r.Seconds*float64(time.Second)))
	}
	switch estimate.Verdict(r.Verdict) {
	case estimate.Fits:
		text += ", " + tr("fits")
	case estimate.FitsNot:
		text += ", " + fmt.Sprintf(tr("does not fit: %[1]s are missing"), words.Size(r.Missing))
	case estimate.MayNotFit:
		text += ", " + tr("may not fit")
	}
	return text
}
