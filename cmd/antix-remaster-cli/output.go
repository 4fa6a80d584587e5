package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// The lines of --json.
type (
	progressLine struct {
		Event string `json:"event"`
		wire.Progress
	}
	noteLine struct {
		Event string `json:"event"`
		checkObject
	}
	checkObject struct {
		Code  wire.Code  `json:"code"`
		Level wire.Level `json:"level"`
		Text  string     `json:"text"`
		Hint  string     `json:"hint"`
	}
	errorLine struct {
		Event   string    `json:"event"`
		Code    wire.Code `json:"code"`
		Message string    `json:"message"`
		Hint    string    `json:"hint"`
		Details string    `json:"details,omitempty"` // with --verbose
	}
)

// object prints one line of --json.
func (a *app) object(v any) {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // an output that is gone concerns nobody
}

func checkJSON(c wire.Check) checkObject {
	m := words.Describe(c.Code, c.Args, tr)
	return checkObject{c.Code, c.Level, sentence(m), m.Hint}
}

// sentence is a message without its hint, in one line.
func sentence(m wire.Message) string { return m.Title + ". " + m.Text }

// columns is where text is broken; 0 where lines stay whole for other programs.
func (a *app) columns() int {
	if !a.outTTY {
		return 0
	}
	return min(a.width(), 80) - 1
}

// printAt prints text, above a progress line if there is one.
func (a *app) printAt(w io.Writer, text string) {
	print := func() { fmt.Fprint(w, text) }
	if s := a.screen.Load(); s != nil {
		s.above(print)
	} else {
		print()
	}
}

// say prints a line for people; scripts and --quiet do not see it.
func (a *app) say(format string, args ...any) {
	if !a.json && !a.quiet {
		a.printAt(a.out, wrap(fmt.Sprintf(format, args...), "", a.columns()))
	}
}

// tell prints a line for people that is no answer: on standard error.
func (a *app) tell(line string) {
	if !a.json && !a.quiet {
		a.printAt(a.err, wrap(line, "", a.columns()))
	}
}

// note shows a check, or what was learned during a run.
func (a *app) note(c wire.Check) {
	switch {
	case a.json:
		a.object(noteLine{"note", checkJSON(c)})
	case !a.quiet || c.Level == wire.Stop:
		a.printAt(a.out, a.checkText(c))
	}
}

// checkText is a check with its level as a headline.
func (a *app) checkText(c wire.Check) string {
	m := words.Describe(c.Code, c.Args, tr)
	return wrap(words.Level(c.Level, tr)+": "+m.Title, "", a.columns()) +
		wrap(m.Text, "  ", a.columns()) + wrap(m.Hint, "  ", a.columns())
}

// fail tells of the error and gives the exit status.
func (a *app) fail(err error) int {
	e := wire.AsError(err)
	m := words.Describe(e.Code, e.Args, tr)
	details := ""
	if a.verbose {
		details = err.Error()
	}
	if a.json {
		a.object(errorLine{"error", e.Code, sentence(m), m.Hint, details})
		return wire.ExitStatus(e.Code)
	}
	text := wrap(m.Title, "", a.columns()) + wrap(m.Text, "  ", a.columns()) + wrap(m.Hint, "  ", a.columns())
	if details != "" {
		text += wrap(tr("Details:")+" "+words.Clean(details), "  ", a.columns())
	}
	a.printAt(a.err, text)
	return wire.ExitStatus(e.Code)
}

// beginProgress, progress and endProgress show how an operation goes on.
func (a *app) beginProgress() {
	if a.json || a.quiet {
		return
	}
	width := a.width
	if !a.outTTY {
		width = nil
	}
	s := newScreen(a.out, width, time.Now)
	s.run()
	a.screen.Store(s)
}

func (a *app) progress(p wire.Progress) {
	if a.json {
		a.object(progressLine{"progress", p})
	} else if s := a.screen.Load(); s != nil {
		s.report(p)
	}
}

func (a *app) endProgress() {
	if s := a.screen.Swap(nil); s != nil {
		s.end()
	}
}
