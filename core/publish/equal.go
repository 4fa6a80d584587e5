package publish

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
)

// equal compares two files or trees, the second as the medium has it.
func (c copying) equal(a *sys.Dir, nameA string, b *sys.Dir, nameB string) (bool, error) {
	ea, err := a.Lstat(nameA)
	if err != nil {
		return false, err
	}
	eb, err := b.Lstat(nameB)
	if err != nil || ea.Mode.Type() != eb.Mode.Type() {
		return false, err
	}
	if !ea.IsDir() {
		return c.equalFile(a, nameA, b, nameB)
	}
	subA, err := a.Dir(nameA)
	if err != nil {
		return false, err
	}
	defer subA.Close()
	subB, err := b.Dir(nameB)
	if err != nil {
		return false, err
	}
	defer subB.Close()
	names, err := subA.Names()
	others, err2 := subB.Names()
	if err = errors.Join(err, err2); err != nil || len(names) != len(others) && !c.some {
		return false, err
	}
	for _, n := range names {
		if !slices.Contains(others, n) {
			return false, nil
		}
		if same, err := c.equal(subA, n, subB, n); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (c copying) equalFile(a *sys.Dir, nameA string, b *sys.Dir, nameB string) (bool, error) {
	fa, err := a.Open(nameA, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := b.Open(nameB, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	if e, err := sys.FileEntry(fb); err != nil {
		return false, err
	} else if _, err := sys.DropCache(fb, e.Size); err != nil {
		return false, err
	}
	bufA, bufB := make([]byte, chunk), make([]byte, chunk)
	for at := int64(0); ; at += chunk {
		pause.Wait(c.ctx)
		if err := c.ctx.Err(); err != nil {
			return false, err
		}
		n, errA := io.ReadFull(fa, bufA)
		n2, errB := io.ReadFull(fb, bufB)
		sys.Forget(fa, at, int64(n))
		if n != n2 || !bytes.Equal(bufA[:n], bufB[:n]) {
			return false, nil
		}
		if c.done != nil {
			c.done(int64(n))
		}
		if errA == io.EOF || errA == io.ErrUnexpectedEOF {
			return errB == errA, nil
		}
		if err := errors.Join(errA, errB); err != nil {
			return false, err
		}
	}
}
