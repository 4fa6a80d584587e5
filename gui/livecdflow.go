package gui

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/history"
	"antix-remaster/core/iso"
	"antix-remaster/core/live"
	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// openLiveCD turns to the page that makes one of the version at a place; "" is
// the one that runs.
func (w *window) openLiveCD(place string) {
	uid, called := sys.Caller()
	w.cd = liveCD{from: w.page, place: place, foreign: sys.IsRoot() && called && uid != 0}
	w.listed, w.thenCD = false, false
	w.show(pageLiveCD)
	w.look(w.prepareLiveCD)
}

// leaveLiveCD goes back to where it was asked for.
func (w *window) leaveLiveCD() {
	w.dropAim()
	switch w.cd.from {
	case pageDone, pageVersions:
		w.show(w.cd.from)
	default:
		w.home()
	}
}

// prepareLiveCD finds a place for the file, and what no LiveCD can be made of.
func (w *window) prepareLiveCD() {
	f, all := w.intent.Facts, w.liveCDVersions()
	chosen, _ := w.liveCDVersion()
	w.cd.label = iso.LabelOf(f)
	w.async(func() func() {
		output := defaultOutput(iso.LabelOf(f), chosen.Size)
		return func() {
			if !w.cd.ready {
				w.cd.output, w.cd.ready = output, true
				w.aim()
			}
		}
	})
	w.async(func() func() {
		unfit := unfitForLiveCD(f, all)
		debug.FreeOSMemory() // it may have looked into images
		return func() {
			w.cd.unfit = unfit
			w.update()
		}
	})
}

// unfitForLiveCD tells why none can be made of a version. One without modules
// for the kernel of the stick may have a kernel of its own.
func unfitForLiveCD(f live.Facts, all []history.Version) map[string]*wire.Check {
	out := map[string]*wire.Check{}
	for _, v := range all {
		out[v.Place] = v.Unfit
		if v.Unfit == nil || v.Unfit.Code != wire.VersionModules && v.Unfit.Code != wire.VersionMachine {
			continue
		}
		out[v.Place] = nil
		if err := iso.Usable(context.Background(), f, v); err != nil {
			e := wire.AsError(err)
			out[v.Place] = &wire.Check{Level: wire.Stop, Code: e.Code, Args: e.Args}
		}
	}
	return out
}

// defaultOutput is a new name in the folder of the user on the stick, where the
// live start made one with room for it, else in the user's own.
func defaultOutput(label string, size int64) string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/"
	}
	folder := home
	if d, err := sys.OpenDir(filepath.Join(home, "Live-usb-storage")); err == nil {
		if s, err := sys.FreeSpace(d.File()); err == nil && d.Writable() == nil && int64(s.Avail) > size && s.MaxFile() > size {
			folder = d.Path()
		}
		d.Close()
	}
	return freeName(folder, label, time.Now(), func(name string) bool {
		_, err := os.Lstat(name)
		return !errors.Is(err, os.ErrNotExist)
	})
}

// dropAim ends what aim began.
func (w *window) dropAim() {
	w.aims++
	if w.cd.stop != nil {
		w.cd.stop()
		w.cd.stop = nil
	}
}

// aim looks what comes of what is chosen. An answer that a later choice has
// overtaken is dropped.
func (w *window) aim() {
	w.dropAim()
	mine := w.aims
	w.cd.planned = false
	v, ok := w.liveCDVersion()
	w.update()
	if !ok {
		return
	}
	home, _ := os.UserHomeDir()
	f, c := w.intent.Facts, iso.Choices{Output: outputIn(home, w.cd.output), Label: strings.TrimSpace(w.cd.label)}
	ctx, stop := context.WithCancel(context.Background())
	w.cd.stop = stop
	w.async(func() func() {
		defer stop()
		p, err := iso.Make(ctx, f, v, c)
		if c.Output == "" {
			err = wire.Fail(wire.ISONotSaved, nil, "?", tr("it has no name"))
		}
		return func() {
			if mine == w.aims {
				w.cd.plan, w.cd.err, w.cd.planned = p, err, true
				w.update()
			}
		}
	})
}

// goOnLiveCD makes it, or the new version that it is to be made of.
func (w *window) goOnLiveCD() {
	if w.cd.remaster {
		w.thenCD = true
		w.begin()
		return
	}
	if w.busy == idle && w.cd.planned && w.cd.err == nil {
		w.makeLiveCD()
	}
}

func (w *window) makeLiveCD() {
	w.meter.startOf(liveCDShare, time.Now())
	w.notes, w.pauseSoon = nil, false
	w.show(pageLiveCDWork)
	w.startTick()
	w.inhibit = w.app.Inhibited(w.top, gtk.APPLICATION_INHIBIT_SUSPEND|gtk.APPLICATION_INHIBIT_LOGOUT, tr("A LiveCD is being made."))
	reports := latest[wire.Progress]{show: w.progress}
	p := w.cd.plan
	var r iso.Result
	w.works.Add(1)
	w.run(imaging, func(ctx context.Context) (err error) {
		defer w.works.Done()
		r, err = w.writeLiveCD(ctx, p, reports.put)
		return err
	}, func() {
		w.rest()
		w.cd.result = r
		w.notify(tr("The LiveCD is ready"), words.Clean(r.Output))
		w.show(pageLiveCDDone)
	})
}

// writeLiveCD does the work, which is not on the main loop and not in a helper:
// so a signal that ends this program must not end it before it has tidied up.
func (w *window) writeLiveCD(ctx context.Context, p iso.Plan, show wire.Report) (iso.Result, error) {
	own, held := pause.With(ctx)
	own, stop := signal.NotifyContext(own, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	defer stop()
	glib.IdleAdd(func() { w.held = held })
	report, end := wire.Throttle(show)
	r, err := p.Write(own, report)
	end()
	debug.FreeOSMemory()
	if own.Err() != nil && ctx.Err() == nil {
		glib.IdleAdd(func() {
			if !w.gone {
				w.closeNow()
			}
		})
	}
	return r, err
}

// holdLiveCD is hold for what no helper does.
func (w *window) holdLiveCD() {
	switch {
	case w.held.Pause():
		w.paused(true)
	case w.held.Resume():
		w.paused(false)
	}
}

// openLiveCDFolder shows where the LiveCD is.
func (w *window) openLiveCDFolder() {
	folder := filepath.Dir(w.cd.result.Output)
	if err := showURI((&url.URL{Scheme: "file", Path: folder}).String()); err != nil {
		w.tell(tr("The folder cannot be shown"), trf("No program that shows folders was found. The LiveCD is in %[1]s.", words.Clean(folder)), nil)
	}
}
