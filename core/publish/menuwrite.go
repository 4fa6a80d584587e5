package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// replace puts a new file with the text in the place of f, by one rename. The
// names are exchanged, so that what somebody else put there meanwhile is not
// lost but goes back.
func (m *Menus) replace(f *os.File, name string, old, text []byte) error {
	part, err := m.makePart(f, text)
	if err != nil {
		return err
	}
	if err = m.still(f, name, old); err == nil {
		err = m.exchange(f, name, old)
	}
	mine := part
	if err == nil {
		mine = f
	}
	if m.at.dir.SameFile(menuPart, mine) {
		err = errors.Join(err, m.at.remove(m.at.dir, menuPart))
	}
	if err == nil {
		err = m.at.settle(part, m.at.dir)
	}
	if err == nil {
		err = m.landed(part, name, text)
	}
	return errors.Join(err, part.Close())
}

func (m *Menus) exchange(f *os.File, name string, old []byte) error {
	err := m.at.dir.Exchange(menuPart, name)
	if errors.Is(err, errors.ErrUnsupported) {
		return m.at.dir.Replace(menuPart, name)
	}
	if err != nil {
		return err
	}
	if err := m.still(f, menuPart, old); err != nil {
		return errors.Join(err, m.at.dir.Exchange(menuPart, name))
	}
	return nil
}

// makePart makes the new text durable beside the menus, with the owner and the
// permissions of the file like, unless that is nil.
func (m *Menus) makePart(like *os.File, text []byte) (*os.File, error) {
	if err := m.at.removeOwn(menuPart); err != nil {
		return nil, err
	}
	f, err := m.at.dir.Create(menuPart)
	if errors.Is(err, fs.ErrExist) {
		err = wire.Fail(wire.NameTaken, err, menuPart)
	}
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil && like != nil {
		err = dressAs(f, like)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil && !m.at.dir.SameFile(menuPart, f) {
		err = fmt.Errorf("%s was exchanged: %w", menuPart, sys.ErrUnsafe)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), m.at.remove(m.at.dir, menuPart))
	}
	return f, nil
}

// dressAs leaves the time: the text is a new one.
func dressAs(f, like *os.File) error {
	want, err := sys.FileNode(like)
	if err != nil {
		return err
	}
	now, err := sys.FileNode(f)
	if err != nil {
		return err
	}
	want.MTime = now.MTime
	return sys.SetAttributes(f, want)
}

// create makes a file of our own where there is none.
func (m *Menus) create(name string, text []byte) error {
	f, err := m.makePart(nil, text)
	if err != nil {
		return err
	}
	if err = m.at.dir.Rename(menuPart, m.at.dir, name); err != nil {
		err = errors.Join(err, m.at.remove(m.at.dir, menuPart))
	} else if err = m.at.settle(f, m.at.dir); err == nil {
		err = m.landed(f, name, text)
	}
	return errors.Join(err, f.Close())
}

// rewrite makes a file of our own anew on FAT, once the old one, if any, is
// gone. There must be room for it before.
func (m *Menus) rewrite(f *os.File, name string, old, text []byte) error {
	space, err := sys.FreeSpace(m.at.dir.File())
	if err == nil && space.Free < uint64(len(text)) && len(text) > len(old) {
		err = syscall.ENOSPC
	}
	if err == nil && f != nil {
		err = m.still(f, name, old)
	}
	if err != nil {
		return err
	}
	if f != nil {
		// Its clusters are only free when nobody holds it.
		if err := errors.Join(f.Close(), m.at.remove(m.at.dir, name)); err != nil {
			return err
		}
	}
	return m.at.writeNew(m.at.dir, name, text)
}

// extend appends to a file. The old bytes stay where they are; the room is on the
// medium before the bytes, and these before the size that tells of them. A new
// file under the old name would not do on ext4 either: a boot loader does not
// replay the journal, and may see the half of a rename.
func (m *Menus) extend(f *os.File, name string, text []byte, from int64) error {
	// A cut may have left clusters behind the end. They go first: the kernel
	// takes them for damage, and write-protects the stick.
	err := f.Truncate(from)
	if err == nil {
		err = sys.Preallocate(f, int64(len(text)))
	}
	if err == nil {
		err = m.at.dir.Sync()
	}
	if err == nil {
		_, err = f.WriteAt(text[from:], from)
	}
	if err != nil {
		return errors.Join(err, f.Truncate(from), m.at.syncFile(f))
	}
	return m.finishInPlace(f, name, text)
}

// page is the least that the kernel writes of a file, in bytes.
const page = 4096

// overwrite writes what differs, from the front to the back: a page in one call,
// and none before the one in front of it is on the medium.
func (m *Menus) overwrite(f *os.File, name string, old, text []byte) error {
	from, to := difference(old, text)
	for at := from; at < to; {
		next := min(to, (at/page+1)*page)
		_, err := f.WriteAt(text[at:next], int64(at))
		if err != nil {
			_, back := f.WriteAt(old[from:next], int64(from))
			return errors.Join(err, back, m.at.syncFile(f))
		}
		if err := errors.Join(sys.FlushRange(f, int64(at), int64(next-at)), m.at.flush()); err != nil {
			return err
		}
		at = next
	}
	return m.finishInPlace(f, name, text)
}

func (m *Menus) finishInPlace(f *os.File, name string, text []byte) error {
	err := m.at.syncFile(f)
	if err == nil {
		err = m.at.flush()
	}
	if err == nil {
		err = m.landed(f, name, text)
	}
	return err
}

// difference is the part in which two texts of one length differ.
func difference(a, b []byte) (from, to int) {
	for to = len(a); from < to && a[from] == b[from]; from++ {
	}
	for ; to > from && a[to-1] == b[to-1]; to-- {
	}
	return from, to
}
