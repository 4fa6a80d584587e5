package umllive_test

import (
	"slices"
	"strings"

	"antix-remaster/test/boot"
)

// menus shows the host the boot menus as they are now.
const menus = `
rm -rf /mnt/boot; cp -r /live/boot-dev/boot /mnt/boot || fail "cannot copy the menus"
`

// chooses has both boot loaders choose an entry, "" for the one that starts by
// itself: GRUB reads the FAT of the stick, syslinux what menus copied. They must
// agree. It gives the options that are the entry's own.
func (s story) chooses(id string) []string {
	s.t.Helper()
	plain, err := boot.ChooseSyslinux(s.Shared, "")
	must(s.t, err)
	want, err := boot.ChooseSyslinux(s.Shared, id)
	must(s.t, err)
	got, err := boot.ChooseGRUB(s.t.Context(), s.Stick, id)
	must(s.t, err)
	if got.Kernel != "/antiX/vmlinuz" || got.Initrd != "/antiX/initrd.gz" || !slices.Equal(got.Options, want.Options) {
		s.t.Fatalf("entry %q: GRUB starts %+v, syslinux %+v", id, got, want)
	}
	return got.Options[len(plain.Options):]
}

// tries starts a version by its entry: once by itself with GRUB, and where it is
// chosen with syslinux. Nothing is renamed.
func (s story) tries(vid, otherwise string) {
	inside(s.t, s.Machine, `
cli 0 try 1
says '"once":true'
ls >/mnt/names
`+menus+"quiet\n")
	once, err := boot.ChooseGRUB(s.t.Context(), s.Stick, "")
	must(s.t, err)
	if words := s.chooses("antix-remaster-try"); !slices.Equal(words, []string{"bdir=antiX/archive/0001", "sqname=linuxfs.bad"}) ||
		!slices.Equal(once.Options[len(once.Options)-2:], words) {
		s.t.Fatalf("it is tried by %q, by itself with %q", words, once.Options)
	}
	s.boots(vid, "", "first", once.Options...)
	s.boots(otherwise, "", "second", s.chooses("")...)
}

// rescues: the rescue entry names another version while the one that it named is
// the next one, and starts it without a switch.
func (s story) rescues(vid string) {
	words := s.chooses("antix-remaster-rescue")
	if !slices.Equal(words, []string{"bdir=antiX/archive/0003", "sqname=linuxfs.new"}) {
		s.t.Fatalf("the rescue is %q", words)
	}
	s.boots(vid, "", "third", words...)
}

// goesOn makes the third version the next one, out of the archive. The one that
// would block the switch goes there.
func (s story) goesOn() {
	inside(s.t, s.Machine, `
[ "$(cat /etc/story)" = first ] || fail "it is not the first"
sum=$(sha256sum <archive/0003/linuxfs.new)
cli 0 rollback 3 --yes
says '"from":"archive/0003/linuxfs.new"'; says '"archives":\["archive/'
gone linuxfs.old state.old archive/0003/linuxfs.new
there linuxfs.new state.new archive/*/linuxfs.old archive/*/state.old
[ "$sum" = "$(sha256sum <linuxfs.new)" ] || fail "the image changed"
quiet
`)
}

// badImage: what another program armed is half an image. It is said before; the
// boot that switches to it dies, and the menu has the way back.
func (s story) badImage(vid string) {
	inside(s.t, s.Machine, `
[ "$(cat /etc/story)" = third ] || fail "it is not the third"
cli 0 keep
gone linuxfs.old state.old
head -c 1000000 linuxfs >linuxfs.new
cli 0 status
says '"state":"armed",[^}]*"bootable":false'; says 'would not start as it should'
`+menus+"quiet\n")
	r, err := boot.Boot(s.t.Context(), s.Stick, boot.Options{Cmdline: s.chooses("")})
	must(s.t, err)
	if !r.DidRemaster || r.Fatal == "" {
		s.t.Fatalf("a truncated image: swapped %v, fatal %q, %v", r.DidRemaster, r.Fatal, r.Names())
	}
	s.names(s.boots(vid, "rollback", "third", s.chooses("antix-remaster-rollback")...), "linuxfs.bad", "linuxfs")
}

// afterBadImage clears the way and builds the next version. The menus are what
// they were by then, but for comments, which is all that FAT allows.
func (s story) afterBadImage() string {
	r := inside(s.t, s.Machine, `
cli 3 build --yes --compressor lz4
says '"code":"blocked"'
cli 0 keep
gone linuxfs.bad state.bad
cli 0 versions
says '"file":"archive/[0-9]*/linuxfs.bad"[^}]*"unfit":"version_damaged"'
cli 0 menu off
for f in grub/grub.cfg syslinux/syslinux.cfg; do
	sed '/^#*$/d' /live/boot-dev/boot/$f | cmp - /mnt/boot.before/$f || fail "$(cat /live/boot-dev/boot/$f)"
done
cp -r /live/boot-dev/boot /tmp/off
echo fourth >/etc/story
cli 0 build --yes --compressor lz4
echo vid=$(sed -n 's/.*"version_id":"\([0-9a-f]*\)".*/\1/p' /tmp/out)
for f in grub/grub.cfg syslinux/syslinux.cfg grub/remaster.cfg syslinux/remaster.cfg; do
	cmp /live/boot-dev/boot/$f /tmp/off/$f || fail "$f changed"
done
`+menus+"quiet\n")
	if c, err := boot.ChooseSyslinux(s.Shared, "antix-remaster-rescue"); err == nil || !strings.Contains(err.Error(), "no label") {
		s.t.Errorf("an entry of ours is there still: %+v, %v", c, err)
	}
	return s.vid(r)
}
