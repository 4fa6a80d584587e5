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
func (s *System) InstallLiveCDTools() error { return AddLiveCDTools(s.Root()) }

// AddLiveCDTools copies them into any root, with the libraries that it lacks.
func AddLiveCDTools(root string) error {
	program, err := exec.LookPath("xorriso")
	if err != nil {
		return fmt.Errorf("missing xorriso (Debian package xorriso): %w", err)
	}
	files, err := librariesOf(program)
	if err != nil {
		return err
	}
	files = append(files, program)
	for _, pattern := range bootLoaders {
		found, _ := filepath.Glob(pattern)
		if len(found) == 0 {
			return fmt.Errorf("missing %s (Debian packages isolinux, syslinux-common, grub-efi-amd64-bin)", pattern)
		}
		files = append(files, found...)
	}
	for _, f := range files {
		if err := copyNew(f, filepath.Join(root, f)); err != nil {
			return fmt.Errorf("cannot copy into the live system: %w", err)
		}
	}
	return nil
}

// copyNew leaves a file alone that is there: it may be in use.
func copyNew(from, to string) error {
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := copyFile(from, to); err != nil {
		return err
	}
	return os.Chmod(to, 0o755)
}
