package inside

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"antix-remaster/core/squashfs"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// CopyOut copies a file, links followed, to the new file output: it is called
// output.part until it is complete, and nothing is ever replaced. It gives the
// size in bytes, when it is on the medium. Errors are wire errors; after one,
// nothing is left there.
func (i *Image) CopyOut(ctx context.Context, path, output string) (int64, error) {
	e, err := i.regular(path)
	if err != nil {
		return 0, err
	}
	dir, name, err := sys.OpenParent(output)
	if err != nil {
		return 0, wire.Fail(wire.NotSaved, err, output, err.Error())
	}
	defer dir.Close()
	if dir.Exists(name) {
		return 0, wire.Fail(wire.OutputTaken, nil, output)
	}
	f, err := dir.Create(name + ".part")
	if errors.Is(err, fs.ErrExist) {
		return 0, wire.Fail(wire.OutputTaken, err, output+".part")
	}
	if err != nil {
		return 0, wire.Fail(wire.NotSaved, err, output, err.Error())
	}
	defer f.Close()
	err = i.fill(ctx, path, e, f)
	if err == nil {
		err = outside(output, dir.Rename(name+".part", dir, name))
	}
	if err != nil {
		return 0, errors.Join(err, dir.Remove(name+".part"))
	}
	// On FAT a renamed file needs a second sync (docs/promises.md).
	if err := errors.Join(f.Sync(), dir.Sync()); err != nil {
		return 0, errors.Join(outside(output, err), dir.Remove(name))
	}
	return e.Size, nil
}

// fill writes the file, and gives it to nobody who may not read the original.
func (i *Image) fill(ctx context.Context, path string, e squashfs.Entry, f *os.File) error {
	w := &writer{f: f}
	if info, err := f.Stat(); err == nil {
		perm := e.Mode.Perm()
		_ = f.Chmod(info.Mode().Perm()&perm | perm&0o100 | 0o600) // FAT has no such thing
	}
	i.mu.Lock()
	err := i.im.Copy(ctx, path, w)
	i.mu.Unlock()
	if err != nil && w.err == nil {
		return i.lost(path, err)
	}
	if w.err == nil {
		w.err = f.Sync()
	}
	return outside(f.Name(), w.err)
}

// writer remembers that it was not the image that failed.
type writer struct {
	f   *os.File
	err error
}

func (w *writer) Write(p []byte) (n int, err error) {
	n, w.err = w.f.Write(p)
	return n, w.err
}

// outside makes an error of the place where a copy goes.
func outside(output string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return wire.Fail(wire.OutputTaken, err, output)
	}
	return wire.Fail(wire.NotSaved, fmt.Errorf("cannot write %s: %w", output, err), output, err.Error())
}
