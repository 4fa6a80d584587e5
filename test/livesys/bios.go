package livesys

import (
	"context"
	"os"
	"path/filepath"
)

// A stick with an encrypted linuxfs has a second file system that is not: kernel
// and menus are there (contract §8). The stick's image stands for the opened
// device, as the kernel of a test need not know LUKS.

const (
	biosSize = 64 << 20 // bytes, sparse
	luksUUID = "c0ffee00-0000-4000-8000-000000000002"
)

// BIOSImage is the image of that second file system, "" without one.
func (s *System) BIOSImage() string {
	if !s.Encrypted {
		return ""
	}
	return s.Stick + ".bios"
}

// LoaderImage is the image that a boot loader reads.
func (s *System) LoaderImage() string {
	if s.Encrypted {
		return s.BIOSImage()
	}
	return s.Stick
}

// splitBIOS takes out of the tree of the stick what is on the second file system,
// and makes that.
func (m *stickMaker) splitBIOS(ctx context.Context, image string) error {
	tree := filepath.Join(m.dir, "bios")
	defer os.RemoveAll(tree)
	names := []string{"boot"}
	for _, pattern := range []string{"vmlinuz*", "initrd*"} {
		found, _ := filepath.Glob(m.at(pattern))
		for _, name := range found {
			names = append(names, filepath.Join(m.BootDir, filepath.Base(name)))
		}
	}
	if err := writeFile(filepath.Join(tree, m.BootDir, "encrypted"), luksUUID+"\n"); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(m.tree, name), filepath.Join(tree, name)); err != nil {
			return err
		}
	}
	return filledExt4(ctx, image, biosSize, newUUID(), "livesys-bios", tree)
}
