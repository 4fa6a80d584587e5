package umllive

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"antix-remaster/test/livesys"
)

// Mini is a tiny system that can remaster itself: busybox, mksquashfs and our
// two programs, about 20 MB unpacked. more adds files; it may be nil.
func Mini(programs string, more func(root string) error) (*livesys.Mini, error) {
	release, err := kernelRelease()
	if err != nil {
		return nil, err
	}
	mksquashfs, err := exec.LookPath("mksquashfs")
	if err != nil {
		return nil, err
	}
	config, err := kernelConfig()
	if err != nil {
		return nil, err
	}
	return &livesys.Mini{
		Title: "Fresh install", Release: release,
		Files: map[string]string{"/boot/config-" + release: config},
		Programs: map[string]string{
			"/usr/bin/mksquashfs":                               mksquashfs,
			"/usr/bin/antix-remaster-cli":                       filepath.Join(programs, "antix-remaster-cli"),
			"/usr/libexec/antix-remaster/antix-remaster-helper": filepath.Join(programs, "antix-remaster-helper"),
		},
		More: more,
	}, nil
}

// kernelRelease is that of the kernel in User-Mode-Linux.
func kernelRelease() (string, error) {
	found, _ := filepath.Glob("/usr/lib/uml/modules/*")
	if len(found) == 0 {
		return "", fmt.Errorf("missing /usr/lib/uml/modules (Debian package user-mode-linux)")
	}
	return filepath.Base(found[len(found)-1]), nil
}

// kernelConfig says what that kernel can do: no attributes of a squashfs. Where
// documents are not installed, the least of it is made up.
func kernelConfig() (string, error) {
	f, err := os.Open("/usr/share/doc/user-mode-linux/config.gz")
	if os.IsNotExist(err) {
		return "CONFIG_SQUASHFS_ZLIB=y\nCONFIG_SQUASHFS_LZ4=y\nCONFIG_SQUASHFS_XZ=y\nCONFIG_SQUASHFS_ZSTD=y\n", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(zip)
	return string(text), err
}
