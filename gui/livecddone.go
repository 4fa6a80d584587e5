package gui

import (
	"strings"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/words"
)

// liveCDDonePage says what was made, where it is, and what can be done with it.
type liveCDDonePage struct {
	w    *window
	rows *gtk.Grid
	then *gtk.Label
}

func addLiveCDDone(w *window, add func(page, gtk.IWidget)) {
	b := load("livecddone")
	add(&liveCDDonePage{w: w, rows: get[*gtk.Grid](b, "rows"), then: get[*gtk.Label](b, "then")}, get[*gtk.Box](b, "livecddone"))
}

func (p *liveCDDonePage) update() {
	fillGrid(p.rows, liveCDDoneRows(p.w.cd.result))
	p.then.SetText(strings.Join(words.ISONext(tr), "\n"))
}
