package iso

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/test/cpio"
)

// made has xorriso make an image of a small stick, with real boot loaders.
func made(t testing.TB) (file string, j *job) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "linuxfs")
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("linuxfs", bytes.Repeat([]byte("linuxfs "), 700_000)) // 5.3 MiB
	p := &Plan{Output: filepath.Join(dir, "x.iso"), Label: "TEST", id: "1", Version: history.Version{Version: live.Version{Path: source, Size: 5_600_000}}}
	f := live.Facts{Loader: live.Boot{Mountpoint: dir}, Plain: live.Image{Path: "antiX"}}
	s, err := look(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.chooseBoot(f, s, installed); err != nil {
		t.Fatal(err)
	}
	p.add(item{to: "antiX/linuxfs", from: source}, item{to: "antiX/linuxfs.md5", text: placeholder}, item{to: "boot/a=b c", text: []byte("odd")})
	for i := range 200 { // a folder of more than one block
		p.add(item{to: "boot/many/" + strings.Repeat("x", i+1), text: []byte{byte(i)}})
	}
	target, err := openTarget(p.Output)
	if err != nil {
		t.Fatal(err)
	}
	j = &job{Plan: p, target: target, report: func(wire.Progress) {}}
	t.Cleanup(func() {
		j.tidy(false)
		target.close()
	})
	program, err := xorriso()
	if err != nil {
		t.Fatal(err)
	}
	list, err := j.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if j.size, err = j.exactSize(t.Context(), program, list); err != nil {
		t.Fatal(err)
	}
	if err := j.make(t.Context(), program, list); err != nil {
		t.Fatal(err)
	}
	return p.Output + partSuffix, j
}

// Our reader and bsdtar agree on every file of an image.
func TestReaderAgreesWithBsdtar(t *testing.T) {
	file, j := made(t)
	list, err := exec.Command("bsdtar", "tf", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	m, err := openISO(j.part)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		if name == "." || strings.Contains(string(list), name+"/") { // a folder
			continue
		}
		r, err := m.file(name)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := exec.Command("bsdtar", "xOf", file, name).Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d, %v", name, len(got), len(want), err)
		}
		files++
	}
	if files < 210 {
		t.Errorf("only %d files", files)
	}
	if err := j.proveBoot(m); err != nil {
		t.Error(err)
	}
	sum, _ := exec.Command("md5sum", j.Version.Path).Output()
	text, err := exec.Command("bsdtar", "xOf", file, "antiX/linuxfs.md5").Output()
	if err != nil || string(text) != string(sum[:32])+"  linuxfs\n" {
		t.Errorf("%q, want %q (%v)", text, sum, err)
	}
}

// Each part of the proof of the boot images is needed: what is broken is seen.
func TestProofOfBootImages(t *testing.T) {
	_, j := made(t)
	good, err := io.ReadAll(io.NewSectionReader(j.part, 0, j.size))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := openISO(j.part)
	boots, err := m.boots()
	if err != nil || len(boots) != 2 {
		t.Fatalf("%v, %v", boots, err)
	}
	catalog := int(binary.LittleEndian.Uint32(good[17*block+71:])) * block
	gpt := int(binary.LittleEndian.Uint64(good[512+72:])) * 512
	for name, at := range map[string]int{"descriptor": 16*block + 1, "boot record": 17*block + 10, "catalogue": catalog + 4, "its key": catalog + 30,
		"BIOS entry": catalog + 32, "place of isolinux": catalog + 32 + 8, "UEFI platform": catalog + 65, "UEFI entry": catalog + 96,
		"place of the EFI image": catalog + 96 + 8, "EFI image": int(boots[0xef]) + 510, "signature": 511, "GPT": 512, "GPT sum": 512 + 40, "partition": gpt + 32} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x01
		broken := *j
		if broken.part, err = os.CreateTemp(t.TempDir(), ""); err != nil {
			t.Fatal(err)
		}
		broken.part.Write(bad)
		im, err := openISO(broken.part)
		if err == nil {
			err = broken.proveBoot(im)
		}
		if err == nil {
			t.Errorf("%s: not seen", name)
		}
		broken.part.Close()
	}
}

// FuzzISO reads anything as an image.
func FuzzISO(f *testing.F) {
	b := make([]byte, 24*block)
	b[16*block] = 1
	copy(b[16*block+1:], "CD001")
	rec := b[16*block+156:]
	rec[0], rec[2], rec[10], rec[11] = 34, 20, 0, 8
	dir := b[20*block:]
	dir[0], dir[2], dir[10], dir[32] = 46, 21, 5, 3
	copy(dir[33:], "A;1NM\x09\x01\x00abcd")
	copy(b[17*block+1:], "CD001\x01EL TORITO SPECIFICATION")
	b[17*block+71] = 22
	c := b[22*block:]
	c[0], c[30], c[31], c[32] = 1, 0x55, 0xaa, 0x88
	c[28], c[29] = 0xff, 0x55
	copy(b[512:], "EFI PART")
	b[510], b[511], b[0] = 0x55, 0xaa, 1
	binary.LittleEndian.PutUint32(b[512+12:], 92)
	binary.LittleEndian.PutUint32(b[512+16:], crc32.ChecksumIEEE(b[512:512+92]))
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := openISO(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, name := range []string{"abcd", "A", "antiX/linuxfs", "x/y"} {
			if e, err := m.find(name); err == nil && (e.size < 0 || e.at < 0) {
				t.Errorf("%s at %+v", name, e)
			}
		}
		m.boots()
		m.hybrid(0)
	})
}

func zipped(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write(b)
	w.Close()
	return buf.Bytes()
}

func archive(names ...string) []byte {
	var buf bytes.Buffer
	c := cpio.New(&buf)
	for _, n := range names {
		c.File(n, []byte("odd"), 0o644)
	}
	c.End()
	return buf.Bytes()
}

func TestIsLiveInitrd(t *testing.T) {
	live := archive("init", "etc/initrd-release", "lib/modules/6.1/kernel/a.ko")
	micro := append(archive("kernel/x86/microcode/x.bin"), make([]byte, 100)...)
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"live": {zipped(live), true}, "plain": {live, true}, "with microcode": {append(bytes.Clone(micro), zipped(live)...), true},
		"old name": {zipped(archive("etc/initrd_release", "usr/lib/modules/6.1")), true}, "in two archives": {append(zipped(archive("etc/initrd_release")), zipped(archive("./lib/modules/6.1"))...), true},
		"of an installed system": {zipped(archive("init", "conf/initramfs.conf", "lib/modules/6.1/a.ko")), false},
		"other kernel":           {zipped(archive("etc/initrd-release", "lib/modules/6.10/a.ko")), false},
		"cut":                    {zipped(live)[:20], false}, "empty": {nil, false}, "text": {[]byte("none\n"), false}, "zeros": {make([]byte, 100), false},
	} {
		if got := isLiveInitrd(bytes.NewReader(c.data), "6.1"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzInitrd(f *testing.F) {
	f.Add(archive("etc/initrd-release"))
	f.Add(zipped(archive("lib/modules/1")))
	f.Fuzz(func(t *testing.T, b []byte) { isLiveInitrd(bytes.NewReader(b), "1") })
}

// The file system is one to fsck and to mtools, whatever is in it.
func TestFAT(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, bytes.Repeat([]byte("0123456789ABCDE\n"), 700_000), 0o644); err != nil { // 10.7 MiB: FAT16
		t.Fatal(err)
	}
	for name, items := range map[string][]item{
		"FAT12": {{to: "EFI/BOOT/BOOTX64.EFI", text: bytes.Repeat([]byte("x"), 5000)}, {to: "EFI/BOOT/a long name, in small letters.efi", text: []byte("long")},
			{to: "boot/grub/grub.cfg", text: []byte("menu")}, {to: "boot/grub/empty"}, {to: "boot/grub/x86_64-efi/a.mod", text: []byte("m")}},
		"FAT16": {{to: "EFI/BOOT/BOOTX64.EFI", from: big, size: 700_000 * 16}, {to: "a.txt", text: []byte("a")}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "efi.img"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := writeFAT(f, items); err != nil {
				t.Fatal(err)
			}
			if info, _ := f.Stat(); info.Size() != fatSize(items) {
				t.Errorf("%d bytes, not %d", info.Size(), fatSize(items))
			}
			out, err := exec.Command("/usr/sbin/fsck.vfat", "-n", "-v", f.Name()).CombinedOutput()
			if err != nil || !strings.Contains(string(out), name[3:]+" bits") && !strings.Contains(string(out), name[3:]+" bit") {
				t.Errorf("%v\n%s", err, out)
			}
			for _, i := range items {
				want := i.text
				if i.from != "" {
					want, _ = os.ReadFile(i.from)
				}
				got, err := exec.Command("mtype", "-i", f.Name(), "::/"+i.to).Output()
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %d bytes, want %d, %v", i.to, len(got), len(want), err)
				}
			}
		})
	}
	if err := writeFAT(nil, []item{{to: "a", text: []byte("x")}, {to: "a/b", text: []byte("x")}}); err == nil {
		t.Error("a file is a folder")
	}
}

// A medium that gives back something else is found out.
func TestDamageIsFoundWhenItIsReadBack(t *testing.T) {
	_, j := made(t)
	read := func() error {
		s := sums{want: j.sums.want}
		if _, err := io.Copy(&s, io.NewSectionReader(j.part, 0, j.size)); err != nil {
			return err
		}
		return s.check()
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 100_000, j.size / 2, j.size - 1} {
		b := make([]byte, 1)
		j.part.ReadAt(b, at)
		b[0] ^= 4
		j.part.WriteAt(b, at)
		if read() == nil {
			t.Errorf("another bit at %d was not seen", at)
		}
		b[0] ^= 4
		j.part.WriteAt(b, at)
	}
}
