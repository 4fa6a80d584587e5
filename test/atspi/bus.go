// Package atspi drives a program as a screen reader does: over the
// accessibility bus (AT-SPI 2), by roles and accessible names. What it cannot
// find or press, a blind user cannot either.
//
//	bus, err := atspi.Open(ctx, sys.Root(), "/run/user/1000/bus")
//	app, err := bus.App(ctx, "antix-remaster")
//	err = app.Press(ctx, "Start")
//	_, err = app.Find(ctx, "label", "Done")
//
// The interfaces are those of at-spi2-core's xml/*.xml. Calls without a
// deadline wait for Patience.
package atspi

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Patience is how long is waited for what is to appear.
const Patience = 20 * time.Second

const (
	registry   = "org.a11y.atspi.Registry"
	accessible = "org.a11y.atspi.Accessible"
	pause      = 50 * time.Millisecond // between two looks
)

// Bus is the accessibility bus of one session.
type Bus struct {
	conn *dbus.Conn
}

// Open asks the session bus at the socket where the accessibility bus is, which
// starts it, and connects to it. Both are seen below root: "" for this
// machine, /proc/PID/root for another mount namespace.
func Open(ctx context.Context, root, socket string) (*Bus, error) {
	session, err := dbus.Connect("unix:path=" + filepath.Join(root, socket))
	if err != nil {
		return nil, fmt.Errorf("cannot reach the session bus: %w", err)
	}
	defer session.Close()
	ctx, cancel := patient(ctx)
	defer cancel()
	var address string
	call := session.Object("org.a11y.Bus", "/org/a11y/bus").CallWithContext(ctx, "org.a11y.Bus.GetAddress", 0)
	if err := call.Store(&address); err != nil {
		return nil, fmt.Errorf("cannot start the accessibility bus: %w", err)
	}
	conn, err := dbus.Connect(strings.Replace(address, "unix:path=", "unix:path="+root, 1))
	if err != nil {
		return nil, fmt.Errorf("cannot reach the accessibility bus at %s: %w", address, err)
	}
	b := &Bus{conn}
	// A program that begins waits for the registry for one second only, and
	// cannot be seen if that was too short.
	if _, err := b.apps(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("cannot start the registry of accessibility: %w", err)
	}
	return b, nil
}

// Close ends the connection.
func (b *Bus) Close() error { return b.conn.Close() }

// patient gives ctx a deadline if it has none.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, there := ctx.Deadline(); there {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, Patience)
}

// App waits for the program with this name, which is its file's name, to
// appear on the bus.
func (b *Bus) App(ctx context.Context, name string) (*Node, error) {
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		apps, err := b.apps(ctx)
		for _, app := range apps {
			if app.Name == name {
				return app, nil
			}
		}
		if !sleep(ctx) {
			return nil, fmt.Errorf("cannot find the program %q on the accessibility bus (%d others, %v)", name, len(apps), err)
		}
	}
}

// apps are the programs that the registry knows.
func (b *Bus) apps(ctx context.Context) ([]*Node, error) {
	desktop := Node{bus: b, at: ref{registry, "/org/a11y/atspi/accessible/root"}}
	return desktop.children(ctx)
}

// sleep waits a little; false means that the time is up.
func sleep(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
