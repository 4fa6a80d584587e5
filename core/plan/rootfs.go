package plan

import (
	"slices"

	"antix-remaster/core/live"
)

// Sizes of a fresh rootfs in bytes, those of persist-makefs (contract §12).
const (
	minRootfs = 100 << 20
	maxOnFAT  = 4095 << 20
)

// sparse are the file systems of a stick that keep no place for what was never
// written into a file.
var sparse = []string{"ext2", "ext3", "ext4", "btrfs", "xfs", "f2fs"}

// rootfs plans the empty file in which the new version keeps its changes, of the
// size of the present one. A copy would be refused: it holds the id of the present
// version (contract §7). Without any, a user whose changes were kept would find
// after the swap that they are not any more (§6.2), so one is also made where the
// present one is not in use just now. A directory of that name is not made anew.
func rootfs(f live.Facts) []Companion {
	if f.Rootfs == 0 {
		return nil
	}
	return []Companion{fresh(f.Rootfs, int64(f.Boot.Total), f.Boot.FSType)}
}

// fresh plans one of the size that the present one has, on a file system of
// total bytes, 0 where that is not known.
func fresh(size, total int64, fstype string) Companion {
	size = max(size, minRootfs)
	if total > 0 {
		size = min(size, total) // a sparse file can promise more than there is
	}
	if isFAT(fstype) {
		size = min(size, maxOnFAT)
	}
	return Companion{Name: "rootfs", Fresh: size, Whole: !slices.Contains(sparse, fstype)}
}

func isFAT(fstype string) bool { return fstype == "vfat" || fstype == "msdos" }

// Annex is the rootfs that the new version gets where its start looks for one:
// elsewhere than beside the linuxfs (contract §6.5).
type Annex struct {
	UUID   string    `json:"uuid"` // of the file system
	Dir    string    `json:"dir"`  // relative to its root
	Rootfs Companion `json:"rootfs"`
}

// MakeAnnex is nil when there is none that this start looked for, or when it
// cannot be seen.
func MakeAnnex(f live.Facts) *Annex {
	a := f.Persistence.Annex
	if a == nil || a.Rootfs == 0 {
		return nil
	}
	return &Annex{a.UUID, a.Path, fresh(a.Rootfs, a.Total, a.FSType)}
}

// Rootfs is the fresh rootfs of a plan, false when it makes none.
func (p Plan) Rootfs() (Companion, bool) {
	for _, c := range p.Companions {
		if c.Fresh > 0 {
			return c, true
		}
	}
	return Companion{}, false
}

// Place is how many bytes of the stick a fresh companion needs at once. An empty
// ext4 in a sparse file has its journal and its tables on it: 9 MiB of 400, 67 of
// 4095, 69 of 8192, 261 of 40960 were measured (mkfs.ext4 1.47.0).
func (c Companion) Place() int64 {
	if c.Whole {
		return c.Fresh
	}
	return c.Fresh/128 + 64<<20
}
