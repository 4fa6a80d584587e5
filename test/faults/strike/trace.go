package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tracer follows a program, its threads and its children.
type tracer struct {
	root   int
	names  map[int]string // of programs, by process
	groups map[int]int    // process of a thread
	failed map[int]int64  // what the call that a thread is in is to return
}

// call is a system call that is about to happen.
type call struct {
	t    *tracer
	tid  int
	nr   uint64
	args [6]uint64
}

const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
	unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL

// follow lets the stopped process go on and gives its exit status when all of
// them have ended.
func (t *tracer) follow(pid int, at func(*call) error) (status int, err error) {
	t.root, t.failed = pid, map[int]int64{}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil {
		return 0, err
	}
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return 0, err
	}
	t.started(pid)
	for tid := pid; ; {
		if err := t.step(tid, ws, at); err != nil {
			return 0, err
		}
		tid, err = unix.Wait4(-1, &ws, unix.WALL, nil)
		for errors.Is(err, unix.EINTR) {
			tid, err = unix.Wait4(-1, &ws, unix.WALL, nil)
		}
		switch {
		case errors.Is(err, unix.ECHILD):
			return status, nil
		case err != nil:
			return 0, err
		case tid == t.root && ws.Exited():
			status = ws.ExitStatus()
		case tid == t.root && ws.Signaled():
			status = 128 + int(ws.Signal())
		}
	}
}

// step looks at why a thread stopped, and lets it go on.
func (t *tracer) step(tid int, ws unix.WaitStatus, at func(*call) error) error {
	if !ws.Stopped() {
		delete(t.groups, tid)
		delete(t.failed, tid)
		return nil
	}
	signal := 0
	switch sig := ws.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		if err := t.syscall(tid, at); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	case sig == unix.SIGTRAP && ws.TrapCause() == unix.PTRACE_EVENT_EXEC:
		t.started(tid)
	case sig == unix.SIGTRAP:
	case sig == unix.SIGSTOP && t.groups[tid] == 0: // how a new thread begins
		t.group(tid)
	default:
		signal = int(sig)
	}
	if err := unix.PtraceSyscall(tid, signal); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// started notes which program a process is.
func (t *tracer) started(pid int) {
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	t.groups[pid], t.names[pid] = pid, filepath.Base(exe)
	delete(t.failed, pid)
}

// group is the process of a thread.
func (t *tracer) group(tid int) int {
	if g := t.groups[tid]; g != 0 {
		return g
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	_, rest, _ := strings.Cut(string(text), "\nTgid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return tid // it is gone
	}
	t.groups[tid] = pid
	if t.names[pid] == "" {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		t.names[pid] = filepath.Base(exe)
	}
	return pid
}

// syscall handles the stop before or after a call.
func (t *tracer) syscall(tid int, at func(*call) error) error {
	var info [88]byte // struct ptrace_syscall_info
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info),
		uintptr(unsafe.Pointer(&info[0])), 0, 0)
	if errno != 0 {
		return errno
	}
	if info[0] == 2 { // after
		value, ok := t.failed[tid]
		delete(t.failed, tid)
		if !ok {
			return nil
		}
		return t.change(tid, func(r *unix.PtraceRegs) { r.Rax = uint64(value) })
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(info[24+8*i:]) }
	c := &call{t: t, tid: tid, nr: word(0)}
	for i := range c.args {
		c.args[i] = word(1 + i)
	}
	return at(c)
}

func (t *tracer) change(tid int, change func(*unix.PtraceRegs)) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	change(&regs)
	return unix.PtraceSetRegs(tid, &regs)
}

// fail makes the call return an error instead of happening. A close happens
// all the same, as it does in a kernel.
func (c *call) fail(name string) error {
	errno, ok := errnos[name]
	if !ok {
		return fmt.Errorf("unknown error %q", name)
	}
	c.t.failed[c.tid] = -int64(errno)
	if c.nr == unix.SYS_CLOSE {
		return nil
	}
	return c.t.change(c.tid, func(r *unix.PtraceRegs) { r.Orig_rax = ^uint64(0) })
}

var errnos = map[string]unix.Errno{"ENOSPC": unix.ENOSPC, "EIO": unix.EIO, "EROFS": unix.EROFS, "EDQUOT": unix.EDQUOT,
	"EPERM": unix.EPERM, "EINTR": unix.EINTR}
