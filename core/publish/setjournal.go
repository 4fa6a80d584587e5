package publish

import (
	"regexp"
	"strings"
)

// What a journal may say of a set that is staged, put back or deleted. Like
// the rest of parseJournal it believes nothing.

var (
	headPattern  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	targetNumber = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// checkSet holds that a set action names nothing but one image and companions,
// moved between names that this program uses.
func (m *Medium) checkSet(in intent) error {
	if len(in.Moves) == 0 || len(in.Create) > 0 || in.Armed != "" || in.Version != "" || in.Copy && !m.fat {
		return bad(in.Action)
	}
	if in.Archive != "" && !archiveNumber.MatchString(in.Archive) {
		return bad(in.Archive)
	}
	if in.Copy && in.Archive == "" {
		return bad(in.Action) // beside the linuxfs nothing is copied but by way of the archive
	}
	check := map[string]func(intent, move) bool{actionStage: m.mayStage, actionBack: m.mayGoBack, actionDelete: m.mayDelete}[in.Action]
	for i, mv := range in.Moves {
		if !check(in, mv) || m.isImageMove(mv) != (i == imageAt(in)) || m.isImageMove(mv) != headPattern.MatchString(mv.Head) {
			return bad(mv.From)
		}
	}
	return nil
}

// imageAt is where the image is among the moves: it arms last and disarms
// first.
func imageAt(in intent) int {
	if in.Action == actionStage {
		return len(in.Moves) - 1
	}
	return 0
}

func (m *Medium) isImageMove(mv move) bool {
	base, _, ok := m.split(mv.name())
	return ok && base == m.name || m.IsSpare(mv.name())
}

// mayStage: from a name with another suffix beside, or any in an archive, or a
// spare one. Without a copy it can only be armed.
func (m *Medium) mayStage(in intent, mv move) bool {
	if m.IsSpare(mv.From) {
		return in.Archive == "" && mv.To == m.name+".new" && mv.Link == ""
	}
	base, from, ok := m.split(mv.From)
	base2, to, ok2 := m.split(mv.To)
	if !ok || !ok2 || base != base2 || mv.Link != "" || to == "" || to != "new" && !in.Copy {
		return false
	}
	return in.Archive != "" || from != "" && from != "new"
}

// mayGoBack: from what is armed. Of an image that is a link and goes into an
// archive it is the target, as with a file action.
func (m *Medium) mayGoBack(in intent, mv move) bool {
	if m.IsSpare(mv.To) {
		return in.Archive == "" && mv.From == m.name+".new" && mv.Link == ""
	}
	base, from, ok := m.split(mv.name())
	base2, to, ok2 := m.split(mv.To)
	if !ok || !ok2 || base != base2 || from != "new" || in.Archive == "" && (to == "" || to == "new") {
		return false
	}
	return mv.Link == "" || in.Archive != "" && base == m.name && m.isTarget(mv.From)
}

// mayDelete: never what is armed or without a suffix beside the linuxfs.
func (m *Medium) mayDelete(in intent, mv move) bool {
	_, suffix, ok := m.split(mv.name())
	if !ok || mv.To != "" || in.Archive == "" && (suffix == "" || suffix == "new") {
		return false
	}
	return mv.Link == "" || in.Archive == "" && m.isTarget(mv.From)
}

// isTarget tells whether a link of the scheme that the antiX documentation
// advises, linuxfs.03, leads there. No other link is followed to what it
// names: linuxfs.e16 could be the default of another boot entry.
func (m *Medium) isTarget(name string) bool {
	number, ok := strings.CutPrefix(name, m.name+".")
	return ok && !m.fat && targetNumber.MatchString(number)
}

// IsSpare tells whether a file beside the linuxfs may have this name that is
// another version of that scheme: it may be staged and put back, and nothing else.
func (m *Medium) IsSpare(name string) bool { return m.host == nil && m.isTarget(name) }
