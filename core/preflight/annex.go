package preflight

import (
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Annex tells why nothing can be done where this start looked for a rootfs,
// when that is not beside the linuxfs; nil when it can, or when there is no such
// place. Its error is a wire error.
func Annex(f live.Facts) error {
	p := f.Persistence
	if !p.Elsewhere || !p.Wanted() {
		return nil
	}
	isImage := func(name string) bool {
		return strings.HasPrefix(name, "linuxfs") || strings.HasPrefix(name, f.Plain.Name)
	}
	switch a := p.Annex; {
	case a == nil:
		return wire.Fail(wire.RootElsewhere, nil, p.File)
	case slices.ContainsFunc(a.Entries.Names(), isImage):
		return wire.Fail(wire.AnnexShared, nil, a.Dir)
	case a.ReadOnly:
		return wire.Fail(wire.ReadOnlyMedium, nil, a.Device)
	}
	return nil
}

// inTheAnnex names what the next swap would overwrite, or use, in the annex.
func inTheAnnex(f live.Facts) []string {
	var names []string
	for _, name := range []string{"rootfs.new", "rootfs.old", "rootfs.bad"} {
		if f.Armed == nil && f.Persistence.Annex.Entries[name] != "" {
			names = append(names, name)
		}
	}
	return names
}

// annex tells what becomes of saved changes that do not lie beside the linuxfs.
func annex(in Input) []wire.Check {
	p, planned := in.Facts.Persistence, in.Plan.Annex
	if !p.Elsewhere || !p.Wanted() {
		return nil
	}
	err := Annex(in.Facts)
	if err == nil && planned == nil {
		err = wire.Fail(wire.RootElsewhere, nil, p.File)
	}
	if err != nil {
		return []wire.Check{wire.StopOf(err)}
	}
	var out []wire.Check
	switch {
	case !p.Root():
		out = one(wire.Warn, wire.RootfsUnused, p.File, bytes(planned.Rootfs.Fresh))
		if in.Facts.VIDError != "" {
			out = append(out, one(wire.Warn, wire.AnnexMismatch, p.File)...)
		}
	case p.Kind == live.PersistDynamic:
		out = append(one(wire.Note, wire.RootPersistence, p.File), one(wire.Warn, wire.RootUnsaved, p.File)...)
	default:
		out = one(wire.Note, wire.RootPersistence, p.File)
	}
	out = append(out, one(wire.Note, wire.AnnexStart, p.File)...)
	if names := inTheAnnex(in.Facts); len(names) > 0 {
		out = append(out, one(wire.Note, wire.AnnexFiled, strings.Join(names, ", "), p.Annex.Dir)...)
	}
	if in.MkfsErr != nil {
		out = append(out, wire.StopOf(in.MkfsErr))
	}
	return append(out, annexSpace(in)...)
}

// annexSpace holds that the empty file fits on its device.
func annexSpace(in Input) []wire.Check {
	if in.Measured == nil {
		return nil
	}
	need, room := in.Plan.Annex.Rootfs.Place(), in.Measured.AnnexFree-reserve
	if need <= room {
		return nil
	}
	return one(wire.Stop, wire.AnnexSpace, bytes(need), bytes(room), in.Facts.Persistence.Annex.Device, bytes(need-room))
}
