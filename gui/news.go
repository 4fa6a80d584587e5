package gui

import (
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// notice is something the start page tells, and what can be done about it.
type notice struct {
	level   wire.Level
	text    string
	actions []rowAction
}

// rowAction is a button of a row.
type rowAction struct {
	do   task
	text string
}

// news is what happened, and what waits.
func (v *view) news() []notice {
	var out []notice
	f := v.intent.Facts
	if n, ok := v.afterStart(); ok {
		out = append(out, n)
	}
	if f.VIDError != "" {
		out = append(out, notice{level: wire.Warn, text: tr("Your saved changes were not used at this start: they belong to another version of the system. They are not lost; they are used again when that version runs.")})
	}
	if f.Armed != nil {
		text := tr("A new version, “%[1]s”, waits for the next start. If you do not want it, take it out: it is filed away, not deleted.")
		if v.staged {
			text = tr("“%[1]s” waits for the next start. If you do not want it, take it out: it goes back to where it was.")
		}
		out = append(out, notice{wire.Note, fmt.Sprintf(text, known(f.Armed.Title)), v.waiting()})
	}
	if slices.ContainsFunc(f.Leftovers, func(l live.Leftover) bool { return l.Kind == live.LeftPart }) {
		out = append(out, notice{level: wire.Note, text: tr("An earlier remaster was not finished. What it left is removed when the next one begins.")})
	}
	return out
}

// waiting is what can be done about a version that waits.
func (v *view) waiting() []rowAction {
	out := []rowAction{{disarming, tr("_Take it out")}}
	if o := v.intent.Facts.NextBoot(); o.Kind == live.OutcomeSwap { // else it would wait on
		out = append(out, rowAction{restarting, tr("_Restart now")})
	}
	return out
}

// afterStart tells what a switch or a rollback did and left, in this start or in
// one before.
func (v *view) afterStart() (notice, bool) {
	f := v.intent.Facts
	old, bad := f.Plain.Name+".old", f.Plain.Name+".bad"
	has := func(name string) bool { return slices.Contains(f.Files, name) }
	switched := tr("This start switched to the version that was waiting.")
	if v.picked {
		switched = tr("This start switched to the version that you had chosen.")
	}
	switch {
	case f.DidRemaster && has(old):
		return v.left(switched, nameOf(v.before, old), tr("_Keep this version"),
			tr("If all works well, keep it: the one from before, “%[1]s”, is then filed away, and the way is free for a next one."), tr("If not, go back.")), true
	case f.DidRollback && has(bad):
		return v.left(tr("This start went back to the version from before."), nameOf(v.aside, bad), tr("_File it away"),
			tr("The version you left, “%[1]s”, is still there; file it away, so that there can be a next one. Nothing is deleted."), ""), true
	case has(old):
		return v.left("", nameOf(v.before, old), tr("_File it away"), lies(), tr("Or go back to it.")), true
	case has(bad):
		return v.left("", nameOf(v.aside, bad), tr("_File it away"), lies(), ""), true
	case f.Armed != nil: // which is what counts now
		return notice{}, false
	case f.DidRemaster:
		return notice{level: wire.Note, text: switched}, true
	case f.DidRollback:
		return notice{level: wire.Note, text: tr("This start went back to the version from before.")}, true
	}
	return notice{}, false
}

func lies() string {
	return tr("An earlier version, “%[1]s”, still lies beside the running one. As long as it does, there can be no new one. File it away: nothing is deleted.")
}

// left is about a version that lies beside the running one: what happened, what
// can be done with it, and how to go back to it, where that can be.
func (v *view) left(happened, name, button, text, orBack string) notice {
	say := []string{happened, fmt.Sprintf(text, name)}
	n := notice{level: wire.Note, actions: []rowAction{{keeping, button}}}
	if orBack != "" && v.mayGoBack() {
		say = append(say, orBack)
		n.actions = append(n.actions, rowAction{staging, tr("_Go back …")})
	}
	n.text = strings.TrimSpace(strings.Join(say, " "))
	return n
}

// mayGoBack tells whether the next start can use the version from before.
func (v *view) mayGoBack() bool {
	f := v.intent.Facts
	return v.before != nil && f.Armed == nil && history.Addressable(f, *v.before) == nil && history.Stageable(f, nil, *v.before) == nil
}

func nameOf(v *history.Version, file string) string {
	if v == nil {
		return words.Clean(file)
	}
	return words.VersionName(*v)
}

// filedText says what became of the versions that a button of a row moved; now
// is what there is since.
func filedText(t task, was, now view, r wire.FiledResult) string {
	f := was.intent.Facts
	switch {
	case t == disarming && f.Armed == nil:
		return ""
	case t == disarming && r.Back != "":
		return trf("“%[1]s” is where it was before, and the next start does not use it.", known(f.Armed.Title))
	case t == disarming:
		return trf("“%[1]s” was filed away, and the next start does not use it. You find it in the list of versions.", known(f.Armed.Title))
	}
	var moved []history.Version
	for _, left := range []*history.Version{was.before, was.aside} {
		if left != nil {
			moved = append(moved, *left)
		}
	}
	if len(moved) == 0 {
		return tr("It was filed away.")
	}
	say := []string{trf("Filed away: %[1]s.", quoted(moved))}
	if unfit := slices.DeleteFunc(moved, now.fits); len(unfit) > 0 {
		return strings.Join(append(say, trf("No start can use %[1]s.", quoted(unfit))), " ")
	}
	return strings.Join(append(say, tr("You can go back at any time, under “Versions and rollback”.")), " ")
}

// fits tells whether a start could use a version that lay elsewhere before:
// damage may have been found since.
func (v *view) fits(was history.Version) bool {
	return was.Unfit == nil && !slices.ContainsFunc(v.versions, func(is history.Version) bool { return is.Head == was.Head && is.Unfit != nil })
}

// quoted names one version or two.
func quoted(all []history.Version) string {
	if len(all) == 2 {
		return trf("“%[1]s” and “%[2]s”", words.VersionName(all[0]), words.VersionName(all[1]))
	}
	return trf("“%[1]s”", words.VersionName(all[0]))
}
