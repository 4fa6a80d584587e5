package bootmenu

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/test/boot"
)

// stick is an ext4 image with a menu, which GRUB itself runs as a program
// (grub-emu). What would load a kernel is said instead: GRUB looks for a
// function where it has no such command, and it has no linux16 there.
type stick struct {
	t     *testing.T
	image string
}

const plainMenu = `function linux16 { echo "booted [$@]"; }
function initrd16 { echo "with [$@]"; exit; }
set option=chosen
set default=0
set timeout=0
menuentry " Testix" "$option" --id=live {
more="$2"
shift 1
linux16 /antiX/vmlinuz quiet $more sqext=own
initrd16 /antiX/initrd.gz
}
menuentry "Other" {
linux16 /other/vmlinuz
initrd16 /other/initrd.gz
}
`

func newStick(t *testing.T, files map[string][]byte) stick {
	t.Helper()
	dir := t.TempDir()
	s := stick{t, filepath.Join(dir, "image")}
	tree := filepath.Join(dir, "tree")
	for name, content := range files {
		path := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := run(t, "mkfs.ext4", "-q", "-d", tree, s.image, "64M"); err != nil {
		t.Fatal(err, out)
	}
	return s
}

// boot runs the menu and returns what was said of the kernel that it started.
func (s stick) boot() string {
	s.t.Helper()
	said, err := boot.RunGRUB(s.t.Context(), s.image, "-r", "hd0", "-d", "/boot/grub")
	_, booted, ok := strings.Cut(said, "booted ")
	if err != nil || !ok {
		s.t.Fatalf("GRUB started nothing: %v\n%s", err, said)
	}
	return strings.Join(strings.Fields(booted), " ")
}

func (s stick) env() string {
	s.t.Helper()
	out, err := exec.Command("debugfs", "-R", "cat /boot/grub/grubenv", s.image).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	value, ok, err := EnvGet(out, NextEntry)
	if err != nil || !ok {
		s.t.Fatalf("no %s: %v, %q", NextEntry, err, out)
	}
	return value
}

const (
	plainBoot = "[/antiX/vmlinuz quiet chosen sqext=own] with [/antiX/initrd.gz]"
	ourBoot   = "[/antiX/vmlinuz quiet chosen bdir=antiX/archive/0003 sqname=linuxfs.old] with [/antiX/initrd.gz]"
)

// hook returns the files of a stick with all our entries, and the last of them
// named as the next boot's.
func hook(t *testing.T, menu string) map[string][]byte {
	t.Helper()
	f := Files[0]
	all := extras()
	text, err := Encode(f, base(t, f, menu), all)
	if err != nil {
		t.Fatal(err)
	}
	env, err := EnvSet(EnvNew(), NextEntry, all[len(all)-1].ID)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"boot/grub/grub.cfg": Append([]byte(menu), f), "boot/grub/" + OwnName: text, "boot/grub/grubenv": env}
}

func TestGRUBBootsOnce(t *testing.T) {
	for name, menu := range map[string]string{
		"from its folder": plainMenu,
		"from the prefix": plainMenu + "unset config_directory\n",
		"another prefix":  "set prefix=(hd0)/nowhere\n" + plainMenu,
		"another root":    plainMenu + "set root=hd9\n",
		"no last newline": strings.TrimSpace(plainMenu),
	} {
		s := newStick(t, hook(t, menu))
		if got := s.boot(); got != ourBoot {
			t.Errorf("%s: got %s", name, got)
		}
		if got := s.env(); got != "" {
			t.Errorf("%s: %s is still %q", name, NextEntry, got)
		}
		if got := s.boot(); got != plainBoot {
			t.Errorf("%s: the second boot is no plain one: %s", name, got)
		}
	}
}

// What is not as it should be leaves a plain boot.
func TestGRUBBootsPlainly(t *testing.T) {
	for name, change := range map[string]func(files map[string][]byte){
		"no environment block": func(f map[string][]byte) { delete(f, "boot/grub/grubenv") },
		"no block":             func(f map[string][]byte) { f["boot/grub/grubenv"] = []byte("next_entry=antix-remaster-aa\n") },
		"empty block":          func(f map[string][]byte) { f["boot/grub/grubenv"] = EnvNew() },
		"no entries file":      func(f map[string][]byte) { delete(f, "boot/grub/"+OwnName) },
		"empty entries file":   func(f map[string][]byte) { f["boot/grub/"+OwnName] = nil },
		"switched off":         func(f map[string][]byte) { f["boot/grub/"+OwnName] = Off(Files[0]) },
		"damaged entries file": func(f map[string][]byte) { f["boot/grub/"+OwnName] = []byte("\xff'\x01{\n") },
		"torn entries file":    func(f map[string][]byte) { f["boot/grub/"+OwnName] = f["boot/grub/"+OwnName][:700] },
		"cannot be cleared": func(f map[string][]byte) {
			// GRUB cannot write into an image within a file system.
			inner := newStick(t, f)
			f["inner.img"], _ = os.ReadFile(inner.image)
			f["boot/grub/grub.cfg"] = []byte("loopback loop /inner.img\nset root=loop\nconfigfile /boot/grub/grub.cfg\n")
			delete(f, "boot/grub/"+OwnName)
			delete(f, "boot/grub/grubenv")
		},
	} {
		files := hook(t, plainMenu)
		change(files)
		if got := newStick(t, files).boot(); got != plainBoot {
			t.Errorf("%s: got %s", name, got)
		}
	}
}
