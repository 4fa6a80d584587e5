package live

import (
	"bytes"
	"encoding/binary"
	"path"
	"regexp"
	"strings"
)

// setup is how much of a bzImage is read: its 16-bit part, in which the
// version string lies.
const setup = 64 << 10

var release = regexp.MustCompile(`^[0-9]+\.[0-9][A-Za-z0-9.+~_-]{0,62}$`)

// findKernels reads the release of the running kernel, and of the one a plain
// boot starts. With a boot device that is away the latter is unknown.
func (r *reader) findKernels() {
	r.RunningKernel = r.tree.line("/proc/sys/kernel/osrelease")
	dir := r.Plain.Dir
	switch {
	case r.Encrypted: // §8: the kernel cannot be inside the LUKS device
		if r.config["BIOS_MP"] == "" || r.mounts.at(r.tree.resolved(r.config["BIOS_MP"])) == nil {
			return
		}
		dir = path.Join(r.config["BIOS_MP"], "antiX")
	case !r.Boot.Mounted() || dir == "":
		return
	}
	b, err := r.tree.read(path.Join(dir, "vmlinuz"), setup)
	if err != nil {
		r.problem("%v", err)
		return
	}
	if r.BootKernel = kernelRelease(b); r.BootKernel == "" {
		r.problem("the release of %s is unknown", path.Join(dir, "vmlinuz"))
	}
}

// kernelRelease finds the release in the beginning of a bzImage, by the Linux
// x86 boot protocol: "HdrS" at 0x202, at 0x20e the offset of the version string
// less 0x200. It is "" for anything else.
func kernelRelease(b []byte) string {
	if len(b) < 0x210 || string(b[0x202:0x206]) != "HdrS" {
		return ""
	}
	at := int(binary.LittleEndian.Uint16(b[0x20e:])) + 0x200
	if at == 0x200 || at >= len(b) {
		return ""
	}
	text, _, found := bytes.Cut(b[at:min(len(b), at+512)], []byte{0})
	first, _, _ := strings.Cut(string(text), " ")
	if !found || !release.MatchString(first) {
		return ""
	}
	return first
}

// bootWords reads a kernel command line. Only whole words count: "norollback"
// or "title=rollback" is not "rollback".
func bootWords(cmdline string) (noRemaster, rollback bool) {
	for _, w := range strings.Fields(cmdline) {
		switch w {
		case "noremaster":
			noRemaster = true
		case "rollback":
			rollback = true
		}
	}
	return noRemaster, rollback
}
