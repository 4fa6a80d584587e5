package faults

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"antix-remaster/core/wire"
)

// Ways are those in which a build is given up: by a request, by Ctrl-C, by the
// death of the face.
var Ways = []string{"request", "ctrl-c", "window"}

// Cancel begins a build, gives it up after the delay, and measures how long it
// takes until nothing of it is left: no process and no file. A build that was
// faster gives no time.
func (s *System) Cancel(way string, delay time.Duration) (gone time.Duration, cancelled bool, err error) {
	if way == "request" {
		return s.cancelRequest(delay)
	}
	args := []string{cli, "build", "--yes", "--json", "--compressor", Choices.Compressor, "--processors", "2", "--memory", "64", "--title", "Tried"}
	for _, pattern := range Choices.Exclude {
		args = append(args, "--exclude", pattern)
	}
	cmd := s.Command(context.Background(), args...)
	if err := s.System.Start(cmd); err != nil {
		return 0, false, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the status is looked at below
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(delay):
	}
	begin := time.Now()
	signal := map[string]syscall.Signal{"ctrl-c": syscall.SIGINT, "window": syscall.SIGKILL}[way]
	_ = cmd.Process.Signal(signal) // ended already is as good
	<-ended
	if cmd.ProcessState.ExitCode() == wire.ExitDone {
		return 0, false, nil
	}
	if code := cmd.ProcessState.ExitCode(); way == "ctrl-c" && code != wire.ExitStatus(wire.Cancelled) {
		err = fmt.Errorf("the command line ended with %d", code)
	}
	return s.untilGone(begin, err)
}

func (s *System) cancelRequest(delay time.Duration) (gone time.Duration, cancelled bool, err error) {
	h, err := s.Helper()
	if err != nil {
		return 0, false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), delay)
	defer cancel()
	begin := time.Now().Add(delay)
	var r wire.BuildResult
	err = h.Do(ctx, wire.Request{Op: wire.OpBuild, Choices: &Choices, Plan: s.plan}, wire.Watch{}, &r)
	if e := h.Close(); e != nil || err == nil {
		return 0, false, e
	}
	if wire.AsError(err).Code == wire.Cancelled {
		err = nil
	}
	return s.untilGone(begin, err)
}

// untilGone waits for the end of everything. A build that was armed before the
// cancel reached it is none that was cancelled.
func (s *System) untilGone(begin time.Time, err error) (time.Duration, bool, error) {
	for time.Since(begin) < patience {
		if len(s.Running()) == 0 && len(s.oursThere()) == 0 {
			gone := time.Since(begin)
			if s.Armed() {
				return 0, false, err
			}
			return gone, true, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, true, errors.Join(err, fmt.Errorf("after %v there still are %q and %q", patience, s.Running(), s.oursThere()))
}

// Armed tells whether a new version is in place.
func (s *System) Armed() bool {
	names, _ := filepath.Glob(s.StickPath("linuxfs.new"))
	return len(names) > 0
}

func (s *System) oursThere() (names []string) {
	all, _ := s.StickLs()
	for _, name := range all {
		if name = strings.TrimRight(name, "/@"); ours.MatchString("/antiX/"+name) && !(s.Armed() && strings.HasSuffix(name, ".new")) {
			names = append(names, name)
		}
	}
	return names
}
