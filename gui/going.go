package gui

import (
	"context"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// openVersions leaves the start page for the list of versions.
func (w *window) openVersions() {
	w.place, w.listed = "", false
	w.show(pageVersions)
	w.look(nil)
}

// onVersion does one operation of the helper on a version. It can be tried again
// from the page that says that it failed.
func (w *window) onVersion(t task, req wire.Request, v history.Version, result any, done func()) {
	w.said = ""
	req.Version, w.began = v.Ref(), w.page
	w.retry = func() { w.act(t, req, result, done) }
	w.retry()
}

// goToVersion is the button at the right of the list.
func (w *window) goToVersion() {
	v, ok := w.chosen()
	if !ok {
		return
	}
	if v.State == history.Armed {
		w.mend(disarming)
		return
	}
	w.askStage(&v)
}

// askStage says what it means to go back to a version, does it, and offers the
// restart.
func (w *window) askStage(v *history.Version) {
	if v == nil { // it is gone since the button was drawn
		return
	}
	text := stagingText(w.intent.Facts, *v, w.menus)
	w.ask(trf("Go back to “%[1]s”?", words.VersionName(*v)), text, tr("_Stay"), tr("_Go back"), func() {
		var r wire.StageResult
		w.onVersion(staging, wire.Request{Op: wire.OpStage}, *v, &r, func() {
			w.place = "new"
			w.update()
			w.askRestart(trf("“%[1]s” is in place for the next start.", words.VersionName(*v)))
		})
	})
}

func (w *window) verify(v history.Version) {
	var r wire.VerifyResult
	w.onVersion(verifying, wire.Request{Op: wire.OpVerify}, v, &r, func() {
		text := tr("It was read from its first byte to its last. How it was when it was made is not known; from now on it is.")
		if len(r.Against) > 0 {
			text = tr("It was read from its first byte to its last, and every byte is what it was when that was written down.")
		}
		w.tell(trf("“%[1]s” is whole", words.VersionName(v)), text, nil)
	})
}

func (w *window) togglePin(v history.Version) {
	op := wire.OpPin
	if v.Record.Pinned {
		op = wire.OpUnpin
	}
	var r wire.RecordResult
	w.onVersion(recording, wire.Request{Op: op}, v, &r, func() { w.say(pinnedText(r)) })
}

// say tells what was done, beside the buttons, until something else is chosen.
func (w *window) say(text string) {
	w.said = strings.TrimSpace(text + " " + unprovenText(w.notes))
	w.update()
}

// askTry gives a version an entry in the boot menu of the stick, or takes it away.
func (w *window) askTry(v history.Version) {
	var r wire.MenuResult
	if v.Record.Try {
		w.onVersion(recording, wire.Request{Op: wire.OpUntry}, v, &r, func() {
			w.say(trf("The entry of “%[1]s” is out of the boot menu. The version itself is untouched.", words.VersionName(v)))
		})
		return
	}
	w.ask(trf("Try “%[1]s”?", words.VersionName(v)), tryingText(w.menus),
		tr("_Not now"), tr("_Try it"), func() {
			w.onVersion(recording, wire.Request{Op: wire.OpTry}, v, &r, func() {
				say := append(words.Trying(r, tr), tr("Save your open files before you restart."))
				w.askRestartFor(trf("“%[1]s” can be tried out now.", words.VersionName(v)), strings.Join(say, "\n"))
			})
		})
}

func (w *window) askNote(v history.Version) {
	w.askText(tr("A note about this version"), tr("One line, for yourself: what is special about it."), v.Record.Note, wire.ValidNote, func(text string) {
		var r wire.RecordResult
		w.onVersion(recording, wire.Request{Op: wire.OpNote, Note: text}, v, &r, nil)
	})
}

func (w *window) askDelete(v history.Version) {
	sure := func(confirmed bool) {
		var r wire.DeleteResult
		w.onVersion(deleting, wire.Request{Op: wire.OpDelete, Confirmed: confirmed}, v, &r, func() {
			w.say(trf("“%[1]s” is deleted. Free now: %[2]s.", words.VersionName(v), words.Size(int64(w.intent.Facts.Boot.Free))))
		})
	}
	w.ask(trf("Delete “%[1]s” for good?", words.VersionName(v)),
		trf("This is the only thing here that cannot be undone. %[1]s are free afterwards. Your files and the other versions stay.", words.Size(int64(w.intent.Facts.Boot.Free)+w.weights[v.Place].Bytes)),
		tr("_Keep it"), tr("_Delete"), func() {
			title, text := w.heldText(v)
			if title == "" {
				sure(false)
				return
			}
			w.ask(title, text, tr("_Keep it"), tr("_Delete"), func() { sure(true) })
		})
}

// showChanges compares a version with the one that runs.
func (w *window) showChanges(v history.Version) {
	f := w.intent.Facts
	if f.Running == nil || w.busy != idle {
		return
	}
	w.busy = comparing
	w.update()
	w.async(func() func() {
		c, err := history.Compare(context.Background(), history.About(f, "", *f.Running), v)
		return func() {
			w.busy = idle
			w.update()
			if err != nil {
				m := describeError(wire.AsError(err))
				w.tell(m.Title, m.Text+" "+m.Hint, nil)
				return
			}
			w.tell(trf("What differs in “%[1]s” from the version that runs", words.VersionName(v)), changesText(c), nil)
		}
	})
}
