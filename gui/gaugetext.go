package gui

import (
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/estimate"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// off is how far the size of a row may be off: the bound is what counts.
func off(r wire.EstimateRow) int64 { return max(r.Bound-r.Estimate, 0) }

func aboutText(r wire.EstimateRow) string { return words.About(r.Estimate, off(r), tr) }

// perFile tells whether the stick can hold no file of that size, however much
// room it has.
func (m *model) perFile(r wire.EstimateRow) bool {
	return m.intent.Plan.FAT && r.Bound > preflight.MaxOnFAT
}

// left is what remains free on the stick.
func (m *model) left(r wire.EstimateRow, e wire.Estimate) int64 {
	if e.Room >= 0 && e.Room != preflight.MaxOnFAT {
		return e.Room - r.Estimate
	}
	return int64(m.intent.Facts.Boot.Free) - e.Beside - r.Estimate
}

// waitText is for what is not known: yet, or at all.
func (m *model) waitText() string {
	if m.gauge.failed {
		return tr("not known before it begins")
	}
	return tr("being measured …")
}

// figureRows are the lines of the summary that are measured.
func (m *model) figureRows() []row {
	r, e, ok := m.chosenRow()
	size, free, time := m.waitText(), m.waitText(), m.waitText()
	switch {
	case ok:
		size, free, time = aboutText(r), m.freeText(r, e), timeText(r, m.waitText())
	case m.gauge.failed && m.check != nil && m.check.Bound > 0:
		size, free = m.boundTexts(m.check.Bound)
	}
	return []row{{tr("Size"), size}, {tr("Free afterwards"), free}, {tr("Time"), time}}
}

// boundTexts is what the checks alone can say.
func (m *model) boundTexts(bound int64) (size, after string) {
	free := int64(m.intent.Facts.Boot.Free)
	size, after = trf("at most %[1]s, mostly clearly less", words.Size(bound)), trf("at least %[1]s of the %[2]s that are free now", words.Size(free-bound), words.Size(free))
	if bound > free {
		after = trf("perhaps too little: %[1]s are free now", words.Size(free))
	}
	return size, after
}

func (m *model) freeText(r wire.EstimateRow, e wire.Estimate) string {
	free := int64(m.intent.Facts.Boot.Free)
	switch left := m.left(r, e); {
	case !m.intent.Facts.Boot.Mounted():
		return tr("unknown")
	case left < 0:
		return trf("nothing: %[1]s are free now", words.Size(free))
	default:
		return trf("about %[1]s of the %[2]s that are free now", words.Size(left), words.Size(free))
	}
}

// timeText says about how long packing will take. It is wide on purpose: a slow
// stick may be what everything waits for.
func timeText(r wire.EstimateRow, unknown string) string {
	if r.Seconds <= 0 {
		return unknown
	}
	least, most := int(r.Seconds/60), int(1.5*r.Seconds/60)+1
	if least < 1 {
		return trf("packing: up to about %[1]d min, longer on a slow stick; then it is read back and compared", most)
	}
	return trf("packing: about %[1]d to %[2]d min, longer on a slow stick; then it is read back and compared", least, most)
}

// howText is what a compressor makes of this system, in one line.
func (m *model) howText(compressor string) string {
	e := m.gauge.figures(m.choices)
	r, ok := rowFor(e, compressor)
	if !ok {
		return m.waitText()
	}
	parts := []string{aboutText(r)}
	if r.Seconds > 0 {
		parts = append(parts, trf("%[1]d min to pack", int(r.Seconds/60)+1))
	}
	switch left := m.left(r, e); {
	case !m.intent.Facts.Boot.Mounted():
	case estimate.Verdict(r.Verdict) == estimate.FitsNot:
		parts = append(parts, tr("does not fit"))
	case left < 0 || estimate.Verdict(r.Verdict) == estimate.MayNotFit && r.Missing > 0:
		parts = append(parts, tr("may not fit"))
	default:
		parts = append(parts, trf("%[1]s remain free", words.Size(left)))
	}
	return strings.Join(parts, " · ")
}

// startText says on the start page what a new version would take.
func (m *model) startText() string {
	r, e, ok := m.chosenRow()
	switch left := m.left(r, e); {
	case !ok || !m.intent.Facts.Boot.Mounted():
		return roughText(m.intent.Facts, m.rough)
	case estimate.Verdict(r.Verdict) == estimate.FitsNot || left < 0:
		return trf("A new version would take %[1]s, and there is no room for that.", aboutText(r))
	case estimate.Verdict(r.Verdict) == estimate.MayNotFit:
		return trf("A new version would take %[1]s. Whether there is room for that is not certain yet.", aboutText(r))
	default:
		return trf("A new version would take %[1]s, and %[2]s would remain free.", aboutText(r), words.Size(left))
	}
}

// verdict says whether it fits, as far as that is known.
func (m *model) verdict() (level wire.Level, text string) {
	r, _, ok := m.chosenRow()
	if !ok {
		return wire.Note, ""
	}
	switch v := estimate.Verdict(r.Verdict); {
	case v == estimate.Fits:
		return "", tr("It fits on the stick.")
	case v == estimate.FitsNot && m.perFile(r):
		return wire.Stop, tr("It does not fit on the stick: no file on a stick with FAT can be larger than 4 GiB.")
	case v == estimate.MayNotFit && m.perFile(r):
		return wire.Warn, tr("It may not fit on the stick: no file on a stick with FAT can be larger than 4 GiB. That is still being measured.")
	case v == estimate.FitsNot:
		return wire.Stop, trf("It does not fit on the stick: %[1]s are missing.", words.Size(r.Missing))
	case v == estimate.MayNotFit:
		if r.Missing > 0 {
			return wire.Warn, trf("It may not fit on the stick: it could need %[1]s more than there is. That is still being measured.", words.Size(r.Missing))
		}
		return wire.Note, tr("Whether it fits on the stick is being measured …")
	}
	return wire.Note, ""
}

// helpKind is something that helps when it does not fit.
type helpKind int

const (
	helpCompressor helpKind = iota
	helpSpace
	helpRoom
	helpCheck // the checks knew less
	helpStick // there is no button for that
)

// help is one thing that helps.
type help struct {
	kind         helpKind
	text, button string
	compressor   string
}

// helps are what helps when it does not fit, or may not: what costs least first.
func (m *model) helps() []help {
	r, e, ok := m.chosenRow()
	v := estimate.Verdict(r.Verdict)
	if stop := m.stop(); ok && v == estimate.Fits && stop != nil && m.busy == idle && ofSpace(*stop) {
		return []help{{kind: helpCheck, text: tr("The check was made before that was known."), button: tr("Check _again")}}
	}
	if !ok || v != estimate.FitsNot && (v != estimate.MayNotFit || r.Missing == 0) {
		return nil
	}
	var out []help
	for _, other := range e.Rows {
		if other.Compressor != r.Compressor && estimate.Verdict(other.Verdict) == estimate.Fits && slices.Contains(m.knows, other.Compressor) {
			out = append(out, help{helpCompressor, trf("Packed with %[1]s it fits: %[2]s.", other.Compressor, aboutText(other)), trf("Use %[1]s", other.Compressor), other.Compressor})
		}
	}
	if largest := largestText(e.Largest); largest != "" {
		out = append(out, help{kind: helpSpace, text: trf("Leave less in it. Most of it is in %[1]s.", largest), button: tr("See what takes the _space")})
	}
	if m.perFile(r) { // more room does not help
		return out
	}
	for _, s := range m.use {
		if s.kind == segVersions && s.bytes > 0 {
			out = append(out, help{kind: helpRoom, text: trf("Delete older versions. Together they take %[1]s.", words.Size(s.bytes)), button: tr("_Make room …")})
		}
	}
	return append(out, help{kind: helpStick, text: trf("Or use a stick with at least %[1]s more room.", words.Size(r.Missing))})
}

// helped tells whether what helps is said in place of a stop. What to do about
// the largest file of FAT only the stop says.
func (m *model) helped(stop wire.Check) bool {
	r, _, _ := m.chosenRow()
	return ofSpace(stop) && len(m.helps()) > 0 && !(stop.Code == wire.FATLimit && m.perFile(r))
}

// ofSpace tells whether a stop is one that more room takes away.
func ofSpace(c wire.Check) bool { return c.Code == wire.NoSpace || c.Code == wire.FATLimit }

// largestText names the largest directories, none twice.
func largestText(parts []wire.EstimatePart) string {
	var names, seen []string
	for _, p := range parts {
		inside := func(s string) bool { return strings.HasPrefix(s, p.Path+"/") || strings.HasPrefix(p.Path, s+"/") }
		if len(names) < 3 && !slices.ContainsFunc(seen, inside) {
			seen = append(seen, p.Path)
			names = append(names, fmt.Sprintf("/%s (%s)", words.Clean(p.Path), words.Size(p.Stored)))
		}
	}
	return strings.Join(names, ", ")
}

// forecast is what the picture of the stick shows of the chosen compressor.
func (m *model) forecast() (forecast, bool) {
	if r, e, ok := m.chosenRow(); ok {
		return forecast{r.Estimate, off(r), e.Beside, e.Room}, true
	}
	return forecast{}, false
}

// named tells whether the words tell of a segment, too: of one that can be seen.
func (s segment) named() bool { return s.bytes >= 1<<20 || s.kind == segFree }

// spokenBar is the picture of the stick in words.
func spokenBar(segments []segment) string {
	var out []string
	for _, s := range segments {
		if s.named() {
			out = append(out, legend(s))
		}
	}
	return strings.Join(out, ", ")
}
