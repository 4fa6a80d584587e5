// Package bootmenu reads the boot menus of an antiX or MX stick, and makes the
// entries that this program adds to them. It is pure: text in, text out. The
// stick's own menu file is changed once, to include a small file of ours; that
// file alone is written anew later (docs/decisions/0018).
package bootmenu

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Kind is the boot loader that a menu is for.
type Kind string

const (
	GRUB     Kind = "grub"     // GRUB 2
	Syslinux Kind = "syslinux" // SYSLINUX, EXTLINUX and ISOLINUX, which read the same language
)

// File is a menu file of a stick. Dir is relative to the root of the device
// that the boot loader reads it from: "boot/grub"; Name is "grub.cfg".
type File struct {
	Dir, Name string
	Kind      Kind
}

// Files are the places where sticks made by antiX and MX tools have a menu. A
// stick has several: GRUB is for UEFI, and may be started from the other one.
// Menus in one folder share our file.
var Files = []File{
	{"boot/grub", "grub.cfg", GRUB},
	{"boot/syslinux", "syslinux.cfg", Syslinux},
	{"boot/syslinux", "extlinux.conf", Syslinux},
	{"boot/extlinux", "extlinux.conf", Syslinux},
	{"boot/isolinux", "isolinux.cfg", Syslinux},
}

// OwnName is the file of our entries, in the folder of the menu that includes it.
// It is short: a long name on FAT takes several entries, which a power cut can
// tear apart.
const OwnName = "remaster.cfg"

// Limit is the size in bytes over which a file is no menu.
const Limit = 1 << 20

// deepest is how deep submenus and blocks may lie in each other. What is deeper
// was not written by anybody, and would take its time.
const deepest = 64

// Entry is one thing to choose in a menu. All but ID, Title and Menu is as it
// stands there: with quotes and variables, one word each.
type Entry struct {
	ID      string
	Title   string   // without quotes and hot key marks
	Args    []string // GRUB: what stands behind the title, without --id and --hotkey
	Loader  string   // the command that loads the kernel: linux, linuxefi, linux16, kernel
	Kernel  string   // empty: it starts no kernel, or in a way that cannot be followed
	Initrd  []string
	Options []string
	Search  string   // GRUB: the lines before the kernel, such as search and set
	Menu    []string // titles of the submenus it is in

	// Syslinux: the files are in APPEND, which some boot loaders read otherwise
	// than INITRD. An entry like this one says it in the same way.
	inAppend bool
}

// Menu is what a menu file holds.
type Menu struct {
	Entries []Entry
	Default int  // which of Entries starts by itself; -1 when there are none
	Hooked  bool // our section is in it
}

// Parse reads a menu. Lines it does not know are left out, as are files that
// are included. An error is a text that is no menu of this kind, or too large.
func Parse(kind Kind, text []byte) (Menu, error) {
	switch {
	case len(text) > Limit:
		return Menu{}, fmt.Errorf("cannot read a boot menu of %d bytes: the limit is %d", len(text), Limit)
	case bytes.IndexByte(text, 0) >= 0:
		return Menu{}, fmt.Errorf("cannot read the boot menu: this is no text")
	}
	read := map[Kind]func(string) (Menu, bool){GRUB: parseGRUB, Syslinux: parseSyslinux}[kind]
	if read == nil {
		return Menu{}, fmt.Errorf("cannot read a boot menu of the kind %q", kind)
	}
	// Both boot loaders drop the carriage return of Windows line ends.
	m, ok := read(strings.ReplaceAll(string(text), "\r", ""))
	if !ok {
		return Menu{}, fmt.Errorf("cannot read the boot menu: this is none of %s", kind)
	}
	m.Hooked = hooked(text)
	return m, nil
}

// Base finds the entry that starts the live system whose kernel is in the
// folder imagePath ("antiX") of the device with this UUID, "" for any: the
// default when it does so, else the first that is meant for every day. With a UUID
// an entry that names the device of the linuxfs by itself is none: so do those
// that the menu of another system has for a frugal installation (contract §3).
func (m Menu) Base(imagePath, uuid string) (Entry, bool) {
	if m.Default >= 0 && m.Default < len(m.Entries) && m.Entries[m.Default].starts(imagePath, uuid) {
		return m.Entries[m.Default], true
	}
	for _, e := range m.Entries {
		if e.starts(imagePath, uuid) && !slices.ContainsFunc(e.Options, isSpecial) {
			return e, true
		}
	}
	return Entry{}, false
}

// starts tells whether it starts the live system of this folder from the device
// itself, and not one that is copied or is in an ISO file (contract §3).
func (e Entry) starts(imagePath, uuid string) bool {
	elsewhere := func(option string) bool {
		switch name := optionName(option); name {
		case "fromiso", "iso":
			return true
		case "buuid", "blab", "bdev", "bootuuid", "bootlabel", "bootdev":
			return uuid != ""
		default:
			return strings.HasPrefix(name, "frugal")
		}
	}
	for _, found := range searched.FindAllStringSubmatch(e.Search, -1) {
		if id := strings.Trim(found[1], `"'`); uuid != "" && !strings.Contains(id, "$") && !strings.EqualFold(id, uuid) {
			return false
		}
	}
	return e.Kernel != "" && kernelDir(e.Kernel) == path.Clean("/"+imagePath) &&
		!slices.ContainsFunc(e.Options, elsewhere)
}

// searched finds the file systems that GRUB looks for by their UUID.
var searched = regexp.MustCompile(`(?m)^search\b[^\n]*(?:--fs-uuid|-u)\b[^\n]*?[ \t]([0-9A-Za-z"'$-]+)[ \t]*$`)

// kernelDir is the folder of a kernel on its device: "/antiX" of
// "($root)/antiX/${kernel}" and of "../../antiX/vmlinuz".
func kernelDir(kernel string) string {
	kernel = strings.Map(func(r rune) rune {
		if r == '"' || r == '\'' {
			return -1
		}
		return r
	}, kernel)
	if strings.HasPrefix(kernel, "(") {
		_, kernel, _ = strings.Cut(kernel, ")")
	}
	return path.Dir(path.Clean("/" + kernel))
}

// isSpecial tells the options of entries that are for trouble, for looking
// closer, or for a terminal.
func isSpecial(option string) bool {
	switch optionName(option) {
	case "failsafe", "nomodeset", "xorg", "menus", "bootchart", "md5", "checkmd5", "checkfs",
		"single", "text", "1", "2", "3", "4", "S", "init":
		return true
	}
	return false
}

// With returns the options of the entry with more behind them, and without
// those of its own that choose the image or have it swapped (contract §3). A
// check of md5 sums stays: it is the user's wish, and finds only sums that
// belong to files in the folder that is booted. What a variable such as $@ holds
// cannot be known; of an option that is there twice the last one counts.
func (e Entry) With(options ...string) []string {
	own := slices.DeleteFunc(slices.Clone(e.Options), func(option string) bool {
		switch optionName(option) {
		case "sq", "sqname", "sqext", "bdir", "bootdir", "rollback", "noremaster":
			return true
		}
		return false
	})
	return append(own, options...)
}

// optionName is what is before the "=" of a boot option, without quotes.
func optionName(option string) string {
	name, _, _ := strings.Cut(strings.Trim(option, `"'`), "=")
	return name
}
