package gui

import (
	"time"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// progressPage shows how the work goes on.
type progressPage struct {
	w             *window
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
	b := load("progress")
	p := &progressPage{w: w, fraction: get[*gtk.ProgressBar](b, "fraction"), figures: get[*gtk.Label](b, "figures"),
		pause: get[*gtk.Button](b, "pause"), cancel: get[*gtk.Button](b, "cancel"),
		log: must(get[*gtk.TextView](b, "log").GetBuffer())}
	p.fill(get[*gtk.Box](b, "stages"))
	p.updateStages(0)
	p.pause.Connect("clicked", p.pauseOrGoOn)
	p.cancel.Connect("clicked", p.askCancel)
	add(p, get[*gtk.Box](b, "progress"))
}

func (p *progressPage) fill(box *gtk.Box) {
	for _, s := range share {
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
		p.updateStages(stageNumber(m.stage))
	}
	p.fraction.SetFraction(m.fraction)
	p.fraction.SetText(trf("%[1]d %%", int(m.fraction*100)))
	p.figures.SetText(progressText(m, time.Now()))
	p.updateButtons()
	p.updateLog()
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
	working := p.w.busy == building && !p.w.givingUp
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

func (p *progressPage) pauseOrGoOn() {
	p.w.helper.pause(p.w.meter.paused.IsZero())
}

func (p *progressPage) askCancel() {
	p.w.ask(tr("Give up the new version?"), tr("Everything that was made so far is removed. Your system stays as it is."), tr("_Go on working"), tr("Give _up"), p.w.giveUp)
}
