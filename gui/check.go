package gui

import (
	"github.com/gotk3/gotk3/gtk"
)

// checkPage shows every check, with a button where one can mend it.
type checkPage struct {
	w     *window
	intro *gtk.Label
	rows  *gtk.Box
	again *gtk.Button
}

func addCheck(w *window, add func(page, gtk.IWidget)) {
	b := load("check")
	p := &checkPage{w: w, intro: get[*gtk.Label](b, "intro"), rows: get[*gtk.Box](b, "rows"), again: get[*gtk.Button](b, "again")}
	p.again.Connect("clicked", w.recheck)
	add(p, get[*gtk.Box](b, "check"))
}

func (p *checkPage) update() {
	w := p.w
	p.again.SetSensitive(w.busy == idle)
	if w.check == nil {
		p.intro.SetText(tr("Your system and the stick are being looked at. This can take a minute or two; nothing is changed."))
		p.fill(nil)
		return
	}
	p.intro.SetText(p.verdict())
	p.fill(checkRows(w.check.Checks))
}

func (p *checkPage) verdict() string {
	switch stop := p.w.stop(); {
	case p.w.hopeless() == nil && stop != nil:
		return tr("It works, if you choose otherwise on the next pages. Please read what is said below.")
	case stop != nil:
		return tr("It does not work yet. Here is why, and what you can do:")
	case len(p.w.check.Checks) > 0:
		return tr("It works. Please read what is said below.")
	}
	return tr("All is well: this system can be remastered.")
}

func (p *checkPage) fill(rows []checkRow) {
	clear(&p.rows.Container)
	if p.w.said != "" {
		p.rows.Add(p.w.actionRow("", "", p.w.said))
	}
	for _, r := range rows {
		p.rows.Add(p.w.iconRow(r.level, r.title, r.text, r.action, r.button))
	}
}
