package history

import (
	"cmp"
	"slices"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// rescue is an entry that starts whatever a switch or a rollback does: a version
// in the archive, where no boot renames anything. Where none can start it is the
// default itself, without a switch.
func rescue(f live.Facts, all []Version, leaving func(Version) bool, titles wire.Titles) bootmenu.Extra {
	if v, ok := Rescue(f, all, leaving); ok {
		return bootmenu.Extra{ID: EntryRescue, Title: named(titles.Rescue, v), Options: place(f, v)}
	}
	return bootmenu.Extra{ID: EntryRescue, Title: titles.Stay,
		Options: append(at(f, f.Plain.Path, f.Plain.Name), "noremaster")}
}

// Rescue is the version that the rescue entry is to name: of those in the archive
// that can start, one that was verified before others, of these a pinned one, then
// the newest. A known damage rules a version out.
func Rescue(f live.Facts, all []Version, leaving func(Version) bool) (Version, bool) {
	var fit []Version
	for _, v := range all {
		if Tryable(v) == nil && !v.Record.Damaged && !leaving(v) {
			fit = append(fit, v)
		}
	}
	slices.SortStableFunc(fit, func(a, b Version) int { return cmp.Compare(worth(b), worth(a)) })
	if len(fit) == 0 {
		return Version{}, false
	}
	return fit[0], true
}

func worth(v Version) int {
	n := 0
	if v.Record.Verified != 0 {
		n += 2
	}
	if v.Record.Pinned {
		n++
	}
	return n
}

// markRescue marks what the menus on the stick name now. Of menus that cannot be
// seen, as of an encrypted stick, only what they name if they are up to date is known.
func markRescue(f live.Facts, root string, all []Version) {
	named, seen := rescueOptions(f, root)
	next, ok := Rescue(f, all, func(Version) bool { return false })
	for i, v := range all {
		is := func(options []string) bool { return slices.Equal(options, place(f, v)) }
		if seen {
			all[i].Rescue = v.Archive != "" && slices.ContainsFunc(named, is)
		} else {
			all[i].MayRescue = ok && v.Place == next.Place
		}
	}
}

// rescueOptions are the boot options of the rescue entry in each boot menu; seen
// is false when one may have an entry that cannot be read.
func rescueOptions(f live.Facts, root string) (options [][]string, seen bool) {
	if !f.Loader.Mounted() {
		return nil, false
	}
	for _, file := range bootmenu.Files {
		text, err := readOwn(f, root, file)
		extras, ours, bad := bootmenu.Decode(file.Kind, text)
		if err != nil || ours && bad != nil {
			return nil, false
		}
		for _, e := range extras {
			if e.ID == EntryRescue {
				options = append(options, e.Options)
			}
		}
	}
	return options, true
}
