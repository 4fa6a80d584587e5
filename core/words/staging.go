package words

import (
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Staging says what happens to what when v is staged: one sentence or two each.
func Staging(f live.Facts, v history.Version, tr func(string) string) []string {
	say := []string{fmt.Sprintf(tr("The next start uses %[1]s."), quoted(VersionName(v)))}
	if d := f.Default; d != nil {
		name := history.Version{Version: *d, State: history.Default}
		say = append(say, fmt.Sprintf(tr("%[1]s is kept as %[2]s.old; you can come back to it in the same way."), quoted(VersionName(name)), Clean(f.Plain.Name)))
	}
	if names := history.InTheWay(f, v); len(names) > 0 {
		say = append(say, fmt.Sprintf(tr("First these go to the archive folder, as they would be in the way: %[1]s."), Clean(wire.List(names, 12))))
	}
	say = append(say, saved(f, v, tr)...)
	if names := history.OutOfUse(f, v); len(names) > 0 {
		say = append(say, fmt.Sprintf(tr("That version has none of these, so they are out of use afterwards, kept with .old behind their names: %[1]s."), Clean(wire.List(names, 12))))
	}
	if f.NoRemaster {
		m := Describe(wire.NoRemaster, nil, tr)
		say = append(say, m.Text+" "+m.Hint)
	}
	return append(say, tr("The kernel on the stick stays as it is. Nothing is deleted."))
}

// saved says what becomes of the changes that root persistence keeps.
func saved(f live.Facts, v history.Version, tr func(string) string) (say []string) {
	_, beside := f.Entries["rootfs"]
	switch {
	case f.Persistence.Annex != nil:
		say = []string{fmt.Sprintf(tr("Your saved root changes in %[1]s stay with the version you use now. Those of the other one come back with it, or it gets an empty file. That happens only when the next start uses root persistence, too."), Clean(f.Persistence.File))}
	case beside:
		say = besides(f, v, tr)
	default:
		return nil
	}
	if f.Persistence.Kind == live.PersistDynamic {
		say = append(say, tr("What you have not saved yet is lost at the restart: save your changes before, if you want to keep them."))
	}
	return say
}

func besides(f live.Facts, v history.Version, tr func(string) string) []string {
	brings := slices.ContainsFunc(v.Companions, func(name string) bool { return name == "rootfs" || strings.HasPrefix(name, "rootfs.") })
	if f.Persistence.Root() && !brings {
		return []string{tr("Your saved root changes stay with the version you use now. The other one has no file for them: after that start nothing is saved any more until you make a new one.")}
	}
	return []string{tr("Your saved root changes stay with the version you use now; those that belong to the other one come back with it.")}
}

func quoted(s string) string { return "'" + s + "'" }
