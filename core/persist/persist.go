// Package persist makes the file in which a version of the system keeps the
// changes of its root, and checks it. It is given an open file, and neither
// renames nor deletes: publishing is the work of core/publish.
package persist

import (
	"context"
	"fmt"
	"os"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/pause"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// Label is that of every file system for root persistence (contract §12).
const Label = "rootfs"

// standardInput is the open file itself, under a name that nobody can exchange.
const standardInput = "/proc/self/fd/0"

// Make makes an empty ext4 of c.Fresh bytes in the open, empty file f, durable,
// and checks it as the medium has it. The initrd fills it at the first start:
// there is no upper/ and no version id in it (contract §7, §12). written, which
// may be nil, is told how many bytes were written of a file that takes all its
// bytes at once. sync makes the file durable as its file system needs it, the
// first time before mkfs.ext4 does. fs.ErrNotExist tells that mkfs.ext4 or e2fsck
// is missing; another error can be any, of the programs with what they said.
func Make(ctx context.Context, f *os.File, c plan.Companion, sync func() error, written func(bytes int64)) error {
	for _, step := range []func() error{
		func() error { return stretch(ctx, f, c, written) },
		sync,
		func() error { return on(ctx, f, "mkfs.ext4", "-q", "-F", "-L", Label) },
		sync,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return check(ctx, f, c.Fresh)
}

// Version is the id of the version that has started with the file f, which
// nothing is written to; "" when none has, or when that cannot be read. The
// initrd compares it with that of the linuxfs (contract §7).
func Version(ctx context.Context, f *os.File) string {
	path, err := sys.Program("debugfs")
	if err != nil {
		return ""
	}
	for _, top := range []string{"upper/", ""} { // overlay, aufs: contract §4
		text, err := sys.OutputFrom(ctx, f, path, "-R", "cat /"+top+versionFile, standardInput)
		if id := live.IDOf(text); err == nil && id != "" {
			return id
		}
	}
	return ""
}

const versionFile = "etc/live/version/rootfs.ver"

// chunk is how much may be outstanding on a slow stick.
const chunk = 4 << 20

// stretch gives the file its size. Where there are no sparse files it writes the
// zeros itself: the kernel would do so in one go that cannot be cancelled.
func stretch(ctx context.Context, f *os.File, c plan.Companion, written func(int64)) error {
	if !c.Whole {
		return f.Truncate(c.Fresh)
	}
	zeros := make([]byte, chunk)
	for at := int64(0); at < c.Fresh; at += chunk {
		pause.Wait(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(chunk, c.Fresh-at)
		if _, err := f.WriteAt(zeros[:n], at); err != nil {
			return err
		}
		if err := sys.FlushRange(f, at, n); err != nil {
			return err
		}
		if written != nil {
			written(at + n)
		}
	}
	return nil
}

// check reads the file system past the cache, changing nothing.
func check(ctx context.Context, f *os.File, size int64) error {
	e, err := sys.FileEntry(f)
	if err == nil && e.Size != size {
		err = fmt.Errorf("the file has %d bytes instead of %d", e.Size, size)
	}
	if err == nil {
		_, err = sys.DropCache(f, size)
	}
	if err != nil {
		return err
	}
	return on(ctx, f, "e2fsck", "-n", "-f")
}

// on runs a program of e2fsprogs on the open file, which is its standard input.
func on(ctx context.Context, f *os.File, name string, args ...string) error {
	path, err := sys.Program(name)
	if err != nil {
		return err
	}
	text, err := sys.OutputFrom(ctx, f, path, append(args, standardInput)...)
	if err != nil {
		return fmt.Errorf("%s failed: %w: %s", name, err, strings.TrimSpace(text))
	}
	return nil
}
