package preflight

import (
	"slices"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// FindMkfs holds that the programs are there that make and check a fresh rootfs.
// Its error is a wire error.
func FindMkfs() error {
	for _, name := range []string{"mkfs.ext4", "e2fsck"} {
		if _, err := sys.Program(name); err != nil {
			return wire.Fail(wire.MkfsMissing, err, name)
		}
	}
	return nil
}

// persistence tells what becomes of the saved changes of the root. The swap
// renames a rootfs beside the linuxfs whether it is in use or not (contract
// §6.2), and the plan makes a fresh one for each that is a file.
func persistence(in Input) []wire.Check {
	f := in.Facts
	var out []wire.Check
	if f.VIDError != "" {
		out = one(wire.Warn, wire.VersionMismatch, f.VIDError)
	}
	fresh, made := in.Plan.Rootfs()
	switch {
	case f.Persistence.Elsewhere && f.Persistence.Wanted():
		if made { // the swap renames it all the same
			out = append(out, one(wire.Warn, wire.RootfsUnused, "rootfs", bytes(fresh.Fresh))...)
		}
	case f.Persistence.Root() && !made && f.Entries != nil:
		return append(out, one(wire.Stop, wire.RootElsewhere, f.Persistence.File)...)
	case f.Persistence.Root():
		out = append(out, one(wire.Note, wire.RootPersistence, f.Persistence.File)...)
		if f.Persistence.Kind == live.PersistDynamic {
			out = append(out, one(wire.Warn, wire.RootUnsaved, f.Persistence.File)...)
		}
	case made:
		out = append(out, one(wire.Warn, wire.RootfsUnused, "rootfs", bytes(fresh.Fresh))...)
	case slices.Contains(f.Files, "rootfs"):
		out = append(out, one(wire.Warn, wire.RootfsAside, "rootfs")...)
	}
	if made && in.MkfsErr != nil {
		out = append(out, wire.StopOf(in.MkfsErr))
	}
	return out
}
