package gui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// liveCDPage chooses what a LiveCD is made of and where it goes, and says what
// comes of that before it is begun.
type liveCDPage struct {
	w           *window
	list        *gtk.ListBox
	places      []string // of the rows
	remaster    *gtk.CheckButton
	then        *gtk.Label // what comes first
	made        *gtk.Box   // what is chosen otherwise
	file, label *gtk.Entry
	browse      *gtk.Button
	rows        *gtk.Grid
	notes       *gtk.Box
	filling     bool // the page itself sets the widgets
	shown, said string
	typing      glib.SourceHandle // of what is typed now; 0: nothing
}

func addLiveCD(w *window, add func(page, gtk.IWidget)) {
	b := load("livecd")
	p := &liveCDPage{w: w, list: get[*gtk.ListBox](b, "list"), remaster: get[*gtk.CheckButton](b, "remaster"), then: get[*gtk.Label](b, "then"), made: get[*gtk.Box](b, "made"),
		file: get[*gtk.Entry](b, "file"), label: get[*gtk.Entry](b, "label"), browse: get[*gtk.Button](b, "browse"),
		rows: get[*gtk.Grid](b, "rows"), notes: get[*gtk.Box](b, "notes")}
	p.list.Connect("row-selected", p.choose)
	p.list.Connect("mnemonic-activate", func() bool { p.focus(); return true }) // it has no focus of its own
	p.remaster.Connect("toggled", p.toggle)
	p.file.Connect("changed", p.typed)
	p.label.Connect("changed", p.typed)
	p.browse.Connect("clicked", p.askPlace)
	add(p, get[*gtk.Box](b, "livecd"))
}

func (p *liveCDPage) update() {
	w := p.w
	p.filling = true
	defer func() { p.filling = false }()
	can, why := w.mayRemaster()
	p.remaster.SetVisible(w.cd.from != pageDone)
	p.remaster.SetSensitive(can)
	p.remaster.SetActive(w.cd.remaster)
	p.remaster.SetTooltipText(why)
	p.then.SetVisible(w.cd.remaster)
	p.made.SetVisible(!w.cd.remaster)
	p.made.SetSensitive(w.cd.ready && w.busy == idle)
	setEntry(p.file, w.cd.output)
	setEntry(p.label, w.cd.label)
	p.fill()
	fillGrid(p.rows, w.liveCDRows())
	p.say(w.liveCDNotes())
}

func setEntry(e *gtk.Entry, text string) {
	if now, _ := e.GetText(); now != text {
		e.SetText(text)
	}
}

// say shows what should be known before; anew only when it is something else.
func (p *liveCDPage) say(checks []wire.Check) {
	if text := fmt.Sprint(checks); text != p.said {
		p.said = text
		clear(&p.notes.Container)
		for _, c := range checks {
			m := describe(c)
			p.notes.Add(p.w.iconRow(c.Level, m.Title, m.Text+" "+m.Hint, idle, ""))
		}
	}
}

// fill makes the list anew when it is another one; else who walks through it
// would lose the place.
func (p *liveCDPage) fill() {
	w := p.w
	all := w.liveCDVersions()
	var lines []string
	for _, v := range all {
		lines = append(lines, v.Place, words.VersionName(v), w.liveCDLine(v))
	}
	if text := fmt.Sprint(lines); text != p.shown {
		p.shown, p.places = text, nil
		clear(&p.list.Container)
		for _, v := range all {
			p.list.Add(w.liveCDRow(v))
			p.places = append(p.places, v.Place)
		}
	}
	v, _ := w.liveCDVersion()
	if row := p.list.GetRowAtIndex(slices.Index(p.places, v.Place)); row != nil && !row.IsSelected() {
		p.list.SelectRow(row)
	}
}

// liveCDRow is a version of the list, grey when none can be made of it.
func (w *window) liveCDRow(v history.Version) *gtk.ListBoxRow {
	class := nameClass(v)
	if w.cd.unfit[v.Place] != nil {
		class = "dim-label"
	}
	return versionRow(v, class, w.liveCDLine(v))
}

func (p *liveCDPage) focus() {
	if row := p.list.GetSelectedRow(); row != nil {
		row.GrabFocus()
	}
}

func (p *liveCDPage) choose(_ *gtk.ListBox, row *gtk.ListBoxRow) {
	if row == nil || p.filling {
		return
	}
	if i := row.GetIndex(); i >= 0 && i < len(p.places) && p.places[i] != p.w.cd.place {
		p.w.cd.place = p.places[i]
		p.w.aim()
	}
}

func (p *liveCDPage) toggle() {
	if !p.filling {
		p.w.cd.remaster = p.remaster.GetActive()
		p.w.update()
	}
}

// restTyping is how long nothing must be typed before the place is looked at.
const restTyping = 300 // milliseconds

// typed waits for the end of a word: a folder that is half typed is none.
func (p *liveCDPage) typed() {
	if p.filling {
		return
	}
	p.w.dropAim() // what is being looked at is another thing
	p.w.cd.output, p.w.cd.label, p.w.cd.planned = must(p.file.GetText()), must(p.label.GetText()), false
	p.w.updateButtons()
	if p.typing != 0 {
		glib.SourceRemove(p.typing)
	}
	p.typing = glib.TimeoutAdd(restTyping, func() bool {
		p.typing = 0
		if !p.w.gone {
			p.w.aim()
		}
		return false
	})
}

// askPlace is for who would rather look for a folder than type its name.
func (p *liveCDPage) askPlace() {
	d := must(gtk.FileChooserDialogNewWith2Buttons(tr("Where the LiveCD goes"), p.w.top, gtk.FILE_CHOOSER_ACTION_SAVE,
		tr("_Cancel"), gtk.RESPONSE_CANCEL, tr("_Choose"), gtk.RESPONSE_ACCEPT))
	d.SetModal(true)
	home, _ := os.UserHomeDir()
	if output := outputIn(home, p.w.cd.output); output != "" {
		d.SetCurrentFolder(filepath.Dir(output))
		d.SetCurrentName(filepath.Base(output))
	}
	d.Connect("response", func(_ *gtk.FileChooserDialog, answer int) {
		file := d.GetFilename()
		d.Destroy()
		if gtk.ResponseType(answer) == gtk.RESPONSE_ACCEPT && file != "" {
			p.file.SetText(file)
		}
	})
	d.Show()
}
