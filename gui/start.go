package gui

import (
	"strings"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
)

// startPage tells what is, and offers what can be done.
type startPage struct {
	w                             *window
	running, stick, nextboot, why *gtk.Label
	news                          *gtk.Box
	use                           *stickBar
	remaster, versions, cd, again *gtk.Button
	could                         bool // the task could be begun at the last look
}

func addStart(w *window, add func(page, gtk.IWidget)) {
	b := load("start")
	p := &startPage{w: w, running: get[*gtk.Label](b, "running"), stick: get[*gtk.Label](b, "stick"),
		nextboot: get[*gtk.Label](b, "nextboot"), why: get[*gtk.Label](b, "why"),
		news: get[*gtk.Box](b, "news"), remaster: get[*gtk.Button](b, "remaster")}
	p.use = newStickBar(get[*gtk.Box](b, "use"))
	p.remaster.Connect("clicked", w.begin)
	p.versions = get[*gtk.Button](b, "versions")
	p.versions.Connect("clicked", w.openVersions)
	p.cd = get[*gtk.Button](b, "livecd")
	p.cd.Connect("clicked", func() { w.openLiveCD("") })
	p.again = get[*gtk.Button](b, "again")
	p.again.Connect("clicked", func() {
		w.said = ""
		w.look(nil)
	})
	add(p, get[*gtk.Box](b, "start"))
}

func (p *startPage) update() {
	w := p.w
	f := w.intent.Facts
	p.running.SetText(runningText(f))
	p.stick.SetText(stickText(f))
	p.nextboot.SetText(nextText(f, false))
	p.use.show(w.use)
	clear(&p.news.Container)
	for _, n := range w.news() {
		p.news.Add(w.actionRow(n.level, "", n.text, n.actions...))
	}
	if w.said != "" {
		p.news.Add(w.actionRow("", "", w.said))
	}
	p.updateTask()
}

// figures shows what is measured, where the helper is there already.
func (p *startPage) figures() { p.updateTask() }

// updateTask tells why this system cannot be remastered, if so, instead of
// letting somebody walk into it.
func (p *startPage) updateTask() {
	w := p.w
	stop := w.hopeless()
	can := w.looked && w.err == nil && stop == nil && w.busy == idle && !w.restarts
	p.remaster.SetSensitive(can)
	p.again.SetSensitive(w.busy == idle)
	p.versions.SetSensitive(w.intent.Facts.Live && w.busy == idle && !w.restarts)
	p.cd.SetSensitive(w.intent.Facts.Live && w.busy == idle && !w.restarts)
	switch {
	case !w.looked:
		p.why.SetText(tr("Your system is being looked at …"))
	case w.err != nil:
		p.why.SetText(sentences(describeError(wire.AsError(w.err))))
	case stop != nil && stop.Code == wire.Blocked:
		p.why.SetText(tr("Before there can be a new version, an older one has to be filed away: see above."))
	case stop != nil:
		p.why.SetText(sentences(describe(*stop)))
	default:
		setText(p.why, strings.TrimSpace(tr("Packs the system as it is now into a new version, which starts at the next start of this computer. You are asked for the administrator's password, and nothing is changed before you have seen a summary.")+"\n"+w.startText()))
	}
	if can && !p.could && w.page == pageStart {
		p.remaster.GrabDefault()
		p.remaster.GrabFocus()
	}
	p.could = can && w.page == pageStart
}
