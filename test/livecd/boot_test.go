package livecd

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"antix-remaster/test/livesys"
)

// programs is the directory of the freshly built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(livesys.WithPrograms(func(dir string) int {
		programs = dir
		return m.Run()
	}))
}

// The menus of a stick, with a console for the tests. GRUB's is for UEFI here, so
// it says linux and not linux16.
const (
	grubMenu = `set default=0
set timeout=20
menuentry "Throwaway system (test)" {
  linux /antiX/vmlinuz console=tty0 console=ttyS0 buuid=none
  initrd /antiX/initrd.gz
}
menuentry "Throwaway system, safe" {
  linux /antiX/vmlinuz failsafe console=ttyS0
  initrd /antiX/initrd.gz
}
`
	syslinuxMenu = `UI vesamenu.c32
TIMEOUT 200
MENU TITLE Throwaway system
DEFAULT live
LABEL live
  MENU LABEL Throwaway system (test)
  KERNEL /antiX/vmlinuz
  APPEND console=tty0 console=ttyS0 from=usb
  INITRD /antiX/initrd.gz
LABEL failsafe
  MENU LABEL Safe
  KERNEL /antiX/vmlinuz
  APPEND failsafe console=ttyS0
  INITRD /antiX/initrd.gz
`
)

// newStick starts a live system whose stick has a kernel and an initrd for a real
// computer, and menus unless it is as bare as a frugal installation.
func newStick(t *testing.T, menus bool) *livesys.System {
	t.Helper()
	base, err := livesys.Base(t.Context(), "", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := WriteInitrd(filepath.Join(dir, "initrd"), base); err != nil {
		t.Fatal(err)
	}
	extra := map[string]string{"antiX/initrd.gz": filepath.Join(dir, "initrd")}
	for name, text := range map[string]string{"boot/grub/grub.cfg": grubMenu, "boot/syslinux/syslinux.cfg": syslinuxMenu} {
		from := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(from, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		extra[name] = from
	}
	s, err := livesys.New(t.Context(), livesys.Options{Log: os.Stderr, Companions: true, ExtraFiles: extra})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.InstallProgram(programs); err != nil {
		t.Fatal(err)
	}
	if err := s.InstallLiveCDTools(); err != nil {
		t.Fatal(err)
	}
	if !menus {
		if _, err := s.Shell(t.Context(), "rm -r "+s.LiveDir+"/boot-dev/boot"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// makeISO has the user demo make a LiveCD, and gives a copy of it.
func makeISO(t *testing.T, s *livesys.System, args ...string) string {
	t.Helper()
	argv := append([]string{"antix-remaster-cli", "iso", "--yes", "--output", "/home/demo/live.iso"}, args...)
	if out, err := s.OutputAs(context.Background(), 1000, argv...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "live.iso")
	in, err := os.Open(s.Path("/home/demo/live.iso"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	return file
}

// start boots and holds that what came up is the version with this id.
func start(t *testing.T, iso string, w Way, picture, vid, kernel string) Result {
	t.Helper()
	r, err := Boot(t.Context(), iso, w, filepath.Join("../../build/screenshots", picture))
	if err != nil {
		t.Fatal(err)
	}
	medium := "/dev/sr0"
	if w.Disk {
		medium = "/dev/sda"
	}
	if r.VID != vid || r.Kernel != kernel || r.Medium != medium || !r.User || len(r.Sums) != 2 || r.Modules != kernel {
		t.Errorf("version %q, kernel %q, medium %q, userland %v, sums %q, modules %q; want %q, %q, %q\n%s",
			r.VID, r.Kernel, r.Medium, r.User, r.Sums, r.Modules, vid, kernel, medium, r.Console)
	}
	for _, bound := range []string{"buuid=", "from="} {
		if strings.Contains(r.Cmdline, bound) {
			t.Errorf("started with what belongs to the stick: %q", r.Cmdline)
		}
	}
	return r
}

// TestBootsFromDiscAndStick makes one LiveCD and starts it in three ways.
func TestBootsFromDiscAndStick(t *testing.T) {
	s := newStick(t, true)
	iso := makeISO(t, s)
	for name, w := range map[string]Way{"bios-disc": {}, "bios-stick": {Disk: true}, "uefi-disc": {UEFI: true}, "uefi-stick": {UEFI: true, Disk: true}} {
		t.Run(name, func(t *testing.T) {
			start(t, iso, w, "livecd-"+name+".png", s.Base.VID, s.Base.Release)
		})
	}
}

// TestBootsAfterRemaster makes a new version on a stick that has no boot files of
// its own, as a frugal installation, and a LiveCD of it with menus of ours.
func TestBootsAfterRemaster(t *testing.T) {
	s := newStick(t, false)
	out, err := s.Output(t.Context(), "antix-remaster-cli", "build", "--yes", "--json", "--compressor", "lz4", "--title", "It's $new")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vid := regexp.MustCompile(`"version_id":"([0-9a-f]+)"`).FindStringSubmatch(out)
	if vid == nil {
		t.Fatalf("no version id in %s", out)
	}
	iso := makeISO(t, s, "--version", "armed")
	for name, w := range map[string]Way{"bios-disc": {}, "uefi-stick": {UEFI: true, Disk: true}} {
		t.Run(name, func(t *testing.T) {
			start(t, iso, w, "livecd-own-"+name+".png", vid[1], s.Base.Release)
		})
	}
}
