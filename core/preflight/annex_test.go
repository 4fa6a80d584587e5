package preflight

import (
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

func init() { rows = append(rows, annexRows...) }

var annexRows = []row{
	{"elsewhere, not mounted", func(in *Input) { annexed(live.PersistStatic)(in); in.Facts.Persistence.Annex = nil }, "stop root_elsewhere /p/rootfs"},
	{"elsewhere, its file is gone", func(in *Input) { annexed(live.PersistStatic)(in); in.Plan.Annex = nil }, "stop root_elsewhere /p/rootfs"},
	{"elsewhere, static", annexed(live.PersistStatic), "note root_persistence /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, dynamic", annexed(live.PersistDynamic), "note root_persistence /p/rootfs\nwarn root_unsaved /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, refused", func(in *Input) { annexed(live.PersistNone)(in); in.Facts.VIDError = "text" },
		"warn version_mismatch text\nwarn rootfs_unused /p/rootfs|2.0 GiB\nwarn annex_mismatch /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, with another live system", annexed(live.PersistStatic, "linuxfs.old"), "stop annex_shared /p"},
	{"elsewhere, read-only", func(in *Input) { annexed(live.PersistStatic)(in); in.Facts.Persistence.Annex.ReadOnly = true }, "stop read_only_medium /dev/sdc1"},
	{"elsewhere, older ones", annexed(live.PersistStatic, "rootfs.old", "rootfs.new", "homefs"),
		"note root_persistence /p/rootfs\nnote annex_start /p/rootfs\nnote annex_filed rootfs.new, rootfs.old|/p"},
	{"elsewhere, armed", func(in *Input) {
		annexed(live.PersistStatic, "rootfs.new")(in)
		in.Facts.Armed = &live.Version{}
	}, "note root_persistence /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, no room", func(in *Input) { annexed(live.PersistStatic)(in); in.Measured.AnnexFree = 95 << 20 },
		"note root_persistence /p/rootfs\nnote annex_start /p/rootfs\nstop annex_space 80 MiB|79 MiB|/dev/sdc1|1.0 MiB"},
	{"elsewhere, not measured", func(in *Input) { annexed(live.PersistStatic)(in); in.Measured = nil }, "note root_persistence /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, one beside the image too", func(in *Input) {
		persists(live.PersistStatic)(in)
		annexed(live.PersistStatic)(in)
	}, "warn rootfs_unused rootfs|2.0 GiB\nnote root_persistence /p/rootfs\nnote annex_start /p/rootfs"},
	{"elsewhere, only home", func(in *Input) {
		in.Facts.Persistence = live.Persistence{Kind: live.PersistNone, Home: true, Elsewhere: true}
	}, ""},
	{"elsewhere, no mkfs.ext4", func(in *Input) {
		annexed(live.PersistStatic)(in)
		in.MkfsErr = wire.Fail(wire.MkfsMissing, nil, "mkfs.ext4")
	}, "note root_persistence /p/rootfs\nnote annex_start /p/rootfs\nstop mkfs_missing mkfs.ext4"},
}

// annexed is root persistence of a kind with the file in another place, where
// these other names are, too.
func annexed(kind string, names ...string) func(*Input) {
	return func(in *Input) {
		entries := live.Dir{"rootfs": live.KindFile}
		for _, name := range names {
			entries[name] = live.KindFile
		}
		in.Facts.Persistence = live.Persistence{Kind: kind, File: "/p/rootfs", Elsewhere: true,
			Annex: &live.Annex{Dir: "/p", Device: "/dev/sdc1", Entries: entries, Rootfs: 2 << 30}}
		in.Plan.Annex = &plan.Annex{Rootfs: plan.Companion{Name: "rootfs", Fresh: 2 << 30}}
		if in.Measured != nil {
			in.Measured.AnnexFree = 1 << 40
		}
	}
}
