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

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
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
	most   int     // MiB of memory for the engine
	costs  costs   // none until they were measured
	rounds []costs // of which they are the middle
	tries  int     // rounds, those that failed with them
	round  round   // that is going on
	of     basis   // for which they were measured
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
	return &exact{engine: e, dir: dir, calm: calm, most: int(sys.MemAvailable() >> 21)}, nil
}

func (x *exact) close() error { return os.RemoveAll(x.dir) }

func (x *exact) name(i int) string { return filepath.Join(x.dir, "in", fmt.Sprintf("%06d", i)) }

// add lays a block down for the next run.
func (x *exact) add(data []byte) error {
	x.files++
	return os.WriteFile(x.name(x.files-1), data, 0o600)
}

// asBlocks has every file become blocks of its own.
var asBlocks = []string{"-no-fragments", "-no-duplicates", "-no-xattrs"}

// measure packs what was added and not dropped, in blocks of so many bytes, and gives
// the stored size of each and what that took.
func (x *exact) measure(ctx context.Context, h How, block int) (sizes []int64, u used, err error) {
	out := filepath.Join(x.dir, "out")
	args := append([]string{filepath.Join(x.dir, "in"), out}, asBlocks...)
	if u, err = x.pack(ctx, args, h, block); err != nil {
		return nil, u, fmt.Errorf("cannot pack a sample: %w", err)
	}
	sizes, err = storedSizes(ctx, out, x.files)
	return sizes, u, err
}

// memory is what the engine gets here, in MiB: what it gets in the end as far as samples
// could use it, and no more than there is, which it refuses.
func (x *exact) memory(h How) int { return max(min(h.memory(), 512, x.most), plan.MinMemoryMiB) }

// allocate has glibc give out memory from one piece, without a call of the kernel for each
// buffer: a long run uses its buffers again and again, a short one would tell of the calls.
// The piece grows by what has no room for a huge page, which would count as one page.
var allocate = append(slices.Clone(sys.Env), "MALLOC_ARENA_MAX=1", "MALLOC_MMAP_MAX_=0", "MALLOC_TOP_PAD_=1048576", "MALLOC_TRIM_THRESHOLD_=1073741824")

// pack runs the engine on what args name, in blocks of so many bytes, and gives what
// it took.
func (x *exact) pack(ctx context.Context, args []string, h How, block int) (u used, err error) {
	args = append(args, "-noappend", "-no-recovery", "-no-progress", "-quiet", "-comp", h.Compressor,
		"-b", strconv.Itoa(block), "-processors", strconv.Itoa(max(h.Processors, 1)), "-mem", strconv.Itoa(x.memory(h))+"M")
	if h.Level > 0 {
		args = append(args, "-Xcompression-level", strconv.Itoa(h.Level))
	}
	p, err := sys.Start(sys.Spec{Path: x.engine.Path, Args: args, Env: allocate, Background: x.calm})
	if err != nil {
		return u, err
	}
	defer context.AfterFunc(ctx, func() { p.Signal(syscall.SIGKILL) })()
	err = errors.Join(p.Wait(), ctx.Err())
	return used{p.CPU(), p.Pages()}, err
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
