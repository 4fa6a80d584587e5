// Package restart lets each init restart a live system for real: in a machine
// of User-Mode-Linux, with that init as PID 1. The helper is asked over its
// protocol. The proof is what the init does on its way down, by what it is told
// to run then, and that the kernel started once more.
package restart

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
	"antix-remaster/test/umllive/guest"
)

var programs string

func TestMain(m *testing.M) {
	os.Exit(livesys.WithPrograms(func(dir string) int {
		programs = dir
		return m.Run()
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// debian is a machine with a root that three inits can start.
func debian(t *testing.T) *umllive.Machine {
	t.Helper()
	base, err := root.Image(t.Context(), "", os.Stderr)
	must(t, err)
	return machine(t, umllive.Options{Programs: programs, Options: livesys.Options{BaseImage: base.Squashfs}})
}

// busybox is a tiny one, where busybox is the init too.
func busybox(t *testing.T) *umllive.Machine {
	t.Helper()
	mini, err := umllive.Mini(programs, nil)
	must(t, err)
	mini.Files["/etc/inittab"] = "::once:/mnt/agent restart /mnt/" + answerFile + "\n::shutdown:/bin/sh /etc/went-down busybox\n"
	mini.Files["/etc/went-down"] = wentDown
	return machine(t, umllive.Options{Base: mini})
}

func machine(t *testing.T, o umllive.Options) *umllive.Machine {
	t.Helper()
	o.Dir, o.StickFS = t.TempDir(), "ext4"
	m, err := umllive.New(t.Context(), o)
	must(t, err)
	return m
}

func TestRestart(t *testing.T) {
	big, small := debian(t), busybox(t)
	for _, c := range []struct {
		name    string // as the helper names it
		machine *umllive.Machine
		program string
		by      string // what runs on the way down, and in which state
	}{
		{"sysvinit", big, "/sbin/init", "sysvinit, runlevel 6"},
		{"runit", big, "/lib/runit/runit-init", "runit, stage 3, runlevel 6"},
		{"systemd", big, "/lib/systemd/systemd", "systemd, stopping, reboot.target"},
		{"busybox", small, "/sbin/init", "busybox"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := c.machine.Boot(t.Context(), c.program)
			must(t, err)
			if err := restarted(c.machine, r, c.name, c.by); err != nil {
				t.Errorf("%v\n%s", err, r.Output)
			}
			t.Logf("%.1f s, with both starts of the kernel", r.Took.Seconds())
		})
	}
}

// A kernel that starts once more because its init died was not restarted.
func TestPanicIsNoRestart(t *testing.T) {
	m := busybox(t)
	r, err := m.Boot(t.Context(), "/bin/true")
	if err == nil {
		err = restarted(m, r, "busybox", "busybox")
	}
	if err == nil || !strings.Contains(r.Output+err.Error(), "Kernel panic") {
		t.Errorf("%v\n%s", err, r.Output)
	}
}

// restarted holds that the helper had this init restart the machine in its
// proper way, when nothing of the helper was locked or mounted any more.
func restarted(m *umllive.Machine, r umllive.Result, init, by string) error {
	var answer guest.Answer
	text, err := os.ReadFile(filepath.Join(m.Shared, answerFile))
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err == nil && (answer.Error != "" || answer.Init != init) {
		err = fmt.Errorf("the helper answered %+v", answer)
	}
	down, e := os.ReadFile(filepath.Join(m.Shared, downFile))
	want := "by=" + by + "\nhelper=1\nlocks=0\nmounts=0\n"
	if err = errors.Join(err, e); string(down) != want {
		err = errors.Join(err, fmt.Errorf("on the way down: %q, want %q", down, want))
	}
	if strings.Contains(r.Output, "Kernel panic") || !r.Again {
		err = errors.Join(err, fmt.Errorf("started again: %v, and not by a panic", r.Again))
	}
	return errors.Join(err, os.RemoveAll(filepath.Join(m.Shared, answerFile)), os.RemoveAll(filepath.Join(m.Shared, downFile)))
}
