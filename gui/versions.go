package gui

import (
	"slices"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/history"
	"antix-remaster/core/words"
)

// versionsPage lists the versions on the stick, and what can be done with the
// chosen one.
type versionsPage struct {
	w                                                           *window
	list                                                        *gtk.ListBox
	places                                                      []string // of the rows
	name, unfit                                                 *gtk.Label
	rows                                                        *gtk.Grid
	use                                                         *stickBar
	changes, inside, try, verify, note, pin, remove, room, menu *gtk.Button
	filling                                                     bool // the list is being made: nobody chooses
	shown                                                       string
}

func addVersions(w *window, add func(page, gtk.IWidget)) {
	b := load("versions")
	p := &versionsPage{w: w, list: get[*gtk.ListBox](b, "list"), name: get[*gtk.Label](b, "name"), unfit: get[*gtk.Label](b, "unfit"),
		rows: get[*gtk.Grid](b, "rows"), changes: get[*gtk.Button](b, "changes"), inside: get[*gtk.Button](b, "inside"), try: get[*gtk.Button](b, "try"), verify: get[*gtk.Button](b, "verify"),
		note: get[*gtk.Button](b, "note"), pin: get[*gtk.Button](b, "pin"), remove: get[*gtk.Button](b, "delete"), room: get[*gtk.Button](b, "room"), menu: get[*gtk.Button](b, "menu")}
	p.use = newStickBar(get[*gtk.Box](b, "use"))
	p.list.Connect("row-selected", p.choose)
	p.list.Connect("mnemonic-activate", func() bool { p.focus(); return true }) // it has no focus of its own
	for button, do := range map[*gtk.Button]func(history.Version){
		p.changes: w.showChanges, p.inside: w.lookInside, p.try: w.askTry, p.verify: w.verify, p.note: w.askNote, p.pin: w.togglePin, p.remove: w.askDelete,
		get[*gtk.Button](b, "livecd"): func(v history.Version) { w.openLiveCD(v.Place) },
	} {
		button.Connect("clicked", func() {
			if v, ok := w.chosen(); ok {
				do(v)
			}
		})
	}
	p.room.Connect("clicked", w.openRoom)
	p.menu.Connect("clicked", w.openMenu)
	add(p, get[*gtk.Box](b, "versions"))
}

func (p *versionsPage) choose(_ *gtk.ListBox, row *gtk.ListBoxRow) {
	if row == nil || p.filling {
		return
	}
	if i := row.GetIndex(); i >= 0 && i < len(p.places) {
		p.w.place, p.w.said = p.places[i], ""
		p.w.update()
	}
}

func (p *versionsPage) focus() {
	if row := p.list.GetSelectedRow(); row != nil {
		row.GrabFocus()
	}
}

func (p *versionsPage) update() {
	w := p.w
	v, ok := w.chosen()
	p.fill(v.Place)
	idleNow := w.busy == idle && ok && !w.restarts
	named := history.Addressable(w.intent.Facts, v) == nil
	for button, can := range map[*gtk.Button]bool{
		p.changes: v.Problem == "" && !v.Running, p.inside: v.Path != "", p.try: w.mayTry(v), p.verify: named && v.Problem == "", p.note: named, p.pin: named, p.remove: w.mayDelete(v),
	} {
		button.SetSensitive(idleNow && can)
	}
	p.room.SetSensitive(idleNow)
	p.menu.SetSensitive(idleNow)
	p.pin.SetLabel(pinText(v))
	p.try.SetLabel(tryText(v))
	p.name.SetText(words.VersionName(v))
	p.unfit.SetText(words.Unfit(v, tr))
	p.unfit.SetVisible(v.Unfit != nil)
	fillGrid(p.rows, versionRows(w.intent.Facts, v, w.menus))
	p.use.show(withChosen(w.use, v))
}

// fill makes the list anew when it is another one; else who walks through it
// would lose the place.
func (p *versionsPage) fill(place string) {
	text := listText(p.w.versions)
	if text == p.shown {
		p.selectPlace(place)
		return
	}
	p.shown, p.filling, p.places = text, true, nil
	clear(&p.list.Container)
	for _, v := range p.w.versions {
		p.list.Add(versionRow(v, nameClass(v), lineOf(v)))
		p.places = append(p.places, v.Place)
	}
	p.filling = false
	p.selectPlace(place)
	p.focus() // else the first row gets it, and with it the choice
}

// selectPlace marks the row of what is shown beside the list.
func (p *versionsPage) selectPlace(place string) {
	row := p.list.GetRowAtIndex(slices.Index(p.places, place))
	if row == nil || row.IsSelected() {
		return
	}
	p.filling = true
	p.list.SelectRow(row)
	p.filling = false
}

// nameClass is how the name of a version is shown in a list, "" for plainly.
func nameClass(v history.Version) string {
	if v.Running {
		return "heading"
	}
	return ""
}

// versionRow is a version in a list: its name, and a line about it.
func versionRow(v history.Version, class, line string) *gtk.ListBoxRow {
	row, box := must(gtk.ListBoxRowNew()), newBox(gtk.ORIENTATION_VERTICAL, 0)
	box.SetMarginStart(6)
	box.SetMarginTop(3)
	box.SetMarginBottom(3)
	name := newLabel(words.VersionName(v))
	if class != "" {
		withClass(name, class)
	}
	box.Add(name)
	box.Add(withClass(newLabel(line), "dim-label"))
	row.Add(box)
	setSpoken(&row.Widget, words.VersionName(v)+", "+line)
	row.Show()
	return row
}
