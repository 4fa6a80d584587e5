package estimate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/sys"
)

// exact packs single blocks with the real engine, each as a file of its own in
// a folder that only this user can enter. The same way works for every version:
// 4.4 cannot read a tar, and no version needs one for so little.
type exact struct {
	engine build.Engine
	dir    string // should lie in memory
	files  int    // that lie there now
	calm   bool
	start  time.Duration // of the processors, that a run takes for one file before it packs
	each   time.Duration // and for each other, to find, to open and to compare it; 0 when nobody asked
}

// newExact makes the folder, below temp or where temporary files lie.
func newExact(e build.Engine, temp string, calm bool) (*exact, error) {
	dir, err := os.MkdirTemp(temp, "antix-remaster-estimate-")
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "in"), 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make a place for blocks: %w", err)
	}
	return &exact{engine: e, dir: dir, calm: calm}, nil
}

func (x *exact) close() error { return os.RemoveAll(x.dir) }

func (x *exact) name(i int) string { return filepath.Join(x.dir, "in", fmt.Sprintf("%06d", i)) }

// add lays a block down for the next run.
func (x *exact) add(data []byte) error {
	x.files++
	return os.WriteFile(x.name(x.files-1), data, 0o600)
}

// measure packs what was added and not dropped, in blocks of so many bytes, and gives
// the stored size of each and the time of the processors that it took.
func (x *exact) measure(ctx context.Context, h How, block int) (sizes []int64, cpu time.Duration, err error) {
	out := filepath.Join(x.dir, "out")
	args := []string{filepath.Join(x.dir, "in"), out, "-no-fragments", "-no-duplicates", "-no-xattrs"}
	if cpu, err = pack(ctx, x.engine, args, h, block, x.calm); err != nil {
		return nil, cpu, fmt.Errorf("cannot pack a sample: %w", err)
	}
	sizes, err = storedSizes(ctx, out, x.files)
	return sizes, cpu, err
}

// pack runs the real engine on what args name, in blocks of so many bytes, and
// gives the time of the processors that it took.
func pack(ctx context.Context, e build.Engine, args []string, h How, block int, calm bool) (cpu time.Duration, err error) {
	args = append(args, "-noappend", "-no-recovery", "-no-progress", "-quiet", "-comp", h.Compressor,
		"-b", strconv.Itoa(block), "-processors", strconv.Itoa(max(h.Processors, 1)), "-mem", "64M")
	if h.Level > 0 {
		args = append(args, "-Xcompression-level", strconv.Itoa(h.Level))
	}
	p, err := sys.Start(sys.Spec{Path: e.Path, Args: args, Background: calm})
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { p.Signal(syscall.SIGKILL) })()
	err = errors.Join(p.Wait(), ctx.Err())
	return p.CPU(), err
}

// calibrate finds what each file takes of a run, however little is in it: by that two
// runs differ, both of which need all else.
func (x *exact) calibrate(ctx context.Context, h How) (cpu time.Duration, err error) {
	few, err := x.smallFiles(ctx, h, fewSmall)
	if err != nil {
		return few, err
	}
	many, err := x.smallFiles(ctx, h, manySmall)
	x.each = max(many-few, 0) / (manySmall - fewSmall)
	return few + many, err
}

const (
	fewSmall  = 64
	manySmall = 576
)

// smallFiles packs n files with a few bytes, as files of a tree are packed, and gives the
// time of the processors that it takes.
func (x *exact) smallFiles(ctx context.Context, h How, n int) (cpu time.Duration, err error) {
	defer func() { err = errors.Join(err, x.clear()) }()
	for i := range n {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		few := slices.Repeat([]byte{'x'}, i%64) // mksquashfs compares those of the same size
		if err := x.add(strconv.AppendInt(few, int64(i), 10)); err != nil {
			return 0, err
		}
	}
	return pack(ctx, x.engine, []string{filepath.Join(x.dir, "in"), filepath.Join(x.dir, "out"), "-no-xattrs"}, h, blockSize, x.calm)
}

// one packs a file of a few bytes, and gives the time of the processors that it takes.
func (x *exact) one(ctx context.Context, h How) (cpu time.Duration, err error) {
	if err = x.add([]byte{0, 1, 2, 3}); err == nil {
		_, cpu, err = x.measure(ctx, h, blockSize)
	}
	return cpu, errors.Join(err, x.clear())
}

// drop takes away what was added as number i.
func (x *exact) drop(i int) error { return os.Remove(x.name(i)) }

func (x *exact) clear() error {
	var errs []error
	for ; x.files > 0; x.files-- {
		if err := x.drop(x.files - 1); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// storedSizes reads from the tables of the small image what each file takes.
func storedSizes(ctx context.Context, name string, files int) ([]int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := squashfs.Open(f)
	if err != nil {
		return nil, err
	}
	sizes := make([]int64, files)
	err = im.Tree(ctx, func(_ int, e squashfs.Node) error {
		i, err := strconv.Atoi(e.Name)
		if err != nil || i >= files {
			return nil //nolint:nilerr // the root
		}
		for _, b := range e.Blocks {
			sizes[i] += squashfs.Stored(b)
		}
		return nil
	})
	return sizes, err
}
