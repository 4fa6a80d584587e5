package iso

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// tree makes files with these contents below a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	syslinuxMenu = "UI gfxboot.c32\nMENU BACKGROUND /boot/syslinux/back.png\nDEFAULT live\nLABEL live\n  KERNEL /antiX/vmlinuz\n  APPEND quiet lang=de buuid=1-2\n  INITRD /antiX/initrd.gz\n"
	grubText     = "menuentry 'live' {\n  linux /antiX/vmlinuz quiet lang=fr pdev=sda1\n  initrd /antiX/initrd.gz\n}\n"
)

// packages are a stand-in for Debian's: only their names and sizes count here.
func packages(t *testing.T) places {
	root := tree(t, map[string]string{"isolinux.bin": "deb", "isohdpfx.bin": "deb", "mod/ldlinux.c32": "deb", "mod/libcom32.c32": "deb",
		"mod/libutil.c32": "deb", "mod/vesamenu.c32": "deb", "mod/gfxboot.c32": "deb", "gcdx64.efi": "deb"})
	return places{root + "/isolinux.bin", root + "/isohdpfx.bin", root + "/mod", root + "/gcdx64.efi", root + "/gcdia32.efi"}
}

// chosen plans the boot files of a stick and lists the image: names, and whether
// a file is the stick's, Debian's or made.
func chosen(t *testing.T, f live.Facts, d places) (map[string]string, Plan, error) {
	t.Helper()
	s, err := look(f)
	if err != nil {
		return nil, Plan{}, err
	}
	p := Plan{Label: "LABEL", id: "1234"}
	if err := p.chooseBoot(f, s, d); err != nil {
		return nil, p, err
	}
	all := map[string]string{}
	for _, i := range p.items {
		switch {
		case i.from == "":
			all[i.to] = "made"
		case strings.HasPrefix(i.from, f.Loader.Mountpoint):
			all[i.to] = "stick"
		default:
			all[i.to] = "debian"
		}
	}
	return all, p, nil
}

func text(p Plan, name string) string {
	i := slices.IndexFunc(p.items, func(i item) bool { return i.to == name })
	if i < 0 {
		return ""
	}
	return string(p.items[i].text)
}

func factsOf(root string) live.Facts {
	return live.Facts{Loader: live.Boot{Mountpoint: root, Device: "/dev/sdx1"}, Plain: live.Image{Path: "antiX", Name: "linuxfs"},
		Config: live.Config{"FULL_DISTRO": "MX-23"}}
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, kind := range want {
		if got[name] != kind {
			t.Errorf("%s is %q, want %q", name, got[name], kind)
		}
	}
	for name, kind := range got {
		if want[name] == "" {
			t.Errorf("%s (%s) is too much", name, kind)
		}
	}
}

func TestWhatComesFromTheStick(t *testing.T) {
	root := tree(t, map[string]string{"version": "v", "antiX/vmlinuz": "k", "antiX/linuxfs": "l", "antiX/state/x": "s", "Live-usb-storage/x": "u",
		"boot/syslinux/syslinux.cfg": syslinuxMenu, "boot/syslinux/back.png": "p", "boot/syslinux/gfxboot.c32": "old", "boot/syslinux/ldlinux.sys": "x",
		"boot/syslinux/gfxsave.cfg": "saved", "boot/syslinux/remaster.cfg": "ours", "boot/syslinux/odd.c32": "unknown to Debian",
		"boot/grub/grub.cfg": grubText, "boot/grub/grubenv": "e", "boot/grub/grubenv.cfg": "e", "boot/grub/grub.cfg.bak": "b", "boot/grub/theme/a.txt": "t"})
	got, p, err := chosen(t, factsOf(root), packages(t))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, map[string]string{"version": "stick", "boot/isolinux/isolinux.cfg": "made", "boot/isolinux/back.png": "stick",
		"boot/isolinux/isolinux.bin": "debian", "boot/isolinux/ldlinux.c32": "debian", "boot/isolinux/libcom32.c32": "debian",
		"boot/isolinux/libutil.c32": "debian", "boot/isolinux/gfxboot.c32": "debian", "boot/isolinux/odd.c32": "stick",
		"boot/grub/grub.cfg": "made", "boot/grub/theme/a.txt": "stick", "boot/grub/efi.img": "made", "EFI/BOOT/BOOTX64.EFI": "debian"})
	if want := strings.NewReplacer(" buuid=1-2", "", "/boot/syslinux/", "/boot/isolinux/").Replace(syslinuxMenu); text(p, biosMenu) != want {
		t.Errorf("menu of isolinux:\n%s", text(p, biosMenu))
	}
	if want := strings.ReplaceAll(grubText, " pdev=sda1", ""); text(p, grubMenu) != want {
		t.Errorf("menu of GRUB:\n%s", text(p, grubMenu))
	}
}

// A stick with boot loaders of its own needs nothing but what starts a stick.
func TestOwnBootLoadersAreKept(t *testing.T) {
	root := tree(t, map[string]string{"boot/isolinux/isolinux.cfg": syslinuxMenu, "boot/isolinux/isolinux.bin": "own", "boot/isolinux/ldlinux.c32": "own",
		"boot/grub/grub.cfg": grubText, "EFI/BOOT/bootx64.efi": "own", "EFI/BOOT/grubx64.efi": "own"})
	d := packages(t)
	d.isolinux, d.modules, d.efi64 = "/none", "/none", "/none"
	got, p, err := chosen(t, factsOf(root), d)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, map[string]string{"boot/isolinux/isolinux.cfg": "made", "boot/isolinux/isolinux.bin": "stick", "boot/isolinux/ldlinux.c32": "stick",
		"boot/grub/grub.cfg": "made", "boot/grub/efi.img": "made", "EFI/BOOT/bootx64.efi": "stick", "EFI/BOOT/grubx64.efi": "stick"})
	if len(p.boot.tree) != 3 {
		t.Errorf("%d files in the EFI image", len(p.boot.tree))
	}
	os.WriteFile(filepath.Join(root, "boot/grub/efi.img"), []byte("own"), 0o644)
	got, p, err = chosen(t, factsOf(root), d)
	if err != nil || got[efiImage] != "stick" || p.boot.tree != nil {
		t.Errorf("the EFI image is %q, %v", got[efiImage], err)
	}
}

// FAT takes names for the same that differ only in case, and there may be both on
// ext4: in the image each is there once.
func TestOneEFIFolder(t *testing.T) {
	root := tree(t, map[string]string{"EFI/BOOT/BOOTX64.EFI": "first", "efi/boot/bootx64.efi": "second", "efi/boot/more.efi": "more", "efi/boot/GRUB.CFG": "x"})
	got, _, err := chosen(t, factsOf(root), packages(t))
	if err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if !strings.HasPrefix(strings.ToUpper(name), "EFI/") {
			delete(got, name)
		}
	}
	same(t, got, map[string]string{"EFI/BOOT/BOOTX64.EFI": "stick", "EFI/boot/more.efi": "stick", "EFI/boot/GRUB.CFG": "made"})
}

// Links of the stick are looked through as long as they stay on it, and what in
// the EFI folder leads to the menu of the stick leads to that of the image.
func TestLinksAndWaysToTheMenu(t *testing.T) {
	root := tree(t, map[string]string{"boot/grub/grub.cfg": grubText, "boot/grub/real.pf2": "font", "EFI/BOOT/BOOTX64.EFI": "own",
		"EFI/debian/grub.cfg": "search.fs_uuid 1234 root\nconfigfile x\n"})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"font.pf2": "real.pf2", "out.pf2": secret, "up.pf2": "../../../../../../etc/passwd", "none.pf2": "none", "loop": "."} {
		if err := os.Symlink(to, filepath.Join(root, "boot/grub", name)); err != nil {
			t.Fatal(err)
		}
	}
	got, p, err := chosen(t, factsOf(root), packages(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"boot/grub/font.pf2": "stick", "boot/grub/out.pf2": "", "boot/grub/up.pf2": "", "boot/grub/none.pf2": "",
		"boot/grub/loop": "", "EFI/debian/grub.cfg": "made"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if text := text(p, "EFI/debian/grub.cfg"); text != string(grubStub(p.marker())) {
		t.Errorf("the way to the menu is %q", text)
	}
}

// Menus that cannot start the image give way to one of ours, which takes the
// options of the one that can.
func TestMenusOfOurs(t *testing.T) {
	for name, c := range map[string]struct {
		files      map[string]string
		path       string
		bios, grub string // options of the first entry of the menus of ours; "" where it is the stick's
	}{
		"frugal":         {map[string]string{"antiX-Frugal/vmlinuz": "k"}, "antiX-Frugal", "quiet", "quiet"},
		"only GRUB":      {map[string]string{"boot/grub/grub.cfg": grubText}, "antiX", "quiet lang=fr", ""},
		"only syslinux":  {map[string]string{"boot/syslinux/syslinux.cfg": syslinuxMenu}, "antiX", "", "quiet lang=de"},
		"another name":   {map[string]string{"boot/syslinux/syslinux.cfg": strings.ReplaceAll(syslinuxMenu, "quiet", "sqext=e16")}, "antiX", "quiet", "quiet"},
		"another folder": {map[string]string{"boot/grub/grub.cfg": strings.ReplaceAll(grubText, "antiX", "live2")}, "live2", "quiet", "quiet"},
		"no menu":        {map[string]string{"boot/grub/grub.cfg": "\x00\x01"}, "antiX", "quiet", "quiet"},
	} {
		t.Run(name, func(t *testing.T) {
			f := factsOf(tree(t, c.files))
			f.Plain.Path = c.path
			_, p, err := chosen(t, f, packages(t))
			if err != nil {
				t.Fatal(err)
			}
			ours(t, bootmenu.Syslinux, text(p, biosMenu), c.bios)
			ours(t, bootmenu.GRUB, text(p, grubMenu), c.grub)
		})
	}
}

func ours(t *testing.T, kind bootmenu.Kind, menu, options string) {
	t.Helper()
	if options == "" {
		if strings.Contains(menu, "checkmd5") {
			t.Errorf("the menu of %s is ours:\n%s", kind, menu)
		}
		return
	}
	m, err := bootmenu.Parse(kind, []byte(menu))
	if err != nil {
		t.Fatalf("%v\n%s", err, menu)
	}
	e, ok := m.Base("antiX", "")
	if !ok || strings.Join(e.Options, " ") != options || len(m.Entries) != 4 || e.Title != "MX-23" {
		t.Errorf("%s: %v %+v, want the options %q\n%s", kind, ok, e, options, menu)
	}
}

// A title can be anything: no boot loader must take it for more than a title.
func TestTitlesOfMenus(t *testing.T) {
	for _, title := range []string{"It's \"$new\" {x}; y", "}\nmenuentry 'x' {", "^Umlaut Ä\\", strings.Repeat("long ", 50), "\x1b[31m\xff"} {
		m := ownMenu{title: menuTitle(title), options: []string{"quiet"}, marker: "m"}
		for kind, text := range map[bootmenu.Kind][]byte{bootmenu.GRUB: m.grub(), bootmenu.Syslinux: m.isolinux()} {
			p, err := bootmenu.Parse(kind, text)
			if err != nil || len(p.Entries) != 4 || p.Entries[0].Title != m.title || p.Entries[3].Options[1] != "failsafe" || strings.Trim(m.title, " ~") != m.title {
				t.Errorf("%q, %s: %v %+v", title, kind, err, p.Entries)
			}
			for _, c := range text {
				if c > '~' {
					t.Errorf("%q, %s: a sign that is not ASCII", title, kind)
				}
			}
		}
	}
}

func TestEncryptedStick(t *testing.T) {
	root := tree(t, map[string]string{"boot/syslinux/syslinux.cfg": strings.ReplaceAll(syslinuxMenu, "quiet", "quiet encrypt=on"), "antiX/encrypted": "uuid"})
	f := factsOf(root)
	f.Encrypted, f.Plain.Path = true, "some/where"
	got, p, err := chosen(t, f, packages(t))
	if err != nil || got["antiX/encrypted"] != "" {
		t.Fatalf("%v %v", got, err)
	}
	for _, name := range []string{biosMenu, grubMenu} {
		if menu := text(p, name); !strings.Contains(menu, "quiet lang=de blab=LABEL") || strings.Contains(menu, "encrypt") {
			t.Errorf("%s:\n%s", name, menu)
		}
	}
}

func TestMissingPackagesAreNamedAtOnce(t *testing.T) {
	_, _, err := chosen(t, factsOf(t.TempDir()), places{"/none", "/none", "/none", "/none", "/none"})
	if e := wire.AsError(err); e.Code != wire.ISOPackages || e.Args[0] != "grub-efi-amd64-bin, isolinux, syslinux-common" {
		t.Errorf("%v", err)
	}
}

func TestNamesThatCannotBe(t *testing.T) {
	for _, name := range []string{"boot/a\\b", "boot/a\nb"} {
		_, _, err := chosen(t, factsOf(tree(t, map[string]string{name: "x"})), packages(t))
		if e := wire.AsError(err); e.Code != wire.OddName {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestClean(t *testing.T) {
	section := string(bootmenu.Section(bootmenu.Files[0]))
	for in, want := range map[string]string{
		"":                             "",
		"a\r\n  b  c\n":                "a\r\n  b  c\n",
		"x\n" + section:                "x\n",
		"append  a  b\n":               "append  a  b\n",
		"\tAPPEND a from=usb,hd b\r\n": "\tAPPEND a b\r\n",
		"linux /antiX/vmlinuz buuid=x persist=root pdir=y": "linux /antiX/vmlinuz persist=root",
		"# linux from=usb\nlinuxlogo from=usb\n":           "# linux from=usb\nlinuxlogo from=usb\n",
		"APPEND fromiso=x frugal_persist fdev=1\n":         "APPEND fromiso=x frugal_persist\n",
	} {
		if got := string(clean([]byte(in), "")); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
