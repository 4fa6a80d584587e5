package iso

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

func TestRoom(t *testing.T) {
	const gib = 1 << 30
	fat := int64(0x4d44)
	for _, c := range []struct {
		s    sys.Space
		size int64
		want wire.Code
	}{
		{sys.Space{Avail: 10 * gib}, 5 * gib, ""},
		{sys.Space{Avail: 10 * gib, Type: fat}, 4*gib - 1, ""},
		{sys.Space{Avail: 10 * gib, Type: fat}, 4 * gib, wire.ISOFATLimit},
		{sys.Space{Avail: 10 * gib, Type: 0x2011bab0}, 5 * gib, ""}, // exFAT
		{sys.Space{Avail: gib, Free: 10 * gib}, gib, wire.ISONoSpace},
		{sys.Space{Avail: gib + 1<<20}, gib, ""},
		{sys.Space{Avail: gib + 1<<20 - 1}, gib, wire.ISONoSpace},
		{sys.Space{}, 1, wire.ISONoSpace},
	} {
		got := wire.Code("")
		if err := room(c.s, c.size, 1<<20, "/x"); err != nil {
			got = wire.AsError(err).Code
		}
		if got != c.want {
			t.Errorf("%+v, %d: %q, want %q", c.s, c.size, got, c.want)
		}
	}
}

func TestLabels(t *testing.T) {
	for name, want := range map[string]string{"": "antiX-live", "MX-23.2 (Libretto)": "MX-23.2", "antiX 23": "antiX", "x/y": "antiX-live"} {
		if got := LabelOf(live.Facts{Config: live.Config{"FULL_DISTRO": name}}); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"", "a b", "ä", strings.Repeat("x", 33), "a'b", "$x"} {
		if ValidLabel(bad) {
			t.Errorf("%q is let through", bad)
		}
	}
}

func TestKernelFiles(t *testing.T) {
	for name, want := range map[string]bool{"vmlinuz": true, "vmlinuz1": true, "initrd.gz": true, "initrd2.gz": true, "initrd": true,
		"vmlinuz.md5": false, "vmlinuz.kold": false, "initrd.gz.old": false, "linuxfs": false, "vmlinuz10": false} {
		if isKernelFile(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// The sums find every other byte, and an image that is shorter or longer.
func TestSums(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), (2*chunk+777)/16)
	var made sums
	for rest := data; len(rest) > 0; rest = rest[min(len(rest), chunk):] {
		made.add(rest[:min(len(rest), chunk)])
	}
	read := func(b []byte, step int) error {
		s := sums{want: made.want}
		for ; len(b) > 0; b = b[min(len(b), step):] {
			s.Write(b[:min(len(b), step)])
		}
		return s.check()
	}
	for _, step := range []int{1 << 20, 4096, 1<<20 + 1, 999_999} {
		if err := read(data, step); err != nil {
			t.Errorf("in steps of %d: %v", step, err)
		}
	}
	for _, at := range []int{0, chunk - 1, chunk, len(data) - 1} {
		bad := bytes.Clone(data)
		bad[at] ^= 1
		if read(bad, chunk) == nil {
			t.Errorf("another bit at %d was not seen", at)
		}
	}
	if read(data[:len(data)-1], chunk) == nil || read(append(bytes.Clone(data), 0), chunk) == nil {
		t.Error("another length was not seen")
	}
}

func TestUnseenStick(t *testing.T) {
	if _, err := look(live.Facts{}); wire.AsError(err).Code != wire.StickUnseen {
		t.Error(err)
	}
	_, err := Make(context.Background(), factsOf(t.TempDir()), history.Version{Version: live.Version{Path: "/none"}}, Choices{Output: "/tmp/x"})
	if e := (*wire.Error)(nil); !errors.As(err, &e) || e.Code != wire.VersionDamaged {
		t.Error(err)
	}
}

// TestHolds: a version is told by the whole of its last id.
func TestHolds(t *testing.T) {
	dir := tree(t, map[string]string{"etc/live/version/linuxfs.ver": "==== abcdef01\n\ntitle: a\n==== abcdef0123\n\ntitle: b\n"})
	name := filepath.Join(t.TempDir(), "linuxfs")
	if out, err := exec.Command("mksquashfs", dir, name, "-quiet", "-no-progress").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for id, want := range map[string]bool{"abcdef0123": true, "": true, "abcdef01": false, "abcdef": false, "abcdef01234": false} {
		if err := holds(f, id); (err == nil) != want {
			t.Errorf("%q: %v", id, err)
		}
	}
}
