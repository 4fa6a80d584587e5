// Package faults lets things go wrong under the whole program, on throwaway
// live systems: every call of the helper and of mksquashfs fails or is the
// last one, the stick is slow, full or breaks, two start at once. What must
// hold then is docs/promises.md.
package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/livesys"
)

// Programs is a directory with the freshly built programs of the project, and
// with strike and face.
type Programs string

// BuildPrograms builds them into dir.
func BuildPrograms(dir string) (Programs, error) {
	return Programs(dir), livesys.BuildPrograms(dir, runtime.GOARCH, "antix-remaster/test/faults/strike", "antix-remaster/test/faults/face")
}

// System is a tiny live system in which a build takes a moment.
type System struct {
	*livesys.System
	plan  string            // hash of the plan of Choices
	plain map[string]string // the boot menus as the stick was made, by name
}

const (
	helper = "/usr/libexec/antix-remaster/antix-remaster-helper"
	strike = "/tmp/strike" // nothing below /tmp is packed
	cli    = "antix-remaster-cli"
)

// Choices of every build here: what this package itself brought stays out.
var Choices = wire.Choices{Type: "personal", Home: "keep", Compressor: "lz4", Title: "Tried", Processors: 2, MemoryMiB: 64,
	Exclude: []string{"usr/bin/antix-remaster-cli", "usr/bin/mksquashfs", "usr/libexec/*", "lib/x86_64-linux-gnu", "lib64"}}

// Start starts one; o.Mini is set.
func Start(ctx context.Context, programs Programs, o livesys.Options) (*System, error) {
	o.Mini, o.Companions = true, true
	sys, err := livesys.New(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &System{System: sys}
	err = errors.Join(sys.InstallProgram(string(programs)), sys.InstallHostProgram("mksquashfs"), sys.InstallHostModules(),
		sys.CopyIn(filepath.Join(string(programs), "strike"), strike, 0o755))
	if err == nil {
		err = s.foreign()
	}
	s.plain = map[string]string{}
	for _, f := range menuFiles {
		text, e := s.ReadStick("/" + f.Dir + "/" + f.Name)
		s.plain[f.Name], err = string(text), errors.Join(err, e)
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, errors.Join(err, sys.Stop())
	}
	return s, nil
}

// foreign puts files of others on the stick, of the kind that is taken for
// ours by a careless program.
func (s *System) foreign() error {
	for name, text := range map[string]string{"linuxfs.tmp": "a foreign image", "other.part": "foreign", "notes.new": "foreign"} {
		if err := os.WriteFile(s.StickPath(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check asks for the plan that every build names.
func (s *System) check() error {
	var r wire.CheckResult
	if err := s.ask(wire.Request{Op: wire.OpCheck, Choices: &Choices}, &r); err != nil {
		return err
	}
	for _, c := range r.Checks {
		if c.Level == wire.Stop {
			return fmt.Errorf("a build would be refused: %s %q", c.Code, c.Args)
		}
	}
	s.plan = r.Plan
	return nil
}

// Helper is a running helper, and the way to talk to it.
type Helper struct {
	*wire.Client
	Cmd    *exec.Cmd
	ended  chan struct{}
	stderr bytes.Buffer
}

// Helper starts the helper, through the program before it when there is one.
func (s *System) Helper(before ...string) (*Helper, error) {
	if len(before) == 0 { // the helper wants a parent of its own process namespace
		before = []string{"/bin/sh", "-c", `"$0"; exit $?`}
	}
	h := &Helper{Cmd: s.Command(context.Background(), append(before, helper)...), ended: make(chan struct{})}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	h.Cmd.Stdin, h.Cmd.Stdout, h.Cmd.Stderr = theirIn, theirOut, &h.stderr
	err = s.System.Start(h.Cmd)
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	go func() {
		_ = h.Cmd.Wait() // how it ended is in ProcessState
		close(h.ended)
	}()
	// It is the death of the helper that ends this, however it comes.
	h.Client, err = wire.NewClient(out, in, wire.Titles{})
	if err != nil {
		in.Close()
		<-h.ended
		out.Close()
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(h.stderr.String()))
	}
	return h, nil
}

// PIDs are the processes of the helper itself, as the host numbers them.
func (h *Helper) PIDs() (pids []int) {
	below, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", h.Cmd.Process.Pid))
	for _, word := range strings.Fields(string(below)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Kill ends the helper, and nothing else.
func (h *Helper) Kill() {
	for _, pid := range h.PIDs() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is as good
	}
}

// patience is for what takes a moment.
const patience = 60 * time.Second

// Close ends the helper's input and waits for its end.
func (h *Helper) Close() error {
	err := h.HangUp()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	select {
	case <-h.ended:
	case <-time.After(patience):
		_ = h.Cmd.Process.Kill()
		<-h.ended
		return errors.Join(err, errors.New("the helper did not end with its input"))
	}
	return err
}

// Build lets a helper, started by Helper with before, make a version.
func (s *System) Build(before ...string) (wire.BuildResult, error) {
	var r wire.BuildResult
	err := s.ask(wire.Request{Op: wire.OpBuild, Choices: &Choices, Plan: s.plan}, &r, before...)
	return r, err
}

// ask has a helper, started by Helper with before, do one thing.
func (s *System) ask(r wire.Request, result any, before ...string) error {
	h, err := s.Helper(before...)
	if err != nil {
		return err
	}
	err = h.Do(context.Background(), r, wire.Watch{}, result)
	return errors.Join(err, h.Close())
}
