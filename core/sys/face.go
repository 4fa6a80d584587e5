package sys

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Partner is a program that a face talks to over its standard input and
// output. Unlike a Process it outlives a face that is killed: it hears the end
// of its input and cleans up by itself.
type Partner struct {
	In     *os.File // its standard input; closing it asks it to end
	Out    *os.File // its standard output
	cmd    *exec.Cmd
	stderr *limited
}

const partnerDelay = 5 * time.Second // for children that hold its outputs open

// StartPartner starts path in a process group of its own, so that Ctrl-C on
// the terminal reaches only the face.
func StartPartner(path string, args ...string) (*Partner, error) {
	p := &Partner{cmd: exec.Command(path, args...), stderr: &limited{left: 16 << 10}}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.WaitDelay = "/", p.stderr, partnerDelay
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", path, err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start %s: %w", path, err), theirIn.Close(), in.Close())
	}
	p.In, p.Out, p.cmd.Stdin, p.cmd.Stdout = in, out, theirIn, theirOut
	err = p.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("cannot start %s: %w", path, err)
	}
	return p, nil
}

// Wait waits for the end and gives the exit status and what was printed on
// standard error.
func (p *Partner) Wait() (status int, stderr string, err error) {
	err = p.cmd.Wait()
	p.Out.Close()
	_, status = Killed(err)
	return status, strings.TrimSpace(p.stderr.String()), err
}

// End asks the partner's group to end. A root program refuses a user's signal,
// which is why In is closed first.
func (p *Partner) End() {
	p.In.Close()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
}

// TextAgent asks for passwords on the terminal, for this process only, until
// Stop. It is asked before a window of the desktop: as a mere fallback polkit
// would forget it where there are no login sessions, as on antiX.
type TextAgent struct {
	cmd  *exec.Cmd
	tty  *os.File
	was  *unix.Termios
	once sync.Once
}

const agentDelay = 3 * time.Second

// StartTextAgent starts pkttyagent and waits until it is known to polkit. It
// shares our process group, since it must read the terminal; without one there
// is an error.
func StartTextAgent() (*TextAgent, error) {
	path, err := Program("pkttyagent")
	if err != nil {
		return nil, err
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot ask on a terminal: %w", err)
	}
	known, theirs, err := os.Pipe()
	if err != nil {
		tty.Close()
		return nil, err
	}
	defer known.Close()
	a := &TextAgent{tty: tty, cmd: exec.Command(path, "--process", strconv.Itoa(os.Getpid()), "--notify-fd", "3")}
	a.cmd.ExtraFiles = []*os.File{theirs}
	a.was, _ = unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS) // else it is not put back
	err = a.cmd.Start()
	theirs.Close()
	if err != nil {
		a.closeTTY()
		return nil, fmt.Errorf("cannot start %s: %w", path, err)
	}
	_ = known.SetReadDeadline(time.Now().Add(agentDelay))
	_, _ = known.Read(make([]byte, 1)) // it closes its end when it is registered
	return a, nil
}

// StartTerminalAgent opens a terminal window with pkttyagent in it, which asks
// for the password on behalf of this program. Nobody tells when it is known to
// polkit, so that takes a fixed time.
func StartTerminalAgent() (*TextAgent, error) {
	agent, err := Program("pkttyagent")
	if err != nil {
		return nil, err
	}
	terminal, err := Program("x-terminal-emulator")
	if err != nil {
		return nil, err
	}
	a := &TextAgent{cmd: exec.Command(terminal, "-e", agent, "--process", strconv.Itoa(os.Getpid()))}
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", terminal, err)
	}
	time.Sleep(agentDelay)
	return a, nil
}

// Stop ends the agent and puts the terminal right, which an interrupted
// password question leaves without echo.
func (a *TextAgent) Stop() {
	a.once.Do(func() {
		_ = a.cmd.Process.Signal(syscall.SIGTERM)
		_ = a.cmd.Wait() // killed by us
		a.closeTTY()
	})
}

func (a *TextAgent) closeTTY() {
	if a.tty == nil {
		return // a terminal window of its own
	}
	if a.was != nil {
		// From a background group this would stop us, so the signal is ignored.
		signal.Ignore(syscall.SIGTTOU)
		_ = unix.IoctlSetTermios(int(a.tty.Fd()), unix.TCSETS, a.was)
		signal.Reset(syscall.SIGTTOU)
	}
	a.tty.Close()
}

// IsTerminal tells whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// TerminalWidth is the number of columns of the terminal f, 80 when unknown.
func TerminalWidth(f *os.File) int {
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
		return int(size.Col)
	}
	return 80
}

// IsProgram tells whether path is a file that can be executed.
func IsProgram(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}
