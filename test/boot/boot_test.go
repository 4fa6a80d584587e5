package boot_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
)

// The images of a boot test by the id they have inside.
var (
	vidNow = strings.Repeat("a", 32)
	vidNew = strings.Repeat("b", 32)
	vidOld = strings.Repeat("c", 32)
)

// stick makes a stick whose names beside the linuxfs are mini images with
// the given ids, and companions.
func stick(t *testing.T, images map[string]string, o livesys.Options) string {
	t.Helper()
	dir := t.TempDir()
	o.ExtraFiles = map[string]string{}
	for name, vid := range images {
		file := filepath.Join(dir, name)
		mini := livesys.Mini{VID: vid, Title: name, Release: "6.1.0-test", Files: map[string]string{"/etc/which": name}}
		if _, err := livesys.MiniImage(t.Context(), file, mini); err != nil {
			t.Fatal(err)
		}
		if name == "base" {
			o.BaseImage = file
		} else {
			o.ExtraFiles["antiX/"+name] = file
		}
	}
	image := filepath.Join(dir, "stick.img")
	o.Companions, o.StickSize = true, 128<<20
	if _, err := livesys.MakeStick(t.Context(), o, image); err != nil {
		t.Fatal(err)
	}
	return image
}

func start(t *testing.T, image string, o boot.Options) boot.Result {
	t.Helper()
	begin := time.Now()
	r, err := boot.Boot(t.Context(), image, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("booted in %v: %v", time.Since(begin).Round(10*time.Millisecond), r.Names())
	return r
}

func TestBoot(t *testing.T) {
	now := map[string]string{"base": vidNow}
	armed := map[string]string{"base": vidNow, "linuxfs.new": vidNew}
	stuck := map[string]string{"base": vidNow, "linuxfs.new": vidNew, "linuxfs.bad": vidOld}
	back := map[string]string{"base": vidNow, "linuxfs.old": vidOld}
	e16 := map[string]string{"base": vidNow, "linuxfs.e16.new": vidNew}
	tests := []struct {
		name    string
		images  map[string]string
		stick   livesys.Options
		options boot.Options
		vid     string
		did     string   // "remaster", "rollback", "blocked", "noold" or ""
		names   []string // that must be there afterwards
		absent  []string // that must not
	}{
		{"plain", now, livesys.Options{}, boot.Options{}, vidNow, "", []string{"linuxfs", "state/"}, []string{"linuxfs.old"}},
		{"swap 2023", armed, livesys.Options{}, boot.Options{}, vidNew, "remaster",
			[]string{"linuxfs", "linuxfs.old", "state.old/", "xtra.old/", "linuxfs.md5.old"}, []string{"linuxfs.new", "state/", "xtra/"}},
		{"swap 2016", armed, livesys.Options{}, boot.Options{Generation: 2016}, vidNew, "remaster",
			[]string{"linuxfs.old", "state/", "deb.old/"}, []string{"linuxfs.new", "state.old/"}},
		{"noremaster", armed, livesys.Options{}, boot.Options{Cmdline: []string{"noremaster", "rollback"}}, vidNow, "", []string{"linuxfs.new"}, nil},
		{"blocked", stuck, livesys.Options{}, boot.Options{}, vidNow, "blocked", []string{"linuxfs.new", "linuxfs.bad"}, []string{"linuxfs.old"}},
		{"rollback", back, livesys.Options{}, boot.Options{Cmdline: []string{"rollback"}}, vidOld, "rollback", []string{"linuxfs", "linuxfs.bad", "state.bad/"}, []string{"linuxfs.old"}},
		{"rollback without old", now, livesys.Options{}, boot.Options{Cmdline: []string{"rollback"}}, vidNow, "noold", []string{"linuxfs"}, nil},
		{"sqext", e16, livesys.Options{SqExt: "e16"}, boot.Options{Cmdline: []string{"sqext=e16"}}, vidNew, "remaster", []string{"linuxfs.e16", "linuxfs.e16.old"}, []string{"linuxfs.e16.new"}},
		{"sqname", now, livesys.Options{SqName: "custom.sq"}, boot.Options{Cmdline: []string{"sqname=custom.sq"}}, vidNow, "", []string{"custom.sq"}, nil},
		{"bdir", now, livesys.Options{BootDir: "other"}, boot.Options{Cmdline: []string{"bdir=other"}}, vidNow, "", []string{"linuxfs"}, nil},
		{"link", armed, livesys.Options{LinkScheme: "00"}, boot.Options{}, vidNew, "remaster", []string{"linuxfs.old -> linuxfs.00", "linuxfs.00", "linuxfs"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := test.options
			o.Release, o.Show = "6.1.0-test", []string{"/etc/which"}
			r := start(t, stick(t, test.images, test.stick), o)
			if r.VID != test.vid || did(r) != test.did || r.Fatal != "" || !r.Userland || r.NoModules {
				t.Errorf("version %s, did %q, fatal %q, userland %v\n%s", r.VID, did(r), r.Fatal, r.Userland, r.Console)
			}
			if r.Files["/etc/which"] == "" {
				t.Error("cannot see a file of the booted root")
			}
			for _, name := range test.names {
				if !slices.Contains(r.Names(), name) {
					t.Errorf("no %s afterwards", name)
				}
			}
			for _, name := range test.absent {
				if slices.Contains(r.Names(), name) {
					t.Errorf("%s afterwards", name)
				}
			}
		})
	}
}

func did(r boot.Result) string {
	switch {
	case r.DidRemaster:
		return "remaster"
	case r.DidRollback:
		return "rollback"
	case r.NoOld:
		return "noold"
	case r.Blocked != "":
		return "blocked"
	}
	return ""
}

// TestBootSequence swaps, goes back, and finds that .bad blocks the next swap.
func TestBootSequence(t *testing.T) {
	t.Parallel()
	image := stick(t, map[string]string{"base": vidNow, "linuxfs.new": vidNew}, livesys.Options{})
	if r := start(t, image, boot.Options{}); r.VID != vidNew {
		t.Fatalf("after the swap: %s", r.VID)
	}
	if r := start(t, image, boot.Options{}); r.VID != vidNew || r.DidRemaster {
		t.Fatalf("the boot after: %s, swapped %v", r.VID, r.DidRemaster)
	}
	if r := start(t, image, boot.Options{Cmdline: []string{"rollback"}}); r.VID != vidNow || !r.DidRollback {
		t.Fatalf("after going back: %s", r.VID)
	}
	if r := start(t, image, boot.Options{Cmdline: []string{"sqext=bad"}}); r.VID != vidNew {
		t.Fatalf("sqext=bad boots %s", r.VID)
	}
}

// TestBootHalfSwapped is the power cut between the two renames (contract
// §6.4): no linuxfs, and only sqext=old or sqext=new boots.
func TestBootHalfSwapped(t *testing.T) {
	t.Parallel()
	image := stick(t, map[string]string{"base": vidOld, "linuxfs.new": vidNew}, livesys.Options{SqExt: "old"})
	if r := start(t, image, boot.Options{}); r.Fatal != "could not find file linuxfs" || r.VID != "" {
		t.Errorf("fatal %q, version %s", r.Fatal, r.VID)
	}
	if r := start(t, image, boot.Options{Cmdline: []string{"rollback"}}); r.Fatal == "" {
		t.Error("rollback helped, which it cannot")
	}
	for ext, vid := range map[string]string{"old": vidOld, "new": vidNew} {
		if r := start(t, image, boot.Options{Cmdline: []string{"sqext=" + ext}}); r.VID != vid || r.Fatal != "" {
			t.Errorf("sqext=%s: version %s, fatal %q", ext, r.VID, r.Fatal)
		}
	}
}

// TestBootDamaged: the boot makes no check before the swap.
func TestBootDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte(strings.Repeat("no squashfs", 10000)), 0o644); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "stick.img")
	o := livesys.Options{Mini: true, StickSize: 128 << 20, ExtraFiles: map[string]string{"antiX/linuxfs.new": broken}}
	base, err := livesys.MakeStick(t.Context(), o, image)
	if err != nil {
		t.Fatal(err)
	}
	if r := start(t, image, boot.Options{}); !r.DidRemaster || r.Fatal == "" || r.Userland {
		t.Errorf("swapped %v, fatal %q", r.DidRemaster, r.Fatal)
	}
	if r := start(t, image, boot.Options{Cmdline: []string{"rollback"}}); r.VID != base.VID || r.Fatal != "" {
		t.Errorf("after going back: %s, fatal %q", r.VID, r.Fatal)
	}
}

// TestBootPersistence: a rootfs belongs to one version of the linuxfs.
func TestBootPersistence(t *testing.T) {
	t.Parallel()
	image := stick(t, map[string]string{"base": vidNow}, livesys.Options{StaticRoot: true})
	o := boot.Options{Cmdline: []string{"persist=root,static"}, Show: []string{"/etc/live/version/rootfs.ver"}}
	if r := start(t, image, o); r.Persist != "yes" || !strings.Contains(r.Files["/etc/live/version/rootfs.ver"], vidNow) {
		t.Errorf("first boot: persistence %q, files %v", r.Persist, r.Files)
	}
	if r := start(t, image, o); r.Persist != "yes" {
		t.Errorf("second boot: persistence %q", r.Persist)
	}
}
