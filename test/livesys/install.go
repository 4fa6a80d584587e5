package livesys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// BindIn mounts a file of the host at the path inside. It is gone with the
// system.
func (s *System) BindIn(hostPath, path string) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, hostPath, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fmt.Errorf("cannot mount %s: %w", hostPath, err)
	}
	defer unix.Close(tree)
	if err := writeFile(s.Path(path), ""); err != nil {
		return err
	}
	return s.within(func() error {
		if err := unix.MoveMount(tree, "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return fmt.Errorf("cannot mount %s at %s inside: %w", hostPath, path, err)
		}
		return nil
	})
}

// InstallProgram installs the programs of a build directory as the package
// would: the faces to /usr/bin (the window's only where it was built), the
// helper to /usr/libexec, and the polkit policy where the source tree or the
// build directory has one.
func (s *System) InstallProgram(buildDir string) error {
	for name, path := range map[string]string{
		"antix-remaster":        "/usr/bin/antix-remaster",
		"antix-remaster-cli":    "/usr/bin/antix-remaster-cli",
		"antix-remaster-helper": "/usr/libexec/antix-remaster/antix-remaster-helper",
	} {
		err := s.CopyIn(filepath.Join(buildDir, name), path, 0o755)
		if name == "antix-remaster" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
	}
	for _, pattern := range []string{buildDir + "/*.policy", filepath.Join(moduleDir(), "assets", "*.policy")} {
		policies, _ := filepath.Glob(pattern)
		for _, p := range policies {
			if err := s.CopyIn(p, "/usr/share/polkit-1/actions/"+filepath.Base(p), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// InstallSelf installs the program that runs, a test for example, at the path
// inside. It needs no second build, and finds the libraries of the host's
// Debian in a Desktop system. It knows what to be by the name in os.Args[0].
func (s *System) InstallSelf(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return s.CopyIn(self, path, 0o755)
}

// InstallTree copies what "DESTDIR=dir meson install" made into the system.
func (s *System) InstallTree(ctx context.Context, dir string) error {
	return command(ctx, io.Discard, "cp", "-a", "--no-preserve=ownership", dir+"/.", s.Root()+"/")
}

// InstallShare installs what a window of the program finds below /usr/share:
// the icons and the translations of the source tree.
func (s *System) InstallShare(ctx context.Context) error {
	icons := filepath.Join(moduleDir(), "assets/icons/hicolor")
	if err := command(ctx, io.Discard, "cp", "-a", "--no-preserve=ownership", icons, s.Path("/usr/share/icons/")); err != nil {
		return err
	}
	languages, _ := filepath.Glob(filepath.Join(moduleDir(), "po/*.po"))
	for _, po := range languages {
		// Not to be written by msgfmt: it resolves /proc/PID/root, and would
		// write into the host.
		catalogue, err := exec.CommandContext(ctx, "msgfmt", "-o", "-", po).Output()
		if err != nil {
			return fmt.Errorf("cannot compile %s: %w", po, err)
		}
		language := strings.TrimSuffix(filepath.Base(po), ".po")
		if err := writeFile(s.Path("/usr/share/locale/"+language+"/LC_MESSAGES/antix-remaster.mo"), string(catalogue)); err != nil {
			return err
		}
	}
	return nil
}
