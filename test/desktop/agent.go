package desktop

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// closer is an agent whose question is always closed, as by a user who presses
// Cancel. The agents that desktops have want a login session, of which there is
// none here; the bus, polkitd and pkexec it talks to are real.
type closer struct{ asked chan string }

// BeginAuthentication answers polkitd, which has a password to ask for.
func (c closer) BeginAuthentication(action, _, _ string, _ map[string]string, _ string, _ []identity) *dbus.Error {
	select {
	case c.asked <- action:
	default:
	}
	return dbus.NewError("org.freedesktop.PolicyKit1.Error.Cancelled", []any{"closed by the user"})
}

// CancelAuthentication ends a question that nobody wants answered any more.
func (closer) CancelAuthentication(string) *dbus.Error { return nil }

// identity is one of those whose password would do.
type identity struct {
	Kind    string
	Details map[string]dbus.Variant
}

// ClosePasswords lets every question for a password that the program asks be
// closed without an answer, until stop. asked gets the actions it was for.
func (d *Desktop) ClosePasswords(p *Program) (asked <-chan string, stop func(), err error) {
	conn, err := dbus.Connect("unix:path=" + filepath.Join(d.Sys.Root(), "run/dbus/system_bus_socket"))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot reach the system bus: %w", err)
	}
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	const path = dbus.ObjectPath("/org/livesys/Agent")
	c := closer{make(chan string, 8)}
	if err := conn.Export(c, path, "org.freedesktop.PolicyKit1.AuthenticationAgent"); err != nil {
		return nil, nil, err
	}
	who, err := subject(p.Cmd.Process.Pid)
	if err != nil {
		return nil, nil, err
	}
	err = conn.Object("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority").
		Call("org.freedesktop.PolicyKit1.Authority.RegisterAuthenticationAgent", 0, who, "C", string(path)).Err
	if err != nil {
		return nil, nil, fmt.Errorf("cannot become the agent: %w", err)
	}
	return c.asked, func() { conn.Close() }, nil
}

// subject is the program as polkitd sees it, with the number it has inside.
func subject(pid int) (identity, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return identity{}, err
	}
	_, rest, _ := strings.Cut(string(status), "NSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	fields := strings.Fields(line)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || len(fields) == 0 {
		return identity{}, fmt.Errorf("cannot tell the number of process %d inside: %w", pid, err)
	}
	inside, err := strconv.ParseUint(fields[len(fields)-1], 10, 32)
	if err != nil {
		return identity{}, err
	}
	after := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	started, err := strconv.ParseUint(after[19], 10, 64) // field 22 of proc(5)
	return identity{"unix-process", map[string]dbus.Variant{"pid": dbus.MakeVariant(uint32(inside)),
		"start-time": dbus.MakeVariant(started), "uid": dbus.MakeVariant(int32(1000))}}, err
}
