package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// options is what the command line says.
type options struct {
	verb    string
	words   []string // what the verb works on: a version, a note
	choices wire.Choices
	confirm string
	most    *int // old versions; nil: any number
	free    int  // MiB; 0: any number
	dryRun  bool
	output  string
	method  string // of estimate: the rule of thumb to go by
	of      string // version of an ISO image; "": the running one
	label   string
	json    bool
	yes     bool
	quiet   bool
	verbose bool
	help    bool
	version bool
}

// verb is one thing the program can do.
type verb struct {
	do   func(*app, context.Context) error
	text string   // one line of the help
	more []string // the rest of its own help

	takes    string // the words after it, for the help; "" takes none
	min, max int    // how many
}

// choice is one flag.
type choice struct {
	name  string
	value string // what it takes, for the help; "" takes nothing
	text  string
	many  bool   // may be repeated
	of    string // the only verb that knows it; "" is every one
	set   func(o *options, value string) error
}

// fits tells whether a verb knows the flag: an estimate is of what a build would
// make.
func (c choice) fits(verb string) bool {
	return c.of == verb || c.of == "build" && verb == "estimate" && c.name != "confirm"
}

// confirmation are the words that give up the files in /home, pinnedWords those
// that give up a pinned version, rescueWords the one that the rescue entry starts.
// They are the same in every language, as scripts use them.
const (
	confirmation = "leave my files out"
	pinnedWords  = "delete a pinned version"
	rescueWords  = "delete the rescue version"
)

// ofDelete tells whether these are words of delete.
func ofDelete(words string) bool { return words == pinnedWords || words == rescueWords }

// usage is a wire error for a command line that cannot be understood.
func usage(format string, args ...any) error {
	return wire.Fail(wire.Usage, nil, fmt.Sprintf(format, args...))
}

// parse understands the arguments; flags may stand anywhere. What it gives
// with an error tells at least how to print that error.
func parse(args []string) (options, error) {
	o := options{json: slices.Contains(args, "--json")}
	p := reader{o: &o, seen: map[string]bool{}, args: args}
	for len(p.args) > 0 {
		if err := p.next(); err != nil {
			return o, err
		}
	}
	if o.help || o.version {
		return o, nil
	}
	if o.verb == "" {
		return o, usage(tr("Say what to do: %[1]s."), strings.Join(verbNames(), ", "))
	}
	return o, p.check()
}

// reader goes through the arguments.
type reader struct {
	o     *options
	args  []string
	seen  map[string]bool
	own   []choice // flags that were given and belong to one verb
	words bool     // after "--"
}

func (p *reader) next() error {
	arg := p.args[0]
	p.args = p.args[1:]
	switch {
	case !p.words && arg == "--":
		p.words = true
		return nil
	case !p.words && arg == "-h":
		arg = "--help"
	case p.words || !strings.HasPrefix(arg, "-"):
		return p.word(arg)
	}
	return p.flag(arg)
}

func (p *reader) word(arg string) error {
	if p.o.verb != "" {
		if len(p.o.words) >= verbs[p.o.verb].max {
			return usage(tr("%[1]q is too much."), arg)
		}
		p.o.words = append(p.o.words, arg)
		return nil
	}
	if _, ok := verbs[arg]; !ok {
		return usage(tr("%[1]q is not something this program can do. It knows %[2]s."), arg, strings.Join(verbNames(), ", "))
	}
	p.o.verb = arg
	return nil
}

func (p *reader) flag(arg string) error {
	name, value, has := strings.Cut(arg, "=")
	c, ok := p.find(name, has)
	if !ok {
		return usage(tr("There is no option %[1]q."), name)
	}
	switch {
	case c.value == "" && has:
		return usage(tr("%[1]s takes no value."), name)
	case c.value != "" && !has && len(p.args) == 0:
		return usage(tr("%[1]s needs a value."), name)
	case c.value != "" && !has:
		value, p.args = p.args[0], p.args[1:]
	}
	if p.seen[name] && c.value != "" && !c.many {
		return usage(tr("%[1]s was given twice."), name)
	}
	p.seen[name] = true
	if c.of != "" && !ofDelete(value) {
		p.own = append(p.own, c)
	}
	return p.apply(c, name, value)
}

// find finds a flag by its name: that of the verb where several have one. What
// iso makes an image of is called as the flag that is everywhere and takes
// nothing; it is meant where a value follows.
func (p *reader) find(name string, has bool) (choice, bool) {
	called := func(c choice) bool { return "--"+c.name == name }
	follows := has || len(p.args) > 0 && !strings.HasPrefix(p.args[0], "-")
	i := slices.IndexFunc(choices, func(c choice) bool {
		return called(c) && c.of == p.o.verb && (c.name != "version" || follows)
	})
	if i < 0 {
		i = slices.IndexFunc(choices, func(c choice) bool { return called(c) && (c.name != "version" || c.of == "") })
	}
	if i < 0 {
		return choice{}, false
	}
	return choices[i], true
}

// knows tells whether a verb has a flag of this name.
func knows(verb string, c choice) bool {
	return slices.ContainsFunc(choices, func(o choice) bool { return o.name == c.name && o.fits(verb) })
}

func (p *reader) apply(c choice, name, value string) error {
	if c.value != "" && (value == "" || !utf8.ValidString(value)) {
		return usage(tr("The value of %[1]s is empty or not valid UTF-8 text."), name)
	}
	return c.set(p.o, value)
}

// check looks at what only makes sense together.
func (p *reader) check() error {
	if i := slices.IndexFunc(p.own, func(c choice) bool { return !knows(p.o.verb, c) }); i >= 0 {
		return usage(tr("--%[1]s is an option of %[2]s, not of %[3]s."), p.own[i].name, p.own[i].of, p.o.verb)
	}
	if p.o.verb == "prune" && p.o.most == nil && p.o.free == 0 {
		return usage("%s", tr("Say how many old versions may be left with --keep, how much is to be free with --free, or both."))
	}
	if p.o.verb == "iso" && p.o.output == "" {
		return usage("%s", tr("Say with --output which file is to be made."))
	}
	if p.o.verb == "browse" && p.o.output != "" && len(p.o.words) < 2 {
		return usage("%s", tr("Say which file of the version is to be copied."))
	}
	if n := len(p.o.words); n < verbs[p.o.verb].min {
		return usage(tr("Say more: %[1]s %[2]s."), p.o.verb, verbs[p.o.verb].takes)
	}
	switch p.o.confirm {
	case "":
	case confirmation:
		if p.o.choices.Home != "leave" {
			return usage("%s", tr("--confirm is only for --home leave."))
		}
	default:
		if p.o.verb != "delete" {
			return usage(tr("%[1]q is only for delete."), p.o.confirm)
		}
	}
	return nil
}

func number(name string, put func(*options, int)) func(*options, string) error {
	return func(o *options, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return usage(tr("%[1]s needs a whole number from 1 on, not %[2]q."), name, value)
		}
		put(o, n)
		return nil
	}
}

// keepAtMost takes zero, too.
func keepAtMost(o *options, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return usage(tr("%[1]s needs a whole number from 0 on, not %[2]q."), "--keep", value)
	}
	o.most = &n
	return nil
}

func oneOf(name string, allowed []string, put func(*options, string)) func(*options, string) error {
	return func(o *options, value string) error {
		if !slices.Contains(allowed, value) {
			return usage(tr("%[1]s can be %[2]s, not %[3]q."), name, strings.Join(allowed, ", "), value)
		}
		put(o, value)
		return nil
	}
}

func text(put func(*options, string)) func(*options, string) error {
	return func(o *options, value string) error { put(o, value); return nil }
}

func toggle(put func(*options)) func(*options, string) error {
	return func(o *options, _ string) error { put(o); return nil }
}

func exclude(o *options, value string) error {
	if _, err := plan.Patterns([]string{value}, nil, false); err != nil {
		return usage(tr("%[1]q cannot be used as a pattern."), value)
	}
	o.choices.Exclude = append(o.choices.Exclude, value)
	return nil
}

func include(o *options, value string) error {
	if _, err := plan.Patterns(nil, []string{value}, false); err != nil {
		_, usually := plan.Shipped()
		return usage(tr("%[1]q is not in the list of what is usually left out: %[2]s."), value, strings.Join(usually, ", "))
	}
	o.choices.Include = append(o.choices.Include, value)
	return nil
}

const maxList = 64 << 10 // a request is not longer either

// excludeFrom reads a list of patterns, one a line.
func excludeFrom(o *options, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return usage(tr("The list %[1]q cannot be read: %[2]s."), path, reason(err))
	}
	defer f.Close()
	list, err := readAtMost(f, maxList)
	if err != nil {
		return usage(tr("The list %[1]q cannot be read: %[2]s."), path, reason(err))
	}
	if !utf8.ValidString(list) {
		return usage(tr("The list %[1]q is not valid UTF-8 text."), path)
	}
	for i, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if exclude(o, line) != nil {
			return usage(tr("Line %[1]d of %[2]q cannot be used as a pattern: %[3]q."), i+1, path, line)
		}
	}
	return nil
}

func confirm(o *options, value string) error {
	want := confirmation
	if o.verb == "delete" {
		want = pinnedWords
	}
	if value != want && !ofDelete(value) {
		return usage(tr("--confirm takes exactly these words: %[1]q."), want)
	}
	o.confirm = value
	return nil
}
