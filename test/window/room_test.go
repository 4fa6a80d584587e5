package window

import (
	"image"
	"os"
	"testing"
	"time"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// oldVersions fills the archive: five versions, one of them pinned, and one that
// was copied to a half.
const oldVersions = `cd /live/boot-dev/antiX
for n in 1 2 3 4 5; do
  d=/tmp/v$n; mkdir -p $d/etc/live/version $d/lib/modules/$(ls /lib/modules) $d/many archive/000$n
  printf "==== abcdef000000000$n\n\ntitle: Holidays $n\ncreation date: $n May 2026\n" >$d/etc/live/version/linuxfs.ver
  head -c 3000000 /dev/urandom >$d/noise; (cd $d/many; seq 250 | xargs touch); mkdir -p $d/many/deep/empty
  mksquashfs $d archive/000$n/linuxfs.old -quiet -no-progress >/dev/null
done
mkdir archive/0006; head -c 100000 linuxfs >archive/0006/linuxfs.old
antix-remaster-cli pin 2`

// TestRoom makes room by a wish, and looks what goes before it does.
func TestRoom(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})}
	b.sh(t, oldVersions)
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{{
		desktop.Press("Versions and rollback"), desktop.Wait("list item", "Holidays 1, archived*"), desktop.Shot("versions-many"),
		desktop.Press("Make room …"), desktop.Wait("list item", "Nothing would be deleted."), desktop.Wait("list item", "Holidays 2, This version is pinned*"),
		desktop.Wait("label", "Nothing has to go for that*"), desktop.Shot("room-nothing"),
	}, {
		desktop.Keys("alt+k", "Down", "Down"), desktop.Wait("button", "Delete these 2 versions"),
		desktop.Wait("list item", "Holidays 1, made 1 May 2026*"), desktop.Wait("list item", "Holidays 3, made 3 May 2026*"), desktop.Wait("label", "Free afterwards: *"), desktop.Shot("room"),
	}, {
		desktop.Keys("alt+r", "Page_Up", "Page_Up"), desktop.Wait("button", "Delete these 4 versions"), desktop.Shot("room-unmet"),
		desktop.Keys("Page_Down", "Page_Down", "Page_Down"), desktop.Wait("button", "Delete these 2 versions"),
		desktop.Press("Delete these 2 versions"), desktop.Wait("", "Delete these 2 versions for good?"), desktop.Shot("room-sure"), desktop.Press("Delete"),
		desktop.Within(2*time.Minute, desktop.Wait("list item", "Holidays 5, archived*")), desktop.Gone("Holidays 1, archived*"), desktop.Gone("Holidays 3, archived*"), desktop.Wait("label", "Versions that were deleted: 2. Free now: *"),
		desktop.Shot("room-made"),
	}} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	b.sh(t, "cd /live/boot-dev/antiX/archive; [ \"$(echo 0*)\" = '0002 0004 0005 0006' ]")
	b.quit(t, p)
}

// TestRoomStops: when one cannot be deleted, it is told which are gone.
func TestRoomStops(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})}
	b.sh(t, oldVersions+"; chattr +i archive/0003/linuxfs.old")
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press("Versions and rollback"), desktop.Press("Make room …"), desktop.Wait("label", "Nothing has to go for that*"),
		desktop.Keys("alt+k", "Down", "Down"), desktop.Press("Delete these 2 versions"), desktop.Press("Delete"),
		desktop.Within(2*time.Minute, desktop.Wait("label", "Deleted: archive/0001/linuxfs.old. Not deleted: archive/0003/linuxfs.old.*")), desktop.Shot("room-stopped"))
	fits(t, p, desktop.Netbook)
	b.sh(t, "chattr -i /live/boot-dev/antiX/archive/0003/linuxfs.old")
	play(t, b.Desktop, p, desktop.Press("Try again"), desktop.Wait("label", "Nothing has to go for that*"))
	b.quit(t, p)
}

// TestInside looks into a version without a password, and copies a file out.
func TestInside(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Denied})}
	b.sh(t, oldVersions)
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{{
		desktop.Press("Versions and rollback"), desktop.Wait("list item", "Holidays 5, archived*"), down(), down(), desktop.Wait("label", "Holidays 5"),
		desktop.Press("Look inside"), desktop.Wait("frame", "Inside “Holidays 5”"), desktop.Wait("table cell", "noise"), desktop.Keys("Return"), desktop.Wait("table cell", "live"),
		desktop.Shot("inside"),
	}, {
		desktop.Keys("Return", "End", "Return"), desktop.Wait("file chooser", "Save a copy"), desktop.Shot("inside-save"),
		desktop.Write("Name:", "/home/demo/copy"), desktop.Press("Save"), desktop.Wait("label", "Saved as /home/demo/copy: 2.9 MiB."),
		desktop.Keys("alt+s"), desktop.Wait("file chooser", "Save a copy"), desktop.Write("Name:", "/home/demo/copy"), desktop.Press("Save"),
		desktop.Wait("label", "/home/demo/copy is there, and nothing is ever overwritten.*"), desktop.Shot("inside-taken"),
	}, {
		desktop.Keys("Up", "Return"), desktop.Wait("table cell", "deep"), desktop.Keys("Down", "Return"), desktop.Wait("table cell", "empty"), desktop.Keys("Down", "Return"),
		desktop.Wait("table cell", "nothing is in it"), desktop.Shot("inside-deep"),
	}, {
		desktop.Keys("Escape"), desktop.Gone("Inside “Holidays 5”"), desktop.Keys("alt+k", "Up"), desktop.Press("Look inside"),
		desktop.Wait("", "“archive/0006/linuxfs.old” cannot be looked into"), desktop.Shot("inside-damaged"), desktop.Keys("Escape"),
	}} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	b.sh(t, "cmp /home/demo/copy /tmp/v5/noise; [ $(stat -c %U /home/demo/copy) = demo ]")
	if _, err := os.Stat(b.Sys.Path("/home/demo/copy.part")); err == nil {
		t.Error("the unfinished copy is still there")
	}
	b.quit(t, p)
}

// TestRoomOnASmallScreen: both fit 800x600, and what is longer can be scrolled.
func TestRoomOnASmallScreen(t *testing.T) {
	size := image.Pt(800, 600)
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Denied, Size: size})}
	b.sh(t, oldVersions)
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{
		{desktop.Press("Versions and rollback"), desktop.Wait("list item", "Holidays 5, archived*"), desktop.Shot("800x600-versions-many")},
		{desktop.Press("Make room …"), desktop.Wait("label", "Nothing has to go for that*"), desktop.Keys("alt+r", "Page_Up"), desktop.Wait("label", "Even that is less*"), desktop.Shot("800x600-room")},
		{desktop.Press("Back"), desktop.Press("Boot menu …"), desktop.Wait("label", "The boot menu has no entries of this program yet*"), desktop.Shot("800x600-menu"),
			desktop.Press("Add the entries"), desktop.Wait("", "Add the entries to the boot menu?"), desktop.Shot("800x600-menu-add"), desktop.Keys("Escape")},
		{desktop.Press("Back"), desktop.Press("Look inside"), desktop.Wait("table cell", "etc"), desktop.Shot("800x600-inside")},
	} {
		play(t, b.Desktop, p, part...)
		fits(t, p, size)
	}
}
