package livecd

import (
	_ "embed"
	"os"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/squashfs"
	"antix-remaster/test/boot"
	"antix-remaster/test/cpio"
	"antix-remaster/test/livesys"
)

//go:embed init.sh
var initScript []byte

// wanted are the drivers of the disc, the disk and the file systems on them.
var wanted = []string{"ata_piix", "ata_generic", "sr_mod", "sd_mod", "virtio_pci", "virtio_blk", "isofs", "loop", "squashfs"}

// WriteInitrd writes an initrd for the kernel of the base to a file: a static
// busybox, modules out of its linuxfs, and our init. It says of what system it is,
// as those of live systems do.
func WriteInitrd(file string, base livesys.BaseImage) error {
	f, err := os.Open(base.Squashfs)
	if err != nil {
		return err
	}
	defer f.Close()
	im, err := squashfs.Open(f)
	if err != nil {
		return err
	}
	paths, err := modulesOf(im, "lib/modules/"+base.Release)
	if err != nil {
		return err
	}
	dirs := []string{"etc", "lib", "lib/modules", "lib/modules/" + base.Release, "modules"}
	data, err := boot.PackInitramfs(initScript, dirs, func(c *cpio.Writer) error {
		c.File("etc/initrd-release", []byte("NAME=livecd-test\n"), 0o644)
		var order strings.Builder
		for _, p := range paths {
			text, err := im.ReadFile(p, 16<<20)
			if err != nil {
				return err
			}
			c.File("modules/"+path.Base(p), text, 0o644)
			order.WriteString(path.Base(p) + "\n")
		}
		c.File("modules/order", []byte(order.String()), 0o644)
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// modulesOf gives the files of the wanted modules, after those they need. What is
// built into the kernel is not among them.
func modulesOf(im *squashfs.Image, dir string) ([]string, error) {
	text, err := im.ReadFile(dir+"/modules.dep", 4<<20)
	if err != nil {
		return nil, err
	}
	needs, files := map[string][]string{}, map[string]string{}
	for line := range strings.Lines(string(text)) {
		file, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		files[moduleName(file)] = file
		for _, need := range strings.Fields(rest) {
			needs[moduleName(file)] = append(needs[moduleName(file)], moduleName(need))
		}
	}
	var all []string
	var add func(name string)
	add = func(name string) {
		file, ok := files[name]
		if !ok || slices.Contains(all, path.Join(dir, file)) {
			return
		}
		for _, need := range needs[name] {
			add(need)
		}
		all = append(all, path.Join(dir, file))
	}
	for _, name := range wanted {
		add(name)
	}
	return all, nil
}

func moduleName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path.Base(file), ".ko"), "-", "_")
}
