package gui

import (
	"slices"
	"time"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// progressPage shows how the work goes on.
type progressPage struct {
	w             *window
	work          task
	share         []stageShare
	stages        []stageRow
	fraction      *gtk.ProgressBar
	figures       *gtk.Label
	pause, cancel *gtk.Button
	log           *gtk.TextBuffer
	logged        int        // notes that are in the log
	shown         wire.Stage // whose place in the list is shown
}

type stageRow struct {
	icon  *gtk.Image
	label *gtk.Label
}

func addProgress(w *window, add func(page, gtk.IWidget)) {
	p := &progressPage{w: w, work: building, share: share}
	add(p, p.build())
}

func addLiveCDWork(w *window, add func(page, gtk.IWidget)) {
	p := &progressPage{w: w, work: imaging, share: liveCDShare}
	add(p, p.build())
}

func (p *progressPage) build() *gtk.Box {
	b := load("progress")
	p.fraction, p.figures = get[*gtk.ProgressBar](b, "fraction"), get[*gtk.Label](b, "figures")
	p.pause, p.cancel = get[*gtk.Button](b, "pause"), get[*gtk.Button](b, "cancel")
	p.log = must(get[*gtk.TextView](b, "log").GetBuffer())
	if p.work == imaging {
		get[*gtk.Label](b, "meanwhile").SetText(tr("You can go on working meanwhile. Do not pull out the stick, nor the disk that the LiveCD goes to."))
		get[*gtk.Expander](b, "details").Hide() // nothing is learned on the way
	}
	p.fill(get[*gtk.Box](b, "stages"))
	p.updateStages(0)
	p.pause.Connect("clicked", p.w.hold)
	p.cancel.Connect("clicked", p.askCancel)
	return get[*gtk.Box](b, "progress")
}

func (p *progressPage) fill(box *gtk.Box) {
	for _, s := range p.share {
		row := newBox(gtk.ORIENTATION_HORIZONTAL, 8)
		i := must(gtk.ImageNew())
		i.SetSizeRequest(16, 16)
		i.Show()
		l := newLabel(words.Stage(s.stage, tr))
		row.Add(i)
		row.Add(l)
		box.Add(row)
		p.stages = append(p.stages, stageRow{i, l})
	}
}

func (p *progressPage) update() {
	m := &p.w.meter
	if m.stage != p.shown {
		p.shown = m.stage
		p.updateStages(p.place(m.stage))
	}
	p.fraction.SetFraction(m.fraction)
	p.fraction.SetText(trf("%[1]d %%", int(m.fraction*100)))
	p.figures.SetText(progressText(m, time.Now()))
	p.updateButtons()
	p.updateLog()
}

// place is that of a stage in the list, from 0.
func (p *progressPage) place(s wire.Stage) int {
	return max(slices.IndexFunc(p.share, func(one stageShare) bool { return one.stage == s }), 0)
}

func (p *progressPage) updateStages(now int) {
	for i, row := range p.stages {
		style := must(row.label.GetStyleContext())
		style.RemoveClass("now")
		style.RemoveClass("dim-label")
		switch {
		case i < now:
			row.icon.SetFromIconName(iconDone, gtk.ICON_SIZE_MENU)
			setSpoken(&row.icon.Widget, tr("done"))
		case i == now:
			row.icon.SetFromIconName("media-playback-start-symbolic", gtk.ICON_SIZE_MENU)
			setSpoken(&row.icon.Widget, tr("at work"))
			style.AddClass("now")
		default:
			row.icon.Clear()
			setSpoken(&row.icon.Widget, tr("still to come"))
			style.AddClass("dim-label")
		}
	}
}

func (p *progressPage) focus() { p.pause.GrabFocus() }

func (p *progressPage) updateButtons() {
	text := tr("_Pause")
	if !p.w.meter.paused.IsZero() {
		text = tr("_Go on")
	}
	p.pause.SetLabel(text)
	working := p.w.busy == p.work && !p.w.givingUp
	p.pause.SetSensitive(working)
	p.cancel.SetSensitive(working)
	if p.w.givingUp {
		p.figures.SetText(tr("Cancelling. What was begun is being removed."))
	}
}

func (p *progressPage) updateLog() {
	if p.logged > len(p.w.notes) {
		p.logged = 0
		p.log.SetText("")
	}
	for ; p.logged < len(p.w.notes); p.logged++ {
		p.log.Insert(p.log.GetEndIter(), logLine(p.w.notes[p.logged]))
	}
}

func (p *progressPage) askCancel() {
	p.w.ask(giveUpTitle(p.work), tr("Everything that was made so far is removed. Your system stays as it is."), tr("_Go on working"), tr("Give _up"), p.w.giveUp)
}
