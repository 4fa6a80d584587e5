package gui

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gotk3/gotk3/glib"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// later says what the new version lacks, and goes back to the start page.
func (w *window) later() { w.sayChanged(w.home) }

// askRestart is the question at the end; done is what was.
func (w *window) askRestart(done string) {
	w.askRestartFor(done, tr("Save your open files first. All programs are closed, and the computer starts with the version that waits."))
}

func (w *window) askRestartFor(done, text string) {
	w.asked = w.page
	w.ask(strings.TrimSpace(done+" "+tr("Restart now?")), text, tr("_Later"), tr("_Restart now"), func() {
		var r wire.RestartResult
		w.run(restarting, func(ctx context.Context) error {
			return w.helper.do(ctx, wire.Request{Op: wire.OpRestart}, wire.Watch{}, &r)
		}, w.waitForRestart)
	})
}

const restartPatience = 90 * time.Second

// waitForRestart says so when the computer goes on running.
func (w *window) waitForRestart() {
	w.restarts = true
	w.update()
	glib.TimeoutAdd(uint(restartPatience.Milliseconds()), func() bool {
		if !w.gone {
			w.restarts = false
			w.update()
			w.tell(tr("The computer did not restart"), tr("Something keeps it from shutting down. Nothing is lost: the version still waits for the next start. Close your programs, and restart from the menu of the desktop."), nil)
		}
		return false
	})
}

// mayClose asks before work is given up. When it says no, the window may still
// close itself later.
func (w *window) mayClose() bool {
	switch {
	case w.closing:
		return true
	case w.busy == building, w.busy == imaging:
		w.ask(giveUpTitle(w.busy), tr("The work is not finished. If you close the window it is cancelled, and everything it has made is removed. Your system stays as it is."), tr("_Go on working"), tr("Give _up"), w.closeNow)
		return false
	case w.keepIsDone():
		w.ask(tr("Close the window now?"), tr("The version is filed away. What is read now is the one that the rescue entry of the boot menu starts. If you close the window, it is not verified; you can do that later, in the list of versions."), tr("_Go on working"), tr("Cl_ose"), w.closeNow)
		return false
	case slices.Contains([]task{keeping, disarming, staging, recording, deleting, pruning, entering}, w.busy):
		w.tell(tr("One moment"), tr("Files on the stick are being filed away. The window can be closed when that is done."), nil)
		return false
	case w.page == pageDone && !w.restarts:
		w.sayChanged(w.closeNow)
		return false
	}
	return true
}

func giveUpTitle(t task) string {
	if t == imaging {
		return tr("Give up the LiveCD?")
	}
	return tr("Give up the new version?")
}

// closeNow closes without a question; a run that goes on is cancelled.
func (w *window) closeNow() {
	w.closing = true
	w.giveUp()
	w.top.Close()
}

// giveUp cancels the run; the helper removes what it made.
func (w *window) giveUp() {
	if w.cancel != nil {
		w.givingUp = true
		w.cancel()
		w.update()
	}
}

// sayChanged tells, when a new version waits, what it will lack.
func (w *window) sayChanged(then func()) {
	if w.leaving {
		return
	}
	w.leaving = true
	i, armed := w.intent, w.armed
	w.async(func() func() {
		names, all := i.ChangedSince(context.Background(), armed, 5)
		return func() {
			w.leaving = false
			if all == 0 {
				then()
				return
			}
			w.tell(tr("The new version waits for the next start"), changedText(names, all), then)
		}
	})
}

// askInTerminal is for a desktop where nobody asks for the password: a terminal
// window does.
func (w *window) askInTerminal() {
	if w.busy != idle {
		return
	}
	w.busy = asking
	w.update()
	w.async(func() func() {
		agent, err := sys.StartTerminalAgent()
		return func() {
			w.busy = idle
			if err != nil {
				w.update()
				w.tell(tr("There is no terminal to ask in"), tr("Open a terminal yourself, become root there, and type: antix-remaster"), nil)
				return
			}
			w.agent = agent
			w.again()
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
