package livesys

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tools maps each program we run on the host to its Debian package.
var tools = []struct{ name, pkg string }{
	{"mmdebstrap", "mmdebstrap"}, {"mksquashfs", "squashfs-tools"}, {"mkfs.ext4", "e2fsprogs"},
	{"linux.uml", "user-mode-linux"}, {"busybox", "busybox-static"}, {"cp", "coreutils"},
}

// MissingTools lists the programs that this host lacks, each with the Debian
// package that provides it; nil when all are there.
func MissingTools() []string {
	var missing []string
	for _, t := range tools {
		if _, err := exec.LookPath(t.name); err != nil {
			missing = append(missing, fmt.Sprintf("%s (Debian package %s)", t.name, t.pkg))
		}
	}
	return missing
}

// CheckHost tells why no live system can be started here, or nil.
func CheckHost() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a throwaway live system needs root: run as root, for example with sudo")
	}
	missing := MissingTools()
	if len(missing) == 0 {
		return nil
	}
	var pkgs []string
	for _, m := range missing {
		_, pkg, _ := strings.Cut(m, "package ")
		pkgs = append(pkgs, strings.TrimSuffix(pkg, ")"))
	}
	return fmt.Errorf("missing tools: %s\ninstall them: apt-get install %s",
		strings.Join(missing, ", "), strings.Join(pkgs, " "))
}

// hostIsLive tells whether this machine is itself a live system, whose own
// stick a mistake here could hit.
func hostIsLive() bool {
	for _, dir := range []string{"/live/config", "/run/initramfs/config"} {
		if _, err := os.Stat(dir); err == nil {
			return true
		}
	}
	return false
}
