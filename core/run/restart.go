package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Restart answers wire.OpRestart: the init that runs here restarts the machine
// in its own proper way, so that services end and file systems are unmounted.
// While another run is in progress that is refused. Our lock is released and
// our mounts are gone before init is asked.
func Restart(ctx context.Context, out *wire.Out) (wire.RestartResult, error) {
	s, err := open(ctx, out, (*station).read, (*station).mountBoot, (*station).sameStick, (*station).openDir, (*station).lock)
	if err != nil {
		return wire.RestartResult{}, err
	}
	r, err := findRestarter("/")
	if err == nil && ctx.Err() != nil {
		err = wire.Fail(wire.Cancelled, ctx.Err())
	}
	s.log.add("restart: %+v, error: %v", r, err)
	if err = s.end(err); err != nil {
		return wire.RestartResult{}, err
	}
	if err = r.ask(ctx); err != nil {
		log := openLog()
		log.add("the restart did not begin: %v", err)
		log.close()
	}
	return wire.RestartResult{Init: r.init}, err
}

// restarter is how an init is asked to restart the machine.
type restarter struct {
	init    string   // for people
	exe     string   // what PID 1 runs: the name of the program
	program string   // that asks; with the directory of Debian where that is no usual one
	args    []string // of the program
}

// restarters are the inits that are known. Whether "init" is that of sysvinit
// is told by the pipe that it listens on: initctl(5).
var restarters = []restarter{
	{"systemd", "systemd", "systemctl", []string{"reboot"}},
	{"runit", "runit", "/lib/runit/runit-init", []string{"6"}},
	{"sysvinit", "init", "shutdown", []string{"-r", "now"}},
	{"busybox", "busybox", "busybox", []string{"reboot"}},
}

// findRestarter looks at what PID 1 of the system at root really is: a live
// system may hold several inits, and the link /sbin/init need not be the one
// that was started. An unknown one is RestartUnknown.
func findRestarter(root string) (restarter, error) {
	target, err := os.Readlink(filepath.Join(root, "proc/1/exe"))
	exe := filepath.Base(strings.TrimSuffix(target, " (deleted)")) // it was updated since
	if err != nil {
		return restarter{}, wire.Fail(wire.RestartUnknown, err, "?")
	}
	for _, r := range restarters {
		if r.exe == exe && (r.init != "sysvinit" || hasInitctl(root)) {
			return r, nil
		}
	}
	return restarter{}, wire.Fail(wire.RestartUnknown, fmt.Errorf("PID 1 is %s", target), exe)
}

func hasInitctl(root string) bool {
	for _, name := range []string{"run/initctl", "dev/initctl"} {
		if st, err := os.Lstat(filepath.Join(root, name)); err == nil && st.Mode().Type() == fs.ModeNamedPipe {
			return true
		}
	}
	return false
}

// askFor is how long an init may take to hear. It then takes its time.
const askFor = 30 * time.Second

// ask starts the restart. A cancel comes too late now.
func (r restarter) ask(ctx context.Context) error {
	path, err := r.find()
	if err != nil {
		return wire.Fail(wire.RestartUnknown, err, r.exe)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	text, err := sys.Output(ctx, path, r.args...)
	if err != nil {
		return wire.Fail(wire.RestartFailed, errors.Join(err, errors.New(text)), filepath.Base(path), why(text, err))
	}
	return nil
}

func (r restarter) find() (string, error) {
	if filepath.IsAbs(r.program) && sys.IsProgram(r.program) {
		return r.program, nil
	}
	return sys.Program(filepath.Base(r.program))
}

// why is the last line that the program said, else how it ended.
func why(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return err.Error()
}
