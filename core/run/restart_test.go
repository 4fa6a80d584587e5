package run

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/wire"
)

func TestFindRestarter(t *testing.T) {
	for name, c := range map[string]struct {
		exe  string // of PID 1; "": cannot be read
		fifo string // that it listens on
		want string // the command
		code wire.Code
		arg  string
	}{
		"systemd":              {exe: "/usr/lib/systemd/systemd", want: "systemctl reboot"},
		"systemd, updated":     {exe: "/usr/lib/systemd/systemd (deleted)", want: "systemctl reboot"},
		"runit":                {exe: "/usr/sbin/runit", want: "/lib/runit/runit-init 6"},
		"runit beside initctl": {exe: "/sbin/runit", fifo: "run/initctl", want: "/lib/runit/runit-init 6"},
		"sysvinit":             {exe: "/usr/sbin/init", fifo: "run/initctl", want: "shutdown -r now"},
		"old sysvinit":         {exe: "/sbin/init", fifo: "dev/initctl", want: "shutdown -r now"},
		"busybox":              {exe: "/bin/busybox", want: "busybox reboot"},
		"another init":         {exe: "/sbin/init", code: wire.RestartUnknown, arg: "init"},
		"s6":                   {exe: "/bin/s6-svscan", fifo: "run/initctl", code: wire.RestartUnknown, arg: "s6-svscan"},
		"a shell":              {exe: "/bin/dash", code: wire.RestartUnknown, arg: "dash"},
		"systemd in name only": {exe: "/opt/systemd/init", code: wire.RestartUnknown, arg: "init"},
		"not to be read":       {code: wire.RestartUnknown, arg: "?"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			must(t, os.MkdirAll(filepath.Join(root, "proc/1"), 0o755))
			if c.exe != "" {
				must(t, os.Symlink(c.exe, filepath.Join(root, "proc/1/exe")))
			}
			if c.fifo != "" {
				must(t, os.MkdirAll(filepath.Join(root, filepath.Dir(c.fifo)), 0o755))
				must(t, syscall.Mkfifo(filepath.Join(root, c.fifo), 0o600))
			}
			r, err := findRestarter(root)
			if got := strings.TrimSpace(r.program + " " + strings.Join(r.args, " ")); got != c.want {
				t.Errorf("asks by %q, want %q", got, c.want)
			}
			if e := wire.AsError(err); (err != nil) != (c.code != "") || err != nil && (e.Code != c.code || e.Args[0] != c.arg) {
				t.Errorf("%v, want %s %q", err, c.code, c.arg)
			}
		})
	}
}

// A program that fails is named with what it said; one that is not there can
// ask nobody.
func TestRestartThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		r    restarter
		want wire.Code
		args string
	}{
		"refused":       {restarter{program: "sh", args: []string{"-c", "echo first; echo 'not now' >&2; exit 1"}}, wire.RestartFailed, "sh, not now"},
		"without words": {restarter{program: "sh", args: []string{"-c", "exit 3"}}, wire.RestartFailed, "sh, exit status 3"},
		"not installed": {restarter{exe: "lost", program: "/nowhere/no-such-program"}, wire.RestartUnknown, "lost"},
		"elsewhere":     {restarter{program: "/nowhere/true"}, "", ""},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // comes too late
		err := c.r.ask(ctx)
		if c.want == "" {
			must(t, err)
			continue
		}
		if e := wire.AsError(err); e.Code != c.want || strings.Join(e.Args, ", ") != c.args {
			t.Errorf("%s: %v", name, err)
		}
	}
}
