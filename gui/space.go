package gui

import (
	"path"

	"github.com/gotk3/gotk3/cairo"
	"github.com/gotk3/gotk3/gtk"
)

// spacePage shows what takes the space in the new version: one directory, its
// parts by what they take when they are packed. A directory opens by a click.
type spacePage struct {
	w     *window
	where *gtk.Label
	up    *gtk.Button
	again *gtk.Button
	list  *gtk.ListBox
	rows  []*spaceRow
	enter bool // the first row gets the keyboard when there is one
}

// spaceRow is one part.
type spaceRow struct {
	part    spacePart
	row     *gtk.ListBoxRow
	size    *gtk.Label
	drawing *gtk.DrawingArea
}

func addSpace(w *window, add func(page, gtk.IWidget)) {
	b := load("space")
	p := &spacePage{w: w, where: get[*gtk.Label](b, "where"), up: get[*gtk.Button](b, "up"), again: get[*gtk.Button](b, "again"), list: get[*gtk.ListBox](b, "list")}
	p.up.Connect("clicked", func() { w.openFolder(above(w.gauge.within)) })
	p.again.Connect("clicked", func() {
		w.gauge.forget()
		w.gauge.failed = false
		w.recheck()
	})
	p.list.Connect("row-activated", p.activated)
	add(p, get[*gtk.Box](b, "space"))
}

// openSpace begins at the top.
func (w *window) openSpace() {
	w.gauge.within = ""
	w.show(pageSpace)
}

func (w *window) openFolder(within string) {
	w.gauge.within = within
	w.update()
}

func (p *spacePage) activated(_ *gtk.ListBox, row *gtk.ListBoxRow) {
	if i := row.GetIndex(); i >= 0 && i < len(p.rows) && p.rows[i].part.dir {
		p.w.openFolder(path.Join(p.w.gauge.within, p.rows[i].part.name))
	}
}

func (p *spacePage) update() {
	p.up.SetSensitive(p.w.gauge.within != "")
	p.again.SetSensitive(p.w.busy == idle)
	p.figures()
}

// figures shows what is measured, again and again. Who walks through the list
// keeps the place.
func (p *spacePage) figures() {
	text, parts := p.w.spaceParts()
	setText(p.where, text)
	if !sameParts(parts, p.rows) {
		p.fill(parts)
	}
	for i, part := range parts {
		r := p.rows[i]
		r.part = part
		setText(r.size, part.size)
		setSpoken(&r.row.Widget, part.spoken())
		r.drawing.QueueDraw()
	}
}

func sameParts(parts []spacePart, rows []*spaceRow) bool {
	for i, part := range parts {
		if len(parts) != len(rows) || rows[i].part.name != part.name || rows[i].part.dir != part.dir {
			return false
		}
	}
	return len(parts) == len(rows)
}

func (p *spacePage) fill(parts []spacePart) {
	held := ""
	for _, r := range p.rows {
		if r.row.HasFocus() {
			held, p.enter = r.part.name, true
		}
	}
	clear(&p.list.Container)
	p.rows = nil
	for i, part := range parts {
		r := p.newRow(part)
		p.rows = append(p.rows, r)
		p.list.Add(r.row)
		if p.enter && (part.name == held || i == 0) {
			r.row.GrabFocus()
		}
	}
	p.enter = p.enter && len(parts) == 0
}

func (p *spacePage) newRow(part spacePart) *spaceRow {
	r := &spaceRow{part: part, row: must(gtk.ListBoxRowNew()), size: newLabel(part.size), drawing: must(gtk.DrawingAreaNew())}
	box := newBox(gtk.ORIENTATION_HORIZONTAL, 10)
	box.SetMarginStart(6)
	box.SetMarginEnd(6)
	name := newLabel(part.title())
	name.SetHExpand(true)
	r.size.SetXAlign(1)
	r.size.SetWidthChars(11)
	r.drawing.SetSizeRequest(180, 14)
	r.drawing.SetVAlign(gtk.ALIGN_CENTER)
	r.drawing.Connect("draw", func(area *gtk.DrawingArea, c *cairo.Context) bool {
		width := float64(area.GetAllocatedWidth()) * r.part.share
		x := 0.0
		if mirrored() {
			x = float64(area.GetAllocatedWidth()) - width
		}
		paint(area, c, span{kind: segNew, x: x, width: width})
		return false
	})
	r.drawing.Show()
	box.Add(name)
	box.Add(r.size)
	box.Add(r.drawing)
	r.row.Add(box)
	r.row.SetActivatable(part.dir)
	r.row.Show()
	return r
}

func (p *spacePage) focus() {
	p.enter = len(p.rows) == 0
	if !p.enter {
		p.rows[0].row.GrabFocus()
	}
}
