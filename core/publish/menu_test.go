package publish

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

const (
	menuText    = "set timeout=5\nmenuentry \"antiX\" {\n  linux /antiX/vmlinuz\n}\n"
	menuSection = "# begin of ours\nif [ -s $prefix/remaster.cfg ]; then source $prefix/remaster.cfg; fi\n# end of ours\n"
	ownMark     = "# ours\n"
	ownOld      = ownMark + "menuentry \"Version 7\" { }\n"
	ownNew      = ownMark + "menuentry \"Version 8\" { }\nmenuentry \"Version 7\" { }\n"
)

func block(entry string) string {
	text := "# GRUB Environment Block\n" + entry
	return text + strings.Repeat("#", 1024-len(text))
}

func isOurs(text []byte) bool { return bytes.HasPrefix(text, []byte(ownMark)) }

// commented is what is left of the section.
var commented = strings.Repeat("#", 15) + "\n" + strings.Repeat("#", 68) + "\n" + strings.Repeat("#", 13) + "\n"

// menuCases are the calls, each on a folder of its own.
var menuCases = map[string]struct {
	name          string
	before, after string // "" is no file
	call          func(m *Menus) error
}{
	"extend": {"grub.cfg", menuText, menuText + menuSection, func(m *Menus) error {
		return m.Extend("grub.cfg", []byte(menuText), []byte(menuSection))
	}},
	"extend nothing": {"grub.cfg", "", menuSection, func(m *Menus) error {
		return m.Extend("grub.cfg", nil, []byte(menuSection))
	}},
	"restore": {"grub.cfg", menuText + menuSection, menuText + commented, func(m *Menus) error {
		return m.Overwrite("grub.cfg", []byte(menuText+menuSection), []byte(menuText+commented))
	}},
	"restore within": {"grub.cfg", menuText + menuSection + menuText, menuText + commented + menuText, func(m *Menus) error {
		return m.Overwrite("grub.cfg", []byte(menuText+menuSection+menuText), []byte(menuText+commented+menuText))
	}},
	"block": {"grubenv", block("saved_entry=0\n"), block("next_entry=remaster\n"), func(m *Menus) error {
		return m.Overwrite("grubenv", []byte(block("saved_entry=0\n")), []byte(block("next_entry=remaster\n")))
	}},
	"write":      {"remaster.cfg", ownOld, ownNew, func(m *Menus) error { return m.Write("remaster.cfg", []byte(ownNew)) }},
	"write none": {"remaster.cfg", "", ownNew, func(m *Menus) error { return m.Write("remaster.cfg", []byte(ownNew)) }},
	"remove":     {"remaster.cfg", ownOld, "", func(m *Menus) error { return m.Remove("remaster.cfg") }},
}

// menuFiles is a folder with other things in it; "" is no file, but for what an
// action extends.
func menuFiles(action, text string) map[string]string {
	files := map[string]string{"other.cfg": menuText, "remaster.prt.old": "mine", "themes/a": "x"}
	if text != "" || action == "extend nothing" {
		files[menuCases[action].name] = text
	}
	return files
}

func openMenus(path, device string, fat bool) (*Menus, error) {
	dir, err := sys.OpenDir(path)
	if err != nil {
		return nil, err
	}
	m, err := OpenMenus(dir, device, isOurs)
	if err == nil {
		m.at.fat = m.at.fat || fat
	}
	return m, err
}

func menus(t testing.TB, dir string, fat bool) *Menus {
	t.Helper()
	m, err := openMenus(dir, "/dev/no-such-device", fat)
	must(t, err)
	t.Cleanup(func() { m.at.dir.Close() })
	return m
}

// actMenu is an action of a child, named as the cases are, with "fat " before it
// as on FAT.
func actMenu(action, dir string) error {
	action, fat := strings.CutPrefix(action, "fat ")
	m, err := openMenus(dir, "/dev/no-such-device", fat)
	if err != nil {
		return err
	}
	os.Open(crashMark) //nolint:errcheck // it is not there
	return menuCases[action].call(m)
}

// menuResult is the folder after an action.
func menuResult(t testing.TB, action string) tree {
	return expected(t, menuFiles(action, menuCases[action].after))
}

func TestMenus(t *testing.T) {
	for action, c := range menuCases {
		for _, fat := range []bool{false, true} {
			dir := memDir(t)
			put(t, dir, menuFiles(action, c.before))
			put(t, dir, map[string]string{menuPart: "of a run that was killed"})
			m := menus(t, dir, fat)
			must(t, c.call(m))
			must(t, m.Heal())
			if d := treeOf(t, dir).diff(menuResult(t, action)); d != "" {
				t.Errorf("%s, FAT %v:\n%s", action, fat, d)
			}
		}
	}
}

// TestMenuKeepsAttributes: a new file under the old name belongs to whom the old
// one belonged; nothing else of a real ext4 changes.
func TestMenuKeepsAttributes(t *testing.T) {
	dir, device := ext4Dir(t)
	put(t, dir, map[string]string{"grub.cfg": menuText})
	file := filepath.Join(dir, "grub.cfg")
	must(t, errors.Join(os.Chown(file, 3, 4), os.Chmod(file, 0o640)))
	m, err := openMenus(dir, device, false)
	must(t, err)
	defer m.at.dir.Close()
	must(t, m.Extend("grub.cfg", []byte(menuText), []byte(menuSection)))
	if got := treeOf(t, dir); len(got) != 1 || !strings.HasPrefix(got["grub.cfg"], "100640 3:4 ") {
		t.Errorf("%q", got)
	}
	if text, err := m.Read("grub.cfg"); err != nil || string(text) != menuText+menuSection {
		t.Errorf("%q, %v", text, err)
	}
}

// TestMenuRefuses: what is not as the caller read it, or not ours, stays.
func TestMenuRefuses(t *testing.T) {
	menu := []byte(menuText)
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, menu, 0o644))
	plants := map[string]func(p string) error{
		"none":      func(string) error { return nil },
		"other":     func(p string) error { return os.WriteFile(p, []byte(menuText+"#"), 0o644) },
		"shorter":   func(p string) error { return os.WriteFile(p, menu[:9], 0o644) },
		"too big":   func(p string) error { return os.WriteFile(p, make([]byte, MaxMenu+1), 0o644) },
		"directory": func(p string) error { return os.Mkdir(p, 0o700) },
		"link":      func(p string) error { return os.Symlink(outside, p) },
		"dangling":  func(p string) error { return os.Symlink("/gone", p) },
		"fifo":      func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"two names": func(p string) error { return errors.Join(os.WriteFile(p, menu, 0o644), os.Link(p, p+".2")) },
	}
	for what, plant := range plants {
		for _, fat := range []bool{false, true} {
			dir := memDir(t)
			must(t, plant(filepath.Join(dir, "grub.cfg")))
			before := exactTree(t, dir)
			m := menus(t, dir, fat)
			foreign := wire.NameTaken
			if what == "none" {
				foreign = ""
			}
			for call, got := range map[string]error{
				"extend":  m.Extend("grub.cfg", menu, []byte(menuSection)),
				"restore": m.Overwrite("grub.cfg", menu, bytes.ToLower(menu)),
				"block":   m.Overwrite("grub.cfg", menu, bytes.ToUpper(menu)),
			} {
				if codeOf(got) != wire.PlanChanged {
					t.Errorf("%s, %s: %v", what, call, got)
				}
			}
			if err := m.Remove("grub.cfg"); codeOf(err) != foreign {
				t.Errorf("%s: remove: %v", what, err)
			}
			if err := m.Write("grub.cfg", []byte(ownNew)); codeOf(err) != foreign {
				t.Errorf("%s: write: %v", what, err)
			}
			if d := exactTree(t, dir).without("grub.cfg").diff(before.without("grub.cfg")); d != "" || what != "none" && exactTree(t, dir).diff(before) != "" {
				t.Errorf("%s, FAT %v:\n%s", what, fat, exactTree(t, dir).diff(before))
			}
		}
	}
}

// TestMenuMistakes are those of the caller.
func TestMenuMistakes(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"grub.cfg": menuText})
	before := exactTree(t, dir)
	m, menu := menus(t, dir, false), []byte(menuText)
	for what, err := range map[string]error{
		"not ours":     m.Write("remaster.cfg", menu),
		"empty":        m.Write("remaster.cfg", nil),
		"another size": m.Overwrite("grub.cfg", menu, menu[1:]),
		"too big":      m.Extend("grub.cfg", menu, make([]byte, MaxMenu)),
	} {
		if codeOf(err) != wire.Internal {
			t.Errorf("%s: %v", what, err)
		}
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}

func TestMenuRead(t *testing.T) {
	dir := memDir(t)
	put(t, dir, map[string]string{"big": strings.Repeat("x", MaxMenu), "bigger": strings.Repeat("x", MaxMenu+1), "dir/": "", "link@big": ""})
	m := menus(t, dir, false)
	if text, err := m.Read("big"); err != nil || len(text) != MaxMenu {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if _, err := m.Read("bigger"); err == nil {
		t.Error("read too much")
	}
	for name, want := range map[string]error{"gone": fs.ErrNotExist, "dir": sys.ErrUnsafe, "link": sys.ErrUnsafe, "../x": sys.ErrName} {
		if _, err := m.Read(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMenuExchangedMeanwhile: what somebody puts under the name at the last
// moment is there afterwards.
func TestMenuExchangedMeanwhile(t *testing.T) {
	for what, change := range map[string]func(p string) error{
		"another file": func(p string) error {
			return errors.Join(os.WriteFile(p+".2", []byte("theirs"), 0o644), os.Rename(p+".2", p))
		},
		"another text": func(p string) error { return os.WriteFile(p, []byte("theirs"), 0o644) },
	} {
		dir := memDir(t)
		put(t, dir, map[string]string{"grub.cfg": menuText})
		m := menus(t, dir, false)
		f, err := m.at.dir.Open("grub.cfg", os.O_RDWR)
		must(t, err)
		part, err := m.makePart(f, []byte("ours"))
		must(t, err)
		must(t, change(filepath.Join(dir, "grub.cfg")))
		if err := m.exchange(f, "grub.cfg", []byte(menuText)); codeOf(err) != wire.PlanChanged {
			t.Errorf("%s: %v", what, err)
		}
		if d := treeOf(t, dir).diff(expected(t, map[string]string{"grub.cfg": "theirs", menuPart: "ours"})); d != "" {
			t.Errorf("%s:\n%s", what, d)
		}
		must(t, errors.Join(f.Close(), part.Close()))
	}
}

// smallDir is a directory in memory with room for 64 KiB.
func smallDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestMenuReadOnly(t *testing.T) {
	for action, c := range menuCases {
		for _, fat := range []bool{false, true} {
			dir := smallDir(t)
			put(t, dir, menuFiles(action, c.before))
			before := exactTree(t, dir)
			must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
			if err := c.call(menus(t, dir, fat)); codeOf(err) != wire.WriteFailed {
				t.Errorf("%s, FAT %v: %v", action, fat, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%s, FAT %v:\n%s", action, fat, d)
			}
		}
	}
}

// TestMenuFull: without room all is as it was. The menu ends with its page, so
// that a byte more needs room.
func TestMenuFull(t *testing.T) {
	menu := []byte(menuText + strings.Repeat("\n", 4096-len(menuText)))
	for _, fat := range []bool{false, true} {
		dir := smallDir(t)
		put(t, dir, map[string]string{"grub.cfg": string(menu), "remaster.cfg": ownOld})
		f, err := os.Create(filepath.Join(dir, "filler"))
		must(t, err)
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		must(t, f.Close())
		before := treeOf(t, dir)
		m := menus(t, dir, fat)
		for call, err := range map[string]error{
			"extend":     m.Extend("grub.cfg", menu, []byte(menuSection)),
			"write":      m.Write("remaster.cfg", []byte(ownNew)),
			"write none": m.Write("new.cfg", []byte(ownNew)),
		} {
			if codeOf(err) != wire.FilledUp {
				t.Errorf("%s, FAT %v: %v", call, fat, err)
			}
		}
		if d := treeOf(t, dir).diff(before); d != "" {
			t.Errorf("FAT %v:\n%s", fat, d)
		}
	}
}
