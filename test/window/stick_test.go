package window

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/wire"
	"antix-remaster/test/desktop"
	"antix-remaster/test/faults/fillup"
	"antix-remaster/test/livesys"
)

// TestFailingStick lets the device itself lose what is written to it, in the
// middle of a remaster: the window says so, and what to do.
func TestFailingStick(t *testing.T) {
	dir := t.TempDir()
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1g"))
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	stick := filepath.Join(dir, "stick.img")
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{NewStick: stick}, Polkit: livesys.Authorised})}
	image, err := b.Sys.Sha("linuxfs")
	must(t, err)
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	rest, err := os.Create(filepath.Join(dir, "rest"))
	must(t, err)
	must(t, fillup.Fill(rest, 0)) // from now on the device takes nothing new
	must(t, rest.Close())
	play(t, b.Desktop, p, failed("stick", wire.Remains)...) // nor can anything be removed from it
	must(t, os.Remove(rest.Name()))
	if sum, err := b.Sys.Sha("linuxfs"); err != nil || sum != image {
		t.Errorf("the linuxfs is another one (%v)", err)
	}
	b.quit(t, p)
}
