// Package uml runs one Go program as the init of a User-Mode-Linux machine.
// There are file systems and a device mapper that the host's kernel may lack.
package uml

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"antix-remaster/test/cpio"
)

// End is what the program prints when it is done.
const End = "@@END"

// The files of the machine's directory, which the program sees as /host.
const (
	JobFile    = "job.json"
	ResultFile = "result.json"
)

// Machine is where a program runs, and what it gets.
type Machine struct {
	Dir    string   // its own directory on the host
	Memory string   // "128M"
	Disks  []string // image files: ubda, ubdb, ...
	Job    any      // written as JSON into JobFile
}

// Agent builds the program of the package path, static.
func Agent(ctx context.Context, path, file string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", file, path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", path, err, out)
	}
	return nil
}

// Initramfs writes an archive that holds the program alone.
func Initramfs(file, agent string) error {
	text, err := os.ReadFile(agent)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	c := cpio.New(&b)
	c.Dir("dev")
	c.Device("dev/console", 5, 1)
	c.File("init", text, 0o755)
	if err := c.End(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// Run boots the machine, waits until its program has switched it off, and
// reads the result. It gives what was said on the console.
func (m Machine) Run(ctx context.Context, initramfs string, result any) (string, error) {
	text, err := json.Marshal(m.Job)
	if err == nil {
		err = os.WriteFile(filepath.Join(m.Dir, JobFile), text, 0o644)
	}
	if err != nil {
		return "", err
	}
	args := []string{"mem=" + m.Memory, "initrd=" + initramfs, "hostdir=" + m.Dir}
	for i, d := range m.Disks {
		args = append(args, fmt.Sprintf("ubd%d=%s", i, d))
	}
	console, err := Linux(ctx, m.Dir, args...)
	if !bytes.Contains([]byte(console), []byte(End)) {
		return console, fmt.Errorf("the machine did not end by itself: %v, %v\n%s", err, ctx.Err(), console)
	}
	text, err = os.ReadFile(filepath.Join(m.Dir, ResultFile))
	if err == nil {
		err = json.Unmarshal(text, result)
	}
	if err != nil {
		return console, fmt.Errorf("no result: %w\n%s", err, console)
	}
	return console, os.Remove(filepath.Join(m.Dir, ResultFile))
}

// halted is the last line of a machine that was switched off.
const halted = "reboot: System halted"

// Linux runs a User-Mode-Linux kernel until it switches itself off, and gives
// what it said on its console. home is a directory for its own files. All of
// its processes end with it, with us, and with the context.
func Linux(ctx context.Context, home string, args ...string) (string, error) {
	program, err := exec.LookPath("linux.uml")
	if err != nil {
		return "", fmt.Errorf("missing linux.uml (Debian package user-mode-linux): %w", err)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"uml_dir=" + home, "umid=machine", "con0=null,fd:1", "con=null", "ssl=null",
		"panic=-1", "quiet", "loglevel=1"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// Its memory is an unlinked file: by default in /dev/shm.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	runtime.LockOSThread() // the kernel sends Pdeathsig when the starting thread dies
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	if cmd.Process != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // mostly gone
	}
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("it did not end: %w", ctx.Err())
	case bytes.HasSuffix(bytes.TrimSpace(out.Bytes()), []byte(halted)):
		// Now and then the kernel is aborted by the host after its last word.
		err = nil
	}
	return out.String(), err
}
