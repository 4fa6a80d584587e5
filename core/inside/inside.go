// Package inside shows what is in a version of the system, and copies files out
// of it: without mounting it, and with no more rights than whoever looks.
package inside

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// Image is an open version. It may be used by several goroutines.
type Image struct {
	file    string // what a user knows it as
	problem string // what was wrong with it at the first look; "" for nothing

	mu sync.Mutex // squashfs.Image knows one reader
	f  *os.File
	im *squashfs.Image
}

// Open opens the image of a version, which need not be one that starts. Errors
// are wire errors: NotReadable when the file is protected, else VersionDamaged.
func Open(v history.Version) (*Image, error) {
	i := &Image{file: v.File(), problem: v.Problem}
	f, err := live.Open("", v.Path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, wire.Fail(wire.NotReadable, err, i.file)
	}
	if err != nil {
		return nil, i.damaged(err)
	}
	i.f = f
	if i.im, err = squashfs.Open(f); err != nil {
		f.Close()
		return nil, i.damaged(err)
	}
	return i, nil
}

// Close waits for whoever reads.
func (i *Image) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.f.Close()
}

// List gives what is in a folder, sorted by name; of anything else that one
// entry, a link unfollowed. isDir tells which. Errors are wire errors.
func (i *Image) List(path string) (all []squashfs.Entry, isDir bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, err := i.im.Stat(path, true)
	switch {
	case err == nil && e.Mode.IsDir():
		isDir = true
		all, err = i.im.List(path)
	case err == nil || errors.Is(err, fs.ErrNotExist): // a link to nothing is there, too
		e, err = i.im.Stat(path, false)
		all = []squashfs.Entry{e}
	}
	if err != nil {
		return nil, false, i.lost(path, err)
	}
	return all, isDir, nil
}

// regular finds a regular file, links followed.
func (i *Image) regular(path string) (squashfs.Entry, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, err := i.im.Stat(path, true)
	if err == nil && !e.Mode.IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		return e, i.lost(path, err)
	}
	return e, nil
}

func (i *Image) lost(path string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return wire.Fail(wire.Cancelled, err)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid):
		return wire.Fail(wire.NotInside, err, i.file, path)
	}
	return i.damaged(err)
}

// damaged says what is wrong rather than where that was noticed, when it is known.
func (i *Image) damaged(err error) error {
	return wire.Fail(wire.VersionDamaged, err, i.file, cmp.Or(i.problem, err.Error()))
}
