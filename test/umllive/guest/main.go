package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys/inside"
	"antix-remaster/test/tree"
	"antix-remaster/test/umllive/peak"
)

// shared is where the host's directory is before the live system is up.
const shared = "/shared"

// modules are what the kernel needs beside what is built in, in this order.
var modules = []string{
	"drivers/block/loop", "fs/squashfs/squashfs", "fs/overlayfs/overlay",
	"fs/nls/nls_cp437", "fs/nls/nls_iso8859-1", "fs/fat/fat", "fs/fat/vfat",
	"drivers/md/dm-mod", "drivers/md/dm-flakey",
}

// Main is the whole life of the machine, or that of the tool.
func Main() {
	if os.Getpid() != 1 {
		if err := tool(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := work(); err != nil {
		fmt.Println("machine:", err)
	}
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

// tool is what the agent can do when it is not the init:
//
//	agent tree DIR FILE                          describe a tree
//	agent kill STAGE MILLISECONDS COMMAND ...    see kill
//	agent restart FILE                           see restart
//	agent fail HOW STAGE MILLISECONDS UNTIL COMMAND ...    see fail
func tool(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "tree":
		all, err := tree.Describe(args[1])
		if err != nil {
			return err
		}
		return write(args[2], all)
	case len(args) > 3 && args[0] == "kill":
		return kill(args[1:])
	case len(args) == 2 && args[0] == "restart":
		return restart(args[1])
	case len(args) > 5 && args[0] == "fail":
		return fail(args[1:])
	}
	return fmt.Errorf("not something that the agent can do: %q", args)
}

func write(file string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func work() error {
	if err := prepare(); err != nil {
		return err
	}
	text, err := os.ReadFile(shared + "/" + JobFile)
	if err != nil {
		return err
	}
	var job Job
	if err := json.Unmarshal(text, &job); err != nil {
		return err
	}
	switch {
	case job.Fill:
		return report(shared, Report{}, fill(job.Spec))
	case len(job.Init) > 0:
		return job.boot()
	}
	r, err := job.live()
	return report("/mnt", r, err)
}

func report(dir string, r Report, err error) error {
	if err != nil {
		r.Error = err.Error()
	}
	return write(filepath.Join(dir, ReportFile), r)
}

// prepare makes a root that can be left behind, which a rootfs cannot, and
// mounts and loads what is needed.
func prepare() error {
	if err := mount("tmpfs", "/base", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return unix.Chdir("/base") },
		func() error { return unix.Mount(".", "/", "", unix.MS_MOVE, "") },
		func() error { return unix.Chroot(".") },
		func() error { return unix.Chdir("/") },
		func() error { return mount("proc", "/proc", "proc", 0, "") },
		func() error { return mount("dev", "/dev", "devtmpfs", 0, "") },
		func() error { return os.WriteFile("/proc/sys/kernel/printk", []byte("1"), 0) },
		func() error { return mount("none", shared, "hostfs", 0, cmdline("hostdir")) },
		func() error { return mount("none", "/modules", "hostfs", unix.MS_RDONLY, "/usr/lib/uml/modules") },
		loadModules,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, target, fstype string, flags uintptr, data string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return fmt.Errorf("cannot mount %s on %s: %w", fstype, target, err)
	}
	return nil
}

func cmdline(key string) string {
	text, _ := os.ReadFile("/proc/cmdline")
	for _, word := range strings.Fields(string(text)) {
		if value, ok := strings.CutPrefix(word, key+"="); ok {
			return value
		}
	}
	return ""
}

func loadModules() error {
	for _, name := range modules {
		found, _ := filepath.Glob("/modules/*/kernel/" + name + ".ko")
		if len(found) == 0 {
			return fmt.Errorf("the kernel has no module %s", name)
		}
		f, err := os.Open(found[len(found)-1])
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(f.Fd()), "", 0)
		f.Close()
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("cannot load %s: %w", name, err)
		}
	}
	return nil
}

// live starts the live system and runs the script in it.
func (job Job) live() (Report, error) {
	hostdir := cmdline("hostdir")
	if err := os.MkdirAll(job.Spec.Stage, 0o755); err != nil {
		return Report{}, err
	}
	if job.Mapped {
		if err := mapStick(); err != nil {
			return Report{}, err
		}
	}
	ready, err := inside.Start(job.Spec)
	r := Report{VID: ready.VID}
	if err == nil {
		err = mount("none", "/mnt", "hostfs", 0, hostdir)
	}
	if err == nil {
		err = job.install()
	}
	if err != nil {
		fmt.Println("machine:", err) // where the report goes to may be missing
		return r, err
	}
	r.Code, r.Memory, err = script()
	if job.Spec.StaticRoot { // its rootfs stays open for writing: the stick ends as after a reset, all of it written
		unix.Sync()
		return r, err
	}
	if e := unix.Mount("", job.Spec.LiveDir+"/boot-dev", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); e != nil {
		err = errors.Join(err, fmt.Errorf("the stick is still being written to: %w", e))
	}
	return r, err
}

// install installs the programs as the package would, unless they are there.
func (job Job) install() error {
	for name, path := range job.Programs {
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := copyFile(filepath.Join("/mnt", ProgramDir, name), path); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func script() (int, peak.Memory, error) {
	cmd := exec.Command("/bin/sh", "/mnt/"+ScriptFile)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "TERM=linux", "LANG=C.UTF-8"}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	stop := peak.Watch("/proc", "antix-remaster-helper", "antix-remaster-cli", "mksquashfs")
	fmt.Println(Begin)
	code, err := wait(cmd)
	fmt.Println("\n" + End)
	return code, stop(), err
}

// wait waits for the script and collects orphans, as every PID 1 must.
func wait(cmd *exec.Cmd) (int, error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case pid == cmd.Process.Pid:
			return status.ExitStatus(), nil
		}
	}
}
