package attack

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
)

// greeting is what every face says first.
const greeting = `{"op":"hello","protocol":5}` + "\n"

// choices are complete: nothing is left to the machine.
func choices() wire.Choices {
	return wire.Choices{Type: "personal", Home: "keep", Compressor: "lz4", Title: "attacked", Processors: 1, MemoryMiB: 64}
}

// slow choices keep mksquashfs busy for seconds, on files that do not shrink.
func slow() wire.Choices {
	c := choices()
	c.Compressor = "xz"
	return c
}

// session is a real helper and the face that talks to it.
type session struct {
	t    testing.TB
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	errs *strings.Builder
	all  []string // every line that came
}

const patience = 30 * time.Second

// talk starts a helper the honest way.
func (v *victim) talk() *session {
	v.t.Helper()
	return v.talkWith(v.Command(v.t.Context(), helperPath))
}

func (v *victim) talkWith(cmd *exec.Cmd) *session {
	v.t.Helper()
	in, err := cmd.StdinPipe()
	must(v.t, err)
	out, err := cmd.StdoutPipe()
	must(v.t, err)
	s := &session{t: v.t, cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<20), errs: &strings.Builder{}}
	cmd.Stderr = s.errs
	must(v.t, v.Start(cmd))
	v.t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // mostly it has ended
		cmd.Wait()         //nolint:errcheck // mostly it was waited for
	})
	return s
}

func (s *session) send(req wire.Request) {
	s.t.Helper()
	line, err := json.Marshal(req)
	must(s.t, err)
	s.write(string(line) + "\n")
}

// write does not mind a helper that has gone.
func (s *session) write(text string) { _, _ = io.WriteString(s.in, text) }

// next is the next event; false at the end of the output. A helper that is
// silent for long hangs, which is a failure.
func (s *session) next() (wire.Event, bool) {
	s.t.Helper()
	watch := time.AfterFunc(patience, func() {
		s.t.Errorf("the helper hangs after %q", s.last())
		s.cmd.Process.Kill() //nolint:errcheck // what else
	})
	defer watch.Stop()
	line, err := s.out.ReadString('\n')
	if err != nil {
		return wire.Event{}, false
	}
	s.all = append(s.all, line)
	var e wire.Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		s.t.Errorf("the helper says what is no event: %v: %.200q", err, line)
	}
	return e, true
}

func (s *session) last() string {
	if len(s.all) == 0 {
		return ""
	}
	return s.all[len(s.all)-1]
}

// answer reads to the end of an operation. at is called with every event.
func (s *session) answer(at func(wire.Event)) wire.Event {
	s.t.Helper()
	for {
		e, ok := s.next()
		if !ok || e.Event == "result" || e.Event == "error" {
			return e
		}
		if at != nil {
			at(e)
		}
	}
}

// do is one operation.
func (s *session) do(req wire.Request, at func(wire.Event)) wire.Event {
	s.t.Helper()
	s.send(req)
	return s.answer(at)
}

// build checks first, as a face does.
func (s *session) build(c wire.Choices, at func(wire.Event)) wire.Event {
	s.t.Helper()
	e := s.do(wire.Request{Op: wire.OpCheck, Choices: &c}, nil)
	var check wire.CheckResult
	if e.Event != "result" || json.Unmarshal(e.Result, &check) != nil {
		return e
	}
	return s.do(wire.Request{Op: wire.OpBuild, Choices: &c, Plan: check.Plan}, at)
}

// hello is said after the helper is ready.
func (s *session) hello() *session {
	s.t.Helper()
	if e, _ := s.next(); e.Event != "ready" {
		s.t.Errorf("the helper is not ready: %q %s", s.last(), s.errs)
	}
	s.write(greeting)
	return s
}

// end hangs up and gives the exit status.
func (s *session) end() int {
	s.t.Helper()
	s.in.Close() //nolint:errcheck // the helper may be gone
	for {
		if _, ok := s.next(); !ok {
			break
		}
	}
	s.cmd.Wait() //nolint:errcheck // the status tells
	return s.cmd.ProcessState.ExitCode()
}

// stage calls act once, when the build comes to it.
func stage(want wire.Stage, act func()) func(wire.Event) {
	done := false
	return func(e wire.Event) {
		if !done && e.Progress != nil && e.Progress.Stage == want {
			done = true
			act()
		}
	}
}

// soon waits for something that comes about by itself.
func soon(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("%s never came about", what)
}
