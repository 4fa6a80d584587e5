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
)

// Debian describes a live root of one's own, without a kernel. It is made once
// and kept in the cache, under its name and all that it is made of.
type Debian struct {
	Name     string
	Packages []string          // beside the minimal Debian
	Files    map[string]string // more files, by absolute path; those that begin with "#!" are programs
	Run      []string          // commands of a shell inside, when all is there
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
	unlock, err := lock(ctx, cacheDir, d.Name)
	if err != nil {
		return BaseImage{}, err
	}
	defer unlock()
	if base, err := loadBase(dir); err == nil {
		return base, nil
	}
	if err := d.build(ctx, dir, suite, log); err != nil {
		return BaseImage{}, fmt.Errorf("cannot build the root %s: %w", d.Name, err)
	}
	return loadBase(dir)
}

func (d Debian) key() string {
	text, _ := json.Marshal(d) // strings only; the keys of a map come sorted
	return fmt.Sprintf("%x", sha256.Sum256(text))[:12]
}

// build makes dir with everything in it, or nothing.
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
	fmt.Fprintf(log, "livesys: installing Debian %s with %s (once) ...\n", suite, strings.Join(d.Packages, ", "))
	if err := command(ctx, log, "mmdebstrap", "--variant=minbase", "--format=directory",
		"--include="+strings.Join(d.Packages, ","), suite, root); err != nil {
		return err
	}
	base := BaseImage{VID: newVID()}
	if err := d.finish(ctx, root, base.VID); err != nil {
		return err
	}
	if err := Squash(ctx, root, filepath.Join(tmp, "linuxfs"), "-comp", "zstd", "-Xcompression-level", "3", "-b", "256K"); err != nil {
		return err
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	text, _ := json.Marshal(base)
	if err := os.WriteFile(filepath.Join(tmp, "base.json"), text, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

// finish makes a live root of the Debian one.
func (d Debian) finish(ctx context.Context, root, vid string) error {
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
	return furnish(root, vid, "none")
}
