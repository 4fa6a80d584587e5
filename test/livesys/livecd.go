package livesys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// bootLoaders are the files of Debian's isolinux, syslinux-common,
// grub-efi-amd64-bin and grub-efi-ia32-bin that a LiveCD is made with.
var bootLoaders = []string{"/usr/lib/ISOLINUX/*.bin", "/usr/lib/syslinux/modules/bios/*.c32",
	"/usr/lib/grub/*-efi/monolithic/gcd*.efi"}

// InstallLiveCDTools copies xorriso and boot loaders of the host into the system,
// as their packages would: the base has none, for the sake of its size.
func (s *System) InstallLiveCDTools() error {
	program, err := exec.LookPath("xorriso")
	if err != nil {
		return fmt.Errorf("missing xorriso (Debian package xorriso): %w", err)
	}
	libraries, err := librariesOf(program)
	if err != nil {
		return err
	}
	for _, l := range libraries { // what is there already is in use
		if _, err := os.Stat(s.Path(l)); errors.Is(err, fs.ErrNotExist) {
			if err := s.CopyIn(l, l, 0o755); err != nil {
				return err
			}
		}
	}
	if err := s.CopyIn(program, "/usr/bin/xorriso", 0o755); err != nil {
		return err
	}
	for _, pattern := range bootLoaders {
		files, _ := filepath.Glob(pattern)
		if len(files) == 0 {
			return fmt.Errorf("missing %s (Debian packages isolinux, syslinux-common, grub-efi-amd64-bin)", pattern)
		}
		for _, f := range files {
			if err := s.CopyIn(f, f, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
