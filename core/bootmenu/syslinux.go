package bootmenu

import "strings"

// syslinuxParser reads a configuration line by line.
type syslinuxParser struct {
	menu     Menu
	menus    []string // the submenus that are open
	common   Entry    // what holds for entries without an APPEND of their own
	given    []bool   // whether an entry has one
	chosen   string   // of DEFAULT
	marked   int      // the entry with MENU DEFAULT, or -1
	known    bool
	skipping bool // within TEXT ... ENDTEXT
}

func parseSyslinux(text string) (Menu, bool) {
	p := &syslinuxParser{marked: -1}
	for l := range strings.Lines(text) {
		if len(p.menus) > deepest {
			break
		}
		key, value := keyword(l)
		if p.skipping = p.skipping && key != "endtext"; !p.skipping {
			p.line(key, value)
		}
	}
	for i := range p.menu.Entries {
		if e := &p.menu.Entries[i]; !p.given[i] {
			e.Options, e.inAppend = p.common.Options, p.common.inAppend
			if e.Initrd == nil {
				e.Initrd = p.common.Initrd
			}
		}
	}
	p.menu.Default = p.findDefault()
	return p.menu, p.known && len(p.menus) <= deepest
}

// keyword splits a line into its first word, in small letters, and the rest.
func keyword(l string) (key, value string) {
	l = strings.TrimSpace(l)
	if i := strings.IndexAny(l, " \t"); i >= 0 {
		return strings.ToLower(l[:i]), strings.TrimSpace(l[i:])
	}
	return strings.ToLower(l), ""
}

func (p *syslinuxParser) line(key, value string) {
	switch key {
	case "label", "default", "ui", "include", "menu", "prompt", "timeout":
		p.known = true
	}
	last := len(p.menu.Entries) - 1
	switch {
	case key == "text":
		p.skipping = true
	case key == "menu":
		p.menuLine(keyword(value))
	case key == "default":
		p.chosen = value
	case key == "label":
		id, _, _ := strings.Cut(strings.ReplaceAll(value, "\t", " "), " ")
		p.menu.Entries = append(p.menu.Entries, Entry{ID: id, Title: id, Menu: append([]string(nil), p.menus...)})
		p.given = append(p.given, false)
	case key == "append" && last < 0:
		p.common.Options, p.common.Initrd = nil, nil
		p.common.options(strings.Fields(value))
	case last < 0:
	case key == "append":
		p.given[last] = true
		p.menu.Entries[last].options(strings.Fields(value))
	default:
		p.entryLine(&p.menu.Entries[last], key, value)
	}
}

// entryLine takes what belongs to the open entry.
func (p *syslinuxParser) entryLine(e *Entry, key, value string) {
	switch key {
	case "kernel", "linux":
		e.Loader, e.Kernel = key, value
	case "initrd":
		e.Initrd = append(initrds(value), e.Initrd...)
	case "com32", "config", "localboot", "boot", "bss", "pxe", "fdimage", "comboot":
		e.Loader, e.Kernel = "", ""
	}
}

// options takes an APPEND: an initrd= in it is the older way to say INITRD.
func (e *Entry) options(words []string) {
	for _, word := range words {
		if files, ok := strings.CutPrefix(word, "initrd="); ok {
			e.Initrd, e.inAppend = append(e.Initrd, initrds(files)...), true
		} else if len(words) > 1 || word != "-" { // "APPEND -" is none at all
			e.Options = append(e.Options, word)
		}
	}
}

func initrds(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
}

func (p *syslinuxParser) menuLine(key, value string) {
	last := len(p.menu.Entries) - 1
	switch {
	case key == "begin":
		p.menus = append(p.menus, value)
	case key == "end" && len(p.menus) > 0:
		p.menus = p.menus[:len(p.menus)-1]
	case key == "title" && len(p.menus) > 0:
		p.menus[len(p.menus)-1] = value
	case key == "label" && last >= 0:
		p.menu.Entries[last].Title = strings.ReplaceAll(value, "^", "")
	case key == "default" && last >= 0:
		p.marked = last
	}
}

// findDefault is the label of DEFAULT, which may be the program of a menu
// instead; then the entry marked as such, or the first.
func (p *syslinuxParser) findDefault() int {
	label, _ := keyword(p.chosen)
	for i, e := range p.menu.Entries {
		if label != "" && strings.ToLower(e.ID) == label {
			return i
		}
	}
	return max(p.marked, min(0, len(p.menu.Entries)-1))
}
