package bootmenu

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// crumb is how the variable default of GRUB names an entry or a submenu.
type crumb struct {
	number    int
	id, title string
}

func (c crumb) is(name string) bool {
	return name == strconv.Itoa(c.number) || name != "" && (name == c.id || name == c.title)
}

// frame is an open brace.
type frame struct {
	kind  string // menuentry, submenu, function, or empty
	crumb crumb
	items int // how many entries and submenus it holds so far
}

// grubParser reads the commands of a script one by one. It runs none: what is
// in an "if" counts, what is in a function does not.
type grubParser struct {
	lexer
	frames   []frame
	menu     Menu
	paths    [][]crumb // of each entry
	chosen   string    // the value of the variable default
	known    bool      // a command of GRUB was there
	entry    Entry     // the open one
	body     int       // where its text begins
	blocks   int       // of "if" and loops that are open in it
	doubtful bool      // its kernel depends on something
}

func parseGRUB(text string) (Menu, bool) {
	p := &grubParser{lexer: lexer{text: text}, frames: []frame{{}}}
	var words []token
	for t, ok := p.next(); ok && len(p.frames) <= deepest; t, ok = p.next() {
		if t.word {
			words = append(words, t)
			continue
		}
		p.command(words)
		switch t.raw {
		case "{":
			p.open(words)
		case "}":
			p.close()
		}
		words = words[:0]
	}
	p.command(words)
	p.menu.Default = p.findDefault()
	return p.menu, p.known && len(p.frames) <= deepest
}

func (p *grubParser) top() *frame { return &p.frames[len(p.frames)-1] }

// within tells whether a brace of this kind is open.
func (p *grubParser) within(kind string) bool {
	return slices.ContainsFunc(p.frames, func(f frame) bool { return f.kind == kind })
}

// open enters a brace; words are what stands before it.
func (p *grubParser) open(words []token) {
	words = command(words)
	f := frame{}
	if len(words) > 1 && (words[0].value == "menuentry" || words[0].value == "submenu" || words[0].value == "function") {
		f.kind = words[0].value
	}
	nested := p.within("menuentry") || p.within("function")
	if nested || f.kind == "" || f.kind == "function" {
		p.frames = append(p.frames, f)
		return
	}
	e := header(words[1:])
	f.crumb = crumb{p.top().items, e.ID, e.Title}
	p.top().items++
	for _, outer := range p.frames {
		if outer.kind == "submenu" {
			e.Menu = append(e.Menu, outer.crumb.title)
		}
	}
	p.frames = append(p.frames, f)
	p.entry, p.body, p.blocks, p.doubtful = e, p.at, 0, false
}

// header reads the words behind menuentry or submenu.
func header(words []token) Entry {
	e := Entry{Title: strings.TrimSpace(words[0].value)}
	for i := 1; i < len(words); i++ {
		name, value, equals := strings.Cut(words[i].value, "=")
		if name != "--id" && name != "--hotkey" && name != "$menuentry_id_option" {
			e.Args = append(e.Args, words[i].raw)
			continue
		}
		if !equals && i+1 < len(words) {
			i++
			value = words[i].value
		}
		if name != "--hotkey" {
			e.ID = value
		}
	}
	return e
}

// close leaves a brace, and keeps the entry that ends there.
func (p *grubParser) close() {
	if len(p.frames) == 1 {
		return
	}
	f := *p.top()
	p.frames = p.frames[:len(p.frames)-1]
	if f.kind != "menuentry" || p.within("menuentry") || p.within("function") {
		return
	}
	words := slices.Concat(p.entry.Args, p.entry.Options, p.entry.Initrd, []string{p.entry.Kernel})
	if p.doubtful || slices.ContainsFunc(words, isBroken) {
		p.entry.Loader, p.entry.Kernel, p.entry.Search = "", "", ""
		p.entry.Initrd, p.entry.Options = nil, nil
	}
	var path []crumb
	for _, outer := range append(slices.Clone(p.frames), f) {
		if outer.kind != "" {
			path = append(path, outer.crumb)
		}
	}
	p.menu.Entries = append(p.menu.Entries, p.entry)
	p.paths = append(p.paths, path)
}

// isBroken tells a word that cannot stand in a line.
func isBroken(word string) bool { return strings.Contains(word, "\n") }

// command drops the words of a shell that can stand before a command.
func command(words []token) []token {
	for len(words) > 0 && slices.Contains([]string{"then", "else", "do", "!"}, words[0].raw) {
		words = words[1:]
	}
	return words
}

// command takes notice of one command.
func (p *grubParser) command(words []token) {
	if words = command(words); len(words) == 0 {
		return
	}
	switch name := words[0].value; name {
	case "menuentry", "submenu", "source", "configfile", "search", "insmod", "loadfont", "terminal_output", "load_env":
		p.known = true
	case "set", "export":
		p.known = true
		if len(words) > 1 {
			p.assign(words[1].value)
		}
	case "if", "for", "while", "until":
		p.blocks++
	case "fi", "done":
		p.blocks--
	case "linux", "linuxefi", "linux16":
		p.kernel(words)
	case "initrd", "initrdefi", "initrd16":
		p.initrd(words)
	default:
		p.assign(name)
	}
}

// assign notes the default of the menu, when it is known what it is.
func (p *grubParser) assign(word string) {
	value, ok := strings.CutPrefix(word, "default=")
	if ok && value != "" && !strings.Contains(value, "$") && !p.within("menuentry") && !p.within("function") && !p.within("submenu") {
		p.chosen = value
	}
}

func (p *grubParser) kernel(words []token) {
	if p.top().kind != "menuentry" || len(words) < 2 {
		return
	}
	p.doubtful = p.doubtful || p.entry.Kernel != "" || p.blocks != 0
	p.entry.Loader, p.entry.Kernel = words[0].value, words[1].raw
	p.entry.Options = raws(words[2:])
	p.entry.Search = tidy(p.text[p.body:words[0].start])
}

func (p *grubParser) initrd(words []token) {
	if p.top().kind == "menuentry" {
		p.doubtful = p.doubtful || p.entry.Initrd != nil || p.blocks != 0
		p.entry.Initrd = raws(words[1:])
	}
}

func raws(words []token) (all []string) {
	for _, w := range words {
		all = append(all, w.raw)
	}
	return all
}

// tidy drops comments, empty lines, what stands around lines, and what would make
// an entry that is chosen once the default.
func tidy(text string) string {
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' && !remembers.MatchString(l) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

var remembers = regexp.MustCompile(`^(savedefault|save_env|set (saved_entry|chosen|prev_saved_entry)=)`)

// findDefault follows GRUB: a number, an id or a title, with ">" into submenus;
// the first entry when there is no such.
func (p *grubParser) findDefault() int {
	names := strings.Split(p.chosen, ">")
	for i, path := range p.paths {
		if slices.EqualFunc(path, names, crumb.is) {
			return i
		}
	}
	return min(0, len(p.menu.Entries)-1)
}
