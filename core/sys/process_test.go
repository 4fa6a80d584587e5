package sys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hostile variables make a loader, a shell, a library or a program do what
// they should not.
var hostile = map[string]string{
	"PATH": "/tmp/evil:.", "LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp/evil", "LD_AUDIT": "/tmp/evil.so", "LD_DEBUG": "all",
	"LD_BIND_NOW": "1", "GCONV_PATH": "/tmp/evil", "LOCPATH": "/tmp/evil", "NLSPATH": "/tmp/%N", "MALLOC_TRACE": "/tmp/evil",
	"GLIBC_TUNABLES": "glibc.malloc.check=3", "TMPDIR": "/tmp/evil", "HOME": "/tmp/evil", "SHELL": "/tmp/evil", "ENV": "/tmp/evil",
	"BASH_ENV": "/tmp/evil", "BASH_FUNC_env%%": "() { touch /tmp/evil; }", "SHELLOPTS": "xtrace", "PS4": "$(touch /tmp/evil)", "IFS": "/",
	"CDPATH": "/tmp", "PERL5LIB": "/tmp/evil", "PERL5OPT": "-Mevil", "PYTHONPATH": "/tmp/evil", "RUBYOPT": "-revil",
	"LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "xx", "SOURCE_DATE_EPOCH": "0", "PKEXEC_UID": "0", "SUDO_UID": "0",
	"DBUS_SESSION_BUS_ADDRESS": "unix:path=/tmp/evil", "GODEBUG": "execerrdot=0", "HOSTALIASES": "/tmp/evil", "TERM": "evil",
}

func TestPromiseS2ChildEnvironment(t *testing.T) {
	if len(hostile) < 30 {
		t.Fatalf("only %d hostile variables", len(hostile))
	}
	const golden = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n"
	for name, value := range hostile {
		t.Setenv(name, value)
	}
	got, err := Output(context.Background(), "/usr/bin/env")
	if err != nil || got != golden {
		t.Errorf("a child sees %q, %v", got, err)
	}
	if os.Getenv("LD_PRELOAD") != "/tmp/evil.so" {
		t.Error("our own environment was changed")
	}
	var own bytes.Buffer
	p, err := Start(Spec{Path: "/usr/bin/env", Env: []string{"A=b"}, Stdout: &own})
	must(t, err)
	if err := p.Wait(); err != nil || own.String() != "A=b\n" {
		t.Errorf("with an environment of its own a child sees %q, %v", own.String(), err)
	}
}

// A child gets the three standard descriptors, whatever our caller left open,
// its own group and the root directory.
func TestChildInheritsNothing(t *testing.T) {
	leak, err := unix.Dup(1) // without close-on-exec, as an inherited one
	must(t, err)
	defer unix.Close(leak)
	CloseOnExec()
	t.Chdir(t.TempDir())
	for what, s := range map[string]Spec{"plain": {}, "piped": {Stdout: io.MultiWriter(), Stderr: io.MultiWriter()}, "on a terminal": {Pty: true, Stdout: io.Discard}} {
		p := sleeper(t, s)
		proc := fmt.Sprintf("/proc/%d", p.PID())
		if fds := settled(t, proc); len(fds) != 3 || fds[2] != proc+"/fd/2" {
			t.Errorf("%s: open are %q", what, fds)
		}
		if input, err := os.Readlink(proc + "/fd/0"); err != nil || input != os.DevNull {
			t.Errorf("%s: reads from %s, %v", what, input, err)
		}
		if cwd, err := os.Readlink(proc + "/cwd"); err != nil || cwd != "/" {
			t.Errorf("%s: works in %s, %v", what, cwd, err)
		}
		if group, err := unix.Getpgid(p.PID()); err != nil || group != p.PID() || group == unix.Getpgrp() {
			t.Errorf("%s: is of the group %d, %v", what, group, err)
		}
	}
}

// settled is what a process has open once its loader has closed the libraries
// it reads at the start: what was inherited stays open for as long as it runs.
func settled(t *testing.T, proc string) []string {
	t.Helper()
	var fds []string
	for range 100 {
		var err error
		fds, err = filepath.Glob(proc + "/fd/*")
		must(t, err)
		if len(fds) <= 3 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fds
}

func TestChildDiesWithUs(t *testing.T) {
	parent, child, _ := other(t, "parent", "")
	if !running(child) {
		t.Fatal("the child does not run")
	}
	must(t, parent.Process.Signal(syscall.SIGKILL))
	if !gone(child) {
		t.Error("the child outlives its parent")
		_ = syscall.Kill(child, syscall.SIGKILL) // ours: it was just said to run
	}
}

// The kernel ends a child when the thread that forked it ends.
func TestChildOutlivesItsThread(t *testing.T) {
	started := make(chan *Process)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		p, err := Start(Spec{Path: "/bin/sleep", Args: []string{"300"}})
		if err != nil {
			t.Error(err)
		}
		started <- p
	}()
	p := <-started
	time.Sleep(200 * time.Millisecond)
	if !running(p.PID()) {
		t.Error("the child died with the thread that asked for it")
	}
	p.Signal(syscall.SIGKILL)
	if sig, _ := Killed(p.Wait()); sig != syscall.SIGKILL {
		t.Errorf("ended by %v", sig)
	}
}

func TestPromiseS11ForeignProcessSurvives(t *testing.T) {
	foreign := exec.Command("/bin/sleep", "300")
	must(t, foreign.Start())
	defer func() { _ = foreign.Process.Kill(); _ = foreign.Wait() }()
	other := sleeper(t, Spec{})
	r, w := io.Pipe()
	p, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "sleep 300 & echo $!; wait"}, Stdout: w})
	must(t, err)
	var grandchild int
	_, err = fmt.Fscan(r, &grandchild)
	must(t, err)
	p.Signal(syscall.SIGTERM)
	if sig, status := Killed(p.Wait()); sig != syscall.SIGTERM || status != 143 {
		t.Errorf("ended by %v with the status %d", sig, status)
	}
	if !gone(grandchild) {
		t.Error("a child of the child survived")
	}
	p.Signal(syscall.SIGKILL) // its number may be somebody else's by now
	if !running(foreign.Process.Pid) || !running(other.PID()) {
		t.Error("a foreign process of the same name was ended")
	}
}

func TestTerminal(t *testing.T) {
	var out, errs bytes.Buffer
	p, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "test -t 1 && test ! -t 0 && test ! -t 2 && stty size <&1; echo oops >&2"},
		Stdout: &out, Stderr: &errs, Pty: true})
	must(t, err)
	if err := p.Wait(); err != nil || out.String() != "25 80\r\n" || errs.String() != "oops\n" {
		t.Errorf("%v, on the terminal %q, errors %q", err, &out, &errs)
	}
	var long bytes.Buffer
	p, err = Start(Spec{Path: "/usr/bin/seq", Args: []string{"20000"}, Stdout: &long, Pty: true})
	must(t, err)
	if err := p.Wait(); err != nil || strings.Count(long.String(), "\n") != 20000 || !strings.HasSuffix(long.String(), "\r\n20000\r\n") {
		t.Errorf("%v, %d lines, the last %q", err, strings.Count(long.String(), "\n"), long.String()[max(0, long.Len()-20):])
	}
}

// Only the child becomes polite: what we do next has our own priority again.
func TestPriority(t *testing.T) {
	priority := func(pid int) (nice, io int) {
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, pid) // 20 - nice
		must(t, err)
		class, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, 1, uintptr(pid), 0)
		if errno != 0 {
			t.Fatal(errno)
		}
		return 20 - raw, int(class)
	}
	ourNice, ourIO := priority(0)
	one := sleeper(t, Spec{Background: true}) // two, as one may be started by the first thread
	background := sleeper(t, Spec{Background: true})
	plain := sleeper(t, Spec{})
	if nice, io := priority(background.PID()); nice != 10 || io != 2<<13|7 {
		t.Errorf("in the background: nice %d, I/O priority %#x", nice, io)
	}
	if nice, io := priority(plain.PID()); nice != ourNice || io != ourIO {
		t.Errorf("otherwise: nice %d, I/O priority %#x; ours are %d, %#x", nice, io, ourNice, ourIO)
	}
	for _, p := range []*Process{one, background} {
		p.Signal(syscall.SIGKILL)
		_ = p.Wait() // killed by us
	}
	if !eventually(func() bool { return slices.Equal(threadNices(t), []int{ourNice}) }) {
		t.Errorf("ours is nice %d, but our threads have %v", ourNice, threadNices(t))
	}
}

// threadNices are the different niceties of our threads that still work. The
// first thread cannot end before the program: Go parks it for ever instead.
func threadNices(t *testing.T) (nices []int) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*")
	must(t, err)
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		must(t, err)
		if raw, err := unix.Getpriority(unix.PRIO_PROCESS, tid); err == nil && tid != os.Getpid() {
			nices = append(nices, 20-raw)
		}
	}
	slices.Sort(nices)
	return slices.Compact(nices)
}

func TestProgramIgnoresPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sh", "antix-remaster-planted"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755))
	}
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	if path, err := Program("sh"); err != nil || path != "/usr/bin/sh" && path != "/bin/sh" {
		t.Errorf("sh is %s, %v", path, err)
	}
	for _, name := range []string{"antix-remaster-planted", "", ".", "../bin"} {
		if path, err := Program(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q is %s, %v", name, path, err)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		script string
		sig    syscall.Signal
		status int
		output string
	}{
		{"echo out; echo err >&2", 0, 0, "out\nerr\n"},
		{"exit 3", 0, 3, ""},
		{"kill -9 $$", syscall.SIGKILL, 137, ""},
		{"read x; echo \"<$x>\"", 0, 0, "<>\n"}, // the input is empty
	} {
		out, err := Output(context.Background(), "/bin/sh", "-c", c.script)
		if sig, status := Killed(err); sig != c.sig || status != c.status || out != c.output {
			t.Errorf("%s: %v, %d, %q", c.script, sig, status, out)
		}
	}
	if _, err := Start(Spec{Path: "/nonexistent"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Output(ctx, "/bin/sleep", "300"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("a cancel took %v: %v", time.Since(start), err)
	}
}
