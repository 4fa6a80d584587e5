package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// menu is a boot menu of the stick that starts this system.
type menu struct {
	bootmenu.File
	folder *publish.Menus
	text   []byte      // of the menu
	own    []byte      // of the file of ours beside it; nil when there is none
	titles wire.Titles // that the file keeps
	hooked bool        // it includes that file
	base   bootmenu.Entry
}

// isOurs tells whether this program put anything there.
func (m menu) isOurs() bool { return m.hooked || bootmenu.IsOurs(m.own) }

// Try answers wire.OpTry and wire.OpUntry: one version at a time has an entry in
// the boot menus that starts it from where it lies.
func Try(ctx context.Context, ref wire.VersionRef, on bool, out *wire.Out) (wire.MenuResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.MenuResult, error) {
		if !on {
			return s.untry(ctx)
		}
		menus, err := s.openMenus(ctx)
		if err == nil {
			err = s.tryable(menus, v)
		}
		if err == nil {
			err = s.recordTry(ref.Key)
		}
		if err != nil {
			return wire.MenuResult{}, err
		}
		r, err := s.offer(ctx, menus, true)
		if err != nil {
			err = errors.Join(err, s.recordTry(""))
		}
		return r, err
	})
}

// untry leaves menus alone in which the user wants no entries.
func (s *station) untry(ctx context.Context) (wire.MenuResult, error) {
	menus, err := s.openMenus(ctx)
	if err == nil {
		err = s.recordTry("")
	}
	if err != nil {
		return wire.MenuResult{}, err
	}
	return s.fillMenus(ctx, menus, stays)
}

// offer writes the entries also where the user wanted none before. The one that
// tries a version becomes the next boot's when try is set, where a boot loader has
// a place to remember that.
func (s *station) offer(ctx context.Context, menus []menu, try bool) (wire.MenuResult, error) {
	for i := range menus {
		menus[i].own = nil
	}
	r, err := s.fillMenus(ctx, menus, stays)
	for _, m := range menus {
		if try && err == nil {
			var chosen bool
			chosen, err = m.choose(true)
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

// recordTry marks the version with that key as the one that has an entry, "" none.
func (s *station) recordTry(key string) error {
	for other, r := range history.ReadRecords(s.facts, "") {
		if r.Try && other != key {
			if err := s.record(other, func(r *history.Record) { r.Try = false }); err != nil {
				return err
			}
		}
	}
	if key == "" {
		return nil
	}
	return s.record(key, func(r *history.Record) { r.Try = true })
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
		return s.menusOff(ctx, menus)
	})
}

// menusOff takes what is ours out of the menus, and leaves a mark that it is
// to stay so.
func (s *station) menusOff(ctx context.Context, menus []menu) (wire.MenuResult, error) {
	r := wire.MenuResult{Menus: []string{}, Entries: []string{}}
	if err := s.recordTry(""); err != nil {
		return r, err
	}
	for _, m := range menus {
		r.Menus = append(r.Menus, path.Join(m.Dir, m.Name))
		// First what may find no room: the menu is written over in its place.
		if err := m.folder.Write(bootmenu.OwnName, bootmenu.Off(m.File, wire.TitlesOf(ctx).Or(m.titles).List()...)); err != nil {
			return r, err
		}
		if err := m.folder.Overwrite(m.Name, m.text, bootmenu.Mute(m.text)); err != nil {
			return r, err
		}
		if _, err := m.choose(false); err != nil {
			return r, err
		}
	}
	return r, nil
}

// menus is refresh for a change that does not depend on it: a failure is told,
// once, and the menus start the system as before.
func (s *station) menus(ctx context.Context, leaving func(history.Version) bool, first bool) {
	if err := s.refresh(ctx, leaving, first); err != nil && !s.menuTold {
		s.menuTold = true
		s.note(wire.Warn, wire.MenuFailed, wire.AsError(s.menuFailed(err)).Args...)
	}
}

// refresh brings the boot menus up to date after a change, or before one in which
// the versions move for which leaving tells so. Menus that have nothing of ours
// yet are left alone unless first is set.
func (s *station) refresh(ctx context.Context, leaving func(history.Version) bool, first bool) error {
	menus, err := s.openMenus(ctx)
	if !first {
		menus = slices.DeleteFunc(menus, func(m menu) bool { return !m.isOurs() })
	}
	if len(menus) > 0 {
		_, e := s.fillMenus(ctx, menus, leaving)
		err = errors.Join(err, e)
	}
	return err
}

func stays(history.Version) bool { return false }

// fillMenus writes the entries as they should be now into each menu in which the
// user wants any, where they are not there already.
func (s *station) fillMenus(ctx context.Context, menus []menu, leaving func(history.Version) bool) (wire.MenuResult, error) {
	r := wire.MenuResult{Menus: []string{}, Entries: []string{}}
	if err := s.reread(ctx); err != nil {
		return r, err
	}
	titles := titlesOf(ctx, menus)
	all := history.List(s.facts, "")
	if s.named == nil {
		s.named = placesNamed(all)
	}
	extras := history.MenuEntries(s.facts, all, func(v history.Version) bool { return leaving(v) || s.isDamaged(v) }, titles)
	for _, m := range menus {
		if bootmenu.IsOff(m.own) {
			continue
		}
		r.Menus = append(r.Menus, path.Join(m.Dir, m.Name))
		if err := m.fill(extras, titles); err != nil {
			return r, err
		}
	}
	for _, e := range extras {
		if len(r.Menus) > 0 {
			r.Entries = append(r.Entries, e.Title)
		}
		if e.ID == history.EntryTry {
			r.Try = e.Title
		}
	}
	return r, nil
}

// titlesOf are the titles of the face, else those of an earlier one that the menus
// keep: not every face has a language.
func titlesOf(ctx context.Context, menus []menu) wire.Titles {
	titles := wire.TitlesOf(ctx)
	for _, m := range menus {
		titles = titles.Or(m.titles)
	}
	return titles
}

// fill writes the entries first and has the menu include them then, and reads
// both again. Without an entry to try nothing may wait for it.
func (m menu) fill(extras []bootmenu.Extra, titles wire.Titles) error {
	text, err := bootmenu.Encode(m.File, m.base, extras, titles.List()...)
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
	if !slices.ContainsFunc(extras, func(e bootmenu.Extra) bool { return e.ID == history.EntryTry }) {
		if _, err := m.choose(false); err != nil {
			return err
		}
	}
	return m.check(text)
}

// include has the menu include our file. What an earlier version of this program
// put there is made comments first.
func (m menu) include() error {
	if bootmenu.Includes(m.text, m.File) {
		return nil
	}
	text := bootmenu.Mute(m.text)
	if !bytes.Equal(text, m.text) {
		if err := m.folder.Overwrite(m.Name, m.text, text); err != nil {
			return err
		}
	}
	return m.folder.Extend(m.Name, text, bootmenu.Section(m.File))
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

// choose makes the entry that tries a version the next boot's, or no longer, where
// the stick has a place for that: with GRUB only, and only in a file that is
// there already.
func (m menu) choose(on bool) (bool, error) {
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
	if err != nil || !on && now != history.EntryTry {
		return false, nil //nolint:nilerr // no file of GRUB's: the entry is there all the same
	}
	id := ""
	if on {
		id = history.EntryTry
	}
	text, err := bootmenu.EnvSet(block, bootmenu.NextEntry, id)
	if err != nil {
		return false, nil //nolint:nilerr // it is full
	}
	return on, m.folder.Overwrite(grubenv, block, text)
}
