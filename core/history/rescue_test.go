package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/bootmenu"
)

// TestRescueIsMarked: what the menus on the stick name counts, not what they
// should; of what cannot be seen only that is known, as a guess.
func TestRescueIsMarked(t *testing.T) {
	grub, syslinux := bootmenu.Files[0], bootmenu.Files[1]
	entries := func(file bootmenu.File, archive string) string {
		loader := map[bootmenu.Kind]string{bootmenu.GRUB: "linux", bootmenu.Syslinux: "kernel"}[file.Kind]
		base := bootmenu.Entry{Title: "live", Loader: loader, Kernel: "/antiX/vmlinuz", Initrd: []string{"/antiX/initrd.gz"}}
		text, err := bootmenu.Encode(file, base, []bootmenu.Extra{{ID: EntryBack, Title: "back", Options: []string{"rollback"}},
			{ID: EntryRescue, Title: "rescue", Options: []string{"bdir=antiX/archive/" + archive, "sqname=linuxfs.old"}}})
		must(t, err)
		return string(text)
	}
	const newest = "archive/0003/linuxfs.old"
	for name, c := range map[string]struct {
		files map[string]string // by folder
		away  bool
		want  string
	}{
		"no menus":                {nil, false, ""},
		"menus without ours":      {map[string]string{"boot/isolinux": "mine"}, false, ""},
		"switched off":            {map[string]string{grub.Dir: string(bootmenu.Off(grub))}, false, ""},
		"one that is not the one": {map[string]string{grub.Dir: entries(grub, "0001")}, false, "archive/0001/linuxfs.old"},
		"two menus":               {map[string]string{grub.Dir: entries(grub, "0001"), syslinux.Dir: entries(syslinux, "0002")}, false, "archive/0002/linuxfs.old archive/0001/linuxfs.old"},
		"one that is gone":        {map[string]string{grub.Dir: entries(grub, "0009")}, false, ""},
		"one that was cut":        {map[string]string{grub.Dir: strings.Replace(entries(grub, "0001"), `#: title "`, `#: title `, 1)}, false, "? " + newest},
		"one that is no file":     {map[string]string{grub.Dir: "/"}, false, "? " + newest},
		"a part that is away":     {map[string]string{grub.Dir: entries(grub, "0001")}, true, "? " + newest},
	} {
		s := newStick(t)
		for i, n := range []string{"linuxfs", "archive/0001/linuxfs.old", "archive/0002/linuxfs.old", "archive/0003/linuxfs.old"} {
			s.image(n, fmt.Sprintf("aaaaaa0%d", i))
		}
		for dir, text := range c.files {
			path := filepath.Join(s.root, dir, bootmenu.OwnName)
			if text == "/" {
				must(t, os.MkdirAll(path, 0o755))
			} else {
				put(t, path, text)
			}
		}
		f := s.facts("linuxfs")
		if c.away {
			f.Loader.Mountpoint = ""
		}
		var got []string
		for _, v := range List(f, s.root) {
			if v.Rescue {
				got = append(got, v.Place)
			}
			if v.MayRescue {
				got = append(got, "?", v.Place)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
