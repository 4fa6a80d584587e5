package publish

import (
	"cmp"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// shelf is what a world has beside its linuxfs: a boot menu, and what is written
// down of each image. The order of what is done to both is that of core/run.
type shelf struct {
	menu    bootmenu.File
	folder  string // of the menu
	records map[string]history.Record
	rotten  func(id string) bool // a verification would find damage
}

func newShelf(w *world, seed int) *shelf {
	return &shelf{menu: bootmenu.Files[seed%2], folder: memDir(w.t), records: map[string]history.Record{},
		rotten: func(id string) bool { return (len(id)+int(id[len(id)-1])+seed)%4 == 0 }}
}

func stays(history.Version) bool { return false }

func is(v history.Version) func(history.Version) bool {
	return func(o history.Version) bool { return o.Place == v.Place }
}

func (w *world) facts() live.Facts {
	f := live.Facts{Entries: w.names(), Plain: live.Image{Path: "antiX", Name: w.name}, Generation: w.gen, Boot: live.Boot{Free: 1000}}
	if w.fat {
		f.Boot.FSType = "vfat"
	}
	return f
}

// own is the text of our file beside the menu; nil when there is none.
func (w *world) own() []byte {
	text, err := os.ReadFile(filepath.Join(w.shelf.folder, bootmenu.OwnName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		must(w.t, err)
	}
	return text
}

func (w *world) entries() []bootmenu.Extra {
	extras, _, err := bootmenu.Decode(w.shelf.menu.Kind, w.own())
	must(w.t, err)
	return extras
}

// versions are those that history.List would find, in its order.
func (w *world) versions() (all []history.Version) {
	states := map[string]history.State{"": history.Default, "new": history.Armed, "old": history.Previous, "bad": history.Bad, "bak": history.Backup}
	for name, kind := range w.names() {
		archive, image := "", name
		if rest, ok := strings.CutPrefix(name, archiveDir+"/"); ok {
			archive, image, _ = strings.Cut(rest, "/")
		}
		suffix, ok := strings.CutPrefix(image, w.name)
		state, known := states[strings.TrimPrefix(suffix, ".")]
		if !ok || !known || suffix != "" && suffix[0] != '.' || kind != live.KindFile && kind != live.KindLink {
			continue
		}
		v := history.Version{Version: live.Version{Name: image, Path: "/antiX/" + name, Compressor: "xz"}, State: state, Archive: archive, Place: name, Running: state == history.Default}
		if archive != "" {
			v.State, v.Running = history.Archived, false
		} else {
			v.Place = cmp.Or(strings.TrimPrefix(suffix, "."), wire.PlaceDefault)
		}
		w.describe(&v, filepath.Join(w.dir, name))
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b history.Version) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(b.Archive, a.Archive), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func (w *world) describe(v *history.Version, file string) {
	text, err := os.ReadFile(file)
	must(w.t, err)
	v.ID, v.Size, v.Head = isImage(string(text)), int64(len(text)), "x"
	v.Record = w.shelf.records[v.ID]
	if v.ID == "" || v.Record.Damaged {
		v.Unfit = &wire.Check{Code: wire.VersionDamaged, Args: []string{v.File()}}
	}
	v.Record.Try = v.Record.Try && history.Tryable(*v) == nil
	v.Rescue = v.Archive != "" && slices.Contains(w.named(history.EntryRescue), v.Place)
}

// named are the places in the archive that our entries start, but for the fixed
// ones; only tells which, "" is all.
func (w *world) named(only string) (places []string) {
	for _, e := range w.entries() {
		dir, name := strings.TrimPrefix(e.Options[0], "bdir=antiX"), strings.TrimPrefix(e.Options[1], "sqname=")
		if only != "" && e.ID != only || dir == "" {
			continue
		}
		places = append(places, path.Join(dir[1:], name))
	}
	return places
}

// checkMenu holds that every entry starts a version that is there.
func (w *world) checkMenu() {
	w.t.Helper()
	fixed := []string{"bdir=antiX sqname=" + w.name + " rollback", "bdir=antiX sqname=" + w.name + ".old", "bdir=antiX sqname=" + w.name + " noremaster"}
	named := len(w.named(""))
	for _, e := range w.entries() {
		if !slices.Contains(fixed, strings.Join(e.Options, " ")) {
			named--
		}
	}
	for _, place := range w.named("") {
		text, err := os.ReadFile(filepath.Join(w.dir, place))
		if err != nil || isImage(string(text)) == "" {
			w.fail("an entry of the boot menu starts %s: %v", place, err)
		}
	}
	if named != 0 {
		w.fail("an entry starts something else: %+v", w.entries())
	}
}

// checkRescue holds that the entry names the best that is there, after an action
// that nothing cut.
func (w *world) checkRescue() {
	w.t.Helper()
	if w.own() == nil || bootmenu.IsOff(w.own()) {
		return
	}
	named := w.named(history.EntryRescue)
	best, fit := false, false
	for _, v := range w.versions() {
		if v.State == history.Archived && v.Unfit == nil {
			best, fit = best || v.Record.Verified != 0, true
			if slices.Contains(named, v.Place) {
				w.did["rescue"]++
			}
		}
	}
	if len(named) == 0 && fit {
		w.fail("the rescue entry names no version")
	}
	for _, v := range w.versions() {
		if v.Rescue && (v.Unfit != nil || best && v.Record.Verified == 0) {
			w.fail("the rescue entry names %s: %+v", v.Place, v.Record)
		}
	}
}

// refresh is station.refresh.
func (w *world) refresh(leaving func(history.Version) bool, first bool) {
	if bootmenu.IsOff(w.own()) || !first && w.own() == nil {
		return
	}
	base := bootmenu.Entry{Loader: map[bootmenu.Kind]string{bootmenu.GRUB: "linux", bootmenu.Syslinux: "kernel"}[w.shelf.menu.Kind], Kernel: "/antiX/vmlinuz"}
	text, err := bootmenu.Encode(w.shelf.menu, base, history.MenuEntries(w.facts(), w.versions(), leaving, wire.Titles{}))
	must(w.t, err)
	w.write(text)
}

func (w *world) write(text []byte) {
	dir, err := sys.OpenDir(w.shelf.folder)
	must(w.t, err)
	defer dir.Close()
	m, err := OpenMenus(dir, "/dev/no-such-device", bootmenu.IsOurs)
	must(w.t, err)
	m.at.fat = w.fat
	must(w.t, m.Heal())
	must(w.t, m.Write(bootmenu.OwnName, text))
}

func (w *world) note(id string, change func(*history.Record)) {
	r := w.shelf.records[id]
	change(&r)
	w.shelf.records[id] = r
}

// try is run.Try of a random version, or with on false of none.
func (w *world) try(on bool, r *rand.Rand) {
	w.start().dir.Close()
	all := w.versions()
	v := all[r.IntN(len(all))]
	for id := range w.shelf.records {
		w.note(id, func(r *history.Record) { r.Try = false })
	}
	if err := history.Tryable(v); on && err == nil {
		w.note(v.ID, func(r *history.Record) { r.Try = true })
		w.forgetOff()
		w.did["try"]++
	}
	w.say("try %s: %v", v.Place, on)
	w.refresh(stays, on)
}

// forgetOff is what station.offer does: the user wants entries again.
func (w *world) forgetOff() {
	if bootmenu.IsOff(w.own()) {
		must(w.t, os.Remove(filepath.Join(w.shelf.folder, bootmenu.OwnName)))
	}
}

// menus is run.Menu.
func (w *world) menus(on bool) {
	w.start().dir.Close()
	w.say("menus: %v", on)
	if on {
		w.forgetOff()
		w.refresh(stays, true)
		return
	}
	w.write(bootmenu.Off(w.shelf.menu))
	w.did["menu off"]++
}

// keep is run.Keep. With a cancel the verification finds nothing out.
func (w *world) keep(cancel bool) {
	w.file("old", -1)
	w.file("bad", -1)
	for !cancel && w.own() != nil && !bootmenu.IsOff(w.own()) {
		v, ok := history.Rescue(w.facts(), w.versions(), stays)
		if !ok || v.Record.Verified != 0 {
			break
		}
		w.did["verify"]++
		bad := w.shelf.rotten(v.ID)
		w.note(v.ID, func(r *history.Record) {
			if r.Damaged = bad; !bad {
				r.Verified = 1
			}
		})
		w.say("verified %s: damaged %v", v.Place, bad)
	}
	w.refresh(stays, false)
	for _, v := range w.versions() {
		if v.Rescue && v.Record.Verified == 0 && !cancel {
			w.fail("the rescue entry names %s, which keep did not verify", v.Place)
		}
	}
}

// prune does what a face would, which does not heal before it looks. The power
// may go before or after the last menu.
func (w *world) prune(cut int, r *rand.Rand) {
	weights := history.Weights{}
	for _, v := range w.versions() {
		weights[v.Place] = history.Weight{Bytes: 100}
	}
	p := history.Prune(w.facts(), w.versions(), weights, history.Policy{Keep: r.IntN(2)})
	for _, v := range p.Go {
		m := w.start()
		now := w.versions()
		i := slices.IndexFunc(now, is(v))
		if v.Rescue || v.Record.Pinned || v.Record.Try {
			w.fail("a policy takes %+v", v)
		}
		if i < 0 || history.Deletable(w.facts(), now, now[i], false) != nil { // healing moved it, or the entry names it now
			m.dir.Close()
			return
		}
		w.refresh(is(v), false)
		w.deleted[v.ID] = true
		err := w.doOrCut(m, "delete", Set{v.Archive, v.Name}, cut)
		m.dir.Close()
		w.say("prune %s, cut %d: %v", v.Place, cut, err)
		if cut >= 0 {
			return
		}
		must(w.t, err)
		w.did["prune"]++
		w.refresh(stays, false)
	}
}

func (w *world) pin(r *rand.Rand) {
	w.start().dir.Close()
	all := w.versions()
	v := all[r.IntN(len(all))]
	w.note(v.ID, func(r *history.Record) { r.Pinned = !r.Pinned })
	w.say("pin %s", v.Place)
	w.refresh(stays, false)
	w.checkRescue()
}
