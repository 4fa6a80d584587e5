// Package desktop gives a throwaway live system a screen: an X server of the
// host, and inside of the system what a session of the user demo has, with the
// system bus and polkitd, a session bus and the accessibility bus.
//
//	d, err := desktop.Start(ctx, desktop.Options{Polkit: livesys.Authorised})
//	defer d.Stop()
//	err = d.Launch(ctx, "demo", nil, "antix-remaster")
//	app, err := d.App(ctx, "antix-remaster")
//	err = app.Press(ctx, "Start")
//	err = d.Screen.Shoot("build/screenshots/start.png")
package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"antix-remaster/test/livesys"
)

// Netbook is the size of the smallest screen that the program must fit.
var Netbook = image.Pt(1024, 600)

const socketDir = "/tmp/.X11-unix"

// Screen is an X server.
type Screen struct {
	Display string // ":7"

	authority string           // file with the passwords to it; "" means that there is none
	size      image.Point      // of a virtual one
	dir       string           // where its picture is; "" for one of somebody else
	running   []*livesys.Owned // window manager and server, in the order to end them
}

// VirtualScreen starts an X server of this size that shows its picture to
// nobody, with a window manager: without one no window can be maximised, and
// none gets the keyboard. Both end with this process.
func VirtualScreen(ctx context.Context, size image.Point) (*Screen, error) {
	cache, err := livesys.DefaultCacheDir()
	if err != nil {
		return nil, err
	}
	dir, err := livesys.NewWorkDir(cache)
	if err != nil {
		return nil, err
	}
	s := &Screen{size: size, dir: dir}
	if err = s.startServer(ctx); err == nil {
		err = s.startManager()
	}
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("cannot start a virtual screen: %w", err)
	}
	return s, nil
}

// The numbers of displays to try. Where somebody sits they begin with 0.
const firstDisplay, lastDisplay = 100, 199

// startServer takes the first free number. That the server chooses it (-displayfd)
// is not safe: it then makes no lock file, and without abstract sockets a second
// one takes the socket, and with it the windows, away from the first.
func (s *Screen) startServer(ctx context.Context) error {
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		return fmt.Errorf("missing Xvfb (Debian package xvfb): %w", err)
	}
	for number := firstDisplay; number <= lastDisplay; number++ {
		s.Display = ":" + strconv.Itoa(number)
		if err = s.serve(ctx, program); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// serve starts the server and waits until it answers. The socket in the file
// system is the one that can be shown to a live system.
func (s *Screen) serve(ctx context.Context, program string) error {
	cmd := exec.Command(program, s.Display, "-screen", "0", fmt.Sprintf("%dx%dx24", s.size.X, s.size.Y),
		"-nolisten", "tcp", "-nolisten", "local", "-noreset", "-nocursor", "-fbdir", s.dir)
	if s.authority != "" {
		cmd.Args = append(cmd.Args, "-auth", s.authority)
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	server, err := s.own(cmd)
	if err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; {
		select {
		case <-server.Done: // the number is taken
			s.running = nil
			return fmt.Errorf("the X server has ended: %s", bytes.TrimSpace(log.Bytes()))
		case <-time.After(20 * time.Millisecond):
		}
		// One that is about to find out that the number is taken has no lock file.
		lock, _ := os.ReadFile("/tmp/.X" + s.Display[1:] + "-lock")
		if strings.TrimSpace(string(lock)) == strconv.Itoa(cmd.Process.Pid) {
			if conn, err := net.Dial("unix", s.socket()); err == nil {
				return conn.Close()
			}
		}
		if ctx.Err() != nil || time.Now().After(end) {
			server.Kill()
			return fmt.Errorf("the X server does not answer: %w", errors.Join(ctx.Err(), errors.New(log.String())))
		}
	}
}

// startManager starts the window manager. Windows that were there before it
// are taken over, so it need not be waited for.
func (s *Screen) startManager() error {
	// Its own list of keys would take alt+n and alt+c from the programs.
	keys := filepath.Join(s.dir, "keys")
	if err := os.WriteFile(keys, []byte("<Alt>F4=close\n"), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("matchbox-window-manager", "-kbdconfig", keys)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.Display)
	_, err := s.own(cmd)
	return err
}

// own starts a program that ends with the screen, and with us. SIGTERM lets
// the server remove its socket.
func (s *Screen) own(cmd *exec.Cmd) (*livesys.Owned, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setsid: true}
	owned, err := livesys.StartOwned(cmd)
	if err != nil {
		return nil, fmt.Errorf("%w (Debian package %s)", err, strings.ToLower(cmd.Args[0]))
	}
	s.running = append([]*livesys.Owned{owned}, s.running...)
	return owned, nil
}

// Stop ends a virtual screen. One of somebody else goes on.
func (s *Screen) Stop() {
	for _, program := range s.running {
		program.Cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-program.Done:
		case <-time.After(5 * time.Second):
			program.Kill()
		}
	}
	s.running = nil
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// OwnScreen is the screen of whoever sits here: $DISPLAY and $XAUTHORITY.
func OwnScreen(display, authority string) *Screen {
	return &Screen{Display: display, authority: authority}
}

// socket is the file that the server listens on; "" when it is reached over
// the network, which a live system shares with the host.
func (s *Screen) socket() string {
	number, local := strings.CutPrefix(s.Display, ":")
	number, _, _ = strings.Cut(number, ".")
	if _, err := strconv.Atoi(number); !local || err != nil {
		return ""
	}
	return filepath.Join(socketDir, "X"+number)
}
