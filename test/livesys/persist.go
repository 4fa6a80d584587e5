package livesys

import (
	"context"
	"os"
	"path/filepath"
)

// disk is a device with a file system.
type disk struct{ dev, uuid string }

// persistence is the disk with the rootfs.
func (s *System) persistence() disk {
	if s.PersistDisk {
		return s.persist
	}
	return disk{s.BootDev, s.UUID}
}

// makePersist makes the second disk, with an empty rootfs in its directory.
func (s *System) makePersist(ctx context.Context) error {
	s.Persist = filepath.Join(s.dir, "persist.img")
	tree := filepath.Join(s.dir, "persist")
	defer os.RemoveAll(tree)
	dir := filepath.Join(tree, s.PersistDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := s.makeRootfs(ctx, filepath.Join(dir, "rootfs")); err != nil {
		return err
	}
	return filledExt4(ctx, s.Persist, s.StickSize, newUUID(), "persist", tree)
}

// makeRootfs makes the file of root persistence, where it is on.
func (o Options) makeRootfs(ctx context.Context, file string) error {
	if !o.StaticRoot && !o.DynamicRoot {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return emptyExt4(ctx, file, o.RootfsSize, "")
}

// AwayDir is the directory of the rootfs as seen inside.
func (s *System) AwayDir() string {
	mp := "/boot-dev"
	if s.PersistDisk {
		mp = "/persist-dev"
	}
	return filepath.Join(s.LiveDir+mp, s.PersistDir)
}
