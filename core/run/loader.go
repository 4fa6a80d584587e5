package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/plan"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// openMenus finds the boot menus that start this system. There need not be one.
// An error is also one in which something of ours can no longer be kept up to
// date; the others are given all the same.
func (s *station) openMenus(ctx context.Context) ([]menu, error) {
	root, err := s.loader(ctx)
	if err != nil || root == nil {
		return nil, err
	}
	s.later(root.Close)
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
		return menus, wire.Fail(wire.MenuFailed, err, s.facts.Loader.Device, err.Error())
	}
	return menus, nil
}

// empty leaves no entries, which could start something else by now.
func (m menu) empty() error {
	text, err := bootmenu.Encode(m.File, m.base, nil)
	if err != nil || !bootmenu.IsOurs(m.own) || bytes.Equal(text, m.own) {
		return err
	}
	return m.folder.Write(bootmenu.OwnName, text)
}

// openMenu gives with an error what it knows by then.
func (s *station) openMenu(root *sys.Dir, file bootmenu.File) (m menu, err error) {
	m.File = file
	dir, err := below(root, file.Dir)
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

// below opens a directory without following links. The caller closes it.
func below(root *sys.Dir, rel string) (*sys.Dir, error) {
	dir := root
	for name := range strings.SplitSeq(rel, "/") {
		next, err := dir.Dir(name)
		if dir != root {
			dir.Close()
		}
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

const loaderMount = plan.WorkDir + "/bios-dev"

// loader opens the root of the file system that the boot loader reads, writable;
// nil when it is not there. With an encrypted stick the live start may have left
// it unmounted.
func (s *station) loader(ctx context.Context) (*sys.Dir, error) {
	l := &s.facts.Loader
	switch {
	case s.facts.Boot.Mounted() && !s.facts.Encrypted:
		return sys.OpenDir(s.facts.Boot.Mountpoint) // made writable already
	case l.UUID == "" && !l.Mounted():
		return nil, nil
	case !l.Mounted():
		if err := s.mountLoader(ctx); err != nil {
			return nil, err
		}
	case l.ReadOnly:
		if err := s.remount(l.Mountpoint); err != nil {
			return nil, wire.Fail(wire.ReadOnlyMedium, err, l.Device)
		}
		l.ReadOnly = false
	}
	return sys.OpenDir(l.Mountpoint)
}

// mountLoader mounts it where nobody else sees it.
func (s *station) mountLoader(ctx context.Context) error {
	l := &s.facts.Loader
	devices, err := blkid(ctx, "-o", "device", "-t", "UUID="+l.UUID)
	if l.Device == "" || err != nil {
		return wire.Fail(wire.BootMissing, err, l.UUID)
	}
	if len(strings.Fields(devices)) != 1 {
		return wire.Fail(wire.BootAmbiguous, nil, strings.Join(strings.Fields(devices), ", "))
	}
	fstype, err := blkid(ctx, "-o", "value", "-s", "TYPE", l.Device)
	fstype = strings.TrimSpace(fstype)
	if err == nil {
		err = os.Mkdir(loaderMount, 0o700)
	}
	if err == nil {
		err = sys.MountDevice(l.Device, loaderMount, fstype, false, s.mountOptions(fstype))
	}
	if err != nil {
		return wire.Fail(wire.BootMissing, err, l.Device)
	}
	s.later(func() error { return sys.Unmount(loaderMount) })
	l.Mountpoint = loaderMount
	return nil
}
