package estimate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"antix-remaster/core/build"
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
	if _, err := pack(ctx, e, append(files, out.Name()), h, blockSize, true); err != nil {
		return 0, fmt.Errorf("cannot measure the speed: %w", err)
	}
	return float64(size) / time.Since(begin).Seconds(), nil
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
