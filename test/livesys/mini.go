package livesys

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Mini describes a tiny but bootable linuxfs: a static busybox as its whole
// userland. It is packed in a fraction of a second, so tests can have many.
type Mini struct {
	VID     string            // version id; "" means a new one
	Title   string            // of the version file
	Release string            // kernel whose (empty) module directory it has
	Files   map[string]string // more files, by absolute path
	Options []string          // for mksquashfs; nil means zstd

	Programs map[string]string       // path inside -> host program, which comes with its libraries
	More     func(root string) error // adds further files; may be nil
}

// MiniImage packs the tiny linuxfs into the file image and returns its
// version id.
func MiniImage(ctx context.Context, image string, m Mini) (string, error) {
	root, err := os.MkdirTemp(filepath.Dir(image), ".mini-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(root)
	if m.VID == "" {
		m.VID = newVID()
	}
	if m.Options == nil {
		m.Options = []string{"-comp", "zstd", "-Xcompression-level", "1"}
	}
	if err := m.fill(root); err != nil {
		return "", fmt.Errorf("cannot make a mini image: %w", err)
	}
	return m.VID, Squash(ctx, root, image, m.Options...)
}

func (m Mini) fill(root string) error {
	if err := os.Chmod(root, 0o755); err != nil {
		return err
	}
	if err := furnish(root, m.VID, m.Release); err != nil {
		return err
	}
	files := map[string]string{
		"/etc/os-release": "ID=debian\nNAME=\"mini\"\nPRETTY_NAME=\"livesys mini\"\n",
		"/lib/modules/" + m.Release + "/modules.dep": "",
		versionFile: VersionEntry(m.VID, m.Title, m.Release),
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(root, name), text); err != nil {
			return err
		}
	}
	for name, text := range m.Files {
		if err := writeFile(filepath.Join(root, name), text); err != nil {
			return err
		}
	}
	for path, program := range m.Programs {
		if err := addProgram(root, path, program); err != nil {
			return err
		}
	}
	if m.More != nil {
		if err := m.More(root); err != nil {
			return err
		}
	}
	return addBusybox(root)
}

// addProgram copies a program of the host, with the libraries it needs.
func addProgram(root, path, program string) error {
	libraries, err := librariesOf(program)
	if err != nil {
		return err
	}
	files := map[string]string{path: program}
	for _, l := range libraries {
		files[l] = l
	}
	for name, from := range files {
		target := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := copyFile(from, target); err != nil {
			return err
		}
		if err := os.Chmod(target, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// addBusybox installs busybox with links for what a boot and a shell need.
func addBusybox(root string) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("missing busybox (Debian package busybox-static): %w", err)
	}
	links := map[string]string{"sbin/init": "../bin/busybox", "usr/bin/env": "../../bin/busybox"}
	for _, name := range []string{"sh", "true", "cat", "ls", "cp", "echo", "mount", "umount", "sleep", "stat", "sha256sum", "uname", "id", "rm", "mv", "ln", "touch", "dd", "sync"} {
		links["bin/"+name] = "busybox"
	}
	target := filepath.Join(root, "bin/busybox")
	for name, to := range links {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(to, path); err != nil {
			return err
		}
	}
	if err := copyFile(busybox, target); err != nil {
		return err
	}
	return os.Chmod(target, 0o755)
}
