package livesys

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// BaseImage is a linuxfs to start systems from, with the kernel it belongs to.
type BaseImage struct {
	Squashfs string // the image file
	Vmlinuz  string // the kernel that has its modules inside
	Release  string // of that kernel
	VID      string // last version id inside
}

func cacheOrDefault(dir string) (string, error) {
	if dir == "" {
		return DefaultCacheDir()
	}
	return filepath.Abs(dir)
}

// hostSuite is the Debian release of the host, whose apt configuration
// mmdebstrap uses for the mirror.
func hostSuite() (string, error) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok && v != "" {
			return strings.Trim(v, `"`), nil
		}
	}
	return "", fmt.Errorf("cannot tell the Debian suite: no VERSION_CODENAME in /etc/os-release")
}

func loadBase(dir string) (BaseImage, error) {
	text, err := os.ReadFile(filepath.Join(dir, "base.json"))
	if err != nil {
		return BaseImage{}, err
	}
	var base BaseImage
	if err := json.Unmarshal(text, &base); err != nil {
		return BaseImage{}, fmt.Errorf("cannot read %s: %w", dir, err)
	}
	base.Squashfs, base.Vmlinuz = filepath.Join(dir, "linuxfs"), filepath.Join(dir, "vmlinuz")
	return base, nil
}

func kernelRelease(root string) (string, error) {
	found, _ := filepath.Glob(filepath.Join(root, "lib/modules/*"))
	if len(found) != 1 {
		return "", fmt.Errorf("cannot tell the kernel: %d directories in lib/modules", len(found))
	}
	return filepath.Base(found[0]), nil
}

// Squash packs the directory into image with the given mksquashfs options.
func Squash(ctx context.Context, dir, image string, options ...string) error {
	args := append([]string{dir, image, "-noappend", "-no-progress", "-quiet"}, options...)
	return command(ctx, io.Discard, "mksquashfs", args...)
}

// command runs a host program; its output is part of the error.
func command(ctx context.Context, log io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	// A gentle end first: mmdebstrap cleans up after itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	var out strings.Builder
	both := io.MultiWriter(log, &out)
	cmd.Stdout, cmd.Stderr = both, both
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s failed: %w\n%s", name, err, strings.TrimSpace(out.String()))
	}
	return nil
}
