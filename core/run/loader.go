package run

import (
	"context"
	"errors"
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
func (s *station) openMenus(ctx context.Context) ([]menu, error) {
	root, err := s.loader(ctx)
	if err != nil || root == nil {
		return nil, err
	}
	s.later(root.Close)
	var menus []menu
	for _, file := range bootmenu.Files {
		m, err := s.openMenu(root, file)
		if err != nil {
			s.log.add("no menu of ours: %s/%s: %v", file.Dir, file.Name, err)
			continue
		}
		for _, other := range menus {
			if other.Dir == m.Dir { // they include the same file
				m.base = other.base
			}
		}
		menus = append(menus, m)
	}
	return menus, nil
}

var errNotOurs = errors.New("no entry of it starts this system")

func (s *station) openMenu(root *sys.Dir, file bootmenu.File) (m menu, err error) {
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
	if m.text, err = m.folder.Read(file.Name); err != nil {
		return m, err
	}
	parsed, err := bootmenu.Parse(file.Kind, m.text)
	if err != nil {
		return m, err
	}
	base, ok := parsed.Base(s.facts.Plain.Path)
	if !ok {
		return m, errNotOurs
	}
	m.File, m.base = file, base
	if m.own, err = m.folder.Read(bootmenu.OwnName); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return m, err
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
	if l.Device == "" {
		return wire.Fail(wire.BootMissing, nil, l.UUID)
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
