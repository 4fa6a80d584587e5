package gui

import (
	"context"
	"path"
	"sync"

	"github.com/gotk3/gotk3/gdk"
	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/assets"
	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Smaller than the smallest screen, 1024x600, with its panel.
const (
	defaultWidth  = 900
	defaultHeight = 520
)

// page is one page: it shows the model when it is entered, or when the model
// changed while it was open.
type page interface{ update() }

// window is the one window of the program. All of it lives on the main loop.
type window struct {
	model
	version   string
	app       *gtk.Application
	top       *gtk.ApplicationWindow
	stack     *gtk.Stack
	pages     map[pageName]page
	helper    helper
	cancel    context.CancelFunc // of what the helper does; nil when idle
	tick      glib.SourceHandle  // of the clock on the progress page; 0: none
	inhibit   uint               // cookie of the session; 0: none
	closing   bool               // without a question
	gone      bool               // there is nothing to show anything on
	could     bool               // the way on was open at the last look
	leaving   bool               // it is being looked up what the new version lacks
	looks     int                // how often was looked
	asked     pageName           // where the restart was asked for
	began     pageName           // where something was done with a version last
	retry     func()             // what was done with a version last, once more
	missed    bool               // room is made for the remaster that is about to begin
	dialog    *gtk.MessageDialog // a question about the run that goes on; nil: none
	agent     *sys.TextAgent     // in a terminal window; nil: none
	pauseSoon bool               // the work is to pause as soon as it has begun
	held      *pause.Switch      // of the LiveCD that is being made
	works     sync.WaitGroup     // what must have ended before this program does
	aims      int                // how often was looked what a LiveCD needs

	title, reason      *gtk.Label
	side               *gtk.Box
	line               *gtk.Separator
	steps              []*gtk.Label
	wait               *gtk.Box     // where the spinner comes
	spinner            *gtk.Spinner // nil: not needed yet
	closer, back, next *gtk.Button
}

func newWindow(app *gtk.Application, version string) *window {
	w := &window{version: version, app: app, pages: map[pageName]page{}}
	w.page = pageStart
	w.top = must(gtk.ApplicationWindowNew(app))
	w.top.SetTitle(tr("Live Remaster"))
	w.top.SetIconName(appID)
	w.top.SetDefaultSize(defaultWidth, defaultHeight)
	w.style()
	b := load("window")
	w.title, w.reason = get[*gtk.Label](b, "title"), get[*gtk.Label](b, "reason")
	w.side, w.line = get[*gtk.Box](b, "side"), get[*gtk.Separator](b, "line")
	w.wait, w.stack = get[*gtk.Box](b, "wait"), get[*gtk.Stack](b, "pages")
	w.closer, w.back, w.next = get[*gtk.Button](b, "close"), get[*gtk.Button](b, "back"), get[*gtk.Button](b, "next")
	w.top.Add(get[*gtk.Box](b, "shell"))
	w.fillSteps()
	w.connect()
	w.show(pageStart)
	w.top.Show()
	w.look(nil)
	return w
}

// load makes the widgets of assets/ui/NAME.ui.
func load(name string) *gtk.Builder {
	text := must(assets.UI.ReadFile(path.Join("ui", name+".ui")))
	return must(gtk.BuilderNewFromString(string(text)))
}

// get finds a widget of a builder. That it is missing is a mistake in the .ui
// file, found by the first test.
func get[T any](b *gtk.Builder, name string) T {
	return must(b.GetObject(name)).(T)
}

// must is for what only fails when GTK itself is broken or out of memory.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *window) style() {
	css := must(gtk.CssProviderNew())
	text := must(assets.UI.ReadFile("ui/style.css"))
	if err := css.LoadFromData(string(text)); err != nil {
		panic(err)
	}
	gtk.AddProviderForScreen(must(gdk.ScreenGetDefault()), css, gtk.STYLE_PROVIDER_PRIORITY_APPLICATION)
}

// pageOf gives a page, which is made when it is shown first: the pictures of
// a check box alone need a library of 10 MiB.
func (w *window) pageOf(name pageName) page {
	if w.pages[name] == nil {
		maker := map[pageName]func(*window, func(page, gtk.IWidget)){
			pageStart: addStart, pageMenu: addMenu, pageCheck: addCheck, pageContent: addContent, pageHow: addHow, pageSummary: addSummary,
			pageProgress: addProgress, pageDone: addDone, pageFailure: addFailure, pageVersions: addVersions, pageRoom: addRoom,
			pageSpace:  addSpace,
			pageLiveCD: addLiveCD, pageLiveCDWork: addLiveCDWork, pageLiveCDDone: addLiveCDDone,
		}[name]
		maker(w, func(p page, root gtk.IWidget) {
			w.pages[name] = p
			w.stack.AddNamed(root, string(name))
		})
	}
	return w.pages[name]
}

func (w *window) fillSteps() {
	for range steps {
		l := newLabel("")
		w.steps = append(w.steps, l)
		w.side.Add(l)
	}
}

func (w *window) connect() {
	w.closer.Connect("clicked", func() { w.top.Close() })
	w.back.Connect("clicked", w.goBack)
	w.next.Connect("clicked", w.goOn)
	w.top.Connect("delete-event", func() bool { return !w.mayClose() })
	w.top.Connect("destroy", w.ended)
}

// ended gives up what is going on: the helper cleans up when its input ends.
func (w *window) ended() {
	w.gone = true
	w.rest()
	w.dismissAgent()
	if w.cancel != nil {
		w.cancel()
	}
	w.unfollow()
	w.helper.end()
}

// show turns to a page.
func (w *window) show(p pageName) {
	if p != w.page {
		w.said = ""
	}
	w.page, w.could = p, false
	shown := w.pageOf(p)
	w.stack.SetVisibleChildName(string(p))
	w.updateSteps()
	w.update()
	if p, ok := shown.(interface{ focus() }); ok {
		p.focus()
	}
}

// update shows what the model says on the current page.
func (w *window) update() {
	if w.gone { // a report that came late
		return
	}
	w.pageOf(w.page).update()
	title := pageTitle(w.page)
	if w.page == pageFailure && w.failure != nil {
		title = describeError(w.failure).Title
	}
	w.title.SetText(title)
	w.updateButtons()
}

func (w *window) updateSteps() {
	inSteps := false
	for i, p := range steps {
		here := p == w.page
		inSteps = inSteps || here
		text := trf("%[1]d. %[2]s", i+1, pageTitle(p))
		w.steps[i].SetText(text)
		style := must(w.steps[i].GetStyleContext())
		style.RemoveClass("now")
		style.RemoveClass("dim-label")
		if here {
			style.AddClass("now")
		} else {
			style.AddClass("dim-label")
		}
	}
	w.side.SetVisible(inSteps)
	w.line.SetVisible(inSteps)
}

func (w *window) updateButtons() {
	b := w.buttonsOf(w.page)
	w.reason.SetText(b.why)
	for _, one := range []struct {
		button *gtk.Button
		text   string
		can    bool
	}{{w.back, b.back, w.busy == idle || w.busy == checking || w.mayStop()}, {w.next, b.next, b.can}} {
		one.button.SetLabel(one.text)
		one.button.SetVisible(one.text != "")
		one.button.SetSensitive(one.can)
	}
	if b.can && !w.could && !w.page.listsVersions() { // else Return would press Close; there a list is walked through
		w.next.GrabDefault()
		w.next.GrabFocus()
	}
	w.could = b.can
	w.closer.SetVisible(!w.page.works() && w.page != pageDone)
	w.updateSpinner()
	w.follow()
}

// updateSpinner makes the spinner when it is needed: its picture takes a library
// of 10 MiB.
func (w *window) updateSpinner() {
	waits := w.busy != idle && !w.page.works()
	if waits && w.spinner == nil {
		w.spinner = must(gtk.SpinnerNew())
		w.spinner.Start()
		w.wait.Add(w.spinner)
	}
	if w.spinner != nil {
		w.spinner.SetVisible(waits)
	}
}

// goBack and goOn are the two buttons at the right.
func (w *window) goBack() {
	switch w.page {
	case pageDone:
		w.later()
	case pageFailure:
		w.failure, w.failed = nil, idle
		w.home()
	case pageMenu:
		w.show(pageVersions)
	case pageVersions:
		if w.cancel != nil {
			w.cancel()
			return
		}
		w.home()
	case pageRoom:
		w.leaveRoom()
	case pageSpace:
		w.show(pageSummary)
	case pageLiveCD, pageLiveCDDone:
		w.leaveLiveCD()
	case pageCheck:
		if w.mayStop() { // the page stays, and the check begins anew
			w.cancel()
			return
		}
		w.home()
	default:
		if w.cancel != nil { // a check of what may be changed now
			w.cancel()
		}
		w.show(before(w.page))
	}
}

func (w *window) goOn() {
	switch w.page {
	case pageSummary:
		w.create()
	case pageVersions:
		w.goToVersion()
	case pageRoom:
		w.askPrune()
	case pageMenu:
		w.askMenu(w.menuLacks())
	case pageDone:
		if w.thenCD {
			w.openLiveCD("new")
			return
		}
		w.askRestart("")
	case pageLiveCD:
		w.goOnLiveCD()
	case pageLiveCDDone:
		w.openLiveCDFolder()
	case pageFailure:
		w.again()
	case pageHow:
		w.show(pageSummary)
		if w.needsCheck() {
			w.recheck()
		}
	default:
		w.show(after(w.page))
	}
}

// home is the start page with fresh facts, and nothing chosen: least of all to
// lose files.
func (w *window) home() {
	if w.cancel != nil {
		w.cancel()
	}
	w.check, w.choices, w.gauge.failed, w.missed, w.thenCD = nil, wire.Choices{}, false, false, false
	w.show(pageStart)
	w.look(nil)
}

// mayStop tells whether the button Back ends what the helper does with a version.
func (w *window) mayStop() bool {
	if w.cancel == nil {
		return false
	}
	switch w.page {
	case pageVersions:
		return w.busy != deleting
	case pageStart:
		return w.busy == staging || w.busy == keeping
	case pageCheck:
		return w.keepReads()
	}
	return false
}
