package publish

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"antix-remaster/core/live"
)

// withArchived has one version filed in the archive, as a keep leaves it.
func withArchived() map[string]string {
	files := stickFiles()
	for _, name := range []string{"rootfs.new", "deb.new/", "deb.new/a"} { // of others, and in the way
		delete(files, name)
	}
	maps.Copy(files, map[string]string{"archive/0007/linuxfs.old": image("older"), "archive/0007/linuxfs.md5.old": "5", "archive/0007/rootfs.old": "r",
		"archive/0007/state.old/a/b": "s", "archive/0007/linuxfs.ver": "v", "archive/0006/linuxfs.old": image("oldest"), "archive/0006/linuxfs.ver": "w"})
	return files
}

// beside moves the set of withArchived to another suffix beside the linuxfs.
func beside(suffix string) map[string]string {
	out := map[string]string{}
	for name, text := range withArchived() {
		if rest, ok := strings.CutPrefix(name, "archive/0007/"); ok && rest != "linuxfs.ver" {
			name = strings.Replace(rest, ".old", suffix, 1)
		}
		out[name] = text
	}
	return out
}

func withPrevious() map[string]string {
	files := beside(".old")
	delete(files, "archive/0007/linuxfs.ver")
	return files
}

func withoutArchive() map[string]string {
	files := withPrevious()
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, "archive") })
	return files
}

func withStaged() map[string]string { return beside(".new") }

func linked(files map[string]string, name string) map[string]string {
	files[name+"@linuxfs.03"], files["linuxfs.03"] = "", files[name]
	delete(files, name)
	return files
}

// withSpare has two versions of a scheme of links, of which one is the default.
func withSpare() map[string]string {
	return linked(map[string]string{"linuxfs": image("first"), "linuxfs.02": image("spare"), "linuxfs.01": image("another"), "state/a": "s", "vmlinuz": "k"}, "linuxfs")
}

func withPreviousLink() map[string]string { return linked(withPrevious(), "linuxfs.old") }

func withStagedLink() map[string]string { return linked(withStaged(), "linuxfs.new") }

// bootOptions are the starts that are tried after every rename.
func bootOptions() []live.BootOptions {
	var out []live.BootOptions
	for _, gen := range []live.Generation{live.Gen2016, live.Gen2023} {
		for _, o := range []live.BootOptions{{}, {Rollback: true}, {NoRemaster: true}} {
			o.Generation, o.Name, o.Remasterable = gen, "linuxfs", true
			out = append(out, o)
		}
	}
	return out
}

// mayBoot takes the points between which the names differ. Unless the long
// tests are wanted each gets two of the six boots, and of FAT, where most are
// those of fillers, only a part is tried.
func (c crashCase) mayBoot(boot int) func(i, _ int, p point) bool {
	seen := 0
	return func(i, _ int, p point) bool {
		if p.call != "renameat2" && p.call != "unlinkat" && p.call != "mkdirat" {
			return false
		}
		seen++
		if os.Getenv("ANTIX_REMASTER_FULL") != "" {
			return true
		}
		return (seen+boot)%3 == 0 && (!c.fat() || seen%4 == 0)
	}
}

// TestPromiseP4BootsBetween stops every action before each change of a name and
// starts the computer there, by the model of the swap, in six ways: it starts a
// whole version, is not blocked unless it was, and the healing after it loses
// no image and clears the way.
func TestPromiseP4BootsBetween(t *testing.T) {
	tried := 0
	for name, c := range crashCases {
		if strings.Contains(c.action, "record") || strings.Contains(c.action, "e16") {
			continue // no boot looks at what they write
		}
		t.Run(name, func(t *testing.T) {
			before := &world{t: t, dir: memDir(t), name: "linuxfs", gen: live.Gen2023}
			put(t, before.dir, c.files())
			all := before.images()
			var mu sync.Mutex
			for boot, o := range bootOptions() {
				blocked := live.NextBoot(before.names(), o).Kind == live.OutcomeBlocked
				n := c.each(t, "signal=KILL", c.mayBoot(boot), func(dir string, p point, _ bool, _ string) error {
					mu.Lock()
					defer mu.Unlock()
					w := &world{t: t, dir: dir, name: "linuxfs", gen: o.Generation}
					if err := w.between(o, blocked, c.fat()); err != nil {
						return fmt.Errorf("%+v: %w", o, err)
					}
					return w.lost(all, strings.Contains(c.action, "delete"))
				})
				tried += n
			}
		})
	}
	t.Logf("%d boots between", tried)
}

// between boots, heals, and boots plainly.
func (w *world) between(o live.BootOptions, wasBlocked, fat bool) error {
	for i, o := range []live.BootOptions{o, {Generation: o.Generation, Name: o.Name, Remasterable: true}} {
		outcome := live.NextBoot(w.names(), o)
		if outcome.Kind == live.OutcomeMissing || outcome.Kind == live.OutcomeBlocked && !wasBlocked {
			return fmt.Errorf("boot %d: %s, with %v", i+1, outcome.Kind, w.names())
		}
		if err := w.apply(outcome); err != nil {
			return err
		}
		if text, err := os.ReadFile(filepath.Join(w.dir, w.name)); err != nil || isImage(string(text)) == "" {
			return fmt.Errorf("boot %d (%s) starts no whole version: %v", i+1, outcome.Kind, err)
		}
		m, err := openMedium(w.dir, w.name, "/dev/no-such-device")
		if err != nil {
			return err
		}
		m.stable, m.fat = !fat, fat
		_, left, err := m.Heal()
		m.dir.Close()
		// What was to be deleted runs again, and 2016 does not know of state.
		stays := o.Rollback && o.Generation == live.Gen2016 && slices.Equal(left, []string{"state.old"})
		if err != nil || len(left) > 0 && !fat && !stays {
			return fmt.Errorf("healing after boot %d (%s): left %q, %v", i+1, outcome.Kind, left, err)
		}
	}
	return nil
}

// lost holds that every image is still there, but for the one to be deleted.
func (w *world) lost(all map[string]bool, deletes bool) error {
	now := w.images()
	for id := range all {
		if !now[id] && !(deletes && id == "older") {
			return fmt.Errorf("the image %s is lost: %v", id, w.names())
		}
	}
	for name := range w.names() {
		if name == JournalName {
			return errors.New("the journal is left")
		}
	}
	return nil
}

// orderly holds that a version that can be started or chosen has all that
// belongs to it: what arms comes last, and goes first.
func (c crashCase) orderly(dir string) error {
	verb, set, _ := strings.Cut(strings.TrimPrefix(c.action, "fat "), " ")
	at := ""
	switch verb {
	case "stage", "back":
		at = "linuxfs.new"
	case "delete":
		s := setAt(strings.TrimSuffix(set, ":linuxfs"))
		at = pathIn(s.Archive, s.Image)
	}
	text, err := os.ReadFile(filepath.Join(dir, at))
	if at == "" || err != nil || isImage(string(text)) != "older" {
		return nil
	}
	place, suffix := filepath.Split(at)
	suffix = filepath.Ext(suffix)
	for _, name := range []string{"rootfs" + suffix, "linuxfs.md5" + suffix, "state" + suffix + "/a/b"} {
		if text, err := os.ReadFile(filepath.Join(dir, place, name)); err != nil || len(text) == 0 {
			return fmt.Errorf("%s is there without %s: %v", at, name, err)
		}
	}
	return nil
}
