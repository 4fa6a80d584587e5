package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
)

// world is a stick in the hands of a user who does anything in any order.
type world struct {
	t      *testing.T
	dir    string
	name   string
	gen    live.Generation
	count  int
	log    []string
	forget bool // inode numbers do not last, as on FAT
	fat    bool // all else is as on FAT, too

	shelf   *shelf          // nil: no menus
	staged  Set             // the last one that was
	deleted map[string]bool // images that a user had deleted
	did     map[string]int  // operations on sets that were not refused
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter: %s\ndirectory: %v", fmt.Sprintf(format, args...), strings.Join(w.log, ", "), w.names())
}

// names is what live.NextBoot looks at.
func (w *world) names() live.Dir {
	out := live.Dir{}
	must(w.t, filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == w.dir {
			return err
		}
		rel, _ := filepath.Rel(w.dir, p)
		kind := live.KindFile
		switch {
		case d.IsDir():
			kind = live.KindDir
		case d.Type() == fs.ModeSymlink:
			kind = live.KindLink
			if _, err := os.Stat(p); err != nil {
				kind = live.KindDangling
			}
		}
		out[rel] = kind
		return nil
	}))
	return out
}

func (w *world) open() *Medium {
	m, err := openMedium(w.dir, w.name, "/dev/no-such-device")
	must(w.t, err)
	m.stable, m.fat, m.generation = !w.forget && !w.fat, w.fat, w.gen
	return m
}

func (w *world) companions() []plan.Companion {
	var out []plan.Companion
	for _, name := range live.Companions(w.gen, w.name) {
		switch {
		case name == "linuxfs.md5" && w.name == "linuxfs":
			out = append(out, plan.Companion{Name: name, MD5: true})
		case name == w.name || name == "rootfs" || name == "linuxfs.md5":
		default:
			if _, err := os.Lstat(filepath.Join(w.dir, name)); err == nil {
				out = append(out, plan.Companion{Name: name})
			}
		}
	}
	return out
}

// start is what every operation begins with.
func (w *world) start() *Medium {
	m := w.open()
	_, left, err := m.Heal()
	if err != nil || len(left) > 0 {
		w.fail("heal: %v, left %q", err, left)
	}
	for name := range w.names() {
		if top, _, _ := strings.Cut(name, "/"); strings.HasSuffix(top, ".part") || top == JournalName {
			w.fail("%s is left after healing", name)
		}
	}
	return m
}

// build goes as far as steps says: 3 is to the end, less is a crash.
func (w *world) build(steps int) {
	m := w.start()
	defer m.dir.Close()
	w.count++
	p := plan.Plan{Part: w.name + ".part", New: w.name + ".new", Companions: w.companions()}
	b, err := m.Begin(p)
	if codeOf(err) == wire.NameTaken {
		w.say("build refused")
		return
	}
	must(w.t, err)
	defer b.image.Close()
	w.say("build %d to step %d", w.count, steps)
	text := image(fmt.Sprintf("v%d", w.count))
	if steps == 0 {
		text = text[:len(text)/2]
	}
	_, err = b.Image().WriteString(text)
	if err == nil && steps > 0 {
		_, err = b.Companions(context.Background(), md5Text, fillTest)
	}
	if err == nil && steps == 2 {
		id, e := identify(b.image)
		id.Made = p.New
		err = errors.Join(e, m.note(id))
	}
	if err == nil && steps == 3 {
		if err = b.Arm(); codeOf(err) == wire.Blocked {
			w.say("blocked")
			err = b.Abort()
		}
	}
	must(w.t, err)
	if steps == 3 {
		w.note(fmt.Sprintf("v%d", w.count), func(r *history.Record) { r.Verified = 1 })
		w.refresh(stays, true)
	}
}

// file moves a set; cut is after how many moves the power goes, -1: never.
func (w *world) file(suffix string, cut int) {
	m := w.start()
	defer m.dir.Close()
	if cut < 0 {
		_, err := m.File(context.Background(), suffix, "v", nil)
		w.say("file %s: %v", suffix, err == nil)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.fail("file %s: %v", suffix, err)
		}
		w.refresh(stays, false)
		return
	}
	moves, err := m.set(suffix, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(w.t, err)
	number, err := m.nextArchive()
	must(w.t, err)
	in := intent{Action: actionFile, Archive: number, Moves: moves, Copy: w.fat, Fresh: w.fat && !m.dir.Exists(archiveDir)}
	must(w.t, m.begin(in))
	w.say("file %s, power cut after %d", suffix, cut)
	if cut == 0 {
		return
	}
	if w.fat {
		must(w.t, m.copySet(context.Background(), in, "v", newTally(nil, 0)))
		if cut > 1 {
			must(w.t, m.note(made{Copied: true}))
		}
		return
	}
	must(w.t, m.prepareArchive(number, "v"))
	d, err := m.openArchive(number)
	must(w.t, err)
	defer d.Close()
	for _, mv := range moves[:min(cut-1, len(moves))] {
		_, err := m.finishMove(d, mv)
		must(w.t, err)
	}
}

// boot does to the real files what the initrd would.
func (w *world) boot(rollback, noremaster bool) {
	o := live.NextBoot(w.names(), live.BootOptions{Generation: w.gen, Name: w.name, NoRemaster: noremaster, Rollback: rollback, Remasterable: true})
	w.say("boot: %s", o.Kind)
	switch o.Kind {
	case live.OutcomeMissing, live.OutcomeBlocked:
		w.fail("this boot does not start a system: %s", o.Kind)
	}
	must(w.t, w.apply(o))
}

func (w *world) apply(o live.Outcome) error {
	for _, s := range o.Steps {
		err := error(nil)
		if s.To == "" {
			err = os.RemoveAll(filepath.Join(w.dir, s.From))
		} else {
			err = os.Rename(filepath.Join(w.dir, s.From), filepath.Join(w.dir, s.To))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) check() {
	text, err := os.ReadFile(filepath.Join(w.dir, w.name))
	if err != nil || isImage(string(text)) == "" {
		w.fail("no whole %s: %v", w.name, err)
	}
	for _, suffix := range []string{".new", ".old", ".bad"} {
		if text, err := os.ReadFile(filepath.Join(w.dir, w.name+suffix)); err == nil && isImage(string(text)) == "" {
			w.fail("%s%s is not whole", w.name, suffix)
		}
	}
	w.checkMenu()
}

// images are all whole ones that were ever published.
func (w *world) images() map[string]bool {
	out := map[string]bool{}
	for name, kind := range w.names() {
		if kind == live.KindFile && !strings.HasSuffix(name, ".part") {
			text, err := os.ReadFile(filepath.Join(w.dir, name))
			must(w.t, err)
			if id := isImage(string(text)); id != "" {
				out[id] = true
			}
		}
	}
	return out
}

func (w *world) step(r *rand.Rand) {
	images := w.images()
	running, err := os.Stat(filepath.Join(w.dir, w.name))
	must(w.t, err)
	before, _ := os.ReadFile(filepath.Join(w.dir, w.name))
	switch n := r.IntN(28); {
	case n < 3:
		w.build(3)
	case n == 3:
		w.build(r.IntN(3))
	case n == 4:
		w.file("new", -1)
	case n < 7:
		w.keep(r.IntN(3) == 0)
	case n == 7:
		w.file([]string{"new", "old", "bad"}[r.IntN(3)], r.IntN(4))
	case n < 12:
		w.onSet(w.choose(n == 8), -1, r)
	case n == 12:
		w.onSet(w.choose(r.IntN(3) == 0), r.IntN(4), r)
	case n < 16:
		w.try(n < 15, r)
	case n < 18:
		w.menus(r.IntN(3) > 0)
	case n == 18:
		w.pin(r)
	case n < 21:
		w.prune(r.IntN(12)-8, r)
	default:
		w.boot(n == 21, n == 22)
		w.check()
		return
	}
	w.check()
	after, err := os.Stat(filepath.Join(w.dir, w.name))
	if text, _ := os.ReadFile(filepath.Join(w.dir, w.name)); err != nil || !os.SameFile(running, after) || string(text) != string(before) {
		w.fail("an operation touched the linuxfs")
	}
	now := w.images()
	for id := range images {
		if !now[id] && !w.deleted[id] {
			w.fail("the image %s is lost", id)
		}
	}
}

// TestPromiseP10 plays random sequences of build, arm, disarm, keep, stage, put
// back, delete, prune, pin, try, menus on and off, boot, roll back and power cuts:
// there always is a version to boot, no boot is ever blocked by what we did, no
// operation loses an image, and every entry of the boot menu starts one that is there.
func TestPromiseP10(t *testing.T) {
	sequences, steps := 1000, 18
	if os.Getenv("ANTIX_REMASTER_FULL") != "" {
		sequences = 10000
	}
	did := map[string]int{}
	for seed := range sequences {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		w := &world{t: t, dir: memDir(t), name: "linuxfs", gen: live.Gen2023, forget: seed%3 == 0, fat: seed%6 == 3 && seed%5 != 2,
			deleted: map[string]bool{}, did: did}
		w.shelf = newShelf(w, seed)
		if seed%4 == 1 {
			w.gen = live.Gen2016
		}
		files := map[string]string{"linuxfs": image("v0"), "linuxfs.md5": "m", "state/a": "s", "vmlinuz": "k"}
		switch seed % 5 {
		case 1:
			w.name = "linuxfs.e16"
			files["linuxfs.e16"] = image("v0")
			delete(files, "linuxfs")
		case 2:
			files["linuxfs@linuxfs.00"], files["linuxfs.00"], files["linuxfs.01"] = "", image("v0"), image("spare")
			delete(files, "linuxfs")
		}
		put(t, w.dir, files)
		w.say("seed %d, %s, %d", seed, w.name, w.gen)
		for range steps {
			w.step(r)
		}
		os.RemoveAll(w.dir)
		os.RemoveAll(w.shelf.folder)
	}
	for op, least := range map[string]int{"stage": 20, "back": 20, "delete": 20, "try": 50, "menu off": 20, "verify": 20, "rescue": 20, "prune": 100} {
		if did[op] < sequences/least {
			t.Errorf("%s was done %d times only", op, did[op])
		}
	}
	t.Logf("operations on versions: %v", did)
	figure.Record(t, "P10", fmt.Sprintf("random sequences of %d operations and boots", steps), sequences, 0) // any other ended the test
}
