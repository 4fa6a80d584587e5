package gui

import (
	"strings"

	"github.com/gotk3/gotk3/gtk"
)

// summaryPage shows what is going to be made, before anything is.
type summaryPage struct {
	w             *window
	rows          *gtk.Grid
	use           *stickBar
	problem, todo *gtk.Label
}

func addSummary(w *window, add func(page, gtk.IWidget)) {
	b := load("summary")
	p := &summaryPage{w: w, rows: get[*gtk.Grid](b, "rows"), problem: get[*gtk.Label](b, "problem"), todo: get[*gtk.Label](b, "todo")}
	p.use = newStickBar(get[*gtk.Box](b, "use"))
	add(p, get[*gtk.Box](b, "summary"))
}

func (p *summaryPage) update() {
	w := p.w
	if !w.needsCheck() {
		w.measure() // not beside the helper's walk, which it would disturb
	}
	fillGrid(p.rows, summaryRows(w.intent, w.check, w.timeText()))
	use := w.use
	if w.check != nil && w.check.Bound <= int64(w.intent.Facts.Boot.Free) { // else it cannot be drawn to scale
		use = withNew(use, w.check.Bound)
	}
	p.use.show(use)
	p.todo.SetText(strings.Join(whatWillBeDone(w.intent.Facts, w.menus), "\n"))
	p.problem.SetVisible(false)
	if stop := w.stop(); stop != nil && !w.needsCheck() {
		m := describe(*stop)
		p.problem.SetText(m.Text + " " + m.Hint)
		p.problem.SetVisible(true)
	}
}
