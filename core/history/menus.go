package history

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
)

// MenuState is what a boot menu of the stick has of this program.
type MenuState string

const (
	MenuPlain MenuState = "plain" // nothing, and the user did not say so
	MenuOn    MenuState = "on"    // the entries
	MenuOff   MenuState = "off"   // none, as the user said
)

// Menus is what the boot menus of the stick have of this program.
type Menus struct {
	Files   map[string]MenuState // of each menu that starts this system, by its file: "boot/grub/grub.cfg"
	Entries []bootmenu.Extra     // that are in one of them, in their order
	Unseen  bool                 // a menu may be there that cannot be looked at
}

// Missing tells whether there is a menu that could have the entries and has not.
func (m Menus) Missing() bool { return m.First() || m.any(MenuOff) }

// First tells whether a menu has nothing of this program yet: the next new version
// extends it, and so does going back.
func (m Menus) First() bool { return m.any(MenuPlain) }

func (m Menus) any(s MenuState) bool { return slices.Contains(slices.Collect(maps.Values(m.Files)), s) }

// ReadMenus looks at the boot menus of the stick as the helper does, without any
// privilege. root is that of live.Read.
func ReadMenus(f live.Facts, root string) Menus {
	m := Menus{Files: map[string]MenuState{}}
	if !f.Loader.Mounted() {
		m.Unseen = f.Loader.UUID != ""
		return m
	}
	for _, file := range bootmenu.Files {
		m.read(f, root, file)
	}
	return m
}

func (m *Menus) read(f live.Facts, root string, file bootmenu.File) {
	text, err := live.ReadFile(root, path.Join(f.Loader.Mountpoint, file.Dir, file.Name), bootmenu.Limit+1)
	if err != nil {
		m.Unseen = m.Unseen || !errors.Is(err, fs.ErrNotExist)
		return
	}
	menu, err := bootmenu.Parse(file.Kind, text)
	if err != nil {
		return
	}
	if _, ok := menu.Base(f.Plain.Path, f.Loader.UUID); !ok {
		return
	}
	own, err := readOwn(f, root, file)
	extras, ours, bad := bootmenu.Decode(file.Kind, own)
	name := path.Join(file.Dir, file.Name)
	switch {
	case err != nil:
		m.Unseen = true
	case !ours: // a file of somebody else, which is left alone
	case bootmenu.IsOff(own):
		m.Files[name] = MenuOff
	case bad == nil && len(extras) > 0 && bootmenu.Includes(text, file):
		m.Files[name] = MenuOn
		m.add(extras)
	default:
		m.Files[name] = MenuPlain
	}
}

// readOwn reads our file beside a menu; nothing when there is none.
func readOwn(f live.Facts, root string, file bootmenu.File) ([]byte, error) {
	text, err := live.ReadFile(root, path.Join(f.Loader.Mountpoint, file.Dir, bootmenu.OwnName), bootmenu.Limit+1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

func (m *Menus) add(extras []bootmenu.Extra) {
	for _, x := range extras {
		if !slices.ContainsFunc(m.Entries, func(have bootmenu.Extra) bool { return have.ID == x.ID }) {
			m.Entries = append(m.Entries, x)
		}
	}
}
