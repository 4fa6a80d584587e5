package livesys

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// builderVersion changes whenever a base built by older code would differ.
const builderVersion = "3"

// recipe says what a base is made of.
type recipe struct {
	name     string   // of its directory in the cache
	packages []string // beside the minimal Debian
	options  []string // more for mmdebstrap
}

// console is a system without a screen. "hello" is there to be removed by
// MakeChanges.
var console = recipe{name: "base", packages: []string{
	"squashfs-tools", "linux-image-cloud-amd64", "kmod", "polkitd", "pkexec", "dbus", "libcap2-bin",
	"attr", "acl", "util-linux", "e2fsprogs", "dosfstools", "sysvinit-core", "procps", "hello",
}}

// desktop has what a GTK window needs on a live system: the library, a font,
// icons, and the accessibility bus. The X server is the host's. No translations
// but German (ours) and Hebrew (written from right to left), and no pictures
// of the mouse pointer, which are half of the icon theme.
var desktop = recipe{
	name:     "desktop",
	packages: append(slices.Clone(console.packages), "libgtk-3-0", "librsvg2-common", "adwaita-icon-theme", "fonts-dejavu-core", "at-spi2-core", "locales"),
	options: []string{
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-include=/usr/share/locale/de/*",
		"--dpkgopt=path-include=/usr/share/locale/he/*",
		"--dpkgopt=path-exclude=/usr/share/icons/Adwaita/cursors/*",
		`--customize-hook=for l in de_DE he_IL; do chroot "$1" localedef --no-archive -i $l -f UTF-8 $l.UTF-8; done`,
		`--customize-hook=chroot "$1" dpkg --purge locales`,
	},
}

// key names the content: another recipe gives another key.
func (r recipe) key(suite string) string {
	words := append(append([]string{suite}, r.packages...), r.options...)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(append(words, builderVersion), " "))))[:12]
}
