package window

import (
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// reboot starts the stick for real, with these boot options, and opens a window
// in what started.
func (b *bench) reboot(t *testing.T, words ...string) *desktop.Program {
	t.Helper()
	_, err := b.Sys.Reboot(t.Context(), boot.Options{}, words...)
	must(t, err)
	must(t, b.StartSession(t.Context(), livesys.Authorised))
	must(t, b.Sys.InstallProgram(programs))
	must(t, b.Sys.InstallShare(t.Context()))
	return b.fresh(t)
}

// TestGoingBack starts a new version and goes back from the start page, twice:
// once it is thought better of. Then the boot option rollback is used, too.
func TestGoingBack(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})}
	b.sh(t, "antix-remaster-cli build --yes --quiet --compressor lz4 --title 'With GIMP'")
	p := b.reboot(t)
	for _, part := range [][]desktop.Step{
		{desktop.Wait("label", "This start switched to the version that was waiting. If all works well, keep it: the one from before, “Fresh install”,*"),
			desktop.Wait("button", "Keep this version"), desktop.Shot("start-switched")},
		toBefore("start-goback"),
		{desktop.Press("Take it out"), desktop.Within(time.Minute, desktop.Wait("label", "“Fresh install” is where it was before, and the next start does not use it.")),
			desktop.Wait("button", "Go back …"), desktop.Shot("start-taken-out")},
		toBefore("start-goback-again"),
	} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	b.quit(t, p)
	p = b.reboot(t)
	play(t, b.Desktop, p, desktop.Wait("label", "This start switched to the version that you had chosen. If all works well, keep it: the one from before, “With GIMP”,*"), desktop.Shot("start-went-back"))
	fits(t, p, desktop.Netbook)
	b.quit(t, p)
	p = b.reboot(t, "rollback")
	play(t, b.Desktop, p, desktop.Wait("label", "This start went back to the version from before. The version you left, “Fresh install”,*"), desktop.Shot("start-rolled-back"),
		desktop.Press("File it away"), desktop.Within(time.Minute, desktop.Wait("label", "Filed away: “Fresh install”.*")), desktop.Gone("File it away"), desktop.Shot("start-filed"))
	fits(t, p, desktop.Netbook)
	b.quit(t, p)
	b.sh(t, "cd /live/boot-dev/antiX; [ -e archive/0001/linuxfs.bad ] && [ ! -e linuxfs.bad ] && [ ! -e linuxfs.old ]")
}

// toBefore goes back from the start page, and restarts later.
func toBefore(shot string) []desktop.Step {
	return []desktop.Step{
		desktop.Press("Go back …"), desktop.Wait("", "Go back to “Fresh install”?"), desktop.Shot(shot), desktop.Press("Go back"),
		desktop.Within(time.Minute, desktop.Wait("", "“Fresh install” is in place for the next start.*")), desktop.Shot(shot + "-restart"), desktop.Press("Later"),
		desktop.Wait("button", "Take it out"), desktop.Wait("label", "“Fresh install” waits for the next start.*"), desktop.Shot(shot + "-done"),
		desktop.Press("Restart now"), desktop.Wait("", "Restart now?"), desktop.Press("Later"), desktop.Wait("button", "Take it out"), // thought better of
	}
}

// TestBootMenu puts the entries into the boot menu of the stick and takes them
// out: each time the page says what is there.
func TestBootMenu(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})}
	b.sh(t, oldVersions+"; mkdir archive/0007; cp linuxfs archive/0007/linuxfs.old")
	const entries = "test $(cat /live/boot-dev/boot/*/remaster.cfg | grep -c '^#: entry') = "
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{{
		desktop.Press("Versions and rollback"), desktop.Wait("list item", "Holidays 5, archived*"), desktop.Press("Boot menu …"),
		desktop.Wait("label", "The boot menu has no entries of this program yet*"), desktop.Wait("label", "Rescue: start Holidays 2 (2 May 2026)"), desktop.Shot("menu-none"),
	}, {
		desktop.Press("Add the entries"), desktop.Wait("", "Add the entries to the boot menu?"), desktop.Shot("menu-add"), desktop.Press("Add them"),
		desktop.Within(time.Minute, desktop.Wait("label", "The boot menu has these entries of this program:")), desktop.Wait("button", "Take the entries out"), desktop.Shot("menu-on"),
	}} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	b.sh(t, entries+"6")
	play(t, b.Desktop, p, desktop.Press("Back"), desktop.Keys("alt+k", "Down"), desktop.Press("Try it …"), desktop.Press("Try it"),
		desktop.Within(time.Minute, desktop.Wait("", "“Fresh install” can be tried out now.*")), desktop.Press("Later"),
		desktop.Press("Boot menu …"), desktop.Wait("label", "Try: Fresh install *"), desktop.Shot("menu-try"),
		desktop.Press("Take the entries out"), desktop.Wait("", "Take the entries out of the boot menu?"), desktop.Shot("menu-out"), desktop.Press("Take them out"),
		desktop.Within(time.Minute, desktop.Wait("label", "You took the entries of this program out of the boot menu*")), desktop.Gone("Try: Fresh install *"), desktop.Shot("menu-off"))
	fits(t, p, desktop.Netbook)
	b.sh(t, entries+"0")
	b.quit(t, p)
}

// TestBootMenuUnseen: with an encrypted stick the menu may lie on what is not
// mounted. It can be changed all the same, and what is there then is told.
func TestBootMenuUnseen(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{Encrypted: true, BIOSUnmounted: true}, Polkit: livesys.Authorised})}
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press("Versions and rollback"), desktop.Press("Boot menu …"), desktop.Wait("label", "The boot menu cannot be looked at now*"), desktop.Shot("menu-unseen"),
		desktop.Press("Add the entries"), desktop.Press("Add them"), desktop.Within(time.Minute, desktop.Wait("", "The boot menu has these entries now")), desktop.Shot("menu-unseen-added"), desktop.Keys("Escape"),
		desktop.Press("Take the entries out"), desktop.Press("Take them out"), desktop.Within(time.Minute, desktop.Wait("", "The entries are out of the boot menu")), desktop.Keys("Escape"))
	named(t, p)
	b.quit(t, p)
}
