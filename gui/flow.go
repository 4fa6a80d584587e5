package gui

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/build"
	"antix-remaster/core/estimate"
	"antix-remaster/core/intent"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// look reads the facts anew, without any privilege, then goes on with then.
func (w *window) look(then func()) {
	choices := w.choices
	w.async(func() func() {
		i, err := intent.Make(context.Background(), choices)
		var now []wire.Check
		if err == nil {
			now = i.Checks(context.Background())
		}
		use, knows := stickUse(i.Facts), compressors(i)
		return func() {
			w.intent, w.err, w.now, w.use, w.knows, w.looked = i, err, now, use, knows, true
			w.update()
			if then != nil {
				then()
			}
		}
	})
}

// compressors are those that neither the engine nor the kernel forbids.
func compressors(i intent.Intent) (out []string) {
	for _, name := range order {
		i.Choices.Compressor, i.Choices.Level = name, 0
		p, err := plan.Make(i.Facts, i.Choices)
		if i.Plan = p; err == nil && !forbids(i.Checks(context.Background()), wire.Compressor) {
			out = append(out, name)
		}
	}
	return out
}

func forbids(checks []wire.Check, code wire.Code) bool {
	return slices.ContainsFunc(checks, func(c wire.Check) bool { return c.Level == wire.Stop && c.Code == code })
}

// begin leaves the start page: from here on the helper is asked.
func (w *window) begin() {
	w.choices, w.check, w.notes = w.intent.Choices, nil, nil
	w.choices.Title = trf("Remaster of %[1]s", time.Now().Format("2006-01-02 15:04"))
	w.show(pageCheck)
	w.recheck()
}

// work runs one operation of the helper and shows how it ends.
func (w *window) work(t task, req wire.Request, watch wire.Watch, result any, done func()) {
	if w.busy != idle {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.busy, w.cancel, w.givingUp = t, cancel, false
	w.update()
	w.async(func() func() {
		err := w.helper.do(ctx, req, watch, result)
		return func() {
			cancel()
			w.busy, w.cancel = idle, nil
			w.dismissAgent()
			if err != nil {
				w.fail(t, err)
				return
			}
			done()
		}
	})
}

// dismissAgent closes the terminal that asked for the password.
func (w *window) dismissAgent() {
	if w.agent != nil {
		go w.agent.Stop() // it waits for its end
		w.agent = nil
	}
}

// recheck lets the helper look at the choices as they are now.
func (w *window) recheck() {
	if w.busy != idle {
		return
	}
	w.check = nil
	w.look(func() {
		if w.err != nil {
			w.fail(checking, w.err)
			return
		}
		w.choices = w.intent.Choices
		var r wire.CheckResult
		w.work(checking, wire.Request{Op: wire.OpCheck, Choices: &w.choices}, wire.Watch{}, &r, func() { w.checked(r) })
	})
}

// measure finds out how fast this computer compresses with what was chosen; it
// takes a second or two.
func (w *window) measure() {
	c, f := w.choices, w.intent.Facts
	how := estimate.How{Compressor: c.Compressor, Level: c.Level, Processors: c.Processors}
	if _, known := w.pace[how]; known || f.Union.Lower == "" {
		return
	}
	w.async(func() func() {
		e, err := build.FindEngine(context.Background())
		if err != nil {
			return nil
		}
		speed, err := estimate.Pace(context.Background(), e, f.Union.Lower+"/usr", how)
		if err != nil {
			return nil // then no time is shown
		}
		return func() {
			w.pace[how] = speed
			w.update()
		}
	})
}

// checked takes the helper's answer. The helper may have mounted the stick or
// put it in order, so the facts are read once more.
func (w *window) checked(r wire.CheckResult) {
	w.look(func() {
		if err := w.intent.SamePlan(context.Background(), r); err != nil {
			w.fail(checking, err)
			return
		}
		w.check = &r
		w.update()
	})
}

// create makes the new version.
func (w *window) create() {
	if w.busy != idle || w.check == nil {
		return
	}
	w.meter.start(time.Now())
	w.notes = nil
	w.show(pageProgress)
	w.startTick()
	w.inhibit = w.app.Inhibited(w.top, gtk.APPLICATION_INHIBIT_SUSPEND|gtk.APPLICATION_INHIBIT_LOGOUT, tr("A new version of this system is being made."))
	reports := latest[wire.Progress]{show: w.progress}
	watch := wire.Watch{Progress: reports.put, Note: func(c wire.Check) { glib.IdleAdd(func() { w.learn(c) }) },
		Paused: func(yes bool) { glib.IdleAdd(func() { w.paused(yes) }) }}
	var r wire.BuildResult
	w.work(building, wire.Request{Op: wire.OpBuild, Choices: &w.choices, Plan: w.check.Plan}, watch, &r, func() {
		w.rest()
		w.result, w.armed = r, time.Now()
		w.notify(tr("The new version is ready"), tr("It was verified and starts working with the next start of this computer."))
		w.look(func() { w.show(pageDone) })
	})
}

func (w *window) progress(p wire.Progress) {
	if w.busy != building {
		return // a report that came late
	}
	w.meter.see(p, time.Now())
	w.update()
}

func (w *window) paused(yes bool) {
	if yes {
		w.meter.pause(time.Now())
	} else {
		w.meter.resume(time.Now())
	}
	w.update()
}

func (w *window) learn(c wire.Check) {
	w.notes = append(w.notes, c)
	w.update()
}

// rest ends what only a run needs.
func (w *window) rest() {
	w.stopTick()
	if w.inhibit != 0 {
		w.app.Uninhibit(w.inhibit)
		w.inhibit = 0
	}
}

// fail shows what went wrong. Going back to the start is no failure.
func (w *window) fail(t task, err error) {
	w.rest()
	e := wire.AsError(err)
	if t == checking && e.Code == wire.Cancelled {
		w.update()
		return
	}
	w.failure, w.failed = e, t
	if t == building {
		m := describeError(e)
		w.notify(m.Title, m.Text)
	}
	w.show(pageFailure)
}

// again tries what failed once more, from a place where it makes sense.
func (w *window) again() {
	t := w.failed
	w.failure, w.failed = nil, idle
	switch t {
	case keeping, disarming:
		w.home()
		w.mend(t)
	case restarting:
		w.show(pageDone)
	default:
		w.look(func() { w.begin() })
	}
}

// mend does what a button in a row offers, and looks again.
func (w *window) mend(t task) {
	op := map[task]wire.Op{keeping: wire.OpKeep, disarming: wire.OpDisarm}[t]
	var r wire.FiledResult
	w.work(t, wire.Request{Op: op}, wire.Watch{}, &r, func() {
		if w.page == pageCheck {
			w.recheck()
			return
		}
		w.look(nil)
	})
}

func (w *window) notify(title, text string) {
	n := glib.NotificationNew(title)
	n.SetBody(text)
	w.app.SendNotification("end", n)
}

// startTick moves the clock of the progress page once a second.
func (w *window) startTick() {
	w.tick = glib.TimeoutAdd(1000, func() bool {
		if w.page == pageProgress {
			w.update()
		}
		return true
	})
}

func (w *window) stopTick() {
	if w.tick != 0 {
		glib.SourceRemove(w.tick)
		w.tick = 0
	}
}

// logLine is a line of the log on the progress page.
func logLine(c wire.Check) string {
	m := describe(c)
	return fmt.Sprintf("%s. %s %s\n", m.Title, m.Text, words.Clean(m.Hint))
}
