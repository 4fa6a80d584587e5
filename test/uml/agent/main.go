// Command agent is the init of a machine of package uml: it reads its job from
// the host, does it, leaves the result there, and switches the machine off.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"antix-remaster/test/uml"
	"antix-remaster/test/uml/power"
)

const host = "/host"

func say(format string, a ...any) { fmt.Printf("@@ "+format+"\n", a...) }

// must ends the job; off then switches the machine off.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "This is the init of a test machine.")
		os.Exit(2)
	}
	defer off()
	prepare()
	var job power.Job
	text, err := os.ReadFile(filepath.Join(host, uml.JobFile))
	must(err)
	must(json.Unmarshal(text, &job))
	var result any
	switch job.Kind {
	case power.Record:
		result = record(job)
	case power.Judge:
		result = judge(job)
	default:
		panic("unknown job " + job.Kind)
	}
	text, err = json.Marshal(result)
	must(err)
	must(os.WriteFile(filepath.Join(host, uml.ResultFile), text, 0o644))
}

func off() {
	if r := recover(); r != nil {
		say("failed: %v", r)
	}
	fmt.Println(uml.End)
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) //nolint:errcheck // does not return
}

// prepare mounts what a program needs, and the host's directories.
func prepare() {
	for _, d := range []string{"/proc", "/sys", "/dev", "/tmp", host, "/modules", mountpoint} {
		must(os.MkdirAll(d, 0o755))
	}
	must(unix.Mount("proc", "/proc", "proc", 0, ""))
	must(unix.Mount("sys", "/sys", "sysfs", 0, ""))
	if err := unix.Mount("dev", "/dev", "devtmpfs", 0, ""); err != nil && err != unix.EBUSY {
		must(err)
	}
	must(unix.Mount("none", host, "hostfs", 0, cmdline("hostdir")))
	must(unix.Mount("none", "/modules", "hostfs", unix.MS_RDONLY, "/usr/lib/uml/modules"))
	for _, m := range []string{"fs/nls/nls_cp437", "fs/nls/nls_iso8859-1", "fs/fat/fat", "fs/fat/vfat",
		"drivers/md/dm-mod", "drivers/md/dm-log-writes", "drivers/md/dm-bufio", "drivers/md/dm-snapshot"} {
		must(loadModule(m))
	}
}

func cmdline(key string) string {
	text, err := os.ReadFile("/proc/cmdline")
	must(err)
	for _, w := range strings.Fields(string(text)) {
		if v, ok := strings.CutPrefix(w, key+"="); ok {
			return v
		}
	}
	return ""
}

func loadModule(name string) error {
	found, _ := filepath.Glob("/modules/*/kernel/" + name + ".ko")
	if len(found) == 0 {
		return fmt.Errorf("there is no module %s (Debian package user-mode-linux)", name)
	}
	f, err := os.Open(found[0])
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && err != unix.EEXIST {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
