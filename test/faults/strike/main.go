// Strike runs a program and follows it and all its children, call by call. It
// lists the system calls by which they change something, or lets something
// happen at one of them: an error, a kill, a full stick. Unlike strace, which
// counts the calls of every thread by themselves, it counts those of all
// threads together, so that "the third write to this file" is one call.
//
//	strike -report FILE [-call "PROGRAM CALL TARGET" -n N -do WHAT] PROGRAM
//
// Without -call the report lists every call, one a line; with it, the report
// holds the call that was struck, or nothing. WHAT is error=EIO, errors=EIO
// (from there on, for everything on the stick), kill (the calling process),
// killroot (PROGRAM), or fill=BYTES (all but these of the stick are used up).
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"antix-remaster/test/faults/fillup"
)

// stick is where a live system has its stick.
const stick = "/live/boot-dev"

func main() {
	s := &striker{tracer: tracer{names: map[int]string{}, groups: map[int]int{}}, seen: map[string]int{}}
	report := flag.String("report", "", "file for the calls")
	flag.StringVar(&s.call, "call", "", "where to strike")
	flag.IntVar(&s.n, "n", 1, "at which of these calls")
	flag.StringVar(&s.do, "do", "", "what is to happen")
	flag.Parse()
	var err error
	if s.report, err = os.Create(*report); err != nil {
		fail(err)
	}
	status, err := s.run(flag.Args())
	if err != nil {
		fail(err)
	}
	os.Exit(status)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "strike:", err)
	os.Exit(99)
}

// striker decides what happens at a call.
type striker struct {
	tracer
	report *os.File
	call   string
	n      int
	do     string
	seen   map[string]int // calls so far, by their description
	struck bool
}

func (s *striker) run(argv []string) (int, error) {
	runtime.LockOSThread() // a tracer is one thread
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	// Only the program has its ends of the pipes now.
	os.Stdin.Close()
	os.Stdout.Close()
	return s.follow(cmd.Process.Pid, s.at)
}

// at sees every call before it happens.
func (s *striker) at(c *call) error {
	what, ok := s.describe(c)
	if !ok {
		return nil
	}
	s.seen[what]++
	if s.call == "" {
		_, err := fmt.Fprintf(s.report, "%s\n", what)
		return err
	}
	errno, forever := strings.CutPrefix(s.do, "errors=")
	switch {
	case forever && s.struck && strings.Contains(what, stick+"/"):
		return c.fail(errno)
	case s.struck || what != s.call || s.seen[what] != s.n:
		return nil
	}
	s.struck = true
	if _, err := fmt.Fprintf(s.report, "%s\n", what); err != nil {
		return err
	}
	if forever {
		return c.fail(errno)
	}
	return s.strike(c)
}

func (s *striker) strike(c *call) error {
	verb, value, _ := strings.Cut(s.do, "=")
	switch verb {
	case "error":
		return c.fail(value)
	case "kill":
		return unix.Kill(s.group(c.tid), unix.SIGKILL)
	case "killroot":
		return unix.Kill(s.root, unix.SIGKILL)
	case "fill":
		leave, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return err
		}
		return fill(stick, leave)
	}
	return fmt.Errorf("unknown thing to do: %q", s.do)
}

// fill uses up the file system at dir, but for leave bytes.
func fill(dir string, leave uint64) error {
	f, err := os.Create(dir + "/fill")
	if err != nil {
		return err
	}
	defer f.Close()
	return fillup.Fill(f, int64(leave))
}
