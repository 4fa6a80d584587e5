package publish

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// crashCase is an action on a directory. With "fat " before it the directory in
// memory is treated as FAT.
type crashCase struct {
	action string
	files  func() map[string]string
	middle string // an action whose result may be left, too
}

func withOld() map[string]string {
	files := stickFiles()
	files["linuxfs.old"], files["linuxfs.md5.old"], files["state.old/a"], files["xtra.tgz.old"] = image("older"), "old md5", "old state", "old xtra"
	files["archive/0007/linuxfs.old"] = image("oldest")
	return files
}

func withLinks() map[string]string {
	files := withOld()
	delete(files, "linuxfs")
	delete(files, "linuxfs.old")
	files["linuxfs@linuxfs.04"], files["linuxfs.04"] = "", image("first")
	files["linuxfs.old@linuxfs.03"], files["linuxfs.03"] = "", image("older")
	return files
}

func armedOnly() map[string]string {
	files := armed()
	delete(files, "rootfs.new")
	delete(files, "deb.new/")
	delete(files, "deb.new/a")
	return files
}

// withRootfs has root persistence, and no rootfs.new of somebody else.
func withRootfs() map[string]string {
	files := stickFiles()
	files["rootfs"] = "saved changes"
	delete(files, "rootfs.new")
	return files
}

var crashCases = map[string]crashCase{
	"build":        {action: "build:linuxfs", files: stickFiles},
	"build rootfs": {action: "build rootfs:linuxfs", files: withRootfs},
	"FAT rootfs":   {action: "fat build rootfs:linuxfs", files: withRootfs},
	"keep":         {action: "old:linuxfs", files: withOld},
	"keep a link":  {action: "old:linuxfs", files: withLinks},
	"disarm":       {action: "new:linuxfs", files: armedOnly},
	"md5 of sqext": {action: "md5:linuxfs.e16", files: func() map[string]string { return map[string]string{"linuxfs.e16": image("first"), "vmlinuz": ""} }},

	"stage":               {action: "stage 0007/linuxfs.old:linuxfs", files: withArchived},
	"stage previous":      {action: "stage linuxfs.old:linuxfs", files: withPrevious},
	"stage a link":        {action: "stage linuxfs.old:linuxfs", files: withPreviousLink},
	"stage a spare one":   {action: "stage linuxfs.02:linuxfs", files: withSpare},
	"put back a spare":    {action: "back linuxfs.02:linuxfs", files: withStaged},
	"put back":            {action: "back 0007/linuxfs.old:linuxfs", files: withStaged},
	"put back beside":     {action: "back linuxfs.old:linuxfs", files: withStaged},
	"put back a link":     {action: "back 0007/linuxfs.old:linuxfs", files: withStagedLink},
	"delete":              {action: "delete 0007/linuxfs.old:linuxfs", files: withArchived},
	"delete previous":     {action: "delete linuxfs.old:linuxfs", files: withPrevious},
	"delete a link":       {action: "delete linuxfs.old:linuxfs", files: withPreviousLink},
	"record":              {action: "record:linuxfs", files: recordFiles},
	"FAT stage":           {action: "fat stage 0007/linuxfs.old:linuxfs", files: withArchived},
	"FAT stage previous":  {action: "fat stage linuxfs.old:linuxfs", files: withPrevious, middle: "fat file linuxfs.old:linuxfs"},
	"FAT stage, first":    {action: "fat stage linuxfs.old:linuxfs", files: withoutArchive, middle: "fat file linuxfs.old:linuxfs"},
	"FAT put back":        {action: "fat back 0007/linuxfs.old:linuxfs", files: withStaged},
	"FAT put back beside": {action: "fat back linuxfs.old:linuxfs", files: withStaged, middle: "fat file linuxfs.new:linuxfs"},
	"FAT delete":          {action: "fat delete 0007/linuxfs.old:linuxfs", files: withArchived},
	"FAT delete previous": {action: "fat delete linuxfs.old:linuxfs", files: withPrevious},
	"FAT record":          {action: "fat record:linuxfs", files: recordFiles},
}

func (c crashCase) fat() bool { return strings.HasPrefix(c.action, "fat ") }

// heal is the action of the next start.
func (c crashCase) heal() string {
	if c.fat() {
		return "fat heal:" + c.name()
	}
	return "heal:" + c.name()
}

// result is what a directory looks like after the undisturbed action.
func (c crashCase) result(t testing.TB) tree {
	t.Helper()
	dir := memDir(t)
	put(t, dir, c.files())
	must(t, act(c.action, dir))
	return treeOf(t, dir)
}

// raced tells that the race detector is on. It makes a child, which has one
// thread, many times slower: then only a part of the points is tried, as the run
// without it tries them all.
var raced bool

func skipped(i int) bool { return raced && i%4 != 0 }

// each strikes at every chosen point, a few at a time.
func (c crashCase) each(t *testing.T, what string, choose func(i, all int, p point) bool, check func(dir string, p point, success bool, text string) error) int {
	t.Helper()
	trial := memDir(t)
	put(t, trial, c.files())
	all := points(t, c.action, trial)
	var busy sync.WaitGroup
	slots := make(chan bool, 3)
	struck := 0
	for i, p := range all {
		if !choose(i, len(all), p) || skipped(i) {
			continue
		}
		struck++
		dir := memDir(t)
		put(t, dir, c.files())
		slots <- true
		busy.Go(func() {
			defer func() { <-slots }()
			success, text := strike(c.action, dir, p, what)
			if err := check(dir, p, success, text); err != nil {
				t.Errorf("%s at %s: %v\n%s", what, p, err, text)
			}
		})
	}
	busy.Wait()
	return struck
}

func (c crashCase) name() string { _, name, _ := strings.Cut(c.action, ":"); return name }

// states are the trees that there may be after a start.
type states struct{ before, middle, after tree }

func (c crashCase) states(t testing.TB) states {
	t.Helper()
	reference := memDir(t)
	put(t, reference, c.files())
	s := states{before: treeOf(t, reference), after: c.result(t)}
	if c.middle != "" {
		c.action = c.middle
		s.middle = c.result(t)
	}
	return s
}

// healed checks what one start after a crash makes of dir: exactly the state
// before or after the action. In the middle counts as done: there is nothing to
// do again.
func (c crashCase) healed(t *testing.T, dir string, want states) (done bool, err error) {
	untouched := exactTree(t, dir)[linuxfsOf(dir, c.name())]
	if err := errors.Join(wholeImages(dir, c.fat()), c.orderly(dir)); err != nil {
		return false, fmt.Errorf("before healing: %w", err)
	}
	m := medium(t, dir, c.name())
	m.stable, m.fat = !c.fat(), c.fat()
	_, left, err := m.Heal()
	if err != nil || len(left) > 0 {
		return false, fmt.Errorf("heal: %v, left %q", err, left)
	}
	got := treeOf(t, dir)
	if exactTree(t, dir)[linuxfsOf(dir, c.name())] != untouched {
		return false, errors.New("healing touched the linuxfs")
	}
	if got.diff(want.before) == "" {
		return false, nil
	}
	if want.middle != nil && got.diff(want.middle) == "" {
		return true, nil
	}
	// The copy of the version file is a convenience: the image holds it.
	ver := "archive/0008/linuxfs.ver"
	if strings.HasPrefix(c.action, "new") {
		ver = "archive/0001/linuxfs.ver"
	}
	if d := got.without(ver).diff(want.after.without(ver)); d != "" {
		return false, fmt.Errorf("neither as before nor done; compared with done:\n%scompared with before:\n%s", d, got.diff(want.before))
	}
	return true, nil
}

func linuxfsOf(dir, name string) string {
	if target, err := os.Readlink(filepath.Join(dir, name)); err == nil {
		return target
	}
	return name
}

// wholeImages holds that everything under the name of an image is one. In the
// archive of FAT it may be an unfinished copy.
func wholeImages(dir string, fat bool) error {
	var err error
	paths, _ := filepath.Glob(dir + "/linuxfs*")
	deep, _ := filepath.Glob(dir + "/archive/*/linuxfs.*")
	if fat {
		deep = nil
	}
	for _, p := range append(paths, deep...) {
		switch base := filepath.Base(p); base {
		case "linuxfs", "linuxfs.new", "linuxfs.old", "linuxfs.bad", "linuxfs.03", "linuxfs.04", "linuxfs.e16":
			text, e := os.ReadFile(p)
			if e == nil && isImage(string(text)) == "" {
				err = errors.Join(err, fmt.Errorf("%s is not a whole image", p))
			}
		}
	}
	return err
}

// TestPromiseP1P2P4Kill kills the action at every system call that changes
// something, starts once more, and compares the whole directory.
func TestPromiseP1P2P4Kill(t *testing.T) {
	total := 0
	for name, c := range crashCases {
		t.Run(name, func(t *testing.T) {
			want := c.states(t)
			states := map[bool]int{}
			var mu sync.Mutex
			total += c.each(t, "signal=KILL", mayKill, func(dir string, p point, success bool, _ string) error {
				if success {
					return errors.New("the child was not killed")
				}
				done, err := c.healed(t, dir, want)
				mu.Lock()
				states[done]++
				mu.Unlock()
				if err != nil || done {
					return err
				}
				if err := act(c.action, dir); err != nil {
					return fmt.Errorf("the retry failed: %w", err)
				}
				if d := treeOf(t, dir).diff(want.after); d != "" {
					return fmt.Errorf("after the retry:\n%s", d)
				}
				return nil
			})
			if !raced && (states[true] == 0 || states[false] == 0) {
				t.Errorf("%d ended done and %d as before: the test sees one side only", states[true], states[false])
			}
		})
	}
	t.Logf("%d kills", total)
}

// TestPromiseP5Errors lets every system call fail once: an action that met an
// error never reports success, and never leaves an armed image.
func TestPromiseP5Errors(t *testing.T) {
	total := 0
	for name, c := range crashCases {
		t.Run(name, func(t *testing.T) {
			want := c.states(t)
			total += c.each(t, "error=EIO", c.mayFail, func(dir string, p point, success bool, text string) error {
				if success {
					return errors.New("it reported success")
				}
				done, err := c.healed(t, dir, want)
				_, e := os.Lstat(filepath.Join(dir, "linuxfs.new"))
				if err == nil && done && e == nil && c.arms() && !strings.HasPrefix(text, "not_tidied") {
					return errors.New("it reported an error, and yet the image is armed")
				}
				return err
			})
		})
	}
	t.Logf("%d errors", total)
}

// arms tells whether the action is one that must not arm when it fails.
func (c crashCase) arms() bool {
	return strings.HasPrefix(c.action, "build") || strings.Contains(c.action, "stage ")
}

// TestPromiseP4KillInHealing kills the healing itself, then heals once more.
func TestPromiseP4KillInHealing(t *testing.T) {
	for _, c := range []struct {
		of  string
		cut point
	}{
		{"build", point{"renameat2", 5, true}}, // all companions are there, the image is not armed
		{"keep", point{"renameat2", 4, true}},
		{"keep a link", point{"renameat2", 4, true}},
		{"disarm", point{"renameat2", 4, true}},
		{"stage", point{"renameat2", 4, true}},
		{"stage previous", point{"renameat2", 4, true}},
		{"put back", point{"renameat2", 4, true}},
		{"put back a link", point{"renameat2", 3, true}},
		{"delete", point{"unlinkat", 3, true}},
		{"delete a link", point{"unlinkat", 2, true}},
		{"record", point{"renameat2", 1, true}},
		{"FAT stage", point{"renameat2", 1, true}},
		{"FAT put back", point{"unlinkat", 3, true}},
		{"FAT record", point{"unlinkat", 2, true}},
	} {
		t.Run(c.of, func(t *testing.T) {
			original := crashCases[c.of]
			want := original.states(t)
			crashed := func(dir string) {
				put(t, dir, original.files())
				if success, text := strike(original.action, dir, c.cut, "signal=KILL"); success {
					t.Fatalf("was not killed: %s", text)
				}
			}
			trial := memDir(t)
			crashed(trial)
			all := points(t, original.heal(), trial)
			for i, p := range all {
				if !mayKill(i, len(all), p) || skipped(i) {
					continue
				}
				dir := memDir(t)
				crashed(dir)
				strike(original.heal(), dir, p, "signal=KILL")
				if _, err := original.healed(t, dir, want); err != nil {
					t.Errorf("at %s: %v", p, err)
				}
			}
		})
	}
}
