package livesys

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/test/boot"
)

// stickMaker fills a directory with what is on a stick and makes the stick's
// file system from it in one go, which is faster than copying into a mount.
type stickMaker struct {
	Options
	base BaseImage
	dir  string // the work directory
	tree string // what will be the stick's root
}

// makeStick writes the stick image and returns its file system's UUID.
func makeStick(ctx context.Context, o Options, base BaseImage, dir, image string) (string, error) {
	if o.StickFS != "ext4" {
		return "", fmt.Errorf("this kernel need not know %s: test/umllive makes such sticks", o.StickFS)
	}
	m := &stickMaker{Options: o, base: base, dir: dir, tree: filepath.Join(dir, "tree")}
	defer os.RemoveAll(m.tree)
	if err := m.fill(ctx); err != nil {
		return "", err
	}
	if o.Encrypted {
		if err := m.splitBIOS(ctx, image+".bios"); err != nil {
			return "", fmt.Errorf("cannot fill the second file system: %w", err)
		}
	}
	uuid := o.StickUUID
	if uuid == "" {
		uuid = newUUID()
	}
	return uuid, filledExt4(ctx, image, o.StickSize, uuid, "livesys", m.tree)
}

// filledExt4 makes a sparse image of size bytes with what is in the directory.
func filledExt4(ctx context.Context, image string, size int64, uuid, label, from string) error {
	if err := sparse(image, size); err != nil {
		return err
	}
	return command(ctx, io.Discard, "mkfs.ext4", "-q", "-F", "-L", label, "-U", uuid, "-m", "0",
		"-E", "lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0", "-d", from, image)
}

func (m *stickMaker) fill(ctx context.Context) error {
	steps := []func(context.Context) error{m.boot, m.linuxfs, m.companions, m.leftovers, m.persistence, m.extra}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return fmt.Errorf("cannot fill the stick: %w", err)
		}
	}
	return nil
}

func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func sparse(file string, size int64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// The menus have the shape of those on sticks that antiX tools make; linux16, as
// test/boot has GRUB itself read it.
const (
	grubMenu = `set default=0
set timeout=10
if [ -e $prefix/grubenv.cfg ]; then source $prefix/grubenv.cfg; fi
search --no-floppy --set=root --file /antiX/vmlinuz
menuentry "antiX-livesys (January 1, 2026)" {
  linux16 /antiX/vmlinuz quiet splasht disable=lx
  initrd16 /antiX/initrd.gz
}
menuentry "antiX-livesys failsafe" {
  linux16 /antiX/vmlinuz failsafe
  initrd16 /antiX/initrd.gz
}
`
	syslinuxMenu = `UI vesamenu.c32
TIMEOUT 100
DEFAULT live
LABEL live
  MENU LABEL antiX-livesys (January 1, 2026)
  KERNEL /antiX/vmlinuz
  APPEND quiet splasht disable=lx
  INITRD /antiX/initrd.gz
LABEL failsafe
  MENU LABEL Failsafe
  KERNEL /antiX/vmlinuz
  APPEND failsafe
  INITRD /antiX/initrd.gz
`
)

// at returns the path of name beside the linuxfs.
func (m *stickMaker) at(name string) string { return filepath.Join(m.tree, m.BootDir, name) }

// boot puts the files there that are not the linuxfs's own.
func (m *stickMaker) boot(context.Context) error {
	texts := map[string]string{
		"version":                         "antiX-livesys\n",
		"boot/grub/grub.cfg":              strings.ReplaceAll(grubMenu, "antiX/", m.BootDir+"/"),
		"boot/grub/grubenv.cfg":           "lang=\"en_US\"\n",
		"boot/grub/grubenv":               string(bootmenu.EnvNew()),
		"boot/syslinux/syslinux.cfg":      strings.ReplaceAll(syslinuxMenu, "antiX/", m.BootDir+"/"),
		"Live-usb-storage/root/notes.txt": "kept on the stick, never in an image\n",
		"Live-usb-storage/demo/notes.txt": "kept on the stick, never in an image\n",
	}
	for name, text := range texts {
		if err := writeFile(filepath.Join(m.tree, name), text); err != nil {
			return err
		}
	}
	if err := chownTree(filepath.Join(m.tree, "Live-usb-storage/demo"), 1000, 1000); err != nil {
		return err
	}
	if err := os.MkdirAll(m.at("."), 0o755); err != nil {
		return err
	}
	if m.base.Vmlinuz != "" {
		if err := copyFile(m.base.Vmlinuz, m.at("vmlinuz")); err != nil {
			return err
		}
		if err := writeMD5(m.at("vmlinuz"), "vmlinuz"); err != nil {
			return err
		}
	}
	if err := boot.WriteInitramfs(m.at("initrd.gz")); err != nil {
		return err
	}
	return writeMD5(m.at("initrd.gz"), "initrd.gz")
}

func (m *stickMaker) linuxfs(context.Context) error {
	name := m.imageName()
	file := name
	if m.LinkScheme != "" {
		file = name + "." + m.LinkScheme
		if err := os.Symlink(file, m.at(name)); err != nil {
			return err
		}
	}
	// mkfs.ext4 would carry over a link count, so a link will do only because
	// this is the one name of the file below the tree.
	if err := linkOrCopy(m.base.Squashfs, m.at(file)); err != nil {
		return err
	}
	if name == "linuxfs" {
		if err := writeMD5(m.at(file), name); err != nil {
			return err
		}
	}
	return writeFile(m.at("linuxfs.info"), "UncompressedSizeKB=400000\n")
}

// writeMD5 writes NAME.md5 beside the file as the live tools do.
func writeMD5(file, name string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := md5.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	return writeFile(filepath.Join(filepath.Dir(file), name+".md5"), fmt.Sprintf("%x  %s\n", sum.Sum(nil), name))
}

func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}

func (m *stickMaker) companions(context.Context) error {
	if !m.Companions {
		return nil
	}
	for _, name := range []string{"state", "xtra", "deb", "xtra.tgz"} {
		if err := m.companion(name, name); err != nil {
			return err
		}
	}
	return nil
}

// companion makes a plausible companion of the kind under the name.
func (m *stickMaker) companion(kind, name string) error {
	files := map[string]string{}
	switch kind {
	case "state":
		files["machine/0123456789abcdef/asound.state"] = "state.card { }\n"
		files["general/var/log/live/live-remaster.log"] = "an old log\n"
		files["user/demo/.config/volume"] = "50\n"
	case "xtra":
		files["usr/local/share/xtra/file.txt"] = "xtra of " + name + "\n"
	case "deb":
		files["example_1.0_all.deb"] = "not really a package: " + name + "\n"
	default:
		return writeFile(m.at(name), "the "+kind+" named "+name+"\n")
	}
	for path, text := range files {
		if err := writeFile(filepath.Join(m.at(name), path), text); err != nil {
			return err
		}
	}
	return nil
}

// leftovers makes what earlier swaps or crashes left. Images are real, small
// and bootable, each with a version id of its own.
func (m *stickMaker) leftovers(ctx context.Context) error {
	for _, name := range m.Leftovers {
		if name != filepath.Base(name) || !strings.Contains(name, ".") {
			return fmt.Errorf("not the name of a leftover: %q", name)
		}
		kind := strings.TrimSuffix(name, filepath.Ext(name))
		var err error
		switch {
		case kind == m.imageName():
			_, err = MiniImage(ctx, m.at(name), Mini{Title: "left as " + name, Release: m.base.Release})
		case kind == "rootfs":
			err = emptyExt4(ctx, m.at(name), 8<<20, "")
		default:
			err = m.companion(kind, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *stickMaker) persistence(ctx context.Context) error {
	if !m.PersistDisk {
		if err := m.makeRootfs(ctx, filepath.Join(m.tree, m.PersistDir, "rootfs")); err != nil {
			return err
		}
	}
	if !m.HomePersist {
		return nil
	}
	home := filepath.Join(m.dir, "home")
	defer os.RemoveAll(home)
	if err := writeFile(filepath.Join(home, "demo/.bashrc"), "# in the homefs\n"); err != nil {
		return err
	}
	if err := chownTree(filepath.Join(home, "demo"), 1000, 1000); err != nil {
		return err
	}
	return emptyExt4(ctx, m.at("homefs"), 100<<20, home)
}

// emptyExt4 makes a sparse ext4 file, filled from the directory unless "".
func emptyExt4(ctx context.Context, file string, size int64, from string) error {
	if err := sparse(file, size); err != nil {
		return err
	}
	label := filepath.Base(file)
	args := []string{"-q", "-F", "-m", "0", "-L", label[:min(len(label), 16)]}
	if from != "" {
		args = append(args, "-d", from)
	}
	return command(ctx, io.Discard, "mkfs.ext4", append(args, file)...)
}

func (m *stickMaker) extra(context.Context) error {
	for name, from := range m.ExtraFiles {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("not a path on the stick: %q", name)
		}
		to := filepath.Join(m.tree, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := copyFile(from, to); err != nil {
			return err
		}
	}
	return nil
}
