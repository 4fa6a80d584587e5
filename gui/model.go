package gui

import (
	"slices"
	"strings"
	"time"

	"antix-remaster/core/estimate"
	"antix-remaster/core/intent"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
)

// pageName is one page of the window.
type pageName string

const (
	pageStart    pageName = "start"
	pageCheck    pageName = "check"
	pageContent  pageName = "content"
	pageHow      pageName = "how"
	pageSummary  pageName = "summary"
	pageProgress pageName = "progress"
	pageDone     pageName = "done"
	pageFailure  pageName = "failure"
)

// steps are the pages of a remaster, in order.
var steps = []pageName{pageCheck, pageContent, pageHow, pageSummary, pageProgress, pageDone}

// model is all that the window knows. It is only touched on the main loop.
type model struct {
	page   pageName
	intent intent.Intent // facts, choices, plan; of the choices below
	err    error         // why there is no intent
	looked bool          // the facts were read
	use    []segment     // what the stick is used for
	knows  []string      // compressors that this computer can use
	now    []wire.Check  // what speaks against a remaster without asking the helper

	choices wire.Choices
	check   *wire.CheckResult        // of the helper, for the intent's choices; nil before
	pace    map[estimate.How]float64 // bytes a second that this computer packs
	busy    task                     // what the helper is doing

	givingUp bool // the run was cancelled, and the helper is cleaning up

	meter  meter
	notes  []wire.Check // learned during the run
	result wire.BuildResult
	armed  time.Time

	failure *wire.Error
	failed  task // what failed
}

// task is what the helper is asked for.
type task string

const (
	idle       task = ""
	asking     task = "ask" // opening a terminal for the password
	checking   task = "check"
	building   task = "build"
	keeping    task = "keep"
	disarming  task = "disarm"
	restarting task = "restart"
)

// stop is the first thing that forbids a remaster, nil when nothing does.
func (m *model) stop() *wire.Check {
	checks := m.now
	if m.check != nil {
		checks = m.check.Checks
	}
	return preflight.FirstStop(checks)
}

// onlyHome tells whether the one thing in the way is that the files in /home
// would be lost, which the user may allow.
func (m *model) onlyHome() bool {
	stop := m.stop()
	return stop != nil && stop.Code == wire.HomeLeave
}

// needsCheck tells whether the helper has not yet looked at these choices.
func (m *model) needsCheck() bool { return m.check == nil || !sameChoices(m.choices, m.intent.Choices) }

// sameChoices compares what the user chose with what an intent was made of,
// which has the gaps filled.
func sameChoices(chosen, resolved wire.Choices) bool {
	return chosen.Home == resolved.Home && chosen.HomeLoss == resolved.HomeLoss && chosen.Compressor == resolved.Compressor &&
		chosen.Level == resolved.Level && chosen.Title == resolved.Title &&
		chosen.Processors == resolved.Processors && chosen.MemoryMiB == resolved.MemoryMiB &&
		slices.Equal(chosen.Exclude, resolved.Exclude)
}

// packTime is about how long packing will take; 0 while nobody knows.
func (m *model) packTime() time.Duration {
	c := m.choices
	speed := m.pace[estimate.How{Compressor: c.Compressor, Level: c.Level, Processors: c.Processors}]
	if speed <= 0 || m.check == nil || m.check.Uncompressed <= 0 {
		return 0
	}
	return time.Duration(float64(m.check.Uncompressed) / speed * float64(time.Second))
}

// buttons are those of the bottom of the window. An empty text is no button.
type buttons struct {
	back, next string
	can        bool   // next may be pressed
	why        string // why it may not be, or what happens next
}

// buttonsOf tells which buttons a page has.
func (m *model) buttonsOf(p pageName) buttons {
	switch p {
	case pageCheck:
		return m.checkButtons()
	case pageContent:
		b := buttons{tr("_Back"), tr("_Next"), true, ""}
		if title := strings.TrimSpace(m.choices.Title); title == "" {
			b.can, b.why = false, tr("Give the new version a title first.")
		}
		return b
	case pageHow:
		return buttons{tr("_Back"), tr("_Next"), true, tr("What you see is a good choice for this computer. You need not change anything.")}
	case pageSummary:
		return m.summaryButtons()
	case pageDone:
		return buttons{tr("_Later"), tr("_Restart now"), m.busy == idle, tr("The new version starts working with the next start of this computer.")}
	case pageFailure:
		return buttons{tr("_Back to the start"), tr("_Try again"), m.failed != idle && m.busy == idle, ""}
	}
	return buttons{}
}

func (m *model) checkButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Next")}
	switch stop := m.stop(); {
	case m.busy != idle || m.check == nil:
		b.why = tr("Please wait, your system is being looked at.")
	case stop != nil && !m.onlyHome():
		b.why = describe(*stop).Title + "."
	default:
		b.can, b.why = true, tr("Everything is ready. Nothing is changed before you press Create.")
	}
	return b
}

func (m *model) summaryButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Create")}
	switch stop := m.stop(); {
	case m.busy != idle || m.needsCheck():
		b.why = tr("Please wait, your choices are being checked.")
	case stop != nil:
		b.why = describe(*stop).Title + "."
	default:
		b.can, b.why = true, tr("You can cancel at any time; then everything is as before.")
	}
	return b
}

// before and after give the neighbours of a page.
func before(p pageName) pageName {
	if i := slices.Index(steps, p); i > 0 {
		return steps[i-1]
	}
	return pageStart
}

func after(p pageName) pageName {
	if i := slices.Index(steps, p); i >= 0 && i+1 < len(steps) {
		return steps[i+1]
	}
	return p
}
