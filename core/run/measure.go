package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// measure tries and walks what only root can, for the checks.
func (s *station) measure(ctx context.Context, p plan.Plan, scan build.Scan) (*preflight.Measured, error) {
	m := &preflight.Measured{Scan: scan, PackagePID: packageManager()}
	if upper := s.facts.Union.Upper; upper != "" {
		var err error
		if m.Upper, err = build.Count(ctx, upper, plan.Compile(p.Patterns), nil); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return m, s.space(m, p)
}

// space measures what is free on the stick, and what is promised already.
func (s *station) space(m *preflight.Measured, p plan.Plan) error {
	space, err := sys.FreeSpace(s.dir.File())
	if err != nil {
		return err
	}
	m.Free = int64(space.Free)
	m.Reserved = s.unallocated()
	if m.CopyBytes, err = companionBytes(s.dir.Path(), p); err == nil {
		err = s.measureAnnex(m, p)
	}
	return err
}

// measureAnnex measures the room where a rootfs elsewhere lies.
func (s *station) measureAnnex(m *preflight.Measured, p plan.Plan) error {
	if s.annex == nil || p.Annex == nil {
		return nil
	}
	space, err := sys.FreeSpace(s.annexDir.File())
	m.AnnexFree = int64(space.Free) - unallocated(s.annexDir.Path())
	if sys.SameDevice(s.annexDir.Path(), s.dir.File()) {
		m.CopyBytes += p.Annex.Rootfs.Place()
	}
	return err
}

// companionBytes is what the companions in dir will take once they are made.
func companionBytes(dir string, p plan.Plan) (int64, error) {
	var sum int64
	for _, c := range p.Companions {
		if c.Fresh > 0 {
			sum += c.Place()
			continue
		}
		size, err := treeSize(filepath.Join(dir, c.Name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		sum += size
	}
	return sum, nil
}

// unallocated is what sparse persistence files on the stick may still claim
// (contract §8: df overstates when they are sparse), beside the linuxfs or in
// a directory of their own.
func (s *station) unallocated() int64 {
	sum := unallocated(s.dir.Path())
	if dir := s.facts.Config["PERSIST_DIR"]; dir != "" && s.facts.Persistence.Elsewhere && sys.SameDevice(dir, s.dir.File()) {
		sum += unallocated(dir)
	}
	return sum
}

func unallocated(dir string) (sum int64) {
	for _, name := range []string{"rootfs", "homefs"} {
		if size, allocated, err := sys.Allocated(filepath.Join(dir, name)); err == nil {
			sum += max(size-allocated, 0)
		}
	}
	return sum
}

// treeSize adds up a companion, each file rounded up to a page as it will be
// stored.
func treeSize(path string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += (max(info.Size(), 1) + 4095) &^ 4095
		}
		return err
	})
	return sum, err
}

// packageLocks are held by dpkg and apt while they change packages.
var packageLocks = []string{"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"}

// packageManager is the pid of a process that holds one of the locks, else 0.
func packageManager() int {
	for _, path := range packageLocks {
		if pid, locked, _ := sys.RecordLocked(path); locked {
			return max(pid, 1) // a holder in another namespace shows as 0
		}
	}
	return 0
}

// packageState changes whenever a package is installed or removed.
func packageState() string {
	state := ""
	for _, name := range []string{"/var/lib/dpkg/status", "/var/lib/dpkg/info"} {
		if st, err := os.Stat(name); err == nil {
			state += st.ModTime().String()
		}
	}
	return state
}

// packagesStill fails when packages were changed since state was taken, or are
// being changed now.
func packagesStill(state string) error {
	if packageManager() != 0 || packageState() != state {
		return wire.Fail(wire.PackagesMoved, nil)
	}
	return nil
}
