package gui

import (
	"github.com/gotk3/gotk3/gtk"
	"github.com/gotk3/gotk3/pango"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// iconDone is what is in order.
const iconDone = "emblem-ok-symbolic"

// newLabel is a label as this window has them: wrapped, at the left.
func newLabel(text string) *gtk.Label {
	l := must(gtk.LabelNew(text))
	l.SetXAlign(0)
	l.SetLineWrap(true)
	l.SetLineWrapMode(pango.WRAP_WORD_CHAR) // names of files may be longer than a line
	l.Show()
	return l
}

func newBox(o gtk.Orientation, spacing int) *gtk.Box {
	b := must(gtk.BoxNew(o, spacing))
	b.Show()
	return b
}

func withClass(l *gtk.Label, class string) *gtk.Label {
	must(l.GetStyleContext()).AddClass(class)
	return l
}

// clear removes everything from a box or a grid.
func clear(c *gtk.Container) {
	c.GetChildren().Foreach(func(item any) {
		if child, ok := item.(*gtk.Widget); ok {
			child.Destroy()
		}
	})
}

// icon shows how weighty something is.
func icon(level wire.Level) *gtk.Image {
	name, spoken := iconDone, tr("in order")
	switch level {
	case wire.Stop:
		name, spoken = "dialog-error-symbolic", tr("stop")
	case wire.Warn:
		name, spoken = "dialog-warning-symbolic", tr("warning")
	case wire.Note:
		name, spoken = "dialog-information-symbolic", tr("note")
	}
	i := must(gtk.ImageNewFromIconName(name, gtk.ICON_SIZE_BUTTON))
	setSpoken(&i.Widget, spoken)
	i.SetVAlign(gtk.ALIGN_START)
	i.Show()
	return i
}

// iconRow is an icon, texts, and perhaps a button that mends it.
func (w *window) iconRow(level wire.Level, title, text string, action task, button string) *gtk.Box {
	if action == idle {
		return w.actionRow(level, title, text)
	}
	return w.actionRow(level, title, text, rowAction{action, button})
}

// actionRow is an icon, texts, and the buttons one below the other.
func (w *window) actionRow(level wire.Level, title, text string, actions ...rowAction) *gtk.Box {
	row := newBox(gtk.ORIENTATION_HORIZONTAL, 10)
	row.Add(icon(level))
	texts := newBox(gtk.ORIENTATION_VERTICAL, 0)
	texts.SetHExpand(true)
	if title != "" {
		l := newLabel(title)
		if level != "" {
			withClass(l, "heading")
		}
		texts.Add(l)
	}
	if text != "" {
		texts.Add(newLabel(text))
	}
	row.Add(texts)
	buttons := newBox(gtk.ORIENTATION_VERTICAL, 4)
	buttons.SetVAlign(gtk.ALIGN_CENTER)
	row.Add(buttons)
	for _, a := range actions {
		b := must(gtk.ButtonNewWithMnemonic(a.text))
		b.SetSensitive(w.busy == idle && !w.restarts)
		b.Connect("clicked", func() { w.mend(a.do) })
		b.Show()
		buttons.Add(b)
	}
	return row
}

// fillGrid shows rows of a label and a value. Where only values are new, they
// alone are changed: somebody may be reading them.
func fillGrid(g *gtk.Grid, rows []row) {
	if refilled(g, rows) {
		return
	}
	clear(&g.Container)
	for i, r := range rows {
		label := withClass(newLabel(r.label), "dim-label")
		label.SetXAlign(1)
		label.SetYAlign(0)
		label.SetLineWrap(false)
		value := newLabel(r.value)
		value.SetHExpand(true)
		g.Attach(label, 0, i, 1, 1)
		g.Attach(value, 1, i, 1, 1)
	}
}

// refilled is false when a grid does not have just these labels.
func refilled(g *gtk.Grid, rows []row) bool {
	at := func(column, i int) *gtk.Label {
		child, err := g.GetChildAt(column, i)
		if l, ok := child.(*gtk.Label); ok && err == nil {
			return l
		}
		return nil
	}
	for i, r := range rows {
		if l := at(0, i); l == nil || textOf(l) != r.label {
			return false
		}
	}
	if at(0, len(rows)) != nil {
		return false
	}
	for i, r := range rows {
		setText(at(1, i), r.value)
	}
	return true
}

func textOf(l *gtk.Label) string {
	text, _ := l.GetText()
	return text
}

// setText changes a label that says something else.
func setText(l *gtk.Label, text string) {
	if textOf(l) != text {
		l.SetText(text)
	}
}

// ask puts a question with two answers; the first is the careful one, and what
// Escape and Return mean. It does not wait: who reads the screen aloud, and the
// work behind it, go on.
func (w *window) ask(title, text, careful, bold string, yes func()) {
	if w.dialog != nil {
		return
	}
	d := w.message(gtk.MESSAGE_QUESTION, title, text)
	must(d.AddButton(careful, gtk.RESPONSE_CANCEL))
	must(d.AddButton(bold, gtk.RESPONSE_ACCEPT))
	d.SetDefaultResponse(gtk.RESPONSE_CANCEL)
	w.dialog = d
	d.Connect("response", func(_ *gtk.MessageDialog, answer int) {
		w.dropQuestion()
		if gtk.ResponseType(answer) == gtk.RESPONSE_ACCEPT {
			yes()
		}
	})
	d.Show()
}

// dropQuestion closes the question: answered, or about a run that has ended.
func (w *window) dropQuestion() {
	if w.dialog != nil {
		w.dialog.Destroy()
		w.dialog = nil
	}
}

func (w *window) message(kind gtk.MessageType, title, text string) *gtk.MessageDialog {
	d := gtk.MessageDialogNew(w.top, gtk.DIALOG_MODAL|gtk.DIALOG_DESTROY_WITH_PARENT, kind, gtk.BUTTONS_NONE, "%s", title)
	d.FormatSecondaryText("%s", text)
	return d
}

// tell shows a message that only needs to be read, then goes on.
func (w *window) tell(title, text string, then func()) {
	d := w.message(gtk.MESSAGE_INFO, title, text)
	must(d.AddButton(tr("Cl_ose"), gtk.RESPONSE_CLOSE))
	d.Connect("response", func() {
		d.Destroy()
		if then != nil {
			then()
		}
	})
	d.Show()
}

// save asks for a place and writes a text there.
func (w *window) save(title, name, text string) {
	d := must(gtk.FileChooserDialogNewWith2Buttons(title, w.top, gtk.FILE_CHOOSER_ACTION_SAVE,
		tr("_Cancel"), gtk.RESPONSE_CANCEL, tr("_Save"), gtk.RESPONSE_ACCEPT))
	d.SetModal(true)
	d.SetCurrentName(name)
	d.SetDoOverwriteConfirmation(true)
	d.Connect("response", func(_ *gtk.FileChooserDialog, answer int) {
		file := d.GetFilename()
		d.Destroy()
		if gtk.ResponseType(answer) == gtk.RESPONSE_ACCEPT && file != "" {
			w.write(file, text)
		}
	})
	d.Show()
}

func (w *window) write(file, text string) {
	w.async(func() func() {
		err := writeText(file, text)
		return func() {
			if err != nil {
				w.tell(tr("The file could not be saved"), trf("%[1]s. Choose another folder.", words.Clean(err.Error())), nil)
				return
			}
			w.tell(tr("Saved"), trf("%[1]s is only as lasting as the folder it is in: files of this live system are not in the new version. Print it, or copy it to another stick.", words.Clean(file)), nil)
		}
	})
}

// askText asks for a line of text that is good.
func (w *window) askText(title, text, value string, good func(string) bool, yes func(string)) {
	if w.dialog != nil {
		return
	}
	d := w.message(gtk.MESSAGE_QUESTION, title, text)
	entry := must(gtk.EntryNew())
	entry.SetText(value)
	entry.SetActivatesDefault(true)
	setSpoken(&entry.Widget, title)
	entry.Show()
	must(d.GetContentArea()).Add(entry)
	must(d.AddButton(tr("_Cancel"), gtk.RESPONSE_CANCEL))
	must(d.AddButton(tr("_Save"), gtk.RESPONSE_ACCEPT))
	d.SetDefaultResponse(gtk.RESPONSE_ACCEPT)
	entry.Connect("changed", func() { d.SetResponseSensitive(gtk.RESPONSE_ACCEPT, good(must(entry.GetText()))) })
	w.dialog = d
	d.Connect("response", func(_ *gtk.MessageDialog, answer int) {
		typed := must(entry.GetText())
		w.dropQuestion()
		if gtk.ResponseType(answer) == gtk.RESPONSE_ACCEPT && good(typed) {
			yes(typed)
		}
	})
	d.Show()
}
