package window

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

const (
	liveCD    = "Make a LiveCD"
	makeIt    = "Make the LiveCD"
	fileField = "File of the LiveCD"
)

// startLiveCD starts a live system that can make a LiveCD.
func startLiveCD(t *testing.T, o desktop.Options) *bench {
	t.Helper()
	b := &bench{Desktop: start(t, o)}
	must(t, b.Sys.InstallLiveCDTools())
	return b
}

// readyToMake is the page when all is well for the file.
func readyToMake(file string) []desktop.Step {
	return []desktop.Step{desktop.Write(fileField, file), desktop.Wait("label", "Your system is not changed. You can cancel at any time*")}
}

// refusedFor is the page when that file cannot be made.
func (b *bench) refusedFor(t *testing.T, p *desktop.Program, file string, code wire.Code) {
	t.Helper()
	play(t, b.Desktop, p, desktop.Write(fileField, file), desktop.Wait("label", title(code)+"."), desktop.Wait("label", title(code)),
		desktop.Shot("livecd-"+string(code)))
	disabled(t, p, makeIt)
}

// holds has a file of an image been read by bsdtar, which shares nothing with what
// made it.
func (b *bench) holds(t *testing.T, iso, name, want string) {
	t.Helper()
	got, err := exec.Command("bsdtar", "xOf", b.Sys.Path(iso), name).Output()
	must(t, err)
	if text, err := os.ReadFile(want); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%s in it has %d bytes, and is not %s (%v)", name, len(got), want, err)
	}
}

// noLiveCD holds that no file is left, and no xorriso.
func (b *bench) noLiveCD(t *testing.T) {
	t.Helper()
	out, err := b.Sys.Shell(t.Context(), "ls -A /home/demo /home/demo/Live-usb-storage | grep iso || true; pgrep xorriso || true")
	must(t, err)
	if out != "" {
		t.Errorf("there is still %q", out)
	}
}

// fewVersions are one that can only start with its own kernel, one that was cut
// off, and one for which there is no kernel.
const fewVersions = `cd /live/boot-dev/antiX; mkdir -p archive/0001 archive/0002 archive/0003
version() { mkdir -p $1/etc/live/version $1/boot $1/lib/modules/5.5.5; printf '==== abcdef012345678%s\n\ntitle: %s\n' $2 "$3" >$1/etc/live/version/linuxfs.ver; }
version /tmp/r 1 "With its own kernel"; cp vmlinuz /tmp/r/boot/vmlinuz-5.5.5
mkdir -p /tmp/i/etc /tmp/i/lib/modules/5.5.5; touch /tmp/i/etc/initrd-release; (cd /tmp/i; find . | cpio -o -H newc 2>/dev/null | gzip) >/tmp/r/boot/initrd.gz-5.5.5
mksquashfs /tmp/r archive/0001/linuxfs.old -quiet -no-progress >/dev/null
head -c 100000 linuxfs >archive/0002/linuxfs.old
version /tmp/n 3 "Without a kernel"; mksquashfs /tmp/n archive/0003/linuxfs.old -quiet -no-progress >/dev/null; rm -r /tmp/r /tmp/i /tmp/n`

// TestLiveCD makes one from the window, without a password, and is refused where
// it cannot be.
func TestLiveCD(t *testing.T) {
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{Companions: true}, Polkit: livesys.Denied})
	b.sh(t, fewVersions)
	p := b.fresh(t)
	for _, part := range [][]desktop.Step{{
		desktop.Press(liveCD), desktop.Wait("list item", "Fresh install, running, default*"), desktop.Wait("list item", "Without a kernel, archived · No kernel fits this version*"),
		desktop.Wait("label", "about *"), desktop.Shot("livecd"),
	}, append(readyToMake("my"),
		desktop.Press("Choose …"), desktop.Wait("file chooser", "Where the LiveCD goes"), desktop.Write("Name:", "chosen"), desktop.Shot("livecd-where"), desktop.Press("Choose"),
		desktop.Gone("Where the LiveCD goes"), desktop.Write("Label of the disc", "two words"), desktop.Wait("label", title(wire.ISOLabel)+"."),
		desktop.Write("Label of the disc", "MY_CD"), desktop.Wait("label", "Your system is not changed*"), desktop.Wait("label", title(wire.ISOInMemory)), desktop.Shot("livecd-chosen"),
	), {
		desktop.Press(makeIt), desktop.Within(5*time.Minute, desktop.Wait("label", "The LiveCD is ready")), desktop.Wait("label", "/home/demo/chosen.iso"),
		desktop.Shot("livecd-done"),
	}} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	const made = "/home/demo/chosen.iso"
	b.sh(t, "cd /home/demo; sha256sum -c chosen.iso.sha256; [ \"$(stat -c %U chosen.iso) $(ls | grep -c iso)\" = 'demo 2' ]")
	for name, want := range map[string]string{"antiX/linuxfs": "linuxfs", "antiX/vmlinuz": "vmlinuz", "antiX/initrd.gz": "initrd.gz"} {
		b.holds(t, made, name, b.Sys.StickPath(want))
	}
	if head, err := os.ReadFile(b.Sys.Path(made)); err != nil || !strings.HasPrefix(string(head[16*2048+40:]), "MY_CD ") {
		t.Errorf("another label (%v)", err)
	}
	b.opensFolder(t, p)
	play(t, b.Desktop, p, desktop.Press("Back"), desktop.Wait("button", liveCD))
	b.quit(t, p)
}

// opensFolder: a program for folders is asked, where there is one.
func (b *bench) opensFolder(t *testing.T, p *desktop.Program) {
	t.Helper()
	play(t, b.Desktop, p, desktop.Press("Open the folder"), desktop.Wait("", "The folder cannot be shown"), desktop.Shot("livecd-no-folder"), desktop.Keys("Escape"),
		desktop.Gone("The folder cannot be shown"))
	b.sh(t, `cat >/usr/bin/folders <<'END'
#!/bin/sh
echo "$1" >/tmp/opened
END
chmod 755 /usr/bin/folders; mkdir -p /usr/share/applications
printf '[Desktop Entry]\nType=Application\nName=Folders\nExec=folders %%f\nMimeType=inode/directory;\n' >/usr/share/applications/folders.desktop
printf '[Default Applications]\ninode/directory=folders.desktop\n' >/usr/share/applications/mimeapps.list`)
	play(t, b.Desktop, p, desktop.Press("Open the folder"))
	b.sh(t, `for i in $(seq 100); do [ "$(cat /tmp/opened 2>/dev/null)" = /home/demo ] && exit; sleep 0.1; done; echo "the folder was not opened" >&2; exit 1`)
}

// TestLiveCDRefused: what is known beforehand is said beforehand.
func TestLiveCDRefused(t *testing.T) {
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Denied})
	b.sh(t, fewVersions+`
touch /home/demo/taken.iso; mkdir /mnt/small; mount -t tmpfs -o size=20m,mode=777 none /mnt/small`)
	defer b.sh(t, "umount /mnt/small")
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(liveCD), desktop.Wait("list item", "Without a kernel, archived · No kernel fits this version*"))
	b.refusedFor(t, p, "/mnt/small/x.iso", wire.ISONoSpace)
	fits(t, p, desktop.Netbook)
	b.refusedFor(t, p, "/mnt/nowhere/x.iso", wire.ISONotSaved)
	b.refusedFor(t, p, "/root/x.iso", wire.ISONotSaved)
	b.refusedFor(t, p, "taken", wire.OutputTaken)
	for _, code := range []wire.Code{wire.ISONoKernel, wire.VersionDamaged} { // down the list
		play(t, b.Desktop, p, desktop.Keys("alt+v", "Down"))
		b.refusedFor(t, p, "/home/demo/x.iso", code)
	}
	play(t, b.Desktop, p, desktop.Keys("alt+v", "Down"))
	play(t, b.Desktop, p, readyToMake("~/own")...)
	play(t, b.Desktop, p, desktop.Wait("label", title(wire.ISOOwnKernel)), desktop.Shot("livecd-own-kernel"), desktop.Press(makeIt),
		desktop.Within(5*time.Minute, desktop.Wait("label", "The LiveCD is ready")), desktop.Wait("label", "5.5.5"))
	b.holds(t, "/home/demo/own.iso", "antiX/vmlinuz", b.Sys.StickPath("vmlinuz"))
	b.holds(t, "/home/demo/own.iso", "antiX/linuxfs", b.Sys.StickPath("archive/0001/linuxfs.old"))
	b.quit(t, p)
}

// standStill lets xorriso stand still when a part of the image is written.
const standStill = `(p=; for i in $(seq 3000); do p=$(pgrep -f 'xorriso.* -o -$') && break; sleep 0.01; done
while kill -0 $p && [ ! -s /home/demo/folder/x.iso.part ]; do sleep 0.002; done; kill -STOP $p) >/dev/null 2>&1 &`

// TestLiveCDCancelled gives it up by the button, by closing the window, and by a
// signal that ends the program; and its folder may go away.
func TestLiveCDCancelled(t *testing.T) {
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Denied})
	for _, c := range []struct {
		name string
		end  func(t *testing.T, p *desktop.Program)
	}{
		{"button", func(t *testing.T, p *desktop.Program) {
			play(t, b.Desktop, p, desktop.Press("Pause"), desktop.Wait("button", "Go on"), desktop.Press("Go on"), desktop.Wait("button", "Pause"), desktop.Shot("livecd-work"))
			named(t, p)
			fits(t, p, desktop.Netbook)
			play(t, b.Desktop, p, desktop.Press("Cancel"), desktop.Wait("", "Give up the LiveCD?"), desktop.Shot("livecd-give-up"), desktop.Press("Give up"))
			play(t, b.Desktop, p, failed("livecd-cancelled", wire.Cancelled)...)
			b.noLiveCD(t)
			play(t, b.Desktop, p, desktop.Press("Try again"), desktop.Wait("label", "Your system is not changed*"))
			b.quit(t, p)
		}},
		{"window", func(t *testing.T, p *desktop.Program) {
			play(t, b.Desktop, p, desktop.Keys("alt+F4"), desktop.Wait("", "Give up the LiveCD?"), desktop.Press("Give up"))
			ends(t, p, 20*time.Second)
		}},
		{"signal", func(t *testing.T, p *desktop.Program) {
			must(t, p.Cmd.Process.Signal(syscall.SIGTERM))
			ends(t, p, 20*time.Second)
		}},
		{"folder", func(t *testing.T, p *desktop.Program) {
			b.sh(t, "rm -r /home/demo/folder; pkill -CONT xorriso")
			play(t, b.Desktop, p, desktop.Wait("label", title(wire.ISONotSaved)), desktop.Wait("label", "/home/demo/folder/x.iso could not be written*"), desktop.Shot("livecd-gone"))
			b.quit(t, p)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.sh(t, "install -d -o demo /home/demo/folder")
			p := b.fresh(t)
			b.sh(t, standStill)
			play(t, b.Desktop, p, append(append([]desktop.Step{desktop.Press(liveCD)}, readyToMake("/home/demo/folder/x.iso")...),
				desktop.Press(makeIt), desktop.Wait("icon", "done"))...)
			c.end(t, p)
			b.noLiveCD(t)
			b.sh(t, "[ -z \"$(ls -A /home/demo/folder 2>/dev/null)\" ]")
		})
	}
}

// TestLiveCDAfterRemaster makes a new version first, by the same page, and the
// LiveCD of it before it ever started.
func TestLiveCDAfterRemaster(t *testing.T) {
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{Companions: true}, Polkit: livesys.Authorised})
	p := b.fresh(t)
	next := desktop.Press("Next")
	for _, part := range [][]desktop.Step{{
		desktop.Press(liveCD), desktop.Wait("label", "about *"), desktop.Choose("check box", "Remaster first: put in what I changed since then, too"),
		desktop.Wait("label", "First you make the new version*"), desktop.Wait("label", "The next pages make a new version*"), desktop.Shot("livecd-remaster-first"), next,
		ready(), next, desktop.Write("Title of the new version", "For a disc"), next, desktop.Choose("radio button", "lz4: the fastest"), next,
		desktop.Within(2*time.Minute, desktop.Press("Create")), desktop.Within(10*time.Minute, desktop.Wait("label", "The new version is ready and verified.")),
		desktop.Wait("button", "Make a LiveCD of it …"), desktop.Wait("button", "Go on to the LiveCD"), desktop.Shot("livecd-remastered"),
	}, {
		desktop.Press("Go on to the LiveCD"), desktop.Wait("list item", "For a disc, waiting for the next start*"), desktop.Wait("label", "Your system is not changed*"), desktop.Shot("livecd-armed"),
	}, append(readyToMake("/home/demo/new.iso"),
		desktop.Press(makeIt), desktop.Within(5*time.Minute, desktop.Wait("label", "The LiveCD is ready")),
		desktop.Press("Back"), desktop.Wait("button", "Restart now"))} {
		play(t, b.Desktop, p, part...)
		fits(t, p, desktop.Netbook)
	}
	b.holds(t, "/home/demo/new.iso", "antiX/linuxfs", b.Sys.StickPath("linuxfs.new"))
}

// TestLiveCDOnASmallScreen: its pages fit 800x600.
func TestLiveCDOnASmallScreen(t *testing.T) {
	size := image.Pt(800, 600)
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Denied, Size: size})
	b.sh(t, fewVersions)
	p := launch(t, b.Desktop, english(), "GTK_THEME=Adwaita:dark")
	for _, part := range [][]desktop.Step{
		{desktop.Wait("button", liveCD), desktop.Shot("800x600-livecd-start")},
		{desktop.Press("Versions and rollback"), desktop.Wait("list item", "Without a kernel*"), desktop.Shot("800x600-livecd-versions"), desktop.Press("LiveCD …"),
			desktop.Wait("list item", "Without a kernel, archived · No kernel fits this version*"), desktop.Wait("label", "Your system is not changed*"), desktop.Shot("800x600-livecd")},
		{desktop.Press("Back"), desktop.Wait("button", "LiveCD …"), desktop.Press("LiveCD …"), desktop.Wait("label", "Your system is not changed*"), desktop.Write(fileField, "/home/demo/x"), desktop.Press(makeIt),
			desktop.Within(5*time.Minute, desktop.Wait("label", "The LiveCD is ready")), desktop.Shot("800x600-livecd-done")},
	} {
		play(t, b.Desktop, p, part...)
		fits(t, p, size)
	}
}
