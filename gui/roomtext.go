package gui

import (
	"math"

	"antix-remaster/core/history"
	"antix-remaster/core/preflight"
	"antix-remaster/core/words"
)

// listsVersions tells whether a page needs the versions on the stick; Return
// does nothing there by itself.
func (p pageName) listsVersions() bool {
	return p == pageVersions || p == pageRoom || p == pageMenu || p == pageLiveCD
}

// works tells whether a page shows how work goes on.
func (p pageName) works() bool { return p == pageProgress || p == pageLiveCDWork }

const gib = 1 << 30

// noWish is the policy that asks for nothing: as many old versions as there
// are, and the room that is free now, in steps of the field it is shown in.
func (m *model) noWish() history.Policy {
	free := math.Floor(float64(m.intent.Facts.Boot.Free)/gib*10) / 10
	return history.Policy{Keep: m.prune(history.Policy{Keep: -1}).Left, Free: int64(free * gib)}
}

// wished is what the wishes come to.
func (m *model) wished() history.Pruning {
	if m.policy == nil {
		return m.prune(history.Policy{Keep: -1})
	}
	return m.prune(*m.policy)
}

func (m *model) prune(p history.Policy) history.Pruning {
	return history.Prune(m.intent.Facts, m.versions, m.weights, p)
}

func (m *model) roomButtons() buttons {
	p := m.wished()
	b := buttons{back: tr("_Back"), next: tr("_Delete these versions")}
	switch n := len(p.Go); {
	case n == 1:
		b.next = tr("_Delete this version")
	case n > 1:
		b.next = trf("_Delete these %[1]d versions", n)
	}
	err := preflight.Unchangeable(m.intent.Facts)
	switch {
	case m.busy == pruning && m.deleted == 0:
		b.why = m.readingText()
	case m.busy == pruning:
		b.why = trf("Versions that are deleted: %[1]d of %[2]d", m.deleted, len(p.Go))
	case m.busy != idle || !m.listed:
		b.why = tr("The stick is being looked at …")
	case err != nil:
		b.why, _ = reasonOf(err)
	case len(p.Go) > 0 && !p.Met():
		b.can, b.why = true, tr("Even that is less than you asked for. You are asked once more before anything is deleted.")
	case len(p.Go) > 0:
		b.can, b.why = true, tr("You are asked once more before anything is deleted.")
	case !p.Met():
		b.why = tr("Nothing that is left may be deleted here. The list says why.")
	default:
		b.why = tr("Nothing has to go for that. Keep fewer versions, or ask for more room.")
	}
	return b
}

// roomLine is one version on the page of room.
type roomLine struct{ head, name, text string } // head begins a part of the list

// roomLines are what would go, and what stays whatever is wished.
func (m *model) roomLines(p history.Pruning) []roomLine {
	var out []roomLine
	head := func(text string, first bool) string {
		if first {
			return text
		}
		return ""
	}
	for i, v := range p.Go {
		out = append(out, roomLine{head(tr("These would be deleted, in this order:"), i == 0), words.VersionName(v),
			trf("made %[1]s · frees %[2]s", known(v.Date), words.Size(m.weights[v.Place].Bytes)) + fileOf(v)})
	}
	if len(p.Go) == 0 {
		out = append(out, roomLine{head: tr("Nothing would be deleted.")})
	}
	for i, k := range p.Stay {
		out = append(out, roomLine{head(tr("These stay in any case:"), i == 0), words.VersionName(k.Version), words.Kept(k, tr) + fileOf(k.Version)})
	}
	return out
}

// fileOf is the file of a version that is called otherwise.
func fileOf(v history.Version) string {
	if v.Title == "" {
		return ""
	}
	return " · " + words.Clean(v.File())
}

// roomThen says what comes of the wishes.
func (m *model) roomThen(p history.Pruning) string {
	text := trf("Free afterwards: %[1]s (now %[2]s). Old versions that remain: %[3]d.", words.Size(p.Free), words.Size(int64(m.intent.Facts.Boot.Free)), p.Left)
	if p.Missing > 0 {
		text += " " + trf("%[1]s less than you asked for.", words.Size(p.Missing))
	}
	if p.TooMany > 0 {
		text += " " + trf("More than you asked for, by: %[1]d.", p.TooMany)
	}
	return text
}
