package livesys

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// builderVersion changes whenever a root built by older code would differ.
const builderVersion = "4"

// Debian describes a live root. It is made once and kept in the cache, under
// its name and all that it is made of.
type Debian struct {
	Name     string            // of its directory in the cache
	Packages []string          // beside the minimal Debian
	Options  []string          // more for mmdebstrap
	Files    map[string]string // more files, by absolute path; those that begin with "#!" are programs
	Run      []string          // commands of a shell inside, when all is there
	Kernel   bool              // there is one among the packages
}

// console is a system without a screen. "hello" is there to be removed by
// MakeChanges.
var console = Debian{Name: "base", Kernel: true, Packages: []string{
	"squashfs-tools", "linux-image-cloud-amd64", "kmod", "polkitd", "pkexec", "dbus", "libcap2-bin",
	"attr", "acl", "util-linux", "e2fsprogs", "dosfstools", "sysvinit-core", "procps", "hello",
}}

// desktop has what a GTK window needs on a live system: the library, a font,
// icons, the accessibility bus, and a terminal. The X server is the host's. No translations
// but German (ours) and Hebrew (written from right to left), and no pictures
// of the mouse pointer, which are half of the icon theme.
var desktop = Debian{
	Name:     "desktop",
	Kernel:   true,
	Packages: append(slices.Clone(console.Packages), "libgtk-3-0", "librsvg2-common", "adwaita-icon-theme", "fonts-dejavu-core", "at-spi2-core", "xterm", "locales"),
	Options: []string{
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-include=/usr/share/locale/de/*",
		"--dpkgopt=path-include=/usr/share/locale/he/*",
		"--dpkgopt=path-exclude=/usr/share/icons/Adwaita/cursors/*",
		`--customize-hook=for l in de_DE he_IL; do chroot "$1" localedef --no-archive -i $l -f UTF-8 $l.UTF-8; done`,
		`--customize-hook=chroot "$1" dpkg --purge locales`,
	},
}

// Base returns the cached Debian base, building it first if need be: about a
// minute and 600 MB for a while. cacheDir "" means DefaultCacheDir. Progress
// goes to log. Two processes do not build it twice.
func Base(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	return console.Image(ctx, cacheDir, log)
}

// DesktopBase is Base of a system that can show a window.
func DesktopBase(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	return desktop.Image(ctx, cacheDir, log)
}

// Image returns the root as an image, from the cache if it is there. cacheDir
// "" means DefaultCacheDir. Progress goes to log.
func (d Debian) Image(ctx context.Context, cacheDir string, log io.Writer) (BaseImage, error) {
	cacheDir, err := cacheOrDefault(cacheDir)
	if err != nil {
		return BaseImage{}, err
	}
	suite, err := hostSuite()
	if err != nil {
		return BaseImage{}, err
	}
	dir := filepath.Join(cacheDir, d.Name+"-"+suite+"-"+d.key())
	unlock, err := lock(ctx, cacheDir, d.Name) // who waits finds it made
	if err != nil {
		return BaseImage{}, err
	}
	defer unlock()
	if base, err := loadBase(dir); err == nil {
		return base, nil
	}
	if err := d.build(ctx, dir, suite, log); err != nil {
		return BaseImage{}, fmt.Errorf("cannot build the %s system: %w", d.Name, err)
	}
	return loadBase(dir)
}

// key names the content: another description gives another key.
func (d Debian) key() string {
	text, _ := json.Marshal(d) // strings only; the keys of a map come sorted
	return fmt.Sprintf("%x", sha256.Sum256(append(text, builderVersion...)))[:12]
}

// build makes dir with everything in it, or nothing. The caller holds the
// lock, so leftovers of the temporary name are of a dead process.
func (d Debian) build(ctx context.Context, dir, suite string, log io.Writer) error {
	tmp := dir + ".part"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	root := filepath.Join(tmp, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: installing Debian %s for the %s system (a minute or two, once) ...\n", suite, d.Name)
	begin := time.Now()
	args := append([]string{"--variant=minbase", "--format=directory", "--include=" + strings.Join(d.Packages, ",")}, d.Options...)
	if err := command(ctx, log, "mmdebstrap", append(args, suite, root)...); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: packing it ...\n")
	base, err := d.finish(ctx, tmp, root)
	if err != nil {
		return err
	}
	text, _ := json.Marshal(base)
	if err := os.WriteFile(filepath.Join(tmp, "base.json"), text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(log, "livesys: the %s system is ready after %s\n", d.Name, time.Since(begin).Round(time.Second))
	return os.Rename(tmp, dir)
}

// finish turns the Debian tree into a live root and packs it.
func (d Debian) finish(ctx context.Context, tmp, root string) (base BaseImage, err error) {
	base = BaseImage{Release: "none", VID: newVID()}
	if d.Kernel {
		if base.Release, err = kernelRelease(root); err != nil {
			return base, err
		}
		if err := copyFile(filepath.Join(root, "boot/vmlinuz-"+base.Release), filepath.Join(tmp, "vmlinuz")); err != nil {
			return base, err
		}
	}
	if err := d.furnish(ctx, root); err != nil {
		return base, err
	}
	if err := furnish(root, base.VID, base.Release); err != nil {
		return base, err
	}
	if err := Squash(ctx, root, filepath.Join(tmp, "linuxfs"), "-comp", "zstd", "-Xcompression-level", "6", "-b", "256K"); err != nil {
		return base, err
	}
	return base, os.RemoveAll(root)
}

// furnish adds what this root has beside its packages.
func (d Debian) furnish(ctx context.Context, root string) error {
	for _, name := range slices.Sorted(maps.Keys(d.Files)) {
		path := filepath.Join(root, name)
		if err := writeFile(path, d.Files[name]); err != nil {
			return err
		}
		if !strings.HasPrefix(d.Files[name], "#!") {
			continue
		}
		if err := os.Chmod(path, 0o755); err != nil {
			return err
		}
	}
	for _, line := range d.Run {
		if err := command(ctx, io.Discard, "chroot", root, "/bin/sh", "-ec", line); err != nil {
			return err
		}
	}
	return nil
}
