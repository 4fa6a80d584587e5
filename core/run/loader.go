package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/plan"
	"antix-remaster/core/publish"
	"antix-remaster/core/wire"
)

// openMenus finds the boot menus that start this system. There need not be one.
// An error is also one in which something of ours can no longer be kept up to
// date; the others are given all the same.
func (s *station) openMenus(ctx context.Context) ([]menu, error) {
	root, err := s.loader(ctx)
	if err != nil || root == "" {
		return nil, err
	}
	var menus []menu
	var errs []error
	for _, file := range bootmenu.Files {
		m, err := s.openMenu(root, file)
		switch {
		case err == nil:
			for _, other := range menus {
				if other.Dir == m.Dir { // they include the same file
					m.base = other.base
				}
			}
			menus = append(menus, m)
		case m.isOurs() && !bootmenu.IsOff(m.own) && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err, m.empty())
		default:
			s.log.add("no menu of ours: %s/%s: %v", file.Dir, file.Name, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return menus, s.menuFailed(err)
	}
	return menus, nil
}

// menuFailed names the device of the menus, once.
func (s *station) menuFailed(err error) error {
	if wire.AsError(err).Code == wire.MenuFailed {
		return err
	}
	return wire.Fail(wire.MenuFailed, err, cmp.Or(s.facts.Loader.Device, s.facts.Loader.UUID), err.Error())
}

// empty leaves no entries, which could start something else by now.
func (m menu) empty() error {
	text, err := bootmenu.Encode(m.File, m.base, nil, m.titles.List()...)
	if err != nil || !bootmenu.IsOurs(m.own) || bytes.Equal(text, m.own) {
		return err
	}
	return m.folder.Write(bootmenu.OwnName, text)
}

// openMenu gives with an error what it knows by then.
func (s *station) openMenu(root string, file bootmenu.File) (m menu, err error) {
	m.File = file
	dir, err := openBelow(root, file.Dir)
	if err != nil {
		return m, err
	}
	s.later(dir.Close)
	if m.folder, err = publish.OpenMenus(dir, s.facts.Loader.Device, bootmenu.IsOurs); err != nil {
		return m, err
	}
	if err := m.folder.Heal(); err != nil {
		return m, err
	}
	if m.own, err = m.folder.Read(bootmenu.OwnName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	m.titles = wire.TitlesOfList(bootmenu.Kept(m.own))
	if m.text, err = m.folder.Read(file.Name); err != nil {
		return m, err
	}
	parsed, err := bootmenu.Parse(file.Kind, m.text)
	if err != nil {
		return m, err
	}
	m.hooked = parsed.Hooked
	base, ok := parsed.Base(s.facts.Plain.Path, s.facts.Loader.UUID)
	if !ok {
		return m, fmt.Errorf("no entry of %s/%s starts this system", file.Dir, file.Name)
	}
	m.base = base
	return m, nil
}

const loaderMount = plan.WorkDir + "/bios-dev"

// loader gives where the file system is mounted that the boot loader reads,
// writable; "" when it is not there. With an encrypted stick the live start may
// have left it unmounted.
func (s *station) loader(ctx context.Context) (string, error) {
	l := &s.facts.Loader
	switch {
	case s.facts.Boot.Mounted() && !s.facts.Encrypted:
		return s.facts.Boot.Mountpoint, nil // made writable already
	case l.UUID == "" && !l.Mounted():
		return "", nil
	case !l.Mounted():
		device, err := deviceOf(ctx, l.UUID)
		if err != nil && wire.AsError(err).Code == wire.BootAmbiguous {
			return "", err
		}
		if l.Device == "" || err != nil {
			return "", wire.Fail(wire.BootMissing, err, l.UUID)
		}
		if err := s.mountAt(ctx, device, loaderMount); err != nil {
			return "", err
		}
		l.Mountpoint = loaderMount
	case l.ReadOnly:
		if err := s.remount(l.Mountpoint); err != nil {
			return "", wire.Fail(wire.ReadOnlyMedium, err, l.Device)
		}
		l.ReadOnly = false
	}
	return l.Mountpoint, nil
}
