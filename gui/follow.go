package gui

import (
	"context"
	"errors"

	"antix-remaster/core/wire"
)

// follow lets the helper measure what the page shows, as soon as it is there and
// has nothing else to do. It never asks for a password for that.
func (w *window) follow() {
	c, wanted := w.toMeasure()
	g := &w.gauge
	switch {
	case !wanted && w.busy == idle || w.gone:
		w.unfollow()
	case !wanted || w.busy != idle:
	case g.stop == nil && !g.failed && w.helper.free():
		w.measure(c)
	case g.stop != nil && g.others(c, g.within):
		g.choose(c)
		w.helper.choose(c, g.sent, g.number)
	}
}

// unfollow ends that; whoever needs the helper next waits until it has ended.
func (w *window) unfollow() {
	if w.gauge.stop != nil {
		w.gauge.stop()
		w.gauge.stop = nil
	}
}

func (w *window) measure(c wire.Choices) {
	ctx, stop := context.WithCancel(context.Background())
	w.gauge.begin(c, stop)
	req, heard := wire.Request{Op: wire.OpEstimate, Choices: &c, Within: w.gauge.within, Number: w.gauge.number}, false
	reports := latest[wire.Estimate]{show: func(e wire.Estimate) {
		switch {
		case ctx.Err() != nil:
		case !heard && e.Number != w.gauge.number: // chosen before it had begun, when nobody listened
			w.helper.choose(w.gauge.asked, w.gauge.sent, w.gauge.number)
		default:
			w.gauge.take(e)
			w.showFigures()
		}
		heard = true
	}}
	w.async(func() func() {
		var last wire.Estimate
		_ = w.helper.aside(ctx, req, wire.Watch{Estimate: reports.put}, &last) // without figures all goes on as well
		return func() {
			if ctx.Err() == nil {
				w.unfollow()
				w.gauge.failed = true
				w.showFigures()
			}
		}
	})
}

// showFigures shows on the page that is open what became known.
func (w *window) showFigures() {
	if p, ok := w.pages[w.page].(interface{ figures() }); ok && !w.gone {
		p.figures()
	}
}

var errNoHelper = errors.New("no helper is there, and one would ask for the password")
