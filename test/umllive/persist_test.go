package umllive_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
)

// TestFAT32Rootfs: static root persistence on a stick without sparse files. The
// new version starts with a fresh rootfs of the same size, and a rollback brings
// the old one back with what was changed in it.
func TestFAT32Rootfs(t *testing.T) {
	t.Parallel()
	m := rootfsMachine(t, livesys.Options{StaticRoot: true})
	persist := func(text, did string, words ...string) {
		t.Helper()
		r, err := boot.Boot(t.Context(), m.Stick, boot.Options{Cmdline: append(words, "persist=root,static"), Show: []string{"/etc/story"}})
		must(t, err)
		if r.Persist != "yes" || r.Fatal != "" || strings.TrimSpace(r.Files["/etc/story"]) != text || r.DidRemaster != (did == "remaster") || r.DidRollback != (did == "rollback") {
			t.Fatalf("persistence %q, story %q instead of %q, fatal %q\n%v", r.Persist, r.Files["/etc/story"], text, r.Fatal, r.Names())
		}
		m.DidRemaster, m.DidRollback = r.DidRemaster, r.DidRollback
		for _, e := range r.Dir {
			if strings.HasPrefix(e.Name, "rootfs") && e.Size != 400<<20 {
				t.Errorf("%s has %d bytes", e.Name, e.Size)
			}
		}
	}
	inside(t, m, `
echo first >/etc/story
[ -e /live/persist-root/upper/etc/story ] || fail "not kept in the rootfs"
cli 0 build --yes --compressor lz4
says '"code":"root_persistence","level":"note"'
there linuxfs.new rootfs.new rootfs
[ "$(stat -c %b rootfs.new)" -ge 819200 ] || fail "not whole: $(stat -c %b rootfs.new)"
e2fsck -fn rootfs.new || fail "it is damaged"
quiet
echo later >/etc/story
`)
	persist("first", "remaster")
	persist("first", "")
	persist("later", "rollback", "rollback")
}

// TestFAT32Annex: the same in another directory than that of the linuxfs, to the
// archive and back, where the files are copied.
func TestFAT32Annex(t *testing.T) {
	t.Parallel()
	m := rootfsMachine(t, livesys.Options{StaticRoot: true, PersistDir: "saved", RootfsSize: 100 << 20})
	persist := func(text string, names ...string) {
		t.Helper()
		r, err := boot.Boot(t.Context(), m.Stick, boot.Options{Cmdline: []string{"persist=root,static", "pdir=saved"}, Show: []string{"/etc/story"}})
		must(t, err)
		if r.Persist != "yes" || !r.DidRemaster || strings.TrimSpace(r.Files["/etc/story"]) != text || !slices.Equal(r.PersistNames(), names) {
			t.Fatalf("persistence %q, story %q instead of %q, fatal %q\n%v", r.Persist, r.Files["/etc/story"], text, r.Fatal, r.PersistNames())
		}
		m.DidRemaster = true
	}
	inside(t, m, `
echo first >/etc/story
cli 0 build --yes --compressor lz4
there linuxfs.new ../saved/rootfs.new
[ "$(stat -c %b ../saved/rootfs.new)" -ge 204800 ] || fail "not whole"
quiet
echo later >/etc/story
`)
	persist("first", "rootfs", "rootfs.old")
	inside(t, m, `
cli 0 keep
there archive/0001/linuxfs.old ../saved/archive/0001/rootfs.old
cli 0 rollback 0001 --yes
there linuxfs.new ../saved/rootfs.new
cli 0 disarm
there archive/0001/linuxfs.old ../saved/archive/0001/rootfs.old
cli 0 rollback 0001 --yes
quiet
`)
	persist("later", "archive/", "rootfs", "rootfs.old")
}

func rootfsMachine(t *testing.T, o livesys.Options) *umllive.Machine {
	t.Helper()
	base, err := umllive.Mini(programs, nil)
	must(t, err)
	for _, name := range []string{"mkfs.ext4", "e2fsck", "debugfs"} {
		if base.Programs["/usr/sbin/"+name], err = exec.LookPath(name); err != nil {
			t.Fatal(err)
		}
	}
	m, err := umllive.New(t.Context(), umllive.Options{Dir: t.TempDir(), Programs: programs, Base: base, Options: o})
	must(t, err)
	return m
}
