// Package gui is the window: a wizard that turns the running live system into
// a new version. What it decides and says is in model.go, meter.go, stick.go and
// messages.go, which know nothing of GTK; the other files show it. Everything
// that changes something is done by the helper, through core/wire.
package gui

import (
	"os"
	"path/filepath"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"
)

const (
	appID  = "org.antixlinux.antix-remaster"
	domain = "antix-remaster"
)

// Setup makes GTK safe to use from Go and must come before any of it. The
// finalizers of gotk3 would otherwise release widgets on a foreign thread, which
// crashes (measured: shared/gtk.md).
func Setup() {
	glib.FinalizerStrategy = func(f glib.Finalizer) { glib.IdleAdd(func() { f() }) }
	glib.InitI18n(domain, localeDir())
	tr = glib.Local
}

// localeDir is where the translations are: beside the program as it was built
// or installed, else where packages put them.
func localeDir() string {
	if self, err := os.Executable(); err == nil {
		if dir := filepath.Join(filepath.Dir(filepath.Dir(self)), "share/locale"); isDir(dir) {
			return dir
		}
	}
	return "/usr/share/locale"
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Run shows the window until it is closed, and gives the exit status. A second
// start raises the first window where there is a session bus; where there is
// none it is a window of its own, and the helper lets only one of them work.
func Run(version string) int {
	Setup()
	app, err := gtk.ApplicationNew(appID, glib.APPLICATION_FLAGS_NONE)
	if err != nil {
		return 1
	}
	var w *window
	app.Connect("activate", func() {
		if w == nil {
			w = newWindow(app, version)
		}
		w.top.Present()
	})
	status := app.Run(os.Args[:1])
	if w != nil {
		w.works.Wait()
	}
	return status
}
