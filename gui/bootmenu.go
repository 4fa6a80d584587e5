package gui

import (
	"strings"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/wire"
)

// menuPage shows what the boot menu of the stick has of ours.
type menuPage struct {
	w           *window
	state, file *gtk.Label
	list        *gtk.Box
	out         *gtk.Button // where it cannot be seen what there is
}

func addMenu(w *window, add func(page, gtk.IWidget)) {
	b := load("menu")
	p := &menuPage{w: w, state: get[*gtk.Label](b, "state"), file: get[*gtk.Label](b, "file"),
		list: get[*gtk.Box](b, "list"), out: get[*gtk.Button](b, "out")}
	p.out.Connect("clicked", func() { w.askMenu(false) })
	add(p, get[*gtk.Box](b, "menu"))
}

func (w *window) openMenu() {
	w.listed = false
	w.show(pageMenu)
	w.look(nil)
}

func (p *menuPage) update() {
	w := p.w
	p.state.SetText(w.menuState())
	p.file.SetText(w.menuFile())
	p.out.SetVisible(w.listed && w.menus.Unseen)
	p.out.SetSensitive(w.busy == idle)
	clear(&p.list.Container)
	for _, r := range w.menuRows() {
		p.list.Add(newLabel(r.label))
		what := withClass(newLabel(r.value), "dim-label")
		what.SetMarginStart(18)
		what.SetMarginBottom(6)
		p.list.Add(what)
	}
}

// askMenu puts the entries into the boot menu of the stick, or takes them out.
func (w *window) askMenu(on bool) {
	word, title, yes := wire.MenuOff, tr("Take the entries out of the boot menu?"), tr("_Take them out")
	if on {
		word, title, yes = wire.MenuOn, tr("Add the entries to the boot menu?"), tr("_Add them")
	}
	w.ask(title, strings.Join(w.menuChange(on), "\n"), tr("_Leave it as it is"), yes, func() {
		var r wire.MenuResult
		w.began = w.page
		w.retry = func() {
			w.act(entering, wire.Request{Op: wire.OpMenu, Menu: word}, &r, func() {
				if w.menus.Unseen { // else the page shows it
					title, text := menuDone(r)
					w.tell(title, text, nil)
				}
			})
		}
		w.retry()
	})
}
