package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
)

// menuFiles are the boot menus of the stick.
var menuFiles = bootmenu.Files[:2]

// Menus holds that the boot menus are whole: each is exactly what it was when
// the stick was made, with or without our section, and our entries beside it,
// where there are any, name versions that are there.
func (s *System) Menus() error {
	var err error
	for _, f := range menuFiles {
		err = errors.Join(err, s.menu(f))
	}
	return err
}

func (s *System) menu(f bootmenu.File) error {
	dir := "/" + f.Dir + "/"
	text, err := s.ReadStick(dir + f.Name)
	if err != nil {
		return err
	}
	plain := s.plain[f.Name]
	if string(text) != plain && string(text) != string(bootmenu.Append([]byte(plain), f)) {
		return fmt.Errorf("%s is torn: %q", f.Name, text)
	}
	own, err := s.ReadStick(dir + bootmenu.OwnName)
	if errors.Is(err, fs.ErrNotExist) && string(text) == plain {
		return nil
	}
	if err != nil {
		return err
	}
	extras, ours, err := bootmenu.Decode(f.Kind, own)
	if err != nil || !ours || len(extras) == 0 {
		return fmt.Errorf("the entries beside %s are torn: %w: %q", f.Name, err, own)
	}
	for _, x := range extras {
		if err := s.starts(x); err != nil {
			return fmt.Errorf("beside %s: %w", f.Name, err)
		}
	}
	return nil
}

// starts holds that there is what an entry of ours starts, where it names it.
func (s *System) starts(x bootmenu.Extra) error {
	if x.ID != history.EntryTry && x.ID != history.EntryRescue {
		return nil // they are for trouble that is yet to come
	}
	value := func(key string) string {
		i := slices.IndexFunc(x.Options, func(o string) bool { return strings.HasPrefix(o, key+"=") })
		if i < 0 {
			return ""
		}
		return strings.TrimPrefix(x.Options[i], key+"=")
	}
	file := filepath.Join("/", value("bdir"), value("sqname"))
	if _, err := os.Stat(s.StickPath("archive")); err != nil && strings.Contains(file, "/archive/") {
		return nil // Heal took it away by hand
	}
	if info, err := os.Lstat(s.StickPath(file)); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("the entry %s starts %s, which is not there: %w", x.ID, file, err)
	}
	return nil
}
