package publish

import (
	"context"
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
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// openAnnex opens the directory annex of a stick, of the same kind.
func openAnnex(m *Medium, dir string) (*Medium, error) {
	there, err := sys.OpenDir(dir + "/annex")
	if err != nil {
		return nil, err
	}
	a, err := m.OpenAnnex(there, "/dev/no-such-device", nil)
	if err == nil {
		a.stable, a.fat = m.stable, m.fat
	}
	return a, err
}

// actAnnex does on both places what the conductor does.
func actAnnex(m *Medium, dir, verb string) error {
	a, err := openAnnex(m, dir)
	if err != nil {
		return err
	}
	os.Open(crashMark) //nolint:errcheck // it is not there
	ctx := context.Background()
	switch verb {
	case "build":
		return buildAnnex(ctx, m, a)
	case "stage":
		a.Hold()
		_, err = a.Stage(ctx, Set{"0007", "rootfs.old"}, nil)
		if err == nil {
			_, err = m.Stage(ctx, Set{"0007", "linuxfs.old"}, nil)
		}
		return errors.Join(err, a.Release())
	case "back":
		err = a.Await(Set{"0007", "rootfs.old"})
		if err == nil {
			_, err = m.PutBack(ctx, Set{"0007", "linuxfs.old"}, nil)
		}
		if err == nil {
			_, _, err = a.Heal()
		}
		if err == nil && a.fat {
			_, err = a.PutBack(ctx, Set{"0007", "rootfs.old"}, nil)
		}
	}
	return err
}

func buildAnnex(ctx context.Context, m, a *Medium) error {
	b, err := m.Begin(plan.Plan{Part: "linuxfs.part", New: "linuxfs.new"})
	if err != nil {
		return err
	}
	_, err = b.Image().WriteString(image("second"))
	a.Hold()
	fresh, e := a.Begin(plan.Plan{Part: "rootfs.part", New: "rootfs.new"})
	if err = errors.Join(err, e); err == nil {
		err = fresh.Fill(ctx, plan.Companion{Fresh: 12345}, fillTest)
	}
	if err == nil {
		err = fresh.Arm()
	}
	if err == nil {
		err = b.Arm()
	}
	return errors.Join(err, a.Release())
}

// withAnnex has the changes of the version that runs, and of an archived one.
func withAnnex() map[string]string {
	return map[string]string{"linuxfs": image("first"), "archive/0007/linuxfs.old": image("older"), "archive/0007/linuxfs.ver": "v",
		"annex/rootfs": "of the first", "annex/archive/0007/rootfs.old": "of the older", "annex/homefs": "mine", "annex/rootfs.bak": "foreign"}
}

func withAnnexStaged() map[string]string {
	files := withAnnex()
	files["linuxfs.new"], files["annex/rootfs.new"] = image("older"), "of the older"
	delete(files, "archive/0007/linuxfs.old")
	delete(files, "annex/archive/0007/rootfs.old")
	return files
}

// ofVersion is what the rootfs must hold when that version has started.
var ofVersion = map[string]string{"first": "of the first", "older": "of the older", "second": ""}

// TestPromiseP4Annex kills an action on both places at every change, boots by the
// model or not, and starts once more: a boot that wants the rootfs gets the one
// of the version it starts, nothing of ours is left, nothing is lost, and without
// a boot rootfs.new is there exactly when the version is armed.
func TestPromiseP4Annex(t *testing.T) {
	kills := 0
	for name, c := range map[string]crashCase{
		"build":     {action: "annex build:linuxfs", files: withAnnex},
		"stage":     {action: "annex stage:linuxfs", files: withAnnex},
		"back":      {action: "annex back:linuxfs", files: withAnnexStaged},
		"FAT build": {action: "fat annex build:linuxfs", files: withAnnex},
		"FAT stage": {action: "fat annex stage:linuxfs", files: withAnnex},
		"FAT back":  {action: "fat annex back:linuxfs", files: withAnnexStaged},
	} {
		t.Run(name, func(t *testing.T) {
			armed := map[bool]int{}
			var mu sync.Mutex
			for _, boot := range []string{"", "persist", "without"} {
				kills += c.each(t, "signal=KILL", mayKill, func(dir string, _ point, success bool, _ string) error {
					if success {
						return errors.New("the child was not killed")
					}
					mu.Lock()
					defer mu.Unlock()
					swapped, err := afterKill(t, dir, boot, c)
					armed[swapped]++
					if err != nil {
						return fmt.Errorf("boot %q: %w", boot, err)
					}
					return nil
				})
			}
			if !raced && (armed[true] == 0 || armed[false] == 0) {
				t.Errorf("%d were armed, %d were not: the test sees one side only", armed[true], armed[false])
			}
		})
	}
	t.Logf("%d kills", kills)
}

// afterKill tells whether the version was armed, or is swapped in by now.
func afterKill(t *testing.T, dir, boot string, c crashCase) (swapped bool, err error) {
	stick := &world{t: t, dir: dir, name: "linuxfs", gen: live.Gen2023}
	there := &world{t: t, dir: dir + "/annex", name: "rootfs", gen: live.Gen2023}
	if boot != "" {
		o := live.NextBoot(stick.names(), live.BootOptions{Generation: live.Gen2023, Name: "linuxfs", Remasterable: true})
		if err := stick.apply(o); err != nil {
			return false, err
		}
		if err := there.apply(o.Annex(there.names())); boot == "persist" && err != nil {
			return false, err
		}
	}
	_, leftThere, err := healBoth(dir, c.fat())
	if err != nil || len(leftThere) > 0 {
		return false, fmt.Errorf("heal: %v, left %q", err, leftThere)
	}
	text, _ := os.ReadFile(dir + "/linuxfs")
	runs := isImage(string(text))
	_, noNew := os.Lstat(dir + "/linuxfs.new")
	_, noRootfs := os.Lstat(dir + "/annex/rootfs.new")
	swapped = runs != "first" || noNew == nil
	rootfs, err := os.ReadFile(dir + "/annex/rootfs")
	switch {
	case err != nil:
		return swapped, err
	case boot == "persist" && strings.HasPrefix(string(rootfs), "of the ") != (runs != "second"):
		return swapped, fmt.Errorf("%s has the rootfs %q", runs, rootfs)
	case boot == "persist" && ofVersion[runs] != "" && string(rootfs) != ofVersion[runs]:
		return swapped, fmt.Errorf("%s has the rootfs %q", runs, rootfs)
	case noNew == nil && noRootfs != nil:
		return swapped, errors.New("a version is armed, and its rootfs is not")
	// Of FAT, where the archive is copied, it is harmless until the next action
	// there, which files it.
	case boot == "" && noNew != nil && noRootfs == nil && !c.fat():
		return swapped, errors.New("rootfs.new is there for nothing")
	}
	return swapped, nothingLost(dir, c.fat())
}

func healBoth(dir string, fat bool) (healed, left []string, err error) {
	m, err := openMedium(dir, "linuxfs", "/dev/no-such-device")
	if err != nil {
		return nil, nil, err
	}
	defer m.dir.Close()
	m.stable, m.fat = !fat, fat
	healed, left, err = m.Heal()
	if err != nil {
		return healed, left, err
	}
	a, err := openAnnex(m, dir)
	if err != nil {
		return healed, left, err
	}
	defer a.dir.Close()
	more, leftThere, err := a.Heal()
	return append(healed, more...), append(left, leftThere...), err
}

// nothingLost holds that every file is there, and none of ours. Of FAT, where a
// boot took an image that was being copied, the copy may be there, too.
func nothingLost(dir string, fat bool) error {
	found := map[string]int{}
	err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name := info.Name()
		if strings.HasSuffix(name, ".part") || strings.HasPrefix(name, "remaster") || strings.HasPrefix(name, "REMAST") {
			return fmt.Errorf("%s is left", p)
		}
		text, err := os.ReadFile(p)
		found[string(text)]++
		return err
	})
	for _, text := range []string{"of the first", "of the older", "mine", "foreign", image("first"), image("older")} {
		if n := found[text]; err == nil && n != 1 && !(fat && n == 2) {
			err = fmt.Errorf("%.20q is there %d times", text, found[text])
		}
	}
	return err
}

// What a journal there may name is the rootfs and nothing else.
func TestAnnexJournal(t *testing.T) {
	dir := memDir(t)
	put(t, dir, withAnnex())
	a, err := openAnnex(medium(t, dir, "linuxfs"), dir)
	must(t, err)
	for text, want := range map[string]bool{
		`{"format":1,"action":"build","armed":"rootfs.new","create":["rootfs.part"]}`:                                    true,
		`{"format":1,"action":"build","armed":"linuxfs.new","create":["linuxfs.part"]}`:                                  false,
		`{"format":1,"action":"build","armed":"rootfs.new","create":["homefs.part"]}`:                                    false,
		`{"format":1,"action":"build","armed":"rootfs.new","create":["xtra.new"]}`:                                       false,
		`{"format":1,"action":"build","armed":"rootfs.new","create":["rootfs.md5.new"]}`:                                 false,
		`{"format":1,"action":"build","armed":"rootfs.new","create":["rootfs"]}`:                                         false,
		`{"format":1,"action":"file","archive":"0001","moves":[{"from":"rootfs","to":"rootfs.old","inode":1,"size":1}]}`: true,
		`{"format":1,"action":"file","archive":"0001","moves":[{"from":"homefs","to":"rootfs.old","inode":1,"size":1}]}`: false,
		`{"format":1,"action":"file","archive":"0001","moves":[{"from":"rootfs.md5","to":"a","inode":1,"size":1}]}`:      false,
	} {
		if _, err := a.parseJournal([]byte(text + "\n")); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Filing: into the number of the version, never over anything, the rootfs itself
// under the name of an older one; and a number is free only when it is so in both
// places.
func TestFileTo(t *testing.T) {
	dir := memDir(t)
	files := withAnnex()
	maps.Copy(files, map[string]string{"annex/rootfs.old": "older still", "archive/0041/x": "", "linuxfs.old": image("older")})
	put(t, dir, files)
	m := medium(t, dir, "linuxfs")
	a, err := openAnnex(m, dir)
	must(t, err)
	ctx := t.Context()
	if _, err := a.FileTo(ctx, "0007", "old", nil); wire.AsError(err).Code != wire.NameTaken {
		t.Errorf("over another one: %v", err)
	}
	filed, err := a.FileTo(ctx, "", "old", nil)
	if must(t, err); filed.Archive != "archive/0042" {
		t.Errorf("filed in %s", filed.Archive)
	}
	if filed, err = m.File(ctx, "old", "", nil); err != nil || filed.Archive != "archive/0043" {
		t.Errorf("filed in %s, %v", filed.Archive, err)
	}
	if err := a.Take(); err == nil {
		t.Error("nothing was taken")
	}
	must(t, os.WriteFile(dir+"/annex/rootfs.new", []byte("fresh"), 0o644))
	if err := a.Take(); wire.AsError(err).Code != wire.NameTaken {
		t.Errorf("taken over another one: %v", err)
	}
	_, err = a.FileTo(ctx, "0044", "", nil)
	must(t, err)
	must(t, a.Take())
	want := map[string]string{"annex/rootfs": "fresh", "annex/archive/0044/rootfs.old": "of the first", "annex/archive/0042/rootfs.old": "older still"}
	for name, text := range want {
		if got, _ := os.ReadFile(dir + "/" + name); string(got) != text {
			t.Errorf("%s holds %q", name, got)
		}
	}
	sets, err := a.Sets()
	must(t, err)
	if !slices.Equal(sets, []Set{{"", "rootfs.bak"}, {"0007", "rootfs.old"}, {"0042", "rootfs.old"}, {"0044", "rootfs.old"}}) {
		t.Errorf("%v", sets)
	}
}
