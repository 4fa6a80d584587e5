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

// Base returns the cached Debian base, building it first if need be: about a
// minute and 600 MB for a while. cacheDir "" means DefaultCacheDir. Progress
// goes to log. Two processes do not build it twice.
func Base(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	return console.cached(ctx, cacheDir, log)
}

// DesktopBase is Base of a system that can show a window.
func DesktopBase(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	return desktop.cached(ctx, cacheDir, log)
}

// cached returns what the recipe makes, from the cache if it is there.
func (r recipe) cached(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	cacheDir, err := cacheOrDefault(cacheDir)
	if err != nil {
		return BaseImage{}, err
	}
	suite, err := hostSuite()
	if err != nil {
		return BaseImage{}, err
	}
	dir := filepath.Join(cacheDir, r.name+"-"+suite+"-"+r.key(suite))
	if base, err := loadBase(dir); err == nil {
		return base, nil
	}
	unlock, err := lock(ctx, cacheDir, "base")
	if err != nil {
		return BaseImage{}, err
	}
	defer unlock()
	if base, err := loadBase(dir); err == nil { // another process was faster
		return base, nil
	}
	if err := r.build(ctx, dir, suite, log); err != nil {
		return BaseImage{}, fmt.Errorf("cannot build the %s system: %w", r.name, err)
	}
	return loadBase(dir)
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

// build makes dir with everything in it, or nothing. The caller holds the
// lock, so leftovers of the temporary name are of a dead process.
func (r recipe) build(ctx context.Context, dir, suite string, log io.Writer) error {
	tmp := dir + ".part"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	root := filepath.Join(tmp, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: installing Debian %s for the %s system (a minute or two, once) ...\n", suite, r.name)
	begin := time.Now()
	args := append([]string{"--variant=minbase", "--format=directory", "--include=" + strings.Join(r.packages, ",")}, r.options...)
	if err := command(ctx, log, "mmdebstrap", append(args, suite, root)...); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: packing it ...\n")
	base, err := finishBase(ctx, tmp, root)
	if err != nil {
		return err
	}
	text, _ := json.Marshal(base)
	if err := os.WriteFile(filepath.Join(tmp, "base.json"), text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: the %s system is ready after %s\n", r.name, time.Since(begin).Round(time.Second))
	return os.Rename(tmp, dir)
}

// finishBase turns the Debian tree into a live root and packs it.
func finishBase(ctx context.Context, tmp, root string) (BaseImage, error) {
	release, err := kernelRelease(root)
	if err != nil {
		return BaseImage{}, err
	}
	base := BaseImage{Release: release, VID: newVID()}
	if err := furnish(root, base.VID, release); err != nil {
		return base, err
	}
	if err := copyFile(filepath.Join(root, "boot/vmlinuz-"+release), filepath.Join(tmp, "vmlinuz")); err != nil {
		return base, err
	}
	if err := Squash(ctx, root, filepath.Join(tmp, "linuxfs"), "-comp", "zstd", "-Xcompression-level", "6", "-b", "256K"); err != nil {
		return base, err
	}
	return base, os.RemoveAll(root)
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
