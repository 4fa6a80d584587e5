package gui

import (
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
)

// donePage says what was made and what comes next.
type donePage struct {
	w                *window
	rows             *gtk.Grid
	nextboot, goback *gtk.Label
	notes            *gtk.Box
}

func addDone(w *window, add func(page, gtk.IWidget)) {
	b := load("done")
	p := &donePage{w: w, rows: get[*gtk.Grid](b, "rows"), nextboot: get[*gtk.Label](b, "nextboot"),
		goback: get[*gtk.Label](b, "goback"), notes: get[*gtk.Box](b, "notes")}
	get[*gtk.Button](b, "card").Connect("clicked", func() {
		w.save(tr("Save the card"), tr("How to go back.txt"), card(w.result, w.intent.Facts))
	})
	get[*gtk.Button](b, "livecd").Connect("clicked", func() { w.openLiveCD("new") })
	add(p, get[*gtk.Box](b, "done"))
}

func (p *donePage) update() {
	w := p.w
	fillGrid(p.rows, doneRows(w.result, w.check))
	p.nextboot.SetText(nextText(w.intent.Facts, true))
	p.goback.SetText(goBack())
	clear(&p.notes.Container)
	for _, c := range w.notes {
		if c.Level != wire.Note || c.Code == wire.ChangedSince {
			m := describe(c)
			p.notes.Add(w.iconRow(c.Level, "", m.Title+". "+m.Text, idle, ""))
		}
	}
}
