package history

import (
	"errors"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
)

// The rules are asked twice: by a face before it asks the user, and by the
// helper before it does anything.

// Stageable tells why a version cannot be made the one that the next boot
// starts; nil when it can. all is the whole list. core/publish has the rule about
// copies, too. Errors are wire errors.
func Stageable(f live.Facts, all []Version, v Version) error {
	switch {
	case v.State == Default || v.State == Armed:
		return wire.Fail(wire.NothingToStage, nil, v.File())
	case v.Running:
		return wire.Fail(wire.Protected, nil, v.File())
	case v.Unfit != nil:
		return v.Unfit.Refusal()
	case onFAT(f) && f.Default != nil && v.Size == f.Default.Size && v.Head == f.Default.Head:
		return wire.Fail(wire.CopyInUse, nil, v.File(), f.Default.Name)
	case !movable(f, v) && !ofScheme(f, v):
		return wire.Fail(wire.NotMovable, nil, v.File())
	case preflight.Annex(f) != nil:
		return wire.Fail(wire.RootfsElsewhere, preflight.Annex(f), f.Persistence.File)
	}
	if i := slices.IndexFunc(all, func(o Version) bool { return o.State == Armed }); i >= 0 {
		if f.Entries[all[i].Name] == live.KindDangling { // no boot sees it (contract §6.6)
			return wire.Fail(wire.NameTaken, nil, all[i].File())
		}
		return wire.Fail(wire.Pending, nil, all[i].File())
	}
	if _, ok := f.Entries[f.Plain.Name]; !ok {
		return wire.Fail(wire.ImageMissing, nil, f.Plain.Name)
	}
	return nil
}

// movable tells whether a version has a name by which it can be told what
// belongs to it: that of the linuxfs, with what a boot puts behind it.
func movable(f live.Facts, v Version) bool {
	switch v.State {
	case Previous, Bad, Backup:
		return true
	case Archived:
		usual := slices.ContainsFunc(beside, func(b placed) bool { return v.Name == f.Plain.Name+b.suffix })
		return usual && wire.ValidPlace(v.Place)
	}
	return false
}

// ofScheme tells whether a version is a spare one of the scheme in which the linuxfs
// is a link, linuxfs -> linuxfs.03: it can be gone back to, but is never deleted. FAT
// has no links. core/publish has the same rule.
func ofScheme(f live.Facts, v Version) bool {
	number, ok := strings.CutPrefix(v.Name, f.Plain.Name+".")
	return v.State == Spare && ok && isDigit.MatchString(number) && path.Base(v.Path) == v.Name && !onFAT(f)
}

func onFAT(f live.Facts) bool {
	return slices.Contains([]string{"vfat", "msdos", "exfat"}, f.Boot.FSType)
}

// InTheWay names what has to be filed away before v is staged: what an earlier
// swap or rollback left, and v is not.
func InTheWay(f live.Facts, v Version) []string {
	var names []string
	for _, suffix := range []string{".old", ".bad"} {
		if v.Archive == "" && strings.HasSuffix(v.Name, suffix) {
			continue
		}
		for _, c := range live.Companions(live.Gen2023, f.Plain.Name) {
			if kind, ok := f.Entries[c+suffix]; ok && kind != live.KindDangling {
				names = append(names, c+suffix)
			}
		}
	}
	return names
}

// OutOfUse names what serves the default version beside it and v has none of:
// the swap takes it out of service as X.old all the same (contract §6.2).
// rootfs and the md5 are not among them.
func OutOfUse(f live.Facts, v Version) []string {
	var names []string
	suffix := strings.TrimPrefix(v.Name, f.Plain.Name)
	for _, c := range live.Companions(f.Generation, f.Plain.Name) {
		kind, ok := f.Entries[c]
		other := slices.Contains([]string{f.Plain.Name, "rootfs", "linuxfs.md5"}, c)
		if ok && !other && kind != live.KindDangling && !slices.Contains(v.Companions, c+suffix) {
			names = append(names, c)
		}
	}
	return names
}

// Addressable tells why nothing can be done with a version, nor be written down
// about it: nothing on the stick can be changed, or a request to the helper
// could not name it. nil when it can. Errors are wire errors.
func Addressable(f live.Facts, v Version) error {
	if err := preflight.Unchangeable(f); err != nil {
		return err
	}
	return nameable(v)
}

// nameable holds that Ref is one that the helper takes: not of a link to
// nothing, of what cannot be read, or of a name of odd bytes.
func nameable(v Version) error {
	switch {
	case !wire.ValidPlace(v.Place):
		return wire.Fail(wire.OddName, nil, v.File())
	case wire.ValidKey(KeyOf(v.Version)):
		return nil
	case v.Unfit != nil:
		return v.Unfit.Refusal()
	}
	return wire.Fail(wire.VersionDamaged, nil, v.File(), v.Problem)
}

// Deletable tells why a version must not be deleted; nil when it may be.
// confirmed is that the user wants even one to go that is held.
func Deletable(f live.Facts, all []Version, v Version, confirmed bool) error {
	other := func(o Version) bool { return o.Place != v.Place && o.Bootable() }
	switch {
	case v.inUse():
		return wire.Fail(wire.Protected, nil, v.File())
	case !movable(f, v):
		return wire.Fail(wire.NotMovable, nil, v.File())
	case v.Bootable() && !slices.ContainsFunc(all, other):
		return wire.Fail(wire.LastBootable, nil, v.File())
	}
	if held := Held(v); len(held) > 0 && !confirmed {
		return held[0]
	}
	return nameable(v)
}

// Held tells why a version is only deleted when the user confirms it, the most
// important first. Errors are wire errors.
func Held(v Version) (why []error) {
	hold := func(is bool, code wire.Code, arg string) {
		if is {
			why = append(why, wire.Fail(code, errors.New("not confirmed in words"), arg))
		}
	}
	hold(v.Rescue, wire.DeleteRescue, v.File())
	hold(v.Record.Pinned, wire.DeletePinned, v.File())
	hold(v.Unread, wire.RecordNewer, plan.RecordName) // it may be pinned
	return why
}

// TryOptions are the boot options that start a version from where it lies,
// without any rename (contract §3); "" where none are needed or it cannot start.
// With another name than linuxfs a boot has options of its own already.
func TryOptions(f live.Facts, v Version) string {
	if Tryable(v) != nil || f.Plain.Name != "linuxfs" {
		return ""
	}
	return strings.Join(place(f, v), " ")
}
