package sys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Env is the environment of every program this project starts: all of it, unless Spec
// says more.
var Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}

var programDirs = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Program finds a program in the system's own directories, whatever PATH
// says; fs.ErrNotExist when it is not installed.
func Program(name string) (string, error) {
	for _, dir := range programDirs {
		path := dir + "/" + name
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("cannot find the program %s: %w", name, os.ErrNotExist)
}

// Spec says how to start a program. Stdin is empty unless given.
type Spec struct {
	Path       string   // absolute
	Args       []string // without the program's name
	Env        []string // nil: Env
	Stdin      *os.File
	Stdout     io.Writer // nil: discarded
	Stderr     io.Writer // nil: discarded
	Pty        bool      // standard output is a terminal, its text goes to Stdout
	Background bool      // low CPU and I/O priority
}

// Process is a running child, the leader of its own process group. It dies
// with this program.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts the program. A cancel of nobody's context ends it: use Signal
// and Wait.
func Start(s Spec) (*Process, error) {
	p := &Process{cmd: exec.Command(s.Path, s.Args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = s.Env, "/"
	if s.Env == nil {
		p.cmd.Env = Env
	}
	if s.Stdin != nil {
		p.cmd.Stdin = s.Stdin
	}
	p.cmd.Stdout, p.cmd.Stderr = s.Stdout, s.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var term *terminal
	if s.Pty {
		var err error
		if term, err = newTerminal(); err != nil {
			return nil, err
		}
		p.cmd.Stdout = term.slave
	}
	started := make(chan error)
	go p.run(s, term, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", s.Path, err)
	}
	return p, nil
}

// Guard calls look again and again, after the time it gives each, until it gives
// 0, on a thread that a busy machine does not keep waiting: in the time that
// others get in between, a program can write all that memory takes.
func Guard(look func() time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()                                // never unlocked: the thread ends with its priority
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, guardNice) // only root may; without it is as good where nothing else runs
		for nap := look(); nap > 0; nap = look() {
			t := unix.NsecToTimespec(nap.Nanoseconds())
			_ = unix.Nanosleep(&t, nil) // a timer of Go's would be served by another thread; a signal only makes it look early
		}
	}()
	<-done
}

const guardNice = -10

// run owns one thread for the life of the child: the kernel sends the
// parent-death signal when the *thread* that forked ends, and a low priority
// set on the thread is inherited by the child from its first instruction.
func (p *Process) run(s Spec, term *terminal, started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with its priority
	if s.Background {
		lowerPriority()
	}
	err := p.cmd.Start()
	var copied sync.WaitGroup
	if term != nil {
		term.slave.Close()
		if err == nil {
			copied.Go(func() { io.Copy(s.Stdout, term.master) }) //nolint:errcheck // ends with EIO when the child closes
		}
	}
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
		copied.Wait()
	}
	if term != nil {
		term.master.Close()
	}
	close(p.done)
}

const (
	niceness            = 10
	ioprioBestEffortLow = 2<<13 | 7 // class 2, the lowest of its 8 levels
)

// lowerPriority concerns the calling thread and its children. Failing to be
// polite is no reason to stop.
func lowerPriority() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, 1, 0, ioprioBestEffortLow)
}

// Done is closed when the program has ended and its output was read.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait waits for the end; an *exec.ExitError tells a status that is not 0.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Signal reaches the whole process group, and only it.
func (p *Process) Signal(sig syscall.Signal) {
	select {
	case <-p.done: // the number may belong to somebody else by now
	default:
		_ = syscall.Kill(-p.PID(), sig) // gone already is what was wanted
	}
}

// Hold stops the program at once: the signal goes to every thread, as the one
// that the kernel would choose may wait long for its turn while another works.
func (p *Process) Hold() {
	p.Signal(syscall.SIGSTOP)
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.PID())) // none: it has ended
	for _, t := range threads {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.Tgkill(p.PID(), tid, unix.SIGSTOP)
		}
	}
}

// Release lets a program go on that was held.
func (p *Process) Release() { p.Signal(syscall.SIGCONT) }

// Killed is the signal that ended the program behind err, 0 when it ended by
// itself; status is its exit status.
func Killed(err error) (sig syscall.Signal, status int) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, 0
	}
	ws := exit.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return ws.Signal(), 128 + int(ws.Signal())
	}
	return 0, ws.ExitStatus()
}

// Output runs a short program to its end and gives what it printed on both
// outputs, at most 1 MiB of it. A cancelled context kills it.
func Output(ctx context.Context, path string, args ...string) (string, error) {
	return OutputFrom(ctx, nil, path, args...)
}

// OutputFrom is Output of a program that has the open file stdin as its standard
// input; nil is an empty one.
func OutputFrom(ctx context.Context, stdin *os.File, path string, args ...string) (string, error) {
	buf := &limited{left: 1 << 20}
	p, err := Start(Spec{Path: path, Args: args, Stdin: stdin, Stdout: buf, Stderr: buf})
	if err != nil {
		return "", err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Signal(syscall.SIGKILL)
		<-p.done
	}
	return buf.String(), errors.Join(ctx.Err(), p.err)
}

// limited keeps the first bytes. The buffer is no embedded one: its ReadFrom
// would go around the limit.
type limited struct {
	buf  bytes.Buffer
	left int
}

func (l *limited) String() string { return l.buf.String() }

func (l *limited) Write(b []byte) (int, error) {
	keep := b[:min(len(b), l.left)]
	l.left -= len(keep)
	l.buf.Write(keep)
	return len(b), nil
}
