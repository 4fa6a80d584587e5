// Antix-remaster-cli does on a terminal what the window does: it tells what is
// known about the running live system, and makes a new version of it. It needs
// no privilege itself; what does goes through the helper.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// version is set by the build.
var version = "devel"

// app is one run of the program.
type app struct {
	options
	in         *os.File
	out, err   io.Writer
	inTTY      bool
	outTTY     bool
	width      func() int             // columns of the terminal
	screen     atomic.Pointer[screen] // the progress that is being drawn
	client     atomic.Pointer[wire.Client]
	startAgent func(context.Context) (*wire.Client, error)
}

func main() {
	prefix := "/usr"
	if self, err := os.Executable(); err == nil {
		prefix = filepath.Dir(filepath.Dir(self))
	}
	tr = loadTranslator(os.Getenv, filepath.Join(prefix, "share/locale"), "/usr/share/locale")
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, inTTY: sys.IsTerminal(os.Stdin), outTTY: sys.IsTerminal(os.Stdout),
		width: func() int { return sys.TerminalWidth(os.Stdout) },
		startAgent: func(ctx context.Context) (*wire.Client, error) {
			return wire.Start(ctx, words.MenuTitles(os.Getenv, tr))
		}}
	os.Exit(a.run(a.signals(), os.Args[1:]))
}

// signals cancels the run at the first request to end. A second one ends the
// helper's input too, in case it did not hear the first; its end is awaited
// all the same. A signal that comes when all is done changes nothing: it is taken
// to the very end.
func (a *app) signals() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-ch
		cancel()
		for range ch {
			if c := a.client.Load(); c != nil {
				_ = c.HangUp() // closed already is as good
			}
		}
	}()
	return ctx
}

// run does what the arguments ask for and gives the exit status.
func (a *app) run(ctx context.Context, args []string) int {
	o, err := parse(args)
	a.options = o
	if err == nil {
		err = a.dispatch(ctx)
	}
	if err == nil {
		return wire.ExitDone
	}
	return a.fail(err)
}

func (a *app) dispatch(ctx context.Context) error {
	switch {
	case a.help:
		return a.printHelp()
	case a.version:
		return a.printVersion()
	}
	return verbs[a.verb].do(a, ctx)
}

// session starts the helper for do and waits for its end.
func (a *app) session(ctx context.Context, do func(*wire.Client) error) error {
	c, err := a.startAgent(ctx)
	if err != nil {
		return err
	}
	a.client.Store(c)
	err = do(c)
	a.endProgress()
	if closeErr := c.Close(); closeErr != nil && a.verbose {
		// What the operation reported stands, however the helper ended after it.
		a.tell(words.Clean(closeErr.Error()))
	}
	return err
}

// operate runs one operation of the helper and shows how it goes on.
func (a *app) operate(ctx context.Context, c *wire.Client, req wire.Request, result any) error {
	a.beginProgress()
	defer a.endProgress()
	text := tr("Cancelling. What was begun is being removed.")
	if req.Op == wire.OpKeep { // its last step can be left out, and what it did before stays
		text = tr("Cancelling. Please wait a moment.")
	}
	said := context.AfterFunc(ctx, func() { a.tell(text) })
	defer said()
	return c.Do(ctx, req, wire.Watch{Progress: a.progress, Note: a.note, Estimate: a.estimated}, result)
}
