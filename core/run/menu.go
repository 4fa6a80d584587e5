package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// menu is a boot menu of the stick that starts this system.
type menu struct {
	bootmenu.File
	folder *publish.Menus
	text   []byte // of the menu
	own    []byte // of the file of ours beside it; nil when there is none
	base   bootmenu.Entry
}

// Try answers wire.OpTry and wire.OpUntry: one version at a time has an entry in
// the boot menus that starts it from where it lies.
func Try(ctx context.Context, ref wire.VersionRef, on bool, out *wire.Out) (wire.MenuResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.MenuResult, error) {
		menus, err := s.openMenus(ctx)
		if err == nil && on {
			err = s.tryable(menus, v)
		}
		if err == nil {
			err = s.recordTry(ref.Key, on)
		}
		if err != nil {
			return wire.MenuResult{}, err
		}
		return s.offer(ctx, menus, on)
	})
}

// offer writes the entries. The one that tries a version becomes the next boot's
// when try is set, where a boot loader has a place to remember that.
func (s *station) offer(ctx context.Context, menus []menu, try bool) (wire.MenuResult, error) {
	for i := range menus {
		menus[i].own = nil // also where the user wanted none before
	}
	r, err := s.fillMenus(ctx, menus, stays)
	for _, m := range menus {
		if err == nil {
			var chosen bool
			chosen, err = m.choose(history.EntryTry, try)
			r.Once = r.Once || chosen
		}
	}
	return r, err
}

// tryable holds that the version could start and that there is a menu for it.
func (s *station) tryable(menus []menu, v history.Version) error {
	if len(menus) == 0 {
		return wire.Fail(wire.NoMenu, nil)
	}
	if err := history.Tryable(v); err != nil {
		return err
	}
	return s.sense(v)
}

// recordTry marks a version as the one that has an entry, or none.
func (s *station) recordTry(key string, on bool) error {
	all := history.ReadRecords(s.facts, "")
	for other, r := range all {
		if r.Try && other != key {
			if err := s.record(other, func(r *history.Record) { r.Try = false }); err != nil {
				return err
			}
		}
	}
	return s.record(key, func(r *history.Record) { r.Try = on })
}

// Menu answers wire.OpMenu.
func Menu(ctx context.Context, on bool, out *wire.Out) (wire.MenuResult, error) {
	return withStation(ctx, out, func(s *station) (wire.MenuResult, error) {
		menus, err := s.openMenus(ctx)
		if err != nil {
			return wire.MenuResult{}, err
		}
		if len(menus) == 0 {
			return wire.MenuResult{}, wire.Fail(wire.NoMenu, nil)
		}
		if on {
			return s.offer(ctx, menus, false)
		}
		return s.menusOff(menus)
	})
}

// menusOff takes what is ours out of the menus, and leaves a mark that it is
// to stay so.
func (s *station) menusOff(menus []menu) (wire.MenuResult, error) {
	r := wire.MenuResult{Menus: []string{}, Entries: []string{}}
	for _, m := range menus {
		r.Menus = append(r.Menus, path.Join(m.Dir, m.Name))
		if plain := bootmenu.Remove(m.text); !bytes.Equal(plain, m.text) {
			if err := m.folder.Restore(m.Name, m.text, plain); err != nil {
				return r, err
			}
		}
		if err := m.folder.Write(bootmenu.OwnName, bootmenu.Off(m.File)); err != nil {
			return r, err
		}
	}
	return r, nil
}

// menus brings the boot menus up to date after a change, or before one in which
// the versions move for which leaving tells so. A failure is told and is none of
// the change's: the menus start the system as before. Menus that have nothing of
// ours yet are left alone unless first is set.
func (s *station) menus(ctx context.Context, leaving func(history.Version) bool, first bool) {
	menus, err := s.openMenus(ctx)
	if !first {
		menus = slices.DeleteFunc(menus, func(m menu) bool { return m.own == nil })
	}
	if err == nil && len(menus) > 0 {
		_, err = s.fillMenus(ctx, menus, leaving)
	}
	if err != nil {
		s.note(wire.Warn, wire.MenuFailed, cmp.Or(s.facts.Loader.Device, s.facts.Loader.UUID), err.Error())
	}
}

func stays(history.Version) bool { return false }

// fillMenus writes the entries as they should be now into each menu in which the
// user wants any, where they are not there already.
func (s *station) fillMenus(ctx context.Context, menus []menu, leaving func(history.Version) bool) (wire.MenuResult, error) {
	r := wire.MenuResult{Menus: []string{}, Entries: []string{}}
	if err := s.reread(ctx); err != nil {
		return r, err
	}
	extras := history.MenuEntries(s.facts, history.List(s.facts, ""), leaving)
	for _, e := range extras {
		r.Entries = append(r.Entries, e.Title)
		if e.ID == history.EntryTry {
			r.Try = e.Title
		}
	}
	for _, m := range menus {
		if bootmenu.IsOff(m.own) {
			continue
		}
		r.Menus = append(r.Menus, path.Join(m.Dir, m.Name))
		if err := m.fill(extras); err != nil {
			return r, err
		}
	}
	return r, nil
}

// reread reads the facts again after a change on the stick.
func (s *station) reread(ctx context.Context) error {
	f, err := live.Read(ctx, "")
	if err != nil {
		return err
	}
	f.Boot.ReadOnly, f.Loader = s.facts.Boot.ReadOnly, s.facts.Loader
	s.facts = f
	return nil
}

// fill writes the entries first and has the menu include them then, and reads
// both again.
func (m menu) fill(extras []bootmenu.Extra) error {
	text, err := bootmenu.Encode(m.File, m.base, extras)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, m.own) {
		if err := m.folder.Write(bootmenu.OwnName, text); err != nil {
			return err
		}
	}
	if err := m.include(); err != nil {
		return err
	}
	return m.check(text)
}

// include has the menu include our file. What an earlier version of this program
// put there is taken out first.
func (m menu) include() error {
	text := m.text
	more := bootmenu.Append(text, m.File)
	if bytes.Equal(more, text) {
		return nil
	}
	if plain := bootmenu.Remove(text); !bytes.Equal(plain, text) {
		if err := m.folder.Restore(m.Name, text, plain); err != nil {
			return err
		}
		var err error
		if text, err = m.folder.Read(m.Name); err != nil { // on FAT comments stay in its place
			return err
		}
		more = bootmenu.Append(text, m.File)
	}
	return m.folder.Extend(m.Name, text, more[len(text):])
}

// check holds that a boot loader finds what was written, of which Encode read
// the entries again.
func (m menu) check(entries []byte) error {
	text, err := m.folder.Read(m.Name)
	if err != nil {
		return err
	}
	whole, err := bootmenu.Parse(m.Kind, text)
	if err != nil {
		return err
	}
	own, err := m.folder.Read(bootmenu.OwnName)
	if err == nil && !(whole.Hooked && bytes.Equal(own, entries)) {
		err = fmt.Errorf("cannot use %s as it is now: it does not include our entries", m.Name)
	}
	return err
}

// grubenv is GRUB's own file of what it remembers from one start to the next.
const grubenv = "grubenv"

// choose makes an entry the next boot's, or no longer, where the stick has a
// place for that: with GRUB only, and only in a file that is there already.
func (m menu) choose(id string, on bool) (bool, error) {
	if m.Kind != bootmenu.GRUB {
		return false, nil
	}
	block, err := m.folder.Read(grubenv)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, sys.ErrUnsafe) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, _, err := bootmenu.EnvGet(block, bootmenu.NextEntry)
	if err != nil || !on && now != id {
		return false, nil //nolint:nilerr // no file of GRUB's: the entry is there all the same
	}
	if !on {
		id = ""
	}
	text, err := bootmenu.EnvSet(block, bootmenu.NextEntry, id)
	if err != nil {
		return false, nil //nolint:nilerr // it is full
	}
	return on, m.folder.WriteBlock(grubenv, block, text)
}
