package publish

import (
	"context"
	"errors"
	"io"
	"os"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
)

// copying copies companions; the context ends it between two chunks.
type copying struct {
	ctx  context.Context
	m    *Medium
	done func(bytes int64) // may be nil
	some bool              // equal: the first tree may lack entries
}

// chunk is how much of a copy may be outstanding on a slow stick.
const chunk = 1 << 20

// file copies the regular file from/name, with its attributes, to the new file
// as, durable, and leaves that open: opened again by its name it could be
// another by now. born, which may be nil, is called when it exists.
func (c copying) file(from *sys.Dir, name string, to *sys.Dir, as string, born func() error) (*os.File, error) {
	src, err := from.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	dst, err := to.Create(as)
	if err != nil {
		return nil, err
	}
	if born != nil {
		err = born()
	}
	if err == nil {
		err = c.fill(dst, src)
	}
	if err != nil {
		return nil, errors.Join(err, dst.Close())
	}
	return dst, nil
}

// fill makes the new file dst, durable, what src is.
func (c copying) fill(dst, src *os.File) error {
	if err := c.bytes(dst, src); err != nil {
		return err
	}
	if err := sameAttributes(src, dst); err != nil {
		return err
	}
	return c.m.syncFile(dst)
}

func (c copying) bytes(dst, src *os.File) error {
	for at := int64(0); ; at += chunk {
		pause.Wait(c.ctx)
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(dst, src, chunk)
		if c.done != nil {
			c.done(n)
		}
		if err == nil {
			err = sys.FlushRange(dst, at, n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func sameAttributes(src, dst *os.File) error {
	n, err := sys.FileNode(src)
	if err != nil {
		return err
	}
	return sys.SetAttributes(dst, n)
}

// link makes the link part with the text and attributes of name.
func (c copying) link(from *sys.Dir, name string, to *sys.Dir, part string) error {
	text, err := from.Readlink(name)
	if err == nil {
		err = to.Symlink(text, part)
	}
	if err != nil {
		return err
	}
	n, err := from.Node(name)
	if err != nil {
		return err
	}
	return to.SetLink(part, n)
}

// tree copies the tree from/name to the new directory part, every file and
// directory durable. What is neither file, directory nor link is an error.
// born, which may be nil, is called when part exists.
func (c copying) tree(from *sys.Dir, name string, to *sys.Dir, part string, born func() error) error {
	if err := to.Mkdir(part, 0o755); err != nil {
		return err
	}
	if err := c.m.born(); err != nil {
		return err
	}
	if born != nil {
		if err := born(); err != nil {
			return err
		}
	}
	src, err := from.Dir(name)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := to.Dir(part)
	if err != nil {
		return err
	}
	defer dst.Close()
	names, err := src.Names()
	for _, n := range names {
		if err == nil {
			err = c.entry(src, n, dst, n)
		}
	}
	if err == nil {
		err = sameAttributes(src.File(), dst.File())
	}
	if err == nil {
		err = dst.Sync()
	}
	return err
}

func (c copying) entry(src *sys.Dir, name string, dst *sys.Dir, as string) error {
	e, err := src.Lstat(name)
	switch {
	case err != nil:
		return err
	case e.IsDir():
		return c.tree(src, name, dst, as, nil)
	case e.IsLink():
		return c.link(src, name, dst, as)
	}
	f, err := c.file(src, name, dst, as, nil)
	if err != nil {
		return err
	}
	return f.Close()
}
