package words

import (
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
)

// NextBoot says in plain words what a boot does.
func NextBoot(o live.Outcome, f live.Facts, tr func(string) string) string {
	return strings.TrimSpace(nextBoot(o, f, tr) + " " + elsewhere(o, f, tr))
}

// elsewhere says what becomes of saved root changes that do not lie beside the
// linuxfs: only a start that wants them touches them (contract §6.5).
func elsewhere(o live.Outcome, f live.Facts, tr func(string) string) string {
	a := f.Persistence.Annex
	if a == nil || a.Entries["rootfs"] == "" {
		return ""
	}
	say, file := "", Clean(f.Persistence.File)
	takes := slices.ContainsFunc(o.Annex(a.Entries).Renames, func(r live.Rename) bool { return r.To == "rootfs" })
	switch {
	case o.Kind == live.OutcomeSwap && takes:
		say = tr("Your saved root changes in %[1]s are set aside, and a new file, made for that version, takes their place. That happens only when the next start uses root persistence, too.")
	case o.Kind == live.OutcomeRollback && takes:
		say = tr("Your saved root changes in %[1]s are set aside, and those of the older version come back. That happens only when the next start uses root persistence, too.")
	case o.Kind == live.OutcomeSwap || o.Kind == live.OutcomeRollback:
		say = tr("Your saved root changes in %[1]s are set aside when the next start uses root persistence, too. There is no other file to take their place, so nothing will be saved any more.")
	default:
		return ""
	}
	return fmt.Sprintf(say, file)
}

func nextBoot(o live.Outcome, f live.Facts, tr func(string) string) string {
	name := Clean(f.Plain.Name)
	say := func(format string) string { return fmt.Sprintf(format+"%.0[1]s%.0[2]s", name, Clean(o.Blocking)) }
	switch o.Kind {
	case live.OutcomeNone:
		return say(tr("Nothing changes: the next start uses %[1]s as it is."))
	case live.OutcomeSwap:
		if why := armedUnfit(f, tr); why != "" {
			return fmt.Sprintf(tr("The new version %[1]s.new takes over, but it would not start as it should. %[2]s Do not restart now. First do: antix-remaster-cli disarm."), name, why)
		}
		if f.Armed != nil && f.Armed.Title != "" && f.Default != nil && f.Default.Title != "" {
			return fmt.Sprintf(tr("“%[1]s” takes over. The version from before, “%[2]s”, is kept as %[3]s.old."), Clean(f.Armed.Title), Clean(f.Default.Title), name)
		}
		return say(tr("The new version %[1]s.new takes over. The version from before is kept as %[1]s.old."))
	case live.OutcomeRollback:
		return say(tr("The boot option rollback brings back %[1]s.old. The version from now is kept as %[1]s.bad."))
	case live.OutcomeBlocked:
		return say(tr("A new version is waiting, but %[2]s is in the way: the start would stop and wait for a key. First do: antix-remaster-cli keep."))
	case live.OutcomeNoRemaster:
		return say(tr("The boot option noremaster is set: the next start uses %[1]s as it is."))
	case live.OutcomeNoOld:
		return say(tr("The boot option rollback is set, but there is no %[1]s.old to go back to: the next start uses %[1]s as it is."))
	case live.OutcomeMissing:
		return say(tr("There is no %[1]s on the stick: the next start would fail. Do not restart now. If there is a file %[1]s.old, start with the boot option sqext=old."))
	case live.OutcomeFixed:
		return say(tr("The boot device cannot be changed: the next start uses %[1]s as it is."))
	}
	return say(tr("It is not known, as the files on the boot device cannot be seen now."))
}

// armedUnfit says why the version that waits cannot be started, "" when it can:
// a boot switches to it before it looks at it.
func armedUnfit(f live.Facts, tr func(string) string) string {
	if f.Armed == nil {
		return ""
	}
	return Unfit(history.About(f, "", *f.Armed), tr)
}
