package squashfs

import (
	"context"
	"fmt"
)

// maxWalk is how many entries of an image are looked at; a large live system
// has half a million.
const maxWalk = 4_000_000

// Sizes adds up the sizes of the regular files, in bytes, by the names in the
// root directory: "usr", and "" for files in the root itself. Hard links count
// once. It reads only the tables. More than four million entries are ErrTooLarge.
func (im *Image) Sizes(ctx context.Context) (map[string]int64, error) {
	w := walk{im: im, sizes: map[string]int64{}, seen: map[uint64]bool{}}
	w.todo = []branch{{ref: im.Super.RootInode}}
	for len(w.todo) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("cannot measure the image: %w", err)
		}
		last := len(w.todo) - 1
		next := w.todo[last]
		w.todo = w.todo[:last]
		if err := w.dir(next); err != nil {
			return nil, fmt.Errorf("cannot measure the image: %w", err)
		}
	}
	return w.sizes, nil
}

// branch is a directory that is still to be walked. A list of them, rather
// than recursion: a hostile image may be millions of directories deep.
type branch struct {
	ref uint64
	top string // the name in the root under which it is; "" is the root itself
}

type walk struct {
	im      *Image
	todo    []branch
	sizes   map[string]int64
	seen    map[uint64]bool // directories and files with several names, by inode
	entries int
}

func (w *walk) dir(b branch) error {
	if w.seen[b.ref] {
		return corrupt("walk a directory that has two places")
	}
	w.seen[b.ref] = true
	dir, err := w.im.inode(b.ref)
	if err != nil {
		return err
	}
	root := b.ref == w.im.Super.RootInode
	w.im.listed = 0
	var tops []string
	var refs []uint64
	err = w.im.list(dir, func(name string, ref uint64) bool {
		if refs = append(refs, ref); root {
			tops = append(tops, name)
		}
		return true
	})
	if err != nil {
		return err
	}
	if w.entries += len(refs); w.entries > maxWalk {
		return fmt.Errorf("%d entries: %w", w.entries, ErrTooLarge)
	}
	for i, ref := range refs {
		top := b.top
		if root {
			top = tops[i]
		}
		if err := w.entry(ref, top, root); err != nil {
			return err
		}
	}
	return nil
}

// entry adds a file, or remembers a directory.
func (w *walk) entry(ref uint64, top string, inRoot bool) error {
	n, err := w.im.inode(ref)
	switch {
	case err != nil:
		return err
	case n.isDir():
		w.todo = append(w.todo, branch{ref, top})
		w.sizes[top] += 0 // an empty one is listed too
	case n.isFile():
		if n.kind == typeLFile { // the only kind that can have several names
			if w.seen[ref] {
				return nil
			}
			w.seen[ref] = true
		}
		if inRoot {
			top = ""
		}
		if w.sizes[top] += n.size; w.sizes[top] < 0 {
			return corrupt("add up files of impossible sizes")
		}
	}
	return nil
}
