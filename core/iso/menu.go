package iso

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"antix-remaster/core/bootmenu"
)

// bound are boot options that name a device or a place of this stick, or how it
// is encrypted (contract §3): no ISO image is started with them. What only says
// what to do, such as persist_root and frugal, stays: it works from a LiveCD, too.
var bound = regexp.MustCompile(`^(buuid|bootuuid|blab|bootlabel|bdev|bootdev|from|flab|fdev|fuuid|fdir|puuid|plab|pdev|pdir|encrypt|bluks|fluks|pluks)(=|$)`)

// unbound are the options that are not bound to the stick.
func unbound(options []string) []string {
	return slices.DeleteFunc(slices.Clone(options), func(o string) bool { return bound.MatchString(strings.Trim(o, `"'`)) })
}

var kernelLine = regexp.MustCompile(`(?i)^\s*(append|linux|linux16|linuxefi)\s`)

// clean makes a menu of the stick one of the image: without our section and
// without options that are bound to the stick. extra is added to every line
// that holds boot options.
func clean(text []byte, extra string) []byte {
	lines := strings.SplitAfter(string(bootmenu.Remove(text)), "\n")
	for i, l := range lines {
		if !kernelLine.MatchString(l) {
			continue
		}
		body := strings.TrimRight(l, "\r\n")
		ending := l[len(body):]
		words := strings.Fields(body)
		kept := append([]string{words[0]}, unbound(words[1:])...)
		if extra != "" {
			kept = append(kept, extra)
		}
		if !slices.Equal(words, kept) {
			lines[i] = body[:strings.Index(body, words[0])] + strings.Join(kept, " ") + ending
		}
	}
	return []byte(strings.Join(lines, ""))
}

// ownMenu is a menu of ours.
type ownMenu struct {
	title   string
	options []string // for every day
	extra   string   // boot option for every entry
	marker  string   // file by which GRUB finds the image
}

// entries are the usual ways to start an antiX or MX live system.
func (m ownMenu) entries() [][2]string {
	usual := strings.TrimSpace(strings.Join(m.options, " ") + " " + m.extra)
	with := func(more string) string { return strings.TrimSpace(usual + " " + more) }
	return [][2]string{{m.title, usual}, {m.title + ", copied to memory", with("toram")},
		{m.title + ", checked first", with("checkmd5")}, {m.title + ", safe video mode", with("failsafe")}}
}

func (m ownMenu) isolinux() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "UI vesamenu.c32\nPROMPT 0\nTIMEOUT 100\nMENU TITLE %s\nDEFAULT live0\n", m.title)
	for i, e := range m.entries() {
		options := e[1]
		if options == "" {
			options = "-"
		}
		fmt.Fprintf(&b, "LABEL live%d\n  MENU LABEL %s\n  KERNEL /%s\n  INITRD /%s\n  APPEND %s\n", i, e[0], kernelPath, initrdPath, options)
	}
	return []byte(b.String())
}

func (m ownMenu) grub() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "set default=0\nset timeout=10\nsearch --no-floppy --set=root --file /%s\n", m.marker)
	for _, e := range m.entries() {
		kernel := strings.TrimSpace("/" + kernelPath + " " + e[1])
		fmt.Fprintf(&b, "menuentry '%s' {\n  linux %s\n  initrd /%s\n}\n", e[0], kernel, initrdPath)
	}
	return []byte(b.String())
}

// grubStub is the menu in the EFI image: GRUB looks for the real one on the same
// medium, which it does not know yet.
func grubStub(marker string) []byte {
	return fmt.Appendf(nil, "search --no-floppy --set=root --file /%s\nset prefix=($root)/boot/grub\nset config_directory=$prefix\nsource $prefix/grub.cfg\n", marker)
}

// menuTitle is a title that means nothing to any boot loader, in signs that their
// fonts have.
func menuTitle(s string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`'"\$^{};&|<>`, r):
			return ' '
		case r > '~':
			return '?'
		}
		return r
	}, s)
	return bootmenu.Shown(plain[:min(len(plain), longestTitle)])
}

// longestTitle leaves room for what is put behind a title, in a menu of 80 columns.
const longestTitle = 48

// everyDay are the options of a menu's usual entry that another menu can have
// as well: no variables, nothing bound to the stick.
func everyDay(e bootmenu.Entry) []string {
	options := slices.DeleteFunc(unbound(e.With()), func(o string) bool { return !bootmenu.ValidOption(o) })
	return slices.DeleteFunc(options, func(o string) bool { return strings.HasPrefix(o, "initrd=") })
}

// startsPlainly tells whether an entry starts antiX/linuxfs: no option leads to
// another image.
func startsPlainly(e bootmenu.Entry) bool {
	return len(e.With()) == len(e.Options)
}
