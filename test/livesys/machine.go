package livesys

import (
	"context"
	"os"
	"path/filepath"

	"antix-remaster/test/livesys/inside"
)

// FillTree fills dir/tree with what a stick of these options holds, for
// who makes its file system elsewhere, and returns what it was made from.
func FillTree(ctx context.Context, o Options, dir string) (BaseImage, error) {
	o, err := o.withDefaults()
	if err != nil {
		return BaseImage{}, err
	}
	s := &System{Options: o, dir: dir}
	base, err := s.base(ctx)
	if err != nil {
		return BaseImage{}, err
	}
	m := &stickMaker{Options: o, base: base, dir: dir, tree: filepath.Join(dir, "tree")}
	if err := os.MkdirAll(m.tree, 0o755); err != nil {
		return BaseImage{}, err
	}
	return base, m.fill(ctx)
}

// SpecFor tells a machine's init how to start from the stick at dev.
func SpecFor(o Options, dev, uuid string) (inside.Spec, error) {
	o, err := o.withDefaults()
	if err != nil {
		return inside.Spec{}, err
	}
	s := &System{Options: o, BootDev: dev, UUID: uuid}
	return s.spec("/stage"), nil
}
