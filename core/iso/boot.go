package iso

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// bootFiles are what makes the image start.
type bootFiles struct {
	mbr  string // absolute path: the first sector of a stick that the image is copied to
	tree []item // what goes into the EFI file system; nil: the stick's own one is used
}

// Paths in the image.
const (
	biosImage = "boot/isolinux/isolinux.bin"
	catalog   = "boot/isolinux/boot.cat"
	biosMenu  = "boot/isolinux/isolinux.cfg"
	efiFolder = "EFI"
	efiImage  = "boot/grub/efi.img"
	grubMenu  = "boot/grub/grub.cfg"
)

// places are where Debian's packages put boot loaders.
type places struct{ isolinux, mbr, modules, efi64, efi32 string }

var installed = places{
	isolinux: "/usr/lib/ISOLINUX/isolinux.bin", mbr: "/usr/lib/ISOLINUX/isohdpfx.bin", modules: "/usr/lib/syslinux/modules/bios",
	efi64: "/usr/lib/grub/x86_64-efi/monolithic/gcdx64.efi", efi32: "/usr/lib/grub/i386-efi/monolithic/gcdia32.efi",
}

// chooseBoot takes menus and boot loaders from the stick, and those that it lacks
// from Debian's packages. What of these is missing, too, is named all at once.
func (p *Plan) chooseBoot(f live.Facts, s stick, d places) error {
	extra := ""
	if f.Encrypted { // a named device switches the search for an encrypted one off (contract §3)
		extra = "blab=" + p.Label
	}
	c := chooser{stick: s, from: d, items: map[string]item{}, extra: extra,
		own: ownMenu{title: menuTitle(p.titleOf(f)), options: []string{"quiet"}, extra: extra, marker: p.marker()}}
	c.bios()
	c.grub()
	p.boot.tree = c.efi()
	p.boot.mbr = c.debian(d.mbr, "isolinux")
	if len(c.missing) > 0 {
		slices.Sort(c.missing)
		return wire.Fail(wire.ISOPackages, nil, strings.Join(slices.Compact(c.missing), ", "))
	}
	if v, ok := s.files["version"]; ok {
		c.put(v)
	}
	for _, i := range c.items {
		p.add(i)
	}
	slices.SortFunc(p.items, func(a, b item) int { return strings.Compare(a.to, b.to) })
	return nil
}

// titleOf is what a menu of ours calls the version.
func (p *Plan) titleOf(f live.Facts) string {
	name := f.Config["FULL_DISTRO"]
	if name == "" {
		name = p.Label
	}
	if p.Version.Title != "" {
		name += " (" + p.Version.Title + ")"
	}
	return name
}

// chooser collects what starts the image.
type chooser struct {
	stick   stick
	from    places
	own     ownMenu
	extra   string // boot option for every entry
	items   map[string]item
	missing []string // Debian packages
}

func (c *chooser) put(i item) { c.items[i.to] = i }

// as puts a file of the stick, a menu cleaned, under a name in the image.
func (c *chooser) as(i item, to string, replace *strings.Replacer) {
	if text, ok := c.stick.menus[i.to]; ok {
		text = []byte(replace.Replace(string(clean(text, c.extra))))
		c.put(item{to: to, text: text})
		return
	}
	i.to = to
	c.put(i)
}

// debian gives a file of a package, or notes that the package is missing.
func (c *chooser) debian(name, pkg string) string {
	if !isFile(name) {
		c.missing = append(c.missing, pkg)
	}
	return name
}

func (c *chooser) putDebian(to, name, pkg string) {
	c.put(item{to: to, from: c.debian(name, pkg), size: fileSize(name)})
}

// usable finds the entry of a menu of the stick that starts the image as well.
func (c *chooser) usable(kind bootmenu.Kind, name string) (bootmenu.Entry, bool) {
	text, ok := c.stick.menus[name]
	if !ok {
		return bootmenu.Entry{}, false
	}
	m, err := bootmenu.Parse(kind, text)
	if err != nil {
		return bootmenu.Entry{}, false
	}
	e, ok := m.Base(c.stick.live, "")
	return e, ok && c.stick.live == liveDir && startsPlainly(e)
}

// bios puts isolinux and its menu.
func (c *chooser) bios() {
	for _, f := range bootmenu.Files {
		if f.Kind != bootmenu.Syslinux {
			continue
		}
		if e, ok := c.usable(f.Kind, path.Join(f.Dir, f.Name)); ok {
			c.own.options = everyDay(e)
			c.stickBIOS(f)
			return
		}
	}
	if e, ok := c.usable(bootmenu.GRUB, grubMenu); ok {
		c.own.options = everyDay(e)
	}
	c.put(item{to: biosMenu, text: c.own.isolinux()})
	c.modules([]string{"vesamenu.c32"})
}

// stickBIOS takes the folder of a syslinux menu, under the name that isolinux
// looks for. Where the stick has no isolinux, that and its modules, which must
// be of the same release, are Debian's.
func (c *chooser) stickBIOS(f bootmenu.File) {
	home := path.Dir(biosMenu)
	replace := strings.NewReplacer("/"+f.Dir+"/", "/"+home+"/")
	var modules []string
	for _, i := range c.stick.below(f.Dir) {
		to := path.Join(home, strings.TrimPrefix(i.to, f.Dir+"/"))
		if to == path.Join(home, f.Name) {
			to = biosMenu
		} else if to == biosMenu {
			continue // a second menu, which this stick does not start with
		}
		if path.Ext(to) == ".c32" {
			modules = append(modules, path.Base(to))
		}
		c.as(i, to, replace)
		modules = append(modules, namedModules(c.items[to].text)...)
	}
	if !c.stick.has(path.Join(f.Dir, "isolinux.bin")) {
		c.modules(modules)
	}
}

var moduleName = regexp.MustCompile(`(?i)\b[a-z0-9]+\.c32\b`)

func namedModules(text []byte) []string { return moduleName.FindAllString(string(text), -1) }

// modules puts Debian's isolinux with these modules and what they need. Those
// that Debian does not know stay as they are.
func (c *chooser) modules(names []string) {
	c.putDebian(biosImage, c.from.isolinux, "isolinux")
	for _, lib := range []string{"ldlinux.c32", "libcom32.c32", "libutil.c32"} {
		c.putDebian(path.Join(path.Dir(biosImage), lib), path.Join(c.from.modules, lib), "syslinux-common")
	}
	for _, name := range append(names, "libmenu.c32", "libgpl.c32") {
		from := path.Join(c.from.modules, strings.ToLower(name))
		if isFile(from) {
			c.putDebian(path.Join(path.Dir(biosImage), name), from, "syslinux-common")
		}
	}
}

// grub puts what is below boot/grub, and a menu of ours where none of the stick
// can be used.
func (c *chooser) grub() {
	none := strings.NewReplacer()
	for _, i := range c.stick.below("boot/grub") {
		c.as(i, i.to, none)
	}
	if _, ok := c.usable(bootmenu.GRUB, grubMenu); !ok {
		c.put(item{to: grubMenu, text: c.own.grub()})
	}
}

// efi puts the boot loader for UEFI: the stick's own EFI image, else one made of
// its EFI folder, else Debian's GRUB. The folder is in the image as well, for
// sticks that its files are copied to. It gives what the EFI image is made of; nil
// when that is the stick's.
func (c *chooser) efi() (tree []item) {
	folder := c.stick.below(efiFolder)
	if !slices.ContainsFunc(folder, isLoader) {
		folder = []item{c.gcd("EFI/BOOT/BOOTX64.EFI", c.from.efi64)}
		if isFile(c.from.efi32) {
			folder = append(folder, c.gcd("EFI/BOOT/BOOTIA32.EFI", c.from.efi32))
		}
	}
	for k, i := range folder {
		if strings.EqualFold(path.Base(i.to), "grub.cfg") { // leads to the menu of the stick, mostly by the name of a device
			folder[k] = item{to: i.to, text: grubStub(c.own.marker)}
		}
		c.put(folder[k])
	}
	if !c.stick.has(efiImage) {
		tree = append(folder, item{to: grubMenu, text: grubStub(c.own.marker)})
		c.put(item{to: efiImage, size: fatSize(tree)})
	}
	return tree
}

func (c *chooser) gcd(to, from string) item {
	return item{to: to, from: c.debian(from, "grub-efi-amd64-bin"), size: fileSize(from)}
}

// isLoader tells the file that firmware starts from a medium it does not know.
func isLoader(i item) bool {
	name := strings.ToUpper(i.to)
	return name == "EFI/BOOT/BOOTX64.EFI" || name == "EFI/BOOT/BOOTIA32.EFI"
}

func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}
