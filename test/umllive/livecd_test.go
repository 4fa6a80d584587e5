package umllive_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
)

// TestLiveCDOnFAT makes a LiveCD in a folder on FAT: one of more than 4 GiB is
// refused before it starts, a small one is made, and of one that fails nothing is
// left.
func TestLiveCDOnFAT(t *testing.T) {
	t.Parallel()
	m := machine(t, umllive.Options{Options: livesys.Options{StickFS: "ext4", StickSize: 512 << 20}}, livesys.AddLiveCDTools)
	image := filepath.Join(m.Shared, "fat.img")
	must(t, os.WriteFile(image, nil, 0o644))
	must(t, os.Truncate(image, 6<<30))
	if out, err := exec.Command("mkfs.vfat", "-F", "32", image).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := m.Run(t.Context(), words+`
mkdir -p /tmp/fat archive/0001
mount -o loop -t vfat /mnt/fat.img /tmp/fat || fail "no FAT"
echo kernel >vmlinuz
cp linuxfs archive/0001/linuxfs.old
dd if=/dev/zero of=archive/0001/linuxfs.old bs=1 count=1 seek=4400000000 conv=notrunc 2>/dev/null
cli 3 iso --version 1 --output /tmp/fat/big.iso --yes
says '"code":"iso_fat_limit"'
[ -z "$(ls -A /tmp/fat)" ] || fail "$(ls -A /tmp/fat)"
cli 0 iso --output "/tmp/fat/My system.iso" --yes
says '"event":"result"'
[ "$(ls -A /tmp/fat | sort | tr '\n' ',')" = "My system.iso,My system.iso.sha256," ] || fail "$(ls -A /tmp/fat)"
umount /tmp/fat; mount -o loop -t vfat /mnt/fat.img /tmp/fat
[ "$(sha256sum "/tmp/fat/My system.iso" | cut -c-64)" = "$(cut -c-64 "/tmp/fat/My system.iso.sha256")" ] || fail "another sum"
dd if=/dev/zero of=linuxfs.md5 bs=1 count=8 conv=notrunc 2>/dev/null
printf 00000000 | dd of=linuxfs.md5 bs=1 conv=notrunc 2>/dev/null
cli 1 iso --output /tmp/fat/x.iso --yes
says '"code":"verify_failed"'
[ -z "$(ls -A /tmp/fat | grep x.iso)" ] || fail "$(ls -A /tmp/fat)"
echo all well
`)
	if err != nil || r.Cut {
		t.Fatalf("%v\n%s", err, r.Output)
	}
	if want := "all well\n"; len(r.Output) < len(want) || r.Output[len(r.Output)-len(want):] != want {
		t.Error(r.Output)
	}
}
