package gui

import (
	"strings"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/live"
)

// contentPage decides what goes into the new version, and how it is called.
type contentPage struct {
	w           *window
	home        *gtk.Label
	choice      *gtk.Box
	keep, leave *gtk.RadioButton
	loss        *gtk.Revealer
	agree       *gtk.CheckButton
	name        *gtk.Entry
	filling     bool // the page itself sets the widgets
}

func addContent(w *window, add func(page, gtk.IWidget)) {
	b := load("content")
	p := &contentPage{w: w, home: get[*gtk.Label](b, "home"), choice: get[*gtk.Box](b, "choice"),
		keep: get[*gtk.RadioButton](b, "keep"), leave: get[*gtk.RadioButton](b, "leave"),
		loss: get[*gtk.Revealer](b, "loss"), agree: get[*gtk.CheckButton](b, "agree"), name: get[*gtk.Entry](b, "name")}
	p.leave.Connect("toggled", p.chosen)
	p.agree.Connect("toggled", p.chosen)
	p.name.Connect("changed", p.chosen)
	add(p, get[*gtk.Box](b, "content"))
}

func (p *contentPage) update() {
	w := p.w
	p.filling = true
	defer func() { p.filling = false }()
	f := w.intent.Facts
	p.home.SetText(homeText(f, w.check))
	p.choice.SetVisible(f.Home.Kind == live.HomeInSystem)
	p.leave.SetActive(w.choices.Home == "leave")
	p.keep.SetActive(w.choices.Home != "leave")
	p.loss.SetRevealChild(w.choices.Home == "leave")
	p.agree.SetActive(w.choices.HomeLoss)
	if text, _ := p.name.GetText(); text != w.choices.Title {
		p.name.SetText(w.choices.Title)
	}
}

func (p *contentPage) focus() {
	if p.choice.GetVisible() {
		p.keep.GrabFocus()
	} else {
		p.name.GrabFocus()
	}
}

// chosen takes over what the user did.
func (p *contentPage) chosen() {
	if p.filling {
		return
	}
	w := p.w
	w.choices.Home = "keep"
	if p.leave.GetActive() {
		w.choices.Home = "leave"
	}
	w.choices.HomeLoss = w.choices.Home == "leave" && p.agree.GetActive()
	text, _ := p.name.GetText()
	w.choices.Title = strings.TrimSpace(text)
	p.loss.SetRevealChild(w.choices.Home == "leave")
	w.updateButtons()
}
