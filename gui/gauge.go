package gui

import (
	"context"
	"reflect"
	"slices"

	"antix-remaster/core/wire"
)

// gauge holds what the helper measures of the version to come, for as long as
// somebody looks at the pages before a run.
type gauge struct {
	stop   context.CancelFunc // of what measures; nil when nothing does
	failed bool               // it ended by itself: nothing more is asked for here
	asked  wire.Choices       // of what is being measured
	within string             // directory that is opened on the page of space; "": the root
	sent   string             // the same, as the helper was told last
	number int                // of what it was told last

	now, before measured
}

// measured is what was told last of some choices.
type measured struct {
	wire.Estimate
	of wire.Choices
}

// take keeps what is told of the newest choices.
func (g *gauge) take(e wire.Estimate) {
	if e.Number == g.number {
		g.now = measured{e, g.asked}
	}
}

// choose takes over other choices.
func (g *gauge) choose(c wire.Choices) { g.asked, g.sent, g.number = c, g.within, g.number+1 }

// begin starts anew; what was known until now stays good for the same choices.
func (g *gauge) begin(c wire.Choices, stop context.CancelFunc) {
	if len(g.now.Rows) > 0 {
		g.before = measured{g.figures(g.now.of), g.now.of}
	}
	g.stop, g.now = stop, measured{}
	g.choose(c)
}

// forget drops what is known: somebody made room, or changed files.
func (g *gauge) forget() { g.now, g.before = measured{}, measured{} }

// others tells whether these are other choices, or of another directory, than
// those that are being measured.
func (g *gauge) others(c wire.Choices, within string) bool {
	return !alike(c, g.asked) || c.Compressor != g.asked.Compressor || c.Processors != g.asked.Processors || within != g.sent
}

// alike tells whether two choices make the same image, all compressors beside
// each other.
func alike(a, b wire.Choices) bool {
	for _, c := range []*wire.Choices{&a, &b} {
		c.Title, c.HomeLoss, c.MemoryMiB, c.Processors, c.Compressor, c.Level = "", false, 0, 0, "", 0
	}
	return reflect.DeepEqual(a, b)
}

// figures are the best that is known for these choices: what was told before a
// new start goes for as long as that knows less of the same tree.
func (g *gauge) figures(c wire.Choices) wire.Estimate {
	now, before := g.now.figures(c), g.before.figures(c)
	switch {
	case len(before.Rows) == 0:
		return now
	case len(now.Rows) == 0:
		return before
	case !sameTree(now, before):
		return now
	}
	rows := make([]wire.EstimateRow, len(now.Rows))
	for i, r := range now.Rows {
		rows[i] = r
		if old, ok := rowFor(before, r.Compressor); ok && old.Level == r.Level && old.Blocks > r.Blocks && !r.Whole {
			if rows[i] = old; old.Seconds == 0 {
				rows[i].Seconds = r.Seconds
			}
		}
	}
	now.Rows = rows
	return now
}

// figures are those that hold for these choices, too.
func (m measured) figures(c wire.Choices) wire.Estimate {
	e := m.Estimate
	if !alike(m.of, c) {
		return wire.Estimate{}
	}
	if m.of.Processors != c.Processors {
		e.Rows = slices.Clone(e.Rows)
		for i := range e.Rows {
			e.Rows[i].Seconds = 0
		}
	}
	return e
}

// sameTree tells whether both are of the same files and the same room, but for
// what a system does by itself.
func sameTree(a, b wire.Estimate) bool {
	near := func(a, b int64) bool { return max(a-b, b-a) <= max(b/1000, 16) }
	return near(a.Entries, b.Entries) && near(a.Bytes+a.Twins, b.Bytes+b.Twins) && near(a.Room, b.Room) && a.Beside == b.Beside
}

// rowFor is the row of a compressor, when something is known of it.
func rowFor(e wire.Estimate, compressor string) (wire.EstimateRow, bool) {
	for _, r := range e.Rows {
		if r.Compressor == compressor && (r.Blocks > 0 || r.Whole) {
			return r, true
		}
	}
	return wire.EstimateRow{}, false
}

// measures tells whether a page shows figures.
func (p pageName) measures() bool {
	switch p {
	case pageStart, pageCheck, pageContent, pageHow, pageSummary, pageSpace:
		return true
	}
	return false
}

// toMeasure are the choices whose image is to be measured on this page, if any.
func (m *model) toMeasure() (wire.Choices, bool) {
	if !m.page.measures() || m.hopeless() != nil || m.restarts {
		return wire.Choices{}, false
	}
	if m.page == pageStart {
		return m.intent.Choices, m.looked && m.err == nil
	}
	return m.choices, m.check != nil
}

// chosenRow is what is known of the chosen compressor.
func (m *model) chosenRow() (wire.EstimateRow, wire.Estimate, bool) {
	c := m.choices
	if m.page == pageStart {
		c = m.intent.Choices
	}
	e := m.gauge.figures(c)
	r, ok := rowFor(e, c.Compressor)
	return r, e, ok
}
