package umllive_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
)

// kinds makes what no FAT file system could hold: an image has it all the same.
const kinds = `
mkdir -p /var/log/live
mkdir -p /usr/local/share/kinds; cd /usr/local/share/kinds
echo linked >hard-link-1; ln hard-link-1 hard-link-2; ln -s hard-link-1 soft-link; ln -s /nowhere dangling
mkfifo fifo; mknod char c 1 3; mknod block b 7 200
mkdir -p empty/tree; mkdir sticky; chmod 1777 sticky; mkdir setgid; chmod 2775 setgid
echo x >owned; chown 1000:1000 owned; echo x >setuid; chmod 4755 setuid; echo x >secret; chmod 600 secret
echo x >'a:b?c*d"e<f>g|h\i'; echo x >'trailing. '; echo x >CASE; echo x >case; echo x >'new
line'; dd if=/dev/zero of=sparse bs=1 count=1 seek=16777216 2>/dev/null
touch -d '2001-02-03 04:05:07' owned
for n in 1 2 3 4 5; do for i in 0 1 2 3 4 5 6 7 8 9; do echo $n$i >file-$n$i; done; done
rm -r /home/demo/.config; rm /etc/hosts; mkdir /etc/hosts
cd /live/boot-dev/antiX
`

// story is one FAT stick on its way.
type story struct {
	*umllive.Machine
	t      *testing.T
	second string // compressor of the second version
}

// boots starts the stick for real, which swaps or rolls back, and remembers
// what it did for the next run.
func (s story) boots(vid, did, text string, words ...string) boot.Result {
	s.t.Helper()
	r, err := boot.Boot(s.t.Context(), s.Stick, boot.Options{Cmdline: words, Show: []string{"/etc/story", "stick:/antiX/linuxfs.md5"}})
	must(s.t, err)
	got := ""
	if r.DidRemaster {
		got = "remaster"
	}
	if r.DidRollback {
		got = "rollback"
	}
	if r.Fatal != "" || !r.Userland || r.VID != vid || got != did || strings.TrimSpace(r.Files["/etc/story"]) != text {
		s.t.Fatalf("version %s instead of %s, did %q instead of %q, story %q instead of %q, fatal %q\n%v",
			r.VID, vid, got, did, r.Files["/etc/story"], text, r.Fatal, r.Names())
	}
	s.DidRemaster, s.DidRollback = r.DidRemaster, r.DidRollback
	return r
}

func (s story) names(r boot.Result, there ...string) {
	s.t.Helper()
	for _, name := range there {
		if !slices.Contains(r.Names(), name) {
			s.t.Errorf("no %s after the boot: %v", name, r.Names())
		}
	}
}

// TestFAT32Story: everything that can be done with a version, on a stick with
// FAT32. With --full it is done with a whole Debian, too.
func TestFAT32Story(t *testing.T) {
	t.Parallel()
	t.Run("mini", func(t *testing.T) {
		t.Parallel()
		tell(t, story{machine(t, umllive.Options{}, nil), t, "lz4"})
	})
	t.Run("debian", func(t *testing.T) {
		t.Parallel()
		if !full() {
			t.Skip("minutes: only with scripts/test --full")
		}
		o := umllive.Options{Dir: t.TempDir(), Programs: programs, Mem: "512M", Timeout: time.Hour, Options: livesys.Options{Companions: true, Log: os.Stderr}}
		m, err := umllive.New(t.Context(), o)
		must(t, err)
		tell(t, story{m, t, "zstd"})
	})
}

func tell(t *testing.T, s story) {
	first := s.firstVersion()
	s.names(s.boots(first, "remaster", "first"), "linuxfs.old", "state.old/", "xtra.old/", "deb.old/", "xtra.tgz.old", "linuxfs.md5.old", "state/", "xtra/")
	s.names(s.boots(s.VID, "rollback", "", "rollback"), "linuxfs.bad", "state.bad/", "xtra.bad/", "linuxfs.md5.bad", "state/", "xtra/")
	second := s.secondVersion()
	s.names(s.boots(second, "remaster", "second"), "linuxfs.old", "archive/")
	third := s.disarmed()
	s.names(s.boots(second, "", "second", s.chooses("")...), "linuxfs", "archive/")
	s.tries(first, second)
	s.goesBack()
	s.rescues(third)
	s.names(s.boots(first, "remaster", "first"), "linuxfs.old", "state.old/", "state/", "archive/", "history.json")
	s.goesOn()
	s.names(s.boots(third, "remaster", "third"), "linuxfs.old", "state.old/", "state/", "archive/")
	s.badImage(third)
	s.names(s.boots(s.afterBadImage(), "remaster", "fourth", s.chooses("")...), "linuxfs.old", "archive/")
}

// firstVersion builds, and holds that the image is what was packed, that the
// running one is untouched, and that a second build does not replace it.
func (s story) firstVersion() string {
	r := inside(s.t, s.Machine, kinds+`
cp -r /live/boot-dev/boot /mnt/boot.before
grep ' /live/boot-dev ' /proc/mounts | grep -q 'vfat.*fmask=0113' || fail "$(cat /proc/mounts)"
echo first >/etc/story
sha256sum linuxfs >/tmp/running; ls -i linuxfs >>/tmp/running
/mnt/agent tree /live/aufs /mnt/union.json || fail "no description"
cli 0 build --yes --compressor lz4 --title 'On FAT'
cp /tmp/out /mnt/build.out
says '"from_medium":true'; says '"changed":\[\]'
[ ! -e /boot/config-$(uname -r) ] || says '"no_xattrs"' # the kernel says what it cannot do
there linuxfs.new linuxfs.md5.new state.new/user/demo/.config/volume xtra.new deb.new xtra.tgz.new
quiet
cli 3 build --yes --compressor lz4
says '"code":"pending"'
quiet
{ sha256sum linuxfs; ls -i linuxfs; } | cmp - /tmp/running || fail "the running image changed"
md5sum linuxfs.new | cut -c1-32 | cmp -n 32 - linuxfs.md5.new || fail "the md5 file is wrong"
[ "$(find /live/boot-dev ! -user 1000 -o ! -group 1000 -o -type l | wc -l)" = 0 ] || fail "owners or links on FAT"
cp linuxfs.new /mnt/ || fail "cannot copy"
echo vid=$(sed -n 's/.*"version_id":"\([0-9a-f]*\)".*/\1/p' /mnt/build.out)
`)
	compare(s.t, s.Machine, "union.json", "linuxfs.new")
	must(s.t, os.Remove(filepath.Join(s.Shared, "linuxfs.new")))
	return s.vid(r)
}

func (s story) vid(r umllive.Result) string {
	s.t.Helper()
	vid := values(r.Output)["vid"]
	if len(vid) != 32 || vid == s.VID {
		s.t.Fatalf("no new version id: %q", vid)
	}
	return vid
}

// secondVersion: the rollback left .bad, which blocks; keep files it away and
// the way is free.
func (s story) secondVersion() string {
	r := inside(s.t, s.Machine, `
md5sum -c linuxfs.md5 || fail "the md5 file is wrong"
[ ! -e /etc/story ] || ! grep first /etc/story || fail "it did not go back"
cli 3 build --yes --compressor lz4
says '"code":"blocked"'
cli 0 keep
says archive/0001
there archive/0001/linuxfs.bad archive/0001/linuxfs.ver archive/0001/linuxfs.md5.bad archive/0001/state.bad
gone linuxfs.bad state.bad xtra.bad
echo second >/etc/story
cli 0 build --yes --compressor `+s.second+`
quiet
echo vid=$(sed -n 's/.*"version_id":"\([0-9a-f]*\)".*/\1/p' /tmp/out)
`)
	return s.vid(r)
}

// goesBack brings the first version out of the archive again: what was written
// down about it went with it, and disarm puts it back. One is deleted.
func (s story) goesBack() {
	inside(s.t, s.Machine, `
sum=$(sha256sum <archive/0001/linuxfs.bad)
cli 0 note 1 'the first of all'
cli 0 pin 1
says '"note":"the first of all","pinned":true'
cli 0 verify 1
says '"against":\["sha256"\]'; says '"from_medium":true'
cli 0 rollback 1 --yes
says '"from":"archive/0001/linuxfs.bad"'
there linuxfs.new linuxfs.md5.new state.new xtra.new deb.new xtra.tgz.new
gone archive/0001/linuxfs.bad archive/0001/state.bad
quiet
cli 0 disarm
says '"back":"archive/0001/linuxfs.bad"'
there archive/0001/linuxfs.bad archive/0001/state.bad archive/0001/xtra.bad
gone *.new
[ "$sum" = "$(sha256sum <archive/0001/linuxfs.bad)" ] || fail "the image changed"
cli 3 delete 1 --yes
says '"code":"delete_rescue"'
cli 0 delete 2 --yes
gone archive/0002/linuxfs.old archive/0002/state.old
cli 0 rollback 1 --yes
[ "$sum" = "$(sha256sum <linuxfs.new)" ] || fail "the image changed"
cli 0 versions
says '"state":"armed".*"pinned":true.*"note":"the first of all".*"from":"archive/0001/linuxfs.bad"'
`+menus+`
quiet
`)
}

// disarmed keeps the version that works, builds one more, and takes it out of
// the next boot: it becomes an archived one, bit by bit the same.
func (s story) disarmed() string {
	r := inside(s.t, s.Machine, `
md5sum -c linuxfs.md5 || fail "the md5 file is wrong"
[ "$(cat /etc/story)" = second ] || fail "it is not the second"
cli 0 keep
there archive/0002/linuxfs.old archive/0002/linuxfs.ver archive/0002/state.old
gone linuxfs.old
echo third >/etc/story
cli 0 build --yes --compressor lz4
sum=$(sha256sum <linuxfs.new)
cli 0 disarm
says archive/0003
gone *.new
there archive/0003/linuxfs.new archive/0003/linuxfs.ver archive/0003/state.new
[ "$sum" = "$(sha256sum <archive/0003/linuxfs.new)" ] || fail "the image changed"
cli 3 disarm
says nothing_armed
`+menus+`
quiet
echo vid=$(sed -n 's/^==== //p' archive/0003/linuxfs.ver | tail -n 1)
`)
	return s.vid(r)
}
