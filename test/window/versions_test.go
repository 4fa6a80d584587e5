package window

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// TestVersions makes a version, takes it out of the next start, writes down
// things about it, deletes a copy of it, goes back to it, and boots it: all from
// the list of versions.
func TestVersions(t *testing.T) {
	image := filepath.Join(t.TempDir(), "stick.img")
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{NewStick: image, Companions: true}, Polkit: livesys.Authorised})}
	must(t, os.WriteFile(b.Sys.Path("/etc/story"), []byte("chosen"), 0o644))
	l := english()
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{l.toSummary("lz4: the fastest"), {
		desktop.Press("Create"), desktop.Within(10*time.Minute, desktop.Wait("label", "The new version is ready and verified.")), desktop.Press("Later"),
		desktop.Wait("button", "Take it out")}, takeOut(), writeDown()} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	b.sh(t, "cd /live/boot-dev/antiX/archive; cp -a 0001 0002")
	play(t, b.Desktop, p, append(reopen("With GIMP, archived*"), deleteIt()...)...)
	if names, _ := b.Sys.StickLs(); !slices.Contains(names, "archive/") {
		t.Errorf("the stick holds %q", names)
	}
	play(t, b.Desktop, p, goBack()...)
	fits(t, p, desktop.Netbook)
	b.quit(t, p)
	must(t, b.Stop())
	r, err := boot.Boot(t.Context(), image, boot.Options{Show: []string{"/etc/story"}})
	must(t, err)
	if !r.DidRemaster || r.Fatal != "" || r.Files["/etc/story"] != "chosen" {
		t.Errorf("swapped %v, fatal %q, story %q\n%v", r.DidRemaster, r.Fatal, r.Files["/etc/story"], r.Names())
	}
}

// down chooses the next version in the list.
func down() desktop.Step { return desktop.Keys("alt+k", "Down") }

func takeOut() []desktop.Step {
	return []desktop.Step{
		desktop.Press("Versions and rollback"),
		desktop.Wait("label", "The next start uses *"),
		desktop.Shot("versions-default"),
		down(),
		desktop.Wait("label", "With GIMP"),
		desktop.Shot("versions-armed"),
		desktop.Press("Take it out of the next start"),
		desktop.Within(time.Minute, desktop.Wait("list item", "With GIMP, archived*")), desktop.Wait("label", "“With GIMP” was filed away*"), desktop.Shot("versions-taken-out"),
	}
}

func reopen(version string) []desktop.Step {
	return []desktop.Step{desktop.Press("Back"), desktop.Press("Versions and rollback"), desktop.Wait("list item", version), down()}
}

func writeDown() []desktop.Step {
	return append(reopen("With GIMP, archived*"),
		desktop.Press("Try it …"), desktop.Wait("", "Try “With GIMP”?"), desktop.Shot("versions-try"), desktop.Press("Try it"),
		desktop.Within(time.Minute, desktop.Wait("", "“With GIMP” can be tried out now.*")), desktop.Shot("versions-tried"), desktop.Press("Later"),
		desktop.Press("Stop trying"), desktop.Within(time.Minute, desktop.Wait("label", "The entry of “With GIMP” is out of the boot menu.*")), desktop.Wait("button", "Try it …"),
		desktop.Press("Note …"), desktop.Write("A note about this version", "for the holidays"), desktop.Shot("versions-note"), desktop.Press("Save"),
		desktop.Within(time.Minute, desktop.Wait("label", "for the holidays")),
		desktop.Press("Pin"), desktop.Within(time.Minute, desktop.Wait("button", "Unpin")), desktop.Wait("label", "It is pinned:*"), desktop.Shot("versions-pinned"),
		desktop.Press("Verify"), desktop.Within(5*time.Minute, desktop.Wait("", "“With GIMP” is whole")), desktop.Shot("versions-verified"), desktop.Keys("Escape"),
		desktop.Press("What differs"), desktop.Within(time.Minute, desktop.Wait("", "What differs in “With GIMP” from the version that runs")),
		desktop.Shot("versions-changes"), desktop.Keys("Escape"),
		desktop.Shot("versions-archived"))
}

func deleteIt() []desktop.Step {
	return []desktop.Step{
		desktop.Press("Delete …"), desktop.Wait("", "Delete “With GIMP” for good?"), desktop.Shot("versions-delete"), desktop.Press("Delete"),
		desktop.Wait("", "This version is pinned"), desktop.Press("Delete"),
		desktop.Within(time.Minute, desktop.Gone("Delete “With GIMP” for good?")),
		desktop.Within(time.Minute, desktop.Wait("label", "“With GIMP” is deleted. Free now: *")), desktop.Shot("versions-deleted"), // what was chosen is gone
		down(), desktop.Wait("button", "Unpin"), // the other one, which shares what is known of both
	}
}

func goBack() []desktop.Step {
	return append(reopen("With GIMP, archived*"),
		desktop.Press("Go back to this version"), desktop.Wait("", "Go back to “With GIMP”?"), desktop.Shot("versions-goback"), desktop.Press("Go back"),
		desktop.Within(time.Minute, desktop.Wait("", "“With GIMP” is in place for the next start.*")), desktop.Shot("versions-staged"), desktop.Keys("Escape"),
		desktop.Wait("button", "Take it out of the next start"))
}
