package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
)

// TestReadMenus: what can be seen of the menus is what the helper wrote there.
func TestReadMenus(t *testing.T) {
	const (
		grub = "menuentry 'antiX' {\nlinux /antiX/vmlinuz quiet\ninitrd /antiX/initrd.gz\n}\n"
		sys  = "LABEL live\n    KERNEL /antiX/vmlinuz\n    APPEND quiet\n    INITRD /antiX/initrd.gz\n"
	)
	inGRUB, inSyslinux := bootmenu.Files[0], bootmenu.Files[1]
	back := []bootmenu.Extra{{ID: EntryBack, Title: "Back", Options: []string{"rollback"}}}
	own := func(f bootmenu.File, text string) string {
		m, err := bootmenu.Parse(f.Kind, []byte(text))
		must(t, err)
		base, _ := m.Base("antiX", "")
		out, err := bootmenu.Encode(f, base, back)
		must(t, err)
		return string(out)
	}
	with := func(f bootmenu.File, text string) string { return string(bootmenu.Append([]byte(text), f)) }
	off := string(bootmenu.Off(inGRUB))
	for _, c := range []struct {
		name                  string
		files                 map[string]string
		want                  string // files, entries, unseen
		first, missing, blind bool
	}{
		{name: "no menu", want: "map[] 0"},
		{name: "one that is another's", files: map[string]string{"grub/grub.cfg": "menuentry 'Debian' {\nlinux /boot/vmlinuz\n}\n"}, want: "map[] 0"},
		{name: "no text", files: map[string]string{"grub/grub.cfg": "\x00"}, want: "map[] 0"},
		{name: "untouched", files: map[string]string{"grub/grub.cfg": grub, "syslinux/syslinux.cfg": sys}, want: "map[boot/grub/grub.cfg:plain boot/syslinux/syslinux.cfg:plain] 0", first: true, missing: true},
		{name: "entries", files: map[string]string{"grub/grub.cfg": with(inGRUB, grub), "grub/remaster.cfg": own(inGRUB, grub),
			"syslinux/syslinux.cfg": with(inSyslinux, sys), "syslinux/remaster.cfg": own(inSyslinux, sys)}, want: "map[boot/grub/grub.cfg:on boot/syslinux/syslinux.cfg:on] 1"},
		{name: "in one", files: map[string]string{"grub/grub.cfg": with(inGRUB, grub), "grub/remaster.cfg": own(inGRUB, grub), "syslinux/syslinux.cfg": sys},
			want: "map[boot/grub/grub.cfg:on boot/syslinux/syslinux.cfg:plain] 1", first: true, missing: true},
		{name: "written, not included", files: map[string]string{"grub/grub.cfg": grub, "grub/remaster.cfg": own(inGRUB, grub)}, want: "map[boot/grub/grub.cfg:plain] 0", first: true, missing: true},
		{name: "switched off", files: map[string]string{"grub/grub.cfg": string(bootmenu.Mute([]byte(with(inGRUB, grub)))), "grub/remaster.cfg": off}, want: "map[boot/grub/grub.cfg:off] 0", missing: true},
		{name: "a file of another's", files: map[string]string{"grub/grub.cfg": grub, "grub/remaster.cfg": "mine\n"}, want: "map[] 0"},
		{name: "not to be read", files: map[string]string{"grub/grub.cfg/x": ""}, want: "map[] 0", blind: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range c.files {
				put(t, filepath.Join(root, "boot-dev/boot", name), text)
			}
			must(t, os.MkdirAll(filepath.Join(root, "boot-dev/antiX"), 0o755))
			f := live.Facts{Plain: live.Image{Path: "antiX", Name: "linuxfs"}, Loader: live.Boot{Mountpoint: "/boot-dev"}}
			m := ReadMenus(f, root)
			if got := fmt.Sprint(m.Files, len(m.Entries)); got != c.want || m.First() != c.first || m.Missing() != c.missing || m.Unseen != c.blind {
				t.Errorf("%s, %+v", got, m)
			}
		})
	}
	if m := ReadMenus(live.Facts{Loader: live.Boot{UUID: "1"}}, t.TempDir()); !m.Unseen {
		t.Error("what is not mounted is not seen")
	}
}

// TestBeside: the same as in the list.
func TestBeside(t *testing.T) {
	s := newStick(t)
	for name, id := range map[string]string{"linuxfs": "aaaaaa01", "linuxfs.old": "aaaaaa03", "archive/0001/linuxfs.bad": "aaaaaa04"} {
		s.image(name, id)
	}
	f := s.facts("linuxfs")
	got, all := Beside(f, s.root, Previous), List(f, s.root)
	if got == nil || fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", all[1]) {
		t.Errorf("%+v is not %+v", got, all[1])
	}
	if bad := Beside(f, s.root, Bad); bad != nil {
		t.Errorf("%+v", bad)
	}
}
