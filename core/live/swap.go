package live

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// NameKind is what a name in the boot directory is.
type NameKind string

const (
	KindFile     NameKind = "file"
	KindDir      NameKind = "dir"
	KindLink     NameKind = "link"     // a link to a file
	KindDirLink  NameKind = "dirlink"  // a link to a directory
	KindDangling NameKind = "dangling" // a link to nothing
)

// Dir is a boot directory: its names and what they are. A name that a move
// took into a subdirectory is listed as "xtra.old/xtra".
type Dir map[string]NameKind

// BootOptions is what decides about a swap, apart from the directory.
type BootOptions struct {
	Generation           Generation
	Name                 string // NAME, after sqname and sqext
	NoRemaster, Rollback bool   // boot options
	Remasterable         bool   // contract §2
}

// OutcomeKind tells in one word what a boot does.
type OutcomeKind string

const (
	OutcomeNone       OutcomeKind = "none"             // nothing is armed
	OutcomeSwap       OutcomeKind = "swap"             // NAME.new becomes NAME
	OutcomeRollback   OutcomeKind = "rollback"         // NAME.old becomes NAME
	OutcomeBlocked    OutcomeKind = "blocked"          // armed, but a leftover stops the boot at a prompt
	OutcomeNoRemaster OutcomeKind = "noremaster"       // switched off by the boot option
	OutcomeNoOld      OutcomeKind = "no-old"           // rollback asked for, but there is no file NAME.old
	OutcomeMissing    OutcomeKind = "missing"          // there is no NAME: this does not boot
	OutcomeFixed      OutcomeKind = "not-remasterable" // the boot device cannot be changed
	OutcomeUnknown    OutcomeKind = "unknown"          // the boot directory cannot be seen
)

// Rename is one rename in the boot directory.
type Rename struct{ From, To string }

// Outcome is what one boot does to the boot directory.
type Outcome struct {
	Kind     OutcomeKind
	Steps    []Rename // everything in order; a removal has an empty To
	Renames  []Rename // the renames among Steps
	Removed  []string // the removals among Steps
	Blocking string   // the leftover that blocks the swap
}

// companions is the list the initrd goes through, the linuxfs itself first.
var companions = []struct {
	name  string // "" stands for NAME
	since Generation
}{
	{"", Gen2016},            // §6.2; I23:5226-5282
	{"rootfs", Gen2016},      // §6.2; elsewhere than the linuxfs: §6.5
	{"xtra", Gen2016},        // §6.2
	{"deb", Gen2016},         // §6.2
	{"xtra.tgz", Gen2016},    // §6.2
	{"linuxfs.md5", Gen2016}, // §0.7: a literal, whatever NAME is
	{"state", Gen2023},       // §13
}

// decisions are the conditions of a boot, in order; the first that holds
// decides.
var decisions = []struct {
	kind OutcomeKind
	when func(Dir, BootOptions) bool
}{
	{OutcomeMissing, func(d Dir, o BootOptions) bool { return !d.isFile(o.Name) }},                    // §6.4; I23:2060
	{OutcomeFixed, func(_ Dir, o BootOptions) bool { return !o.Remasterable }},                        // §2
	{OutcomeNoRemaster, func(_ Dir, o BootOptions) bool { return o.NoRemaster }},                      // §6.1.1; I23:5227
	{OutcomeNoOld, func(d Dir, o BootOptions) bool { return o.Rollback && !d.isFile(o.Name+".old") }}, // §6.3
	{OutcomeRollback, func(_ Dir, o BootOptions) bool { return o.Rollback }},                          // §6.1.2, §6.3
	{OutcomeNone, func(d Dir, o BootOptions) bool { return !d.exists(o.Name + ".new") }},              // §6.1.3, §6.6
	{OutcomeBlocked, func(d Dir, o BootOptions) bool { return d.blocking(o.Name) != "" }},             // §6.1.4
	{OutcomeSwap, func(Dir, BootOptions) bool { return true }},                                        // §6.1.5
}

// action is one line of the loop over F in companions. Its names are suffixes
// of F, and every one in needs must exist.
type action struct {
	needs    []string
	from, to string
	remove   bool // "rm -rf F.from" instead of "mv F.from F.to"
	since    Generation
}

// procedures are the swap and the rollback: what is removed first, and then
// what is done for each F.
var procedures = map[OutcomeKind]struct {
	first []string
	each  []action
}{
	OutcomeSwap: {
		first: []string{"xtra.old"}, // §6.2
		each: []action{
			{needs: []string{"", ".old"}, from: ".old", remove: true, since: Gen2023}, // §6.2, §13
			{needs: []string{""}, from: "", to: ".old"},                               // §6.2
			{needs: []string{".new"}, from: ".new", to: ""},                           // §6.2
		},
	},
	OutcomeRollback: {
		first: []string{"xtra.bak", "xtra.bad"}, // §6.3
		each: []action{
			{needs: []string{".bad", ".bak"}, from: ".bak", remove: true, since: Gen2023}, // §6.3, §13
			{needs: []string{".bad"}, from: ".bad", to: ".bak"},                           // §6.3
			{needs: []string{""}, from: "", to: ".bad"},                                   // §6.3
			{needs: []string{".old"}, from: ".old", to: ""},                               // §6.3
		},
	},
}

// Companions lists what the swap renames, in order, the linuxfs first
// (contract §6.2).
func Companions(gen Generation, name string) []string {
	var out []string
	for _, c := range companions {
		switch {
		case gen < c.since:
		case c.name == "":
			out = append(out, name)
		default:
			out = append(out, c.name)
		}
	}
	return out
}

// NextBoot tells what a boot with these options does to dir (contract §6).
func NextBoot(dir Dir, opts BootOptions) Outcome {
	var o Outcome
	for _, d := range decisions {
		if d.when(dir, opts) {
			o.Kind = d.kind
			break
		}
	}
	if o.Kind == OutcomeBlocked {
		o.Blocking = dir.blocking(opts.Name)
	}
	now := maps.Clone(dir)
	for _, name := range procedures[o.Kind].first {
		o.remove(now, name)
	}
	for _, f := range Companions(opts.Generation, opts.Name) {
		for _, a := range procedures[o.Kind].each {
			if opts.Generation >= a.since && now.all(f, a.needs) {
				o.act(now, f, a)
			}
		}
	}
	return o
}

// Apply returns the directory after the boot; dir is left as it is.
func (o Outcome) Apply(dir Dir) Dir {
	now := maps.Clone(dir)
	for _, s := range o.Steps {
		if s.To == "" {
			now.remove(s.From)
		} else {
			now.rename(s.From, s.To)
		}
	}
	return now
}

func (o *Outcome) act(now Dir, f string, a action) {
	if a.remove {
		o.remove(now, f+a.from)
		return
	}
	to, ok := now.destination(f+a.from, f+a.to)
	if !ok {
		return
	}
	now.rename(f+a.from, to)
	o.Steps = append(o.Steps, Rename{f + a.from, to})
	o.Renames = append(o.Renames, Rename{f + a.from, to})
}

func (o *Outcome) remove(now Dir, name string) {
	if _, ok := now[name]; !ok {
		return
	}
	now.remove(name)
	o.Steps = append(o.Steps, Rename{From: name})
	o.Removed = append(o.Removed, name)
}

// Names lists the names, sorted.
func (d Dir) Names() []string { return slices.Sorted(maps.Keys(d)) }

// exists is the shell's -e, which follows links (contract §6.6).
func (d Dir) exists(name string) bool {
	kind, ok := d[name]
	return ok && kind != KindDangling
}

// isFile is the shell's -f.
func (d Dir) isFile(name string) bool { return d[name] == KindFile || d[name] == KindLink }

// blocking names the leftover that blocks a swap, "" when there is none.
func (d Dir) blocking(name string) string {
	for _, suffix := range []string{".old", ".bad"} {
		if d.exists(name + suffix) {
			return name + suffix
		}
	}
	return ""
}

func (d Dir) all(name string, suffixes []string) bool {
	for _, s := range suffixes {
		if !d.exists(name + s) {
			return false
		}
	}
	return true
}

// destination tells where "mv from to" puts from: into to when that is a
// directory. It is false when mv would refuse.
func (d Dir) destination(from, to string) (string, bool) {
	kind := d[to]
	if kind == KindDir || kind == KindDirLink {
		to = path.Join(to, path.Base(from))
		kind = d[to]
	}
	return to, kind == "" || d[from] != KindDir
}

func (d Dir) rename(from, to string) {
	d.remove(to)
	for name, kind := range maps.Clone(d) {
		if name == from || strings.HasPrefix(name, from+"/") {
			delete(d, name)
			d[to+name[len(from):]] = kind
		}
	}
}

func (d Dir) remove(name string) {
	maps.DeleteFunc(d, func(have string, _ NameKind) bool {
		return have == name || strings.HasPrefix(have, name+"/")
	})
}
