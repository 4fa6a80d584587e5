package gui

import (
	"context"
	"fmt"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// roomPage takes wishes, and shows at once what would be deleted for them.
type roomPage struct {
	w          *window
	keep, free *gtk.SpinButton
	list       *gtk.ListBox
	then       *gtk.Label
	filling    bool
	shown      string
}

func addRoom(w *window, add func(page, gtk.IWidget)) {
	b := load("room")
	p := &roomPage{w: w, keep: get[*gtk.SpinButton](b, "keep"), free: get[*gtk.SpinButton](b, "free"),
		list: get[*gtk.ListBox](b, "list"), then: get[*gtk.Label](b, "then")}
	p.keep.Connect("value-changed", p.wish)
	p.free.Connect("value-changed", p.wish)
	add(p, get[*gtk.Box](b, "room"))
}

// openRoom begins without a wish, and looks at the stick anew.
func (w *window) openRoom() {
	w.policy, w.listed = nil, false
	w.show(pageRoom)
	w.look(nil)
}

// leaveRoom goes back to where room was missed.
func (w *window) leaveRoom() {
	if !w.missed {
		w.show(pageVersions)
		return
	}
	w.missed = false
	w.gauge.forget()
	w.show(pageSummary)
	w.recheck()
}

// begin sets the fields to what there is.
func (p *roomPage) begin() {
	none := p.w.noWish()
	p.w.policy, p.filling = &none, true
	p.keep.SetRange(0, float64(none.Keep))
	p.keep.SetValue(float64(none.Keep))
	p.free.SetRange(0, float64(p.w.intent.Facts.Boot.Total)/gib)
	p.free.SetValue(float64(none.Free) / gib)
	p.filling = false
	p.keep.GrabFocus()
}

func (p *roomPage) wish() {
	if p.filling || p.w.policy == nil {
		return
	}
	*p.w.policy = history.Policy{Keep: p.keep.GetValueAsInt(), Free: int64(p.free.GetValue() * gib)}
	p.w.update()
}

func (p *roomPage) update() {
	w := p.w
	if w.listed && w.policy == nil {
		p.begin()
	}
	p.keep.SetSensitive(w.policy != nil && w.busy == idle)
	p.free.SetSensitive(w.policy != nil && w.busy == idle)
	if !w.listed {
		p.shown = ""
		p.then.SetText("")
		clear(&p.list.Container)
		return
	}
	pruned := w.wished()
	p.then.SetText(w.roomThen(pruned))
	lines := w.roomLines(pruned)
	if text := fmt.Sprint(lines); text != p.shown { // else who walks through it would lose the place
		p.shown = text
		p.fill(lines)
	}
}

func (p *roomPage) fill(lines []roomLine) {
	clear(&p.list.Container)
	for _, line := range lines {
		if line.head != "" {
			p.add(withClass(newLabel(line.head), "heading"), line.head)
		}
		if line.name != "" {
			box := newBox(gtk.ORIENTATION_VERTICAL, 0)
			box.SetMarginStart(12)
			box.Add(newLabel(line.name))
			box.Add(withClass(newLabel(line.text), "dim-label"))
			p.add(box, line.name+", "+line.text)
		}
	}
}

func (p *roomPage) add(child gtk.IWidget, spoken string) {
	row := must(gtk.ListBoxRowNew())
	row.Add(child)
	row.SetActivatable(false)
	setSpoken(&row.Widget, spoken)
	row.Show()
	p.list.Add(row)
}

func (w *window) askPrune() {
	p := w.wished()
	if len(p.Go) == 0 || w.busy != idle {
		return
	}
	title := trf("Delete these %[1]d versions for good?", len(p.Go))
	if len(p.Go) == 1 {
		title = trf("Delete “%[1]s” for good?", words.VersionName(p.Go[0]))
	}
	w.ask(title, trf("This is the only thing here that cannot be undone. %[1]s are free afterwards. Your files and the other versions stay.", words.Size(p.Free)),
		tr("_Keep them"), tr("_Delete"), func() { w.pruneNow(p.Go) })
}

// pruneNow deletes one after the other, with one question for the password.
func (w *window) pruneNow(versions []history.Version) {
	w.reading, w.notes, w.deleted = wire.Progress{}, nil, 0
	choices, found := w.choices, view{}
	watch := wire.Watch{Note: func(c wire.Check) { glib.IdleAdd(func() { w.learn(c) }) }}
	w.run(pruning, func(ctx context.Context) error {
		for i, v := range versions {
			var r wire.DeleteResult
			if err := w.helper.do(ctx, wire.Request{Op: wire.OpDelete, Version: v.Ref()}, watch, &r); err != nil {
				return words.Stopped(versions, i, err, tr)
			}
			glib.IdleAdd(func() { w.oneGone(i + 1) })
		}
		found = observe(context.Background(), choices, true)
		return nil
	}, func() {
		w.view, w.place = found, ""
		w.leaveRoom()
		w.say(trf("Versions that were deleted: %[1]d. Free now: %[2]s.", len(versions), words.Size(int64(found.intent.Facts.Boot.Free))))
		w.sayWarnings(nil)
	})
}

func (w *window) oneGone(n int) {
	if !w.gone {
		w.deleted = n
		w.updateButtons()
	}
}
