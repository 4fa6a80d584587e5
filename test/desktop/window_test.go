package desktop_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"
)

// sample is the name under which the test binary is a program with a window.
const sample = "sample-window"

// showSample is that program: a field, two buttons, a bar, and a label that
// tells what happened.
func showSample() {
	runtime.LockOSThread()
	// Else objects are freed on the thread of Go's finalizers, which crashes.
	glib.FinalizerStrategy = func(finalize glib.Finalizer) { glib.IdleAdd(func() { finalize() }) }
	gtk.Init(nil)
	window := must(gtk.WindowNew(gtk.WINDOW_TOPLEVEL))
	window.SetTitle("Sample")
	window.Maximize()
	window.Connect("destroy", gtk.MainQuit)
	window.Add(sampleContent())
	window.ShowAll()
	gtk.Main()
}

func sampleContent() gtk.IWidget {
	box := must(gtk.BoxNew(gtk.ORIENTATION_VERTICAL, 12))
	caption := must(gtk.LabelNewWithMnemonic("_Title:"))
	title := must(gtk.EntryNew())
	caption.SetMnemonicWidget(title)
	told := must(gtk.LabelNew("Nothing yet"))
	bar := must(gtk.ProgressBarNew())
	start, later := must(gtk.ButtonNewWithMnemonic("_Start")), must(gtk.ButtonNewWithLabel("Later"))
	later.SetSensitive(false)
	start.Connect("clicked", func() {
		text, _ := title.GetText()
		told.SetText("Started " + text)
		bar.SetFraction(0.5)
		glib.TimeoutAdd(300, func() { later.SetSensitive(true) })
	})
	later.Connect("clicked", func() { told.SetText("Root is " + rootName()) })
	blank := must(gtk.ButtonNew()) // no label, no name
	unnamed := must(gtk.ButtonNewWithLabel("Add a button without a name"))
	unnamed.Connect("clicked", blank.Show)
	blank.SetNoShowAll(true)
	for _, w := range []gtk.IWidget{caption, title, told, bar, start, later, unnamed, blank} {
		box.PackStart(w, false, false, 0)
	}
	return box
}

// rootName asks pkexec who it makes us.
func rootName() string {
	out, err := exec.Command("pkexec", "/usr/bin/id", "-un").CombinedOutput()
	if err != nil {
		return fmt.Sprintf("refused: %v %s", err, out)
	}
	return string(out[:len(out)-1])
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}
