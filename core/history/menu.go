package history

import (
	"cmp"
	"path"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// The entries that a boot menu has of ours, by their ids.
const (
	EntryTry    = "antix-remaster-try"
	EntryRescue = "antix-remaster-rescue"
	EntryBack   = "antix-remaster-rollback"
	EntryLost   = "antix-remaster-lost"
)

// MenuEntries are the entries that the boot menus of the stick should have, in
// their order: the version that is tried out, one that always starts, and the two
// ways back that the live initrd has by itself. all is the whole list; a version
// for which leaving tells that it is about to move is not named. A title that there
// is none of is an English one.
func MenuEntries(f live.Facts, all []Version, leaving func(Version) bool, titles wire.Titles) []bootmenu.Extra {
	titles = titles.Or(wire.EnglishTitles)
	var out []bootmenu.Extra
	for _, v := range all {
		if v.Record.Try && Tryable(v) == nil && !leaving(v) {
			out = append(out, bootmenu.Extra{ID: EntryTry, Title: named(titles.Try, v), Options: place(f, v), Once: true})
			break
		}
	}
	out = append(out, rescue(f, all, leaving, titles))
	return append(out,
		bootmenu.Extra{ID: EntryBack, Title: titles.Back, Options: append(at(f, f.Plain.Path, f.Plain.Name), "rollback")},
		bootmenu.Extra{ID: EntryLost, Title: titles.Lost,
			Options: at(f, f.Plain.Path, f.Plain.Name+".old")})
}

// Tryable tells why a version cannot be started from where it lies; nil when it
// can. It must be archived: beside the linuxfs a boot gives the name to another
// one, and no boot can tell afterwards that it was a try. Errors are wire errors.
func Tryable(v Version) error {
	switch {
	case v.State == Default || v.State == Armed:
		return wire.Fail(wire.NothingToStage, nil, v.File())
	case v.Unfit != nil:
		return v.Unfit.Refusal()
	case v.State != Archived:
		return wire.Fail(wire.TryBeside, nil, v.File())
	case !bootmenu.ValidOption("sqname=" + v.Name):
		return wire.Fail(wire.OddName, nil, v.File())
	}
	return nameable(v)
}

// place are the boot options that start an archived version where it lies
// (contract §3).
func place(f live.Facts, v Version) []string {
	return at(f, path.Join(f.Plain.Path, archiveDir, v.Archive), v.Name)
}

// at leaves out the folder that every initrd takes where it may look there for
// what is needed to open an encrypted stick, too.
func at(f live.Facts, dir, name string) []string {
	if f.Encrypted && dir == "antiX" {
		return []string{"sqname=" + name}
	}
	return []string{"bdir=" + cmp.Or(dir, "/"), "sqname=" + name}
}

func named(title string, v Version) string {
	return strings.Replace(title, "%s", menuTitle(v), 1)
}

// menuTitle is short: a boot menu has few columns.
func menuTitle(v Version) string {
	title := strings.Join(strings.Fields(v.Title), " ")
	if title == "" {
		title = v.File()
	}
	title = cut(title, 40)
	if day := strings.Fields(v.Date); len(day) >= 3 {
		title += " (" + cut(strings.Join(day[:3], " "), 20) + ")"
	}
	return title
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
