package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path"
	"strings"
	"sync"

	"antix-remaster/test/atspi"
	"antix-remaster/test/livesys"
)

// Options describe the system to start; livesys.Options.Desktop is set anyway.
type Options struct {
	livesys.Options
	Polkit livesys.Answer // what polkit says; "" means the policy decides, and no agent is there
	Screen *Screen        // nil means a virtual one, which ends with the system
	Size   image.Point    // of the virtual one; default Netbook
}

// Desktop is a throwaway live system with a session on a screen.
type Desktop struct {
	Sys    *livesys.System
	Screen *Screen

	ownScreen bool
	bus       *atspi.Bus
	programs  sync.WaitGroup
}

const (
	runtimeDir = "/run/user/1000"
	busSocket  = runtimeDir + "/bus"
	authority  = "/run/livesys-xauthority"
	busConfig  = "/run/livesys-session.conf"
)

// Start starts the system, the screen and the session. The caller must Stop it.
func Start(ctx context.Context, o Options) (d *Desktop, err error) {
	d = &Desktop{Screen: o.Screen}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cannot start the desktop: %w", err), d.Stop())
		}
	}()
	if d.Screen == nil {
		if o.Size == (image.Point{}) {
			o.Size = Netbook
		}
		if d.Screen, err = VirtualScreen(ctx, o.Size); err != nil {
			return d, err
		}
		d.ownScreen = true
	}
	o.Desktop = true
	if d.Sys, err = livesys.New(ctx, o.Options); err != nil {
		return d, err
	}
	return d, d.StartSession(ctx, o.Polkit)
}

// StartSession starts what a session needs in a system that has none: after
// Sys.Restart.
func (d *Desktop) StartSession(ctx context.Context, answer livesys.Answer) error {
	if err := d.Sys.StartPolkit(ctx, answer); err != nil {
		return err
	}
	if err := d.showScreen(); err != nil {
		return err
	}
	if err := d.startBus(ctx); err != nil {
		return err
	}
	d.closeBus()
	var err error
	d.bus, err = atspi.Open(ctx, d.Sys.Root(), busSocket)
	return err
}

// showScreen lets the system reach the X server.
func (d *Desktop) showScreen() error {
	if socket := d.Screen.socket(); socket != "" {
		if err := d.Sys.BindIn(socket, socket); err != nil {
			return err
		}
	}
	if d.Screen.authority == "" {
		return nil
	}
	entries, err := os.ReadFile(d.Screen.authority)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		entries, err = anyHost(entries)
	}
	if err != nil {
		return fmt.Errorf("cannot use the passwords to the screen %s: %w", d.Screen.Display, err)
	}
	if err := os.WriteFile(d.Sys.Path(authority), entries, 0o600); err != nil {
		return err
	}
	return os.Chown(d.Sys.Path(authority), 1000, 1000)
}

// startBus starts the session bus of demo. Beside him it lets root in, as the
// accessibility bus does by itself: our tests watch from the outside.
func (d *Desktop) startBus(ctx context.Context) error {
	const config = `<busconfig>
  <include>/usr/share/dbus-1/session.conf</include>
  <policy context="default"><allow user="root"/></policy>
</busconfig>
`
	if err := os.WriteFile(d.Sys.Path(busConfig), []byte(config), 0o644); err != nil {
		return err
	}
	if _, err := d.Sys.Shell(ctx, "mkdir -p /run/user; install -d -m 700 -o demo -g demo "+runtimeDir); err != nil {
		return err
	}
	return d.Run(ctx, "demo", nil, "dbus-daemon", "--fork", "--nopidfile",
		"--config-file="+busConfig, "--address=unix:path="+busSocket)
}

// Command prepares a program to run inside as "demo" or "root", in the session
// and on the screen. env is added to the environment. Start it with Sys.Start.
func (d *Desktop) Command(ctx context.Context, user string, env []string, argv ...string) *exec.Cmd {
	cmd := d.Sys.Command(ctx, argv...)
	if user != "root" {
		cmd = d.Sys.CommandAs(ctx, 1000, argv...)
	}
	cmd.Env = append(cmd.Env, "DISPLAY="+d.Screen.Display, "DBUS_SESSION_BUS_ADDRESS=unix:path="+busSocket, "XDG_RUNTIME_DIR="+runtimeDir)
	if d.Screen.authority != "" {
		cmd.Env = append(cmd.Env, "XAUTHORITY="+authority)
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// Run runs a program to its end. What it printed is part of the error.
func (d *Desktop) Run(ctx context.Context, user string, env []string, argv ...string) error {
	cmd := d.Command(ctx, user, env, argv...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := d.Sys.RunCommand(cmd); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}

// Program is one that was launched.
type Program struct {
	*atspi.Node             // its windows
	Cmd         *exec.Cmd   // Cmd.Process is the program itself, for signals
	Done        <-chan bool // closed when it has ended
	out         bytes.Buffer
}

// Output is what it has printed; to be read when it is Done.
func (p *Program) Output() string { return p.out.String() }

// Resident is what it holds in memory, in KiB; 0 when it has ended.
func (p *Program) Resident() (kib int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fmt.Sscan(rest, &kib)
	return kib
}

// Launch starts a program with windows and waits until it is on the
// accessibility bus. It ends with the system or with ctx.
func (d *Desktop) Launch(ctx context.Context, user string, env []string, argv ...string) (*Program, error) {
	done := make(chan bool)
	p := &Program{Cmd: d.Command(ctx, user, env, argv...), Done: done}
	p.Cmd.Stdout, p.Cmd.Stderr = &p.out, &p.out
	if err := d.Sys.Start(p.Cmd); err != nil {
		return nil, err
	}
	appear, cancel := context.WithTimeout(ctx, atspi.Patience)
	defer cancel()
	d.programs.Go(func() {
		p.Cmd.Wait() // nobody else would, and the system could not end
		close(done)
		cancel()
	})
	var err error
	if p.Node, err = d.bus.App(appear, path.Base(argv[0])); err != nil {
		p.Cmd.Process.Kill()
		<-done
		return nil, fmt.Errorf("%w\n%s", err, p.Output())
	}
	return p, nil
}

// Key presses keys as a keyboard does: "Tab", "alt+n".
func (d *Desktop) Key(ctx context.Context, keys string) error { return d.bus.Key(ctx, keys) }

// TypeKeys types a text.
func (d *Desktop) TypeKeys(ctx context.Context, text string) error { return d.bus.TypeKeys(ctx, text) }

func (d *Desktop) closeBus() {
	if d.bus != nil {
		d.bus.Close()
		d.bus = nil
	}
}

// Stop ends all of it, the screen too if it is ours.
func (d *Desktop) Stop() (err error) {
	d.closeBus()
	if d.Sys != nil {
		err = d.Sys.Stop()
		d.programs.Wait()
	}
	if d.ownScreen {
		d.Screen.Stop()
	}
	return err
}
