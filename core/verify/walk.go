package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Walked is what Walk read.
type Walked struct {
	Entries int64
	Bytes   int64 // of all regular files
}

// Walk reads every entry of a mounted image and every byte of its files. The
// first one that cannot be read ends it with an error that names it, quoted and
// relative to the root; the error of a cancelled context is its own. inodes is
// their number by the superblock: progress is counted in entries, which hard
// links can make a few more.
func Walk(ctx context.Context, dir string, inodes int64, report wire.Report) (Walked, error) {
	root, err := sys.OpenDir(dir)
	if err != nil {
		return Walked{}, err
	}
	defer root.Close()
	w := walker{ctx: ctx, report: report, total: inodes, buf: make([]byte, bufSize)}
	if err = w.dir(root, ""); err == nil {
		report(wire.Progress{Stage: wire.StageWalk, Done: w.total, Total: w.total})
	}
	return w.walked, err
}

type walker struct {
	ctx    context.Context
	report wire.Report
	total  int64
	walked Walked
	buf    []byte
}

func (w *walker) tell() {
	w.report(wire.Progress{Stage: wire.StageWalk, Done: min(w.walked.Entries, w.total), Total: w.total})
}

func (w *walker) dir(d *sys.Dir, at string) error {
	pause.Wait(w.ctx)
	if err := w.ctx.Err(); err != nil {
		return err
	}
	names, err := d.Names()
	if err != nil {
		return unreadable(at, err)
	}
	for _, name := range names {
		if err := w.entry(d, name, path.Join(at, name)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) entry(d *sys.Dir, name, at string) error {
	n, err := d.Node(name)
	if err != nil {
		return unreadable(at, err)
	}
	w.walked.Entries++
	w.tell()
	switch {
	case n.IsDir():
		sub, err := d.Dir(name)
		if err != nil {
			return unreadable(at, err)
		}
		defer sub.Close()
		return w.dir(sub, at)
	case n.IsLink():
		if _, err := d.Readlink(name); err != nil {
			return unreadable(at, err)
		}
	case n.IsRegular():
		return w.file(d, name, at, n.Size)
	}
	return nil
}

func (w *walker) file(d *sys.Dir, name, at string, size int64) error {
	f, err := d.OpenTree(name)
	if err != nil {
		return unreadable(at, err)
	}
	defer f.Close()
	for left := size; ; {
		pause.Wait(w.ctx)
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(w.buf)
		left -= int64(n)
		w.walked.Bytes += int64(n)
		w.tell()
		if errors.Is(err, io.EOF) {
			if left != 0 {
				return unreadable(at, fmt.Errorf("it has not the %d bytes it should have", size))
			}
			return nil
		}
		if err != nil {
			return unreadable(at, err)
		}
	}
}

func unreadable(at string, err error) error {
	return fmt.Errorf("cannot read %s: %w", strconv.Quote("/"+at), err)
}
