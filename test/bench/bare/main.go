// Bare is the least window that gotk3 can show, to measure ours against.
package main

import (
	"runtime"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"
)

func main() {
	runtime.LockOSThread()
	glib.FinalizerStrategy = func(f glib.Finalizer) { glib.IdleAdd(func() { f() }) }
	gtk.Init(nil)
	window, err := gtk.WindowNew(gtk.WINDOW_TOPLEVEL)
	if err != nil {
		panic(err)
	}
	button, err := gtk.ButtonNewWithLabel("Bare")
	if err != nil {
		panic(err)
	}
	window.SetTitle("Bare")
	window.SetDefaultSize(900, 520)
	window.Connect("destroy", gtk.MainQuit)
	window.Add(button)
	window.ShowAll()
	gtk.Main()
}
