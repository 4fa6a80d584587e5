package livesys

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// insideEnv is the environment of programs inside, unless given.
var insideEnv = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8", "TERM=linux",
}

// Command prepares a program to run inside as root with a clean environment.
// Set Stdin, Stdout, Env, SysProcAttr.Credential as wanted, then start it with
// s.Start or s.RunCommand: cmd.Start itself would run it on the host. The
// started cmd.Process is the program itself, for signals. A cancelled ctx
// kills it and its process group.
func (s *System) Command(ctx context.Context, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0])
	cmd.Args = argv
	cmd.Env = append([]string(nil), insideEnv...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// Start starts a Command; wait for it with cmd.Wait. The error is nil only
// when the program really runs inside.
func (s *System) Start(cmd *exec.Cmd) error {
	if s.init == nil {
		return fmt.Errorf("the live system was not started")
	}
	select {
	case <-s.Done():
		return fmt.Errorf("the live system has ended")
	default:
	}
	return s.within(func() error {
		// Only now can the program be looked up as the system sees it.
		path, err := lookPath(cmd.Args[0])
		if err != nil {
			return err
		}
		cmd.Path, cmd.Err = path, nil
		return cmd.Start()
	})
}

// within does something on a thread that sees what the system sees.
func (s *System) within(do func() error) error {
	done := make(chan error)
	go func() { done <- s.onThread(do) }()
	return <-done
}

// onThread gives its thread up: after it has joined the namespaces nothing
// else may run on it, so the goroutine ends locked, which ends the thread.
func (s *System) onThread(do func() error) error {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The main thread cannot end, and /proc/self is its view. While we
		// hold it, another goroutine gets another thread.
		defer runtime.UnlockOSThread()
		return s.within(do)
	}
	if err := joinNamespaces(s.PID()); err != nil {
		return err
	}
	return do()
}

// joinNamespaces moves the current thread into the namespaces of the process.
func joinNamespaces(pid int) error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("cannot leave the shared root: %w", err)
	}
	for _, ns := range []struct {
		name string
		flag int
	}{{"uts", unix.CLONE_NEWUTS}, {"ipc", unix.CLONE_NEWIPC}, {"pid", unix.CLONE_NEWPID}, {"mnt", unix.CLONE_NEWNS}} {
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, ns.name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("cannot enter the live system: %w", err)
		}
		err = unix.Setns(fd, ns.flag)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("cannot enter the live system's %s namespace: %w", ns.name, err)
		}
	}
	return nil
}

// lookPath is exec.LookPath with the PATH of the inside.
func lookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range strings.Split(strings.TrimPrefix(insideEnv[0], "PATH="), ":") {
		path := dir + "/" + name
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("cannot find the program %s inside the live system", name)
}

// RunCommand starts a Command and waits for it.
func (s *System) RunCommand(cmd *exec.Cmd) error {
	if err := s.Start(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// Run runs a program inside as root and waits for it. env is added to the
// clean environment. A program that fails gives an *exec.ExitError.
func (s *System) Run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, env []string, argv ...string) error {
	cmd := s.Command(ctx, argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.Env = append(cmd.Env, env...)
	return s.RunCommand(cmd)
}

// Output runs a program inside as root and returns its standard output; what
// it wrote to standard error is part of the error.
func (s *System) Output(ctx context.Context, argv ...string) (string, error) {
	return s.output(s.Command(ctx, argv...))
}

// Shell is Output of a shell script: "set -e" holds.
func (s *System) Shell(ctx context.Context, script string) (string, error) {
	return s.Output(ctx, "/bin/sh", "-ec", script)
}

// OutputAs is Output as the user with this uid and gid.
func (s *System) OutputAs(ctx context.Context, uid uint32, argv ...string) (string, error) {
	return s.output(s.CommandAs(ctx, uid, argv...))
}

// CommandAs is Command as the user with this uid and gid; 1000 is demo.
func (s *System) CommandAs(ctx context.Context, uid uint32, argv ...string) *exec.Cmd {
	cmd := s.Command(ctx, argv...)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{uid}}
	if uid == 1000 {
		cmd.Env = append(cmd.Env, "HOME=/home/demo", "USER=demo", "LOGNAME=demo")
		cmd.Dir = "/home/demo"
	}
	return cmd
}

func (s *System) output(cmd *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := s.RunCommand(cmd); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}
