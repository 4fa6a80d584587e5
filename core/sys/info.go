package sys

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MemAvailable is the memory a new program can have without swapping, in
// bytes, from /proc/meminfo; on kernels before 3.14 the free memory.
func MemAvailable() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	values := map[string]int64{}
	for _, line := range strings.Split(string(text), "\n") {
		if w := strings.Fields(line); len(w) > 1 {
			values[strings.TrimSuffix(w[0], ":")], _ = strconv.ParseInt(w[1], 10, 64)
		}
	}
	if v, ok := values["MemAvailable"]; ok {
		return v << 10
	}
	return values["MemFree"] << 10
}

// Machine is the hardware name of uname -m and the kernel's release.
func Machine() (machine, release string) {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "", ""
	}
	return unix.ByteSliceToString(u.Machine[:]), unix.ByteSliceToString(u.Release[:])
}

// Battery is the charge in percent while the machine runs from its battery;
// onBattery is false with mains power or without a battery.
func Battery(root string) (percent int, onBattery bool) {
	supplies, _ := filepath.Glob(filepath.Join(root, "/sys/class/power_supply/*"))
	word := func(dir, name string) string {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		return strings.TrimSpace(string(text))
	}
	for _, s := range supplies {
		if word(s, "type") == "Battery" && word(s, "status") == "Discharging" && word(s, "scope") != "Device" {
			percent, _ = strconv.Atoi(word(s, "capacity"))
			onBattery = true
		}
	}
	return percent, onBattery
}

// IsRoot tells whether the effective user is root.
func IsRoot() bool { return os.Geteuid() == 0 }

// CloseOnExec marks every descriptor above the three standard ones, so that
// none that the caller left open survives the next exec.
func CloseOnExec() {
	if unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC) == nil {
		return // Linux 5.11 or newer
	}
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if fd, err := strconv.Atoi(filepath.Base(name)); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// Umask sets the file mode mask of the process.
func Umask(mask int) { unix.Umask(mask) }
