package gui

import (
	"context"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
)

// look reads the facts anew, without any privilege, then goes on with then. A
// look that a later one has overtaken is dropped.
func (w *window) look(then func()) {
	w.looks++
	mine, choices, listed := w.looks, w.choices, w.page.listsVersions()
	w.async(func() func() {
		v := observe(context.Background(), choices, listed)
		debug.FreeOSMemory() // it needs much more than the window does, and memory is short
		return func() {
			if mine != w.looks {
				return
			}
			w.view = v
			w.update()
			if then != nil {
				then()
			}
		}
	})
}

// begin leaves the start page: from here on the helper is asked.
func (w *window) begin() {
	title := w.choices.Title
	w.choices, w.check, w.notes, w.gauge.failed = w.intent.Choices, nil, nil, false
	if title == "" {
		w.choices.Title = trf("Remaster of %[1]s", time.Now().Format("2006-01-02 15:04"))
	}
	w.show(pageCheck)
	w.recheck()
}

// run does one piece of work of the helper off the main loop, and goes on with
// done. Only one runs at a time.
func (w *window) run(t task, work func(context.Context) error, done func()) {
	if w.busy != idle {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.busy, w.cancel, w.givingUp = t, cancel, false
	w.unfollow()
	w.looks++ // what is being looked at now may be another thing afterwards
	w.update()
	w.async(func() func() {
		err := work(ctx)
		return func() {
			cancel()
			w.busy, w.cancel = idle, nil
			w.dismissAgent()
			w.dropQuestion()
			if err != nil {
				w.fail(t, err)
				return
			}
			done()
		}
	})
}

// recheck lets the helper look at the choices as they are now.
func (w *window) recheck() {
	if w.busy != idle {
		return
	}
	w.check = nil
	sent, found := w.choices, inspection{}
	w.run(checking, func(ctx context.Context) (err error) {
		found, err = inspect(ctx, &w.helper, sent)
		return err
	}, func() {
		if !reflect.DeepEqual(sent, w.choices) { // changed meanwhile: the summary will ask again
			w.update()
			return
		}
		w.view, w.choices, w.check = found.view, found.intent.Choices, &found.result
		w.gauge.failed = false // the helper that was asked is alive
		w.update()
	})
}

// create makes the new version.
func (w *window) create() {
	if w.busy != idle || w.check == nil {
		return
	}
	w.meter.start(time.Now())
	w.notes, w.pauseSoon = nil, false
	w.show(pageProgress)
	w.startTick()
	w.inhibit = w.app.Inhibited(w.top, gtk.APPLICATION_INHIBIT_SUSPEND|gtk.APPLICATION_INHIBIT_LOGOUT, tr("A new version of this system is being made."))
	reports := latest[wire.Progress]{show: w.progress}
	watch := wire.Watch{Progress: reports.put, Note: func(c wire.Check) { glib.IdleAdd(func() { w.learn(c) }) },
		Paused: func(yes bool) { glib.IdleAdd(func() { w.paused(yes) }) }}
	choices, plan := w.choices, w.check.Plan
	var r wire.BuildResult
	w.run(building, func(ctx context.Context) error {
		return w.helper.do(ctx, wire.Request{Op: wire.OpBuild, Choices: &choices, Plan: plan}, watch, &r)
	}, func() { w.made(r) })
}

// made goes to the last page; what the next start does is looked up there.
func (w *window) made(r wire.BuildResult) {
	w.rest()
	w.result, w.armed = r, time.Now()
	w.notify(tr("The new version is ready"), tr("It was verified and starts working with the next start of this computer."))
	w.show(pageDone)
	w.look(nil)
}

func (w *window) progress(p wire.Progress) {
	if w.busy != building && w.busy != imaging {
		return // a report that came late
	}
	w.meter.see(p, time.Now())
	if w.pauseSoon {
		w.hold()
	}
	w.update()
}

// hold holds the work up, or lets it go on. Before the first report nobody would
// know what is meant: the helper may still be ending an estimate.
func (w *window) hold() {
	switch w.pauseSoon = w.meter.stage == ""; {
	case w.pauseSoon:
	case w.busy == imaging:
		w.holdLiveCD()
	default:
		w.helper.pause(w.meter.paused.IsZero())
	}
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

// fail shows what went wrong. A check that was given up by going back is no
// failure; the page that is open may need one of its own.
func (w *window) fail(t task, err error) {
	w.rest()
	e := wire.AsError(err)
	if (t == checking || t == verifying) && e.Code == wire.Cancelled {
		w.update()
		if w.page == pageCheck || w.page == pageSummary {
			w.recheck()
		}
		return
	}
	w.failure, w.failed = e, t
	if (t == building || t == imaging) && !w.givingUp {
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
		w.show(w.asked)
	case staging, verifying, recording, deleting, entering:
		w.show(w.began)
		w.retry()
	case pruning:
		w.openRoom()
	case imaging:
		w.show(pageLiveCD)
		w.aim()
	default:
		w.update()
		w.look(w.begin)
	}
}

// mend does what a button in a row offers, and looks again.
func (w *window) mend(t task) {
	switch t {
	case browsing:
		w.openVersions()
		return
	case staging:
		w.askStage(w.before)
		return
	case restarting:
		w.askRestart("")
		return
	}
	op := map[task]wire.Op{keeping: wire.OpKeep, disarming: wire.OpDisarm}[t]
	was, r := w.view, wire.FiledResult{}
	w.said = ""
	w.act(t, wire.Request{Op: op}, &r, func() {
		w.say(filedText(t, was, w.view, r))
		if w.page == pageCheck {
			w.recheck()
		}
	})
}

// act does one operation that changes what lies on the stick, and looks what is
// there then: until that is known, nothing else can be begun.
func (w *window) act(t task, req wire.Request, result any, done func()) {
	w.reading, w.notes = wire.Progress{}, nil
	reports := latest[wire.Progress]{show: func(p wire.Progress) {
		if w.busy == t {
			w.reading = p
			w.updateButtons() // nothing else of a page tells it
		}
	}}
	watch := wire.Watch{Progress: reports.put, Note: func(c wire.Check) { glib.IdleAdd(func() { w.learn(c) }) }}
	var found view
	choices, listed := w.choices, w.page.listsVersions() || t == keeping // what it found damaged shows there
	w.run(t, func(ctx context.Context) error {
		err := w.helper.do(ctx, req, watch, result)
		if err == nil {
			found = observe(context.Background(), choices, listed)
		}
		return err
	}, func() {
		w.view = found
		w.update()
		w.sayWarnings(done)
	})
}

// sayWarnings tells what was learned on the way and must not be missed.
func (w *window) sayWarnings(then func()) {
	var say []string
	for _, c := range w.notes {
		if c.Level == wire.Warn {
			say = append(say, sentences(describe(c)))
		}
	}
	if len(say) == 0 {
		if then != nil {
			then()
		}
		return
	}
	w.tell(tr("Please note"), strings.Join(say, "\n"), then)
}

// unprovenText says that the rescue version was not read to its end, "" when it
// was.
func unprovenText(notes []wire.Check) string {
	for _, c := range notes {
		if c.Code == wire.RescueUnproven {
			return sentences(describe(c))
		}
	}
	return ""
}

func (w *window) notify(title, text string) {
	n := glib.NotificationNew(title)
	n.SetBody(text)
	w.app.SendNotification("end", n)
}

// startTick moves the clock of the progress page once a second.
func (w *window) startTick() {
	w.tick = glib.TimeoutAdd(1000, func() bool {
		if w.page.works() {
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
