// Package history knows the versions of the system on the stick, whoever made
// them, and what this program wrote down about each. It needs no privilege and
// writes nothing: the files are the truth, the record beside them is a cache.
package history

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// State tells where on the stick a version is, and with that what the live
// initrd does with it.
type State string

// The states.
const (
	Default  State = "default"  // NAME: what a plain boot starts
	Armed    State = "armed"    // NAME.new: what the next boot swaps in
	Previous State = "previous" // NAME.old: what the boot option rollback brings back
	Bad      State = "bad"      // NAME.bad: what a rollback set aside
	Backup   State = "backup"   // NAME.bak: what a second rollback set aside
	Archived State = "archived" // below archive/NNNN
	Spare    State = "spare"    // beside NAME under a name that no boot looks at
)

// beside are the names that a boot looks at or makes, in the order of the list.
var beside = []placed{
	{"", wire.PlaceDefault, Default}, {".new", "new", Armed}, {".old", "old", Previous}, {".bad", "bad", Bad}, {".bak", "bak", Backup},
}

type placed struct {
	suffix, place string
	state         State
}

// Version is one version on the stick. Size and times are as in live.Version.
type Version struct {
	live.Version
	State      State
	Archive    string      // "0003" of an archived one, else ""
	Place      string      // as in wire.VersionRef
	Running    bool        // this system runs from it
	Rescue     bool        // the rescue entry of the boot menus starts it
	MayRescue  bool        // the menus cannot be seen; if they are up to date, the entry starts it
	Companions []string    // names in the same directory that belong to it
	Record     Record      // what was written down about it
	Unread     bool        // that is in the record of a newer program, which is not read (NewerRecord)
	Unfit      *wire.Check // why the kernel on the stick cannot start it; nil when it can
}

// Bootable tells whether the kernel on the stick can start it, as far as can be
// seen without reading all of it.
func (v Version) Bootable() bool { return v.Unfit == nil }

// inUse tells whether something starts from it, now or at the next boot.
func (v Version) inUse() bool { return v.Running || v.State == Default || v.State == Armed }

// Ref names the version in a request to the helper.
func (v Version) Ref() *wire.VersionRef {
	return &wire.VersionRef{Place: v.Place, Key: KeyOf(v.Version)}
}

// File is the name of the image as seen from the directory of the linuxfs.
func (v Version) File() string {
	if v.Archive != "" {
		return path.Join(archiveDir, v.Archive, v.Name)
	}
	return v.Name
}

const (
	archiveDir = "archive" // contract §12
	most       = 500       // versions that are read: a stick may hold anything
)

var archiveNumber = regexp.MustCompile(`^[0-9]{4,9}$`)

// List gives every version on the stick: those beside the linuxfs, then the
// archived ones, the newest first, then spare ones. root is that of live.Read.
// It is empty when the stick cannot be seen. What cannot be used is in the list
// too, with its Problem.
func List(f live.Facts, root string) []Version {
	if f.Entries == nil {
		return nil
	}
	l := newLister(f, root)
	l.beside()
	spare := l.spare()
	l.archived()
	l.all = append(l.all, spare...)
	markRescue(l.facts, root, l.all)
	return l.all
}

type lister struct {
	facts   live.Facts
	root    string
	records Records
	newer   bool // the record is one that is not read
	all     []Version
}

func newLister(f live.Facts, root string) lister {
	text := record(f, root)
	records, _ := ParseRecords(text)
	return lister{facts: f, root: root, records: records, newer: plan.IsNewer(text)}
}

func (l *lister) beside() {
	for _, b := range beside {
		if _, ok := l.facts.Entries[l.facts.Plain.Name+b.suffix]; ok {
			l.one(b)
		}
	}
}

func (l *lister) one(b placed) {
	name := l.facts.Plain.Name + b.suffix
	v := l.read(name)
	if l.facts.Entries[name] == live.KindDangling {
		v.Problem = name + " is a link to nothing"
	}
	l.add(l.placed(v, b))
}

// placed makes a version of an image beside the linuxfs. An initrd of 2016
// leaves alone what is called state.
func (l *lister) placed(v live.Version, b placed) Version {
	gen := live.Gen2023
	if b.suffix == "" || b.suffix == ".new" {
		gen = l.facts.Generation
	}
	return Version{Version: v, State: b.state, Place: b.place, Companions: companions(gen, l.facts.Plain.Name, b.suffix, l.facts.Entries)}
}

// About gives what is known of one image of the facts without looking at the
// others.
func About(f live.Facts, root string, v live.Version) Version {
	l := newLister(f, root)
	out := Version{Version: v, State: Spare}
	for _, b := range beside {
		if v.Name == f.Plain.Name+b.suffix && path.Dir(v.Path) == f.Plain.Dir {
			out = l.placed(v, b)
		}
	}
	l.add(out)
	return l.all[0]
}

// read reads what lies beside the linuxfs. The facts hold two of them already.
func (l *lister) read(name string) live.Version {
	for _, known := range []*live.Version{l.facts.Default, l.facts.Armed} {
		if known != nil && known.Name == name {
			return *known
		}
	}
	return live.ReadVersion(l.root, l.facts, l.facts.Plain.Dir, name)
}

// add completes a version.
func (l *lister) add(v Version) {
	v.Running = isRunning(l.facts, v)
	v.Record, v.Unread = l.records[KeyOf(v.Version)], l.newer
	v.Unfit = unfit(l.facts, v)
	v.Record.Try = v.Record.Try && Tryable(v) == nil // it may have moved
	if v.Companions == nil {
		v.Companions = []string{}
	}
	l.all = append(l.all, v)
}

func isRunning(f live.Facts, v Version) bool {
	r := f.Running
	if r == nil {
		return false
	}
	if f.ToRAM { // the file that runs is a copy in memory
		return v.State == Default && v.ID != "" && v.ID == r.ID
	}
	return v.Inode != 0 && v.Inode == r.Inode && v.Size == r.Size
}

// companions names those of an image with this suffix in its directory.
func companions(gen live.Generation, name, suffix string, dir live.Dir) []string {
	var out []string
	for _, c := range live.Companions(gen, name)[1:] {
		if _, ok := dir[c+suffix]; ok {
			out = append(out, c+suffix)
		}
	}
	if md5 := name + ".md5"; dir[md5] != "" && ownsMD5(name, suffix, dir) {
		out = append(out, md5)
	}
	return out
}

// ownsMD5 tells whether NAME.md5 is that of the image with this suffix. With
// another name than linuxfs no boot rotates it (contract §9): as long as a swap
// or a rollback left something beside NAME, it may be that of either.
func ownsMD5(name, suffix string, dir live.Dir) bool {
	left := func(s string) bool { return dir[name+s] != "" && dir[name+s] != live.KindDangling }
	switch {
	case name == "linuxfs":
		return false
	case suffix == "":
		return !left(".old") && !left(".bad")
	}
	return dir[name] == ""
}

// spare finds other images of schemes in which the linuxfs is a link, and of
// other names (contract §3), as long as no version of the list is a link to
// them.
func (l *lister) spare() []Version {
	before := len(l.all)
	taken := map[string]bool{}
	for _, v := range l.all {
		taken[v.Name], taken[path.Base(v.Path)] = true, true
	}
	for _, name := range l.facts.Files {
		if taken[name] || l.facts.Entries[name] != live.KindFile || !l.maybeImage(name) {
			continue
		}
		v := Version{Version: live.ReadVersion(l.root, l.facts, l.facts.Plain.Dir, name), State: Spare, Place: name}
		if v.Compressor != "" {
			l.add(v)
		}
	}
	found := slices.Clone(l.all[before:])
	l.all = l.all[:before]
	return found
}

// maybeImage tells whether an image may have this name. What is unfinished is
// no version.
func (l *lister) maybeImage(name string) bool {
	if strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") {
		return false
	}
	for _, usual := range []string{l.facts.Plain.Name, "linuxfs"} {
		if name == usual || strings.HasPrefix(name, usual+".") {
			return true
		}
	}
	return false
}

// isImage tells whether a file of this name in the archive must be an image.
func (l *lister) isImage(name string) bool {
	usual := live.UsualName(name)
	return usual == l.facts.Plain.Name || usual == "linuxfs"
}

func (l *lister) archived() {
	if l.facts.Entries[archiveDir] != live.KindDir { // a link could lead anywhere
		return
	}
	at := path.Join(l.facts.Plain.Dir, archiveDir)
	dir, err := live.ReadDir(l.root, at)
	if err != nil {
		l.unreadable(at, "", err)
	}
	for _, number := range numbers(dir) {
		l.archive(path.Join(at, number), number)
		if len(l.all) >= most {
			l.unreadable(at, "", fmt.Errorf("only %d versions are shown", most))
			return
		}
	}
}

// numbers are the archive directories, the newest first.
func numbers(dir live.Dir) []string {
	var out []string
	for name, kind := range dir {
		if kind == live.KindDir && archiveNumber.MatchString(name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return cmp.Or(cmp.Compare(n, m), cmp.Compare(a, b))
	})
	return out
}

func (l *lister) archive(at, number string) {
	dir, err := live.ReadDir(l.root, at)
	if err != nil {
		l.unreadable(at, number, err)
		return
	}
	names := make([]string, 0, len(dir))
	for name := range dir {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !l.maybeImage(name) || len(l.all) >= most {
			continue
		}
		v := Version{Version: live.ReadVersion(l.root, l.facts, at, name), State: Archived, Archive: number,
			Place: path.Join(archiveDir, number, name)}
		if v.Compressor == "" && !l.isImage(name) {
			continue
		}
		if dir[name] == live.KindDangling {
			v.Problem = name + " is a link to nothing"
		}
		suffix := strings.TrimPrefix(name, live.UsualName(name))
		v.Companions = companions(live.Gen2023, l.facts.Plain.Name, suffix, dir)
		l.add(v)
	}
}

// unreadable is a place where versions may be that cannot be seen.
func (l *lister) unreadable(at, number string, err error) {
	l.add(Version{Version: live.Version{Path: at, Problem: err.Error()}, State: Archived, Archive: number,
		Place: path.Join(archiveDir, number)})
}
