package gui

import (
	"fmt"
	"strings"

	"github.com/gotk3/gotk3/gtk"
)

// summaryPage shows what is going to be made, before anything is.
type summaryPage struct {
	w             *window
	rows          *gtk.Grid
	picture       *gtk.Grid
	now, then     *stickBar
	verdict       *gtk.Box
	problem, todo *gtk.Label
	steps         *gtk.Box // what will be done
	space         *gtk.Button
	shown         string // of the verdict
}

func addSummary(w *window, add func(page, gtk.IWidget)) {
	b := load("summary")
	p := &summaryPage{w: w, rows: get[*gtk.Grid](b, "rows"), picture: get[*gtk.Grid](b, "picture"), verdict: get[*gtk.Box](b, "verdict"),
		problem: get[*gtk.Label](b, "problem"), todo: get[*gtk.Label](b, "todo"), steps: get[*gtk.Box](b, "steps"), space: get[*gtk.Button](b, "space")}
	p.now, p.then = newStickBar(get[*gtk.Box](b, "now")), newStickBar(get[*gtk.Box](b, "then"))
	p.space.Connect("clicked", w.openSpace)
	add(p, get[*gtk.Box](b, "summary"))
}

func (p *summaryPage) update() {
	w := p.w
	p.todo.SetText(strings.Join(whatWillBeDone(w.intent.Facts, w.menus), "\n"))
	p.figures()
}

// figures shows what is measured, again and again.
func (p *summaryPage) figures() {
	w := p.w
	fillGrid(p.rows, summaryRows(w.intent, w.figureRows()))
	p.showPicture()
	p.showVerdict()
	problem := ""
	if stop := w.stop(); stop != nil && !w.needsCheck() && !w.helped(*stop) {
		m := describe(*stop)
		problem = m.Text + " " + m.Hint
	}
	setText(p.problem, problem)
	p.problem.SetVisible(problem != "")
}

// showPicture draws the stick as it is and as it will be, both to one scale.
func (p *summaryPage) showPicture() {
	w := p.w
	then := w.use
	if f, ok := w.forecast(); ok {
		then = afterwards(w.use, f)
	} else if w.gauge.failed && w.check != nil && w.check.Bound <= int64(w.intent.Facts.Boot.Free) {
		then = withNew(w.use, w.check.Bound)
	}
	total := max(sum(w.use), reach(then))
	p.now.showOf(w.use, total)
	p.now.speak(tr("The stick now, to scale"))
	p.then.showOf(then, total)
	p.picture.SetVisible(len(w.use) > 0)
}

// showVerdict says whether it fits, and what helps when it does not.
func (p *summaryPage) showVerdict() {
	w := p.w
	level, text := w.verdict()
	helps := w.helps()
	p.steps.SetVisible(len(helps) == 0)
	p.space.SetVisible(len(helps) == 0 && !w.gauge.failed)
	p.space.SetSensitive(w.gauge.stop != nil)
	shown := fmt.Sprint(level, text, helps, w.busy)
	if shown == p.shown {
		return
	}
	p.shown = shown
	clear(&p.verdict.Container)
	if text != "" {
		p.verdict.Add(w.iconRow(level, text, "", idle, ""))
	}
	for _, h := range helps {
		p.verdict.Add(p.helpRow(h))
	}
}

func (p *summaryPage) helpRow(h help) *gtk.Box {
	w := p.w
	row := newBox(gtk.ORIENTATION_HORIZONTAL, 10)
	row.SetMarginStart(26)
	text := newLabel(h.text)
	text.SetHExpand(true)
	row.Add(text)
	do := map[helpKind]func(){helpCompressor: func() { w.packWith(h.compressor) }, helpSpace: w.openSpace, helpRoom: w.roomForSummary, helpCheck: w.recheck}[h.kind]
	if do != nil {
		b := must(gtk.ButtonNewWithMnemonic(h.button))
		b.SetVAlign(gtk.ALIGN_CENTER)
		b.SetSensitive(w.busy == idle)
		b.Connect("clicked", do)
		b.Show()
		row.Add(b)
	}
	return row
}

// packWith takes another compressor, and has that checked.
func (w *window) packWith(compressor string) {
	w.choices.Compressor, w.choices.Level = compressor, 0
	w.update()
	w.recheck()
}

func (w *window) roomForSummary() {
	w.missed = true
	w.openRoom()
}
