// Package estimate tells before a run how it will go. So far it measures how
// fast this computer compresses; the size is bounded by core/preflight.
package estimate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// Sample is how much is compressed to measure the speed: enough blocks for
// every processor, little enough for a second or two.
const Sample = 12 << 20

// How says what a run is going to compress with.
type How struct {
	Compressor string
	Level      int // 0: default
	Processors int
}

// Pace packs a sample of the files below dir with the real engine and gives
// the speed in bytes of files a second. It writes a temporary file of a few MiB.
// The error tells that nothing could be measured.
func Pace(ctx context.Context, e build.Engine, dir string, h How) (float64, error) {
	files, size := sample(dir)
	if size == 0 {
		return 0, fmt.Errorf("cannot measure the speed: no files below %s", dir)
	}
	out, err := os.CreateTemp("", "antix-remaster-pace-")
	if err != nil {
		return 0, fmt.Errorf("cannot measure the speed: %w", err)
	}
	defer os.Remove(out.Name())
	if err := out.Close(); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := pack(ctx, e, append(files, out.Name()), h); err != nil {
		return 0, fmt.Errorf("cannot measure the speed: %w", err)
	}
	return float64(size) / time.Since(begin).Seconds(), nil
}

func pack(ctx context.Context, e build.Engine, names []string, h How) error {
	args := append(names, "-noappend", "-no-recovery", "-no-progress", "-quiet", "-comp", h.Compressor,
		"-b", plan.BlockSize, "-processors", strconv.Itoa(max(h.Processors, 1)), "-mem", "64M")
	if h.Level > 0 {
		args = append(args, "-Xcompression-level", strconv.Itoa(h.Level))
	}
	p, err := sys.Start(sys.Spec{Path: e.Path, Args: args, Background: true})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { p.Signal(syscall.SIGKILL) })()
	return errors.Join(p.Wait(), ctx.Err())
}

// Files of middle size stand for a system: small ones are mostly time to open
// them, and a large one may be of a kind of its own.
const (
	smallest = 16 << 10
	largest  = 2 << 20
	every    = 7 // of those that fit
)

var errEnough = errors.New("enough")

// sample picks files below dir that everybody may read.
func sample(dir string) (files []string, size int64) {
	seen := 0
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // others are as good
		}
		info, err := d.Info()
		if err != nil || info.Size() < smallest || info.Size() > largest || info.Mode()&0o004 == 0 {
			return nil //nolint:nilerr // others are as good
		}
		if seen++; seen%every != 0 {
			return nil
		}
		files, size = append(files, path), size+info.Size()
		if size >= Sample {
			return errEnough
		}
		return nil
	})
	return files, size
}
