package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// mountView shows the union, without anything that is mounted below it, in the
// work directory (contract §4: a recursive walk would pack the stick into
// itself).
func (s *station) mountView() error {
	if err := os.Mkdir(plan.View, 0o700); err != nil {
		return err
	}
	if err := sys.BindReadOnly("/", plan.View); err != nil {
		return err
	}
	s.later(func() error { return sys.Unmount(plan.View) })
	return nil
}

// coverVersion lays the new version file over the old one, in the view only.
func (s *station) coverVersion(e build.Entry) error {
	target := filepath.Join(plan.View, build.VersionFile)
	old, err := os.ReadFile(target)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.makeVersionFile()
	}
	if err != nil {
		return err
	}
	cover := plan.WorkDir + "/linuxfs.ver"
	if err := os.WriteFile(cover, []byte(build.AppendEntry(string(old), e)), 0o644); err != nil {
		return err
	}
	if err := sys.BindReadOnly(cover, target); err != nil {
		return err
	}
	s.later(func() error { return sys.Unmount(target) })
	return nil
}

// makeVersionFile makes an empty one in the running system for the time of the
// run: a system from before version ids has none, and a mount needs a place.
func (s *station) makeVersionFile() error {
	path := "/" + build.VersionFile
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	s.later(func() error { return os.Remove(path) })
	return f.Close()
}

// newEntry is the version that this run makes.
func newEntry(p plan.Plan, kernel string) build.Entry {
	machine, release := sys.Machine()
	if kernel == "" {
		kernel = release
	}
	return build.Entry{ID: build.NewID(), Title: p.Title, Date: time.Now(), Kernel: kernel, Machine: machine}
}

// scan walks what would be packed.
func (s *station) scan(ctx context.Context, p plan.Plan, report wire.Report, visit build.Visit) (build.Scan, error) {
	scan, err := build.CountEach(ctx, plan.View, plan.Compile(p.Patterns), func(n int64) {
		report(wire.Progress{Stage: wire.StageScan, Done: n})
	}, visit)
	if ctx.Err() != nil {
		return scan, wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err == nil {
		report(wire.Progress{Stage: wire.StageScan, Done: scan.Entries, Total: scan.Entries})
	}
	return scan, err
}
