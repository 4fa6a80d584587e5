package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// MaxMenu is the size of the largest boot menu that is read, in bytes.
const MaxMenu = 1 << 20

// menuPart is where a text is made that is to take the place of another.
const menuPart = "remaster.prt"

// Menus is a folder of boot menus on the stick. A menu of others, which the
// stick starts with, is at every moment exactly the old or exactly the new one;
// docs/decisions/0020 says how, and what remains on FAT. The caller holds the
// lock of the stick.
//
// The errors of what writes are wire errors: PlanChanged when a file is no
// longer what the caller read, NameTaken when a name is not ours to write,
// FilledUp when there is no room, else WriteFailed.
type Menus struct {
	at   *Medium
	ours func(text []byte) bool
}

// OpenMenus prepares the work in dir, on the block device named. ours tells
// whether a text is one that this program wrote as a file of its own.
func OpenMenus(dir *sys.Dir, device string, ours func(text []byte) bool) (*Menus, error) {
	m, err := Open(dir, device, "", live.Gen2023, nil)
	if err != nil {
		return nil, err
	}
	return &Menus{m, ours}, nil
}

// Read gives a file whole. The error is fs.ErrNotExist, or sys.ErrUnsafe for
// what is no plain file, and some other for more than MaxMenu bytes.
func (m *Menus) Read(name string) ([]byte, error) {
	f, err := m.at.dir.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readMenu(f)
}

func readMenu(f *os.File) ([]byte, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, MaxMenu+1))
	if err == nil && len(text) > MaxMenu {
		err = fmt.Errorf("%s has more than %d bytes", f.Name(), MaxMenu)
	}
	return text, err
}

// Extend appends section to the menu, which must still be exactly old.
func (m *Menus) Extend(name string, old, section []byte) error {
	text := slices.Concat(old, section)
	if len(text) > MaxMenu {
		return wire.Fail(wire.Internal, fmt.Errorf("%s would have %d bytes", name, len(text)))
	}
	return m.edit(name, old, func(f *os.File) error { return m.extend(f, name, text, int64(len(old))) })
}

// Overwrite writes text over old, of the same length, in its place: grubenv, of
// which a boot loader may know where its sectors are, or a menu in which lines
// become comments. It must still be exactly old. A power cut leaves the front of
// the one and the rest of the other; where they differ within one sector of 512
// bytes only, one of them whole.
func (m *Menus) Overwrite(name string, old, text []byte) error {
	if len(old) != len(text) {
		return wire.Fail(wire.Internal, fmt.Errorf("%s has %d bytes, not %d", name, len(old), len(text)))
	}
	return m.edit(name, old, func(f *os.File) error { return m.overwrite(f, name, old, text) })
}

// Write replaces or makes a small file of our own. A power cut leaves the old
// or the new text, on FAT perhaps none: no file, or an empty one. What has
// the name must be empty or ours.
func (m *Menus) Write(name string, text []byte) error {
	if !m.ours(text) || len(text) > MaxMenu {
		return wire.Fail(wire.Internal, fmt.Errorf("the text of %d bytes for %s is not ours", len(text), name))
	}
	f, old, err := m.own(name)
	switch {
	case err != nil:
	case m.at.fat:
		err = m.rewrite(f, name, old, text)
	case f == nil:
		err = m.create(name, text)
	default:
		err = m.replace(f, name, old, text)
	}
	return m.end(name, err, f)
}

// Remove removes a file of our own, durably; absent is no error.
func (m *Menus) Remove(name string) error {
	f, old, err := m.own(name)
	if err == nil && f != nil {
		err = m.still(f, name, old)
	}
	if err == nil {
		err = errors.Join(m.at.remove(m.at.dir, name), m.at.flush())
	}
	return m.end(name, err, f)
}

// Heal removes what a cut left beside a menu. The menus themselves need none.
func (m *Menus) Heal() error { return m.end(menuPart, m.at.removeOwn(menuPart), nil) }

// edit does something to a menu of others that still is exactly old.
func (m *Menus) edit(name string, old []byte, do func(f *os.File) error) error {
	f, err := m.at.dir.Open(name, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, sys.ErrUnsafe) {
		err = wire.Fail(wire.PlanChanged, err)
	}
	if err == nil {
		err = m.still(f, name, old)
	}
	if err == nil {
		err = do(f)
	}
	return m.end(name, err, f)
}

// own opens a file of our own, nil when there is none.
func (m *Menus) own(name string) (f *os.File, old []byte, err error) {
	f, err = m.at.dir.Open(name, os.O_RDWR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case errors.Is(err, sys.ErrUnsafe):
		return nil, nil, wire.Fail(wire.NameTaken, err, name)
	case err != nil:
		return nil, nil, err
	}
	old, err = readMenu(f)
	if len(old) > MaxMenu || err == nil && len(old) > 0 && !m.ours(old) {
		err = wire.Fail(wire.NameTaken, err, name)
	}
	return f, old, err
}

// still holds that name is the open file, with this text.
func (m *Menus) still(f *os.File, name string, text []byte) error {
	now, err := readMenu(f)
	if err == nil && (!bytes.Equal(now, text) || !m.at.dir.SameFile(name, f)) || len(now) > MaxMenu {
		err = wire.Fail(wire.PlanChanged, fmt.Errorf("%s/%s is not what was read", m.at.dir.Path(), name))
	}
	return err
}

// landed holds after the work that nobody else had a hand in it.
func (m *Menus) landed(f *os.File, name string, text []byte) error {
	if err := m.still(f, name, text); err != nil {
		return m.at.failed(name, err)
	}
	return nil
}

// end closes f and makes a wire error of err.
func (m *Menus) end(name string, err error, f *os.File) error {
	if f != nil {
		if e := f.Close(); !errors.Is(e, os.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	var known *wire.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrExist):
		return wire.Fail(wire.NameTaken, err, name)
	}
	return m.at.failed(name, err)
}
