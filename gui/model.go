package gui

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/intent"
	"antix-remaster/core/plan"
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
	pageMenu     pageName = "menu"
	pageVersions pageName = "versions"
	pageRoom     pageName = "room"
	pageSpace    pageName = "space"

	pageLiveCD     pageName = "livecd"
	pageLiveCDWork pageName = "livecdwork"
	pageLiveCDDone pageName = "livecddone"
)

// steps are the pages of a remaster, in order.
var steps = []pageName{pageCheck, pageContent, pageHow, pageSummary, pageProgress, pageDone}

// model is all that the window knows. It is only touched on the main loop.
type model struct {
	page pageName
	view
	gauge gauge

	choices wire.Choices
	check   *wire.CheckResult // of the helper, for the intent's choices; nil before
	busy    task              // what the helper is doing

	givingUp bool // the run was cancelled, and the helper is cleaning up
	restarts bool // the computer is about to restart

	meter  meter
	notes  []wire.Check // learned during the run
	result wire.BuildResult
	armed  time.Time

	place   string          // of the version that is chosen in the list
	reading wire.Progress   // of what is done with a version
	policy  *history.Policy // what is wished on the page of room; nil: nothing yet
	deleted int             // versions that are gone for it
	said    string          // what a button has done, until something else is chosen

	cd     liveCD
	thenCD bool // a LiveCD is to be made of the new version

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
	staging    task = "stage"
	verifying  task = "verify"
	recording  task = "record" // a note, or a pin
	entering   task = "menu"   // the entries in the boot menu
	deleting   task = "delete"
	browsing   task = "browse"  // the list of versions is opened
	comparing  task = "compare" // two versions, without the helper
	pruning    task = "prune"
	opening    task = "open" // a version, to look inside
	imaging    task = "iso"  // a LiveCD is made, without the helper
)

// stop is the first thing that forbids a remaster, nil when nothing does.
func (m *model) stop() *wire.Check { return preflight.FirstStop(m.checks()) }

func (m *model) checks() []wire.Check {
	if m.check != nil {
		return m.check.Checks
	}
	return m.now
}

// curable are the stops that another choice on the next pages takes away.
var curable = []wire.Code{wire.HomeLeave, wire.NoSpace, wire.FATLimit, wire.Compressor}

// hopeless is the first stop that no choice takes away.
func (m *model) hopeless() *wire.Check {
	return preflight.FirstStop(slices.DeleteFunc(slices.Clone(m.checks()), func(c wire.Check) bool {
		return slices.Contains(curable, c.Code)
	}))
}

// needsCheck tells whether the helper has not yet looked at these choices: those
// of the intent, once it has.
func (m *model) needsCheck() bool {
	return m.check == nil || !reflect.DeepEqual(m.choices, m.intent.Choices)
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
		why := m.contentLacks()
		return buttons{tr("_Back"), tr("_Next"), why == "", why}
	case pageHow:
		b := buttons{tr("_Back"), tr("_Next"), true, ""}
		if v := m.intent.Facts.Running; v != nil && v.Compressor == m.choices.Compressor {
			b.why = tr("Your system is compressed like this now. You need not change anything.")
		}
		return b
	case pageSummary:
		return m.summaryButtons()
	case pageDone:
		if m.restarts {
			return buttons{tr("_Later"), tr("_Restart now"), false, tr("The computer restarts in a moment.")}
		}
		if m.thenCD {
			return buttons{tr("_Later"), tr("Go on to the Live_CD"), m.busy == idle, tr("The LiveCD can be made now, before you restart.")}
		}
		return buttons{tr("_Later"), tr("_Restart now"), m.busy == idle, tr("The new version starts working with the next start of this computer.")}
	case pageMenu:
		return m.menuButtons()
	case pageVersions:
		return m.versionButtons()
	case pageRoom:
		return m.roomButtons()
	case pageSpace:
		return buttons{back: tr("_Back"), why: m.spaceWhy()}
	case pageLiveCD:
		return m.liveCDButtons()
	case pageLiveCDDone:
		return buttons{tr("_Back"), tr("Open the _folder"), true, ""}
	case pageFailure:
		return buttons{tr("_Back to the start"), tr("_Try again"), m.failed != idle && m.busy == idle, ""}
	}
	switch {
	case m.busy == staging || m.keepReads():
		return buttons{back: tr("_Stop"), why: m.readingText()}
	case m.busy == keeping || m.busy == disarming:
		return buttons{why: m.filingText()}
	}
	return buttons{}
}

// keepReads tells whether filing a version away has come to what takes minutes.
func (m *model) keepReads() bool { return m.busy == keeping && m.reading.Total > 0 }

// keepIsDone tells whether all that remains of it is to verify the rescue
// version, which can be left out.
func (m *model) keepIsDone() bool { return m.keepReads() && m.reading.Stage == wire.StageRescue }

func (m *model) filingText() string {
	if m.reading.Total > 0 {
		return m.readingText()
	}
	return tr("Files on the stick are being filed away. If asked, type the administrator's password.")
}

// contentLacks says what is still to be decided, "" when nothing is.
func (m *model) contentLacks() string {
	switch c := m.choices; {
	case strings.TrimSpace(c.Title) == "":
		return tr("Give the new version a title first.")
	case !titleFits(m.intent, c):
		return tr("This title is too long. Make it shorter.")
	case c.Home == "leave" && !c.HomeLoss:
		return tr("Say first that you have copied what you need, or pack /home.")
	}
	return ""
}

// titleFits asks the plan, which has the rules.
func titleFits(i intent.Intent, c wire.Choices) bool {
	choices := i.Choices
	choices.Title = c.Title
	_, err := plan.Make(i.Facts, choices)
	return err == nil
}

func (m *model) checkButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Next")}
	switch stop := m.hopeless(); {
	case m.keepReads():
		b.back, b.why = tr("_Stop"), m.readingText()
	case m.busy == keeping || m.busy == disarming:
		b.why = m.filingText()
	case m.busy != idle || m.check == nil:
		b.why = tr("Please wait, your system is being looked at.")
	case stop != nil:
		b.why = describe(*stop).Title + "."
	case m.stop() != nil:
		b.can, b.why = true, tr("You can choose otherwise on the next pages.")
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
