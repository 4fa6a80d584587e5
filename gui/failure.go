package gui

import (
	"time"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
)

// failurePage says what happened, what it means and what to do.
type failurePage struct {
	w          *window
	text, hint *gtk.Label
	terminal   *gtk.Button
	chain      *gtk.TextBuffer
}

func addFailure(w *window, add func(page, gtk.IWidget)) {
	b := load("failure")
	p := &failurePage{w: w, text: get[*gtk.Label](b, "text"), hint: get[*gtk.Label](b, "hint"),
		terminal: get[*gtk.Button](b, "terminal"), chain: must(get[*gtk.TextView](b, "chain").GetBuffer())}
	p.terminal.Connect("clicked", w.askInTerminal)
	get[*gtk.Button](b, "report").Connect("clicked", func() {
		w.save(tr("Save report"), "antix-remaster-report.txt", report(w.version, &w.model, time.Now()))
	})
	add(p, get[*gtk.Box](b, "failure"))
}

func (p *failurePage) update() {
	e := p.w.failure
	if e == nil {
		return
	}
	m := describeError(e)
	p.text.SetText(m.Text)
	p.hint.SetText(m.Hint)
	p.chain.SetText(e.Error())
	p.terminal.SetVisible(e.Code == wire.NoAgent || e.Code == wire.NotAuthorised)
}
