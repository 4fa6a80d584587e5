package boot

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"antix-remaster/test/cpio"
)

//go:embed init.sh
var initScript []byte

// modules are what UML's kernel needs beside what is built in.
var modules = []string{
	"drivers/block/loop.ko", "fs/squashfs/squashfs.ko", "fs/overlayfs/overlay.ko",
	"fs/fat/fat.ko", "fs/fat/vfat.ko", "fs/nls/nls_cp437.ko", "fs/nls/nls_iso8859-1.ko",
}

// WriteInitramfs writes our initramfs to the file: a static busybox, the
// modules of the UML kernel, and the init script that follows the contract.
func WriteInitramfs(file string) error {
	data, err := initramfs()
	if err != nil {
		return fmt.Errorf("cannot make the initramfs: %w", err)
	}
	return os.WriteFile(file, data, 0o644)
}

var initramfs = sync.OnceValues(makeInitramfs)

func makeInitramfs() ([]byte, error) {
	dirs := []string{"proc", "sys", "lib", "lib/modules", "new",
		"live", "live/boot-dev", "live/persist-dev", "live/linux", "live/upper", "live/rootfs"}
	return PackInitramfs(initScript, dirs, func(c *cpio.Writer) error {
		c.File("swap.sh", swapScript, 0o644)
		for _, m := range modules {
			text, err := readModule(m)
			if err != nil {
				return err
			}
			c.File("lib/modules/"+filepath.Base(m), text, 0o644)
		}
		return nil
	})
}

// PackInitramfs packs an initramfs: a static busybox that is the shell, the init
// script, more directories, and what add adds.
func PackInitramfs(init []byte, dirs []string, add func(*cpio.Writer) error) ([]byte, error) {
	busybox, err := readBusybox()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	c := cpio.New(zip)
	for _, dir := range append([]string{"bin", "dev"}, dirs...) {
		c.Dir(dir)
	}
	c.Device("dev/console", 5, 1)
	c.File("bin/busybox", busybox, 0o755)
	c.Link("bin/sh", "busybox")
	c.File("init", init, 0o755)
	if err := add(c); err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func readBusybox() ([]byte, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return nil, fmt.Errorf("missing busybox (Debian package busybox-static): %w", err)
	}
	return os.ReadFile(path)
}

// readModule finds a module of the UML kernel; which version is installed
// does not matter as there is only one kernel in the package.
func readModule(name string) ([]byte, error) {
	found, _ := filepath.Glob(filepath.Join("/usr/lib/uml/modules/*/kernel", name))
	if len(found) == 0 {
		return nil, fmt.Errorf("missing /usr/lib/uml/modules/*/kernel/%s (Debian package user-mode-linux)", name)
	}
	return os.ReadFile(found[len(found)-1])
}
