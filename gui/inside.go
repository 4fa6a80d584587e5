package gui

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/gotk3/gotk3/gdk"
	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/history"
	"antix-remaster/core/inside"
	"antix-remaster/core/words"
)

// lookInside opens a version in a window of its own.
func (w *window) lookInside(v history.Version) {
	if w.busy != idle {
		return
	}
	w.busy = opening
	w.update()
	w.async(func() func() {
		image, err := inside.Open(v)
		var rows []insideRow
		if err == nil {
			rows, err = rowsOf(image, "")
		}
		return func() {
			w.busy = idle
			w.update()
			if err != nil {
				w.tell(trf("“%[1]s” cannot be looked into", words.VersionName(v)), plainError(err), nil)
				return
			}
			w.showInside(v, image, rows)
		}
	})
}

func rowsOf(image *inside.Image, folder string) ([]insideRow, error) {
	entries, _, err := image.List(folder)
	return insideRows(folder, entries), err
}

// insideWindow shows the folders of a version; each is read when it is opened.
type insideWindow struct {
	w     *window
	image *inside.Image
	ctx   context.Context // of copies; ends with the window
	top   *gtk.Window
	tree  *gtk.TreeView
	store *gtk.TreeStore
	said  *gtk.Label
	save  *gtk.Button
	rows  []insideRow // by the number in the last column of the tree
	busy  bool        // a file is being copied
}

func (w *window) showInside(v history.Version, image *inside.Image, rows []insideRow) {
	b := load("inside")
	p := &insideWindow{w: w, image: image, top: must(gtk.WindowNew(gtk.WINDOW_TOPLEVEL)), tree: get[*gtk.TreeView](b, "tree"), store: get[*gtk.TreeStore](b, "store"),
		said: get[*gtk.Label](b, "said"), save: get[*gtk.Button](b, "save")}
	ctx, cancel := context.WithCancel(context.Background())
	p.ctx = ctx
	p.top.SetTitle(trf("Inside “%[1]s”", words.VersionName(v)))
	p.top.SetTransientFor(w.top)
	p.top.SetDestroyWithParent(true)
	p.top.SetModal(true)
	p.top.SetDefaultSize(defaultWidth-100, defaultHeight-60)
	p.top.Add(get[*gtk.Box](b, "inside"))
	p.top.Connect("destroy", func() {
		cancel()
		go image.Close() // it waits for whoever reads
	})
	p.top.Connect("key-press-event", func(_ *gtk.Window, e *gdk.Event) bool {
		if gdk.EventKeyNewFromEvent(e).KeyVal() != gdk.KEY_Escape {
			return false
		}
		p.top.Destroy()
		return true
	})
	get[*gtk.Button](b, "leave").Connect("clicked", func() { p.top.Destroy() })
	p.save.Connect("clicked", p.askSave)
	p.tree.Connect("row-expanded", func(_ *gtk.TreeView, _ *gtk.TreeIter, at *gtk.TreePath) { p.expanded(at.String()) })
	p.tree.Connect("row-activated", func(_ *gtk.TreeView, at *gtk.TreePath) { p.activated(at) })
	must(p.tree.GetSelection()).Connect("changed", p.chosen)
	p.add("", rows)
	p.chosen()
	p.top.Show()
	p.tree.GrabFocus()
	if len(rows) > 0 {
		p.tree.SetCursor(must(gtk.TreePathNewFirst()), nil, false)
	}
}

// number finds the row at a place of the tree; -1 is the line of a folder that
// is not read yet.
func (p *insideWindow) number(at string) int {
	iter, err := p.store.GetIterFromString(at)
	if err != nil {
		return -1
	}
	n, err := must(p.store.GetValue(iter, 3)).GoValue()
	if n, ok := n.(int); ok && err == nil {
		return n
	}
	return -1
}

// expanded reads a folder that is opened for the first time.
func (p *insideWindow) expanded(at string) {
	n := p.number(at)
	if n < 0 || p.rows[n].read {
		return
	}
	p.rows[n].read = true
	folder := p.rows[n].path
	p.async(func() func() {
		rows, err := rowsOf(p.image, folder)
		return func() {
			switch {
			case err != nil:
				p.said.SetText(plainError(err))
				p.waitingLine(at, tr("it cannot be read"))
			case len(rows) == 0:
				p.waitingLine(at, tr("nothing is in it"))
			default:
				p.add(at, rows)
			}
		}
	})
}

// atOnce is how many rows are added before the window may do something else: in
// a folder of 8000 none of that took more than 30 ms.
const atOnce = 100

// add puts rows below a folder, or at the top of the tree: the last ones first,
// as GTK walks over all that is in a folder to reach its end.
func (p *insideWindow) add(at string, rows []insideRow) {
	rest := rows[:max(0, len(rows)-atOnce)]
	some := rows[len(rest):]
	for _, r := range slices.Backward(some) {
		iter := p.insert(at, r, len(p.rows))
		if p.rows = append(p.rows, r); r.dir {
			p.insertBelow(iter, insideRow{name: tr("is being read …"), size: "–", date: "–"}, -1)
		}
	}
	if len(rest) > 0 {
		glib.IdleAdd(func() {
			if p.ctx.Err() == nil {
				p.add(at, rest)
			}
		})
	}
	p.dropWaiting(at, len(some))
}

func (p *insideWindow) insert(at string, r insideRow, number int) *gtk.TreeIter {
	if at == "" {
		return p.insertBelow(nil, r, number)
	}
	return p.insertBelow(must(p.store.GetIterFromString(at)), r, number)
}

func (p *insideWindow) insertBelow(parent *gtk.TreeIter, r insideRow, number int) *gtk.TreeIter {
	var iter gtk.TreeIter
	if err := p.store.InsertWithValues(&iter, parent, 0, []int{0, 1, 2, 3}, []any{r.name, r.size, r.date, number}); err != nil {
		panic(err)
	}
	return &iter
}

// waitingLine says what became of the line of a folder that was not read yet.
func (p *insideWindow) waitingLine(at, text string) {
	if iter, err := p.store.GetIterFromString(at + ":0"); err == nil {
		_ = p.store.SetValue(iter, 0, text) // of the right type
	}
}

// dropWaiting removes that line, which is behind the rows that came before it.
func (p *insideWindow) dropWaiting(at string, n int) {
	last := fmt.Sprintf("%s:%d", at, n)
	if iter, err := p.store.GetIterFromString(last); err == nil && at != "" && p.number(last) < 0 {
		p.store.Remove(iter)
	}
}

// activated is Return, or a double click.
func (p *insideWindow) activated(at *gtk.TreePath) {
	switch n := p.number(at.String()); {
	case n < 0:
	case !p.rows[n].dir:
		p.askSave()
	case p.tree.RowExpanded(at):
		p.tree.CollapseRow(at)
	default:
		p.tree.ExpandRow(at, false)
	}
}

// selected is the row that is chosen.
func (p *insideWindow) selected() (insideRow, bool) {
	_, iter, ok := must(p.tree.GetSelection()).GetSelected()
	if !ok {
		return insideRow{}, false
	}
	n := p.number(must(p.store.GetPath(iter)).String())
	if n < 0 {
		return insideRow{}, false
	}
	return p.rows[n], true
}

// chosen shows what can be done with the row; what was said of another is gone.
func (p *insideWindow) chosen() {
	r, ok := p.selected()
	p.save.SetSensitive(ok && r.file && !p.busy)
	if !p.busy {
		p.said.SetText(tr("Open a folder to see what is in it. Choose a file to save a copy of it: nothing in the version is changed."))
	}
}

func (p *insideWindow) askSave() {
	r, ok := p.selected()
	if !ok || !r.file || p.busy {
		return
	}
	d := must(gtk.FileChooserDialogNewWith2Buttons(tr("Save a copy"), p.top, gtk.FILE_CHOOSER_ACTION_SAVE,
		tr("_Cancel"), gtk.RESPONSE_CANCEL, tr("_Save"), gtk.RESPONSE_ACCEPT))
	d.SetModal(true)
	d.SetCurrentName(words.Clean(path.Base(r.path)))
	d.Connect("response", func(_ *gtk.FileChooserDialog, answer int) {
		file := d.GetFilename()
		d.Destroy()
		if gtk.ResponseType(answer) == gtk.RESPONSE_ACCEPT && file != "" {
			p.copyTo(r, file)
		}
	})
	d.Show()
}

func (p *insideWindow) copyTo(r insideRow, file string) {
	p.busy = true
	p.chosen()
	p.said.SetText(tr("The file is being copied …"))
	p.async(func() func() {
		n, err := p.image.CopyOut(p.ctx, r.path, file)
		return func() {
			p.busy = false
			p.chosen()
			if err != nil {
				p.said.SetText(plainError(err))
				return
			}
			p.said.SetText(trf("Saved as %[1]s: %[2]s.", words.Clean(file), words.Size(n)))
		}
	})
}

// async is that of the window, as long as this one is open.
func (p *insideWindow) async(work func() func()) {
	p.w.async(func() func() {
		then := work()
		return func() {
			if p.ctx.Err() == nil {
				then()
			}
		}
	})
}
