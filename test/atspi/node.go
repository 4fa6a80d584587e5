package atspi

import (
	"context"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// State is a set of AT-SPI states.
type State uint64

// The states that tests ask for; the numbers are those of atspi-constants.h.
const (
	Active    State = 1 << 1
	Checked   State = 1 << 4
	Editable  State = 1 << 7
	Enabled   State = 1 << 8
	Focusable State = 1 << 11
	Focused   State = 1 << 12
	Selected  State = 1 << 23
	Sensitive State = 1 << 24
	Showing   State = 1 << 25
	Visible   State = 1 << 30
)

// ref is where an accessible lives.
type ref struct {
	Bus  string
	Path dbus.ObjectPath
}

// Node is an accessible, as it was when it was looked at.
type Node struct {
	Role  string // "button", "check box", "radio button", "label", "text", "progress bar", "frame", "dialog", ...
	Name  string // its own, or that of the label that belongs to it
	State State

	bus *Bus
	at  ref
}

// Is tells whether the node had all these states.
func (n *Node) Is(states State) bool { return n.State&states == states }

// call calls a method and stores its results.
func (n *Node) call(ctx context.Context, method string, args []any, results ...any) error {
	return n.bus.conn.Object(n.at.Bus, n.at.Path).CallWithContext(ctx, method, 0, args...).Store(results...)
}

// property reads a property of an interface.
func (n *Node) property(ctx context.Context, iface, name string) (dbus.Variant, error) {
	var v dbus.Variant
	err := n.call(ctx, "org.freedesktop.DBus.Properties.Get", []any{iface, name}, &v)
	return v, err
}

// Refresh looks at the node again.
func (n *Node) Refresh(ctx context.Context) error {
	object := n.bus.conn.Object(n.at.Bus, n.at.Path)
	// All are asked at once: the way there and back is what takes time.
	role := object.GoWithContext(ctx, accessible+".GetRoleName", 0, nil)
	name := object.GoWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, nil, accessible, "Name")
	state := object.GoWithContext(ctx, accessible+".GetState", 0, nil)
	var states []uint32
	for _, answer := range []struct {
		call *dbus.Call
		to   any
	}{{role, &n.Role}, {name, &n.Name}, {state, &states}} {
		if err := (<-answer.call.Done).Store(answer.to); err != nil {
			return err
		}
	}
	n.Role = strings.TrimPrefix(n.Role, "push ") // "button" since at-spi2-core 2.51
	n.State = 0
	for i, bits := range states {
		n.State |= State(bits) << (32 * i)
	}
	if n.Name == "" {
		n.Name = n.labelName(ctx)
	}
	return nil
}

// labelName is the name of the label that belongs to the node; "" without one.
func (n *Node) labelName(ctx context.Context) string {
	const labelledBy = 2
	var relations []struct {
		Kind    uint32
		Targets []ref
	}
	if err := n.call(ctx, accessible+".GetRelationSet", nil, &relations); err != nil {
		return ""
	}
	for _, r := range relations {
		if r.Kind != labelledBy || len(r.Targets) == 0 {
			continue
		}
		label := Node{bus: n.bus, at: r.Targets[0]}
		if v, err := label.property(ctx, accessible, "Name"); err == nil {
			name, _ := v.Value().(string)
			return name
		}
	}
	return ""
}

// children reads the direct children. One that is gone again is left out.
func (n *Node) children(ctx context.Context) ([]*Node, error) {
	var refs []ref
	if err := n.call(ctx, accessible+".GetChildren", nil, &refs); err != nil {
		return nil, err
	}
	var found []*Node
	for _, at := range refs {
		child := &Node{bus: n.bus, at: at}
		if at.Path != "/org/a11y/atspi/null" && child.Refresh(ctx) == nil {
			found = append(found, child)
		}
	}
	return found, ctx.Err()
}

// walk visits the nodes below n that are on the screen, parents first. What is
// hidden is not entered.
func (n *Node) walk(ctx context.Context, depth int, visit func(n *Node, depth int)) error {
	children, err := n.children(ctx)
	for _, child := range children {
		if !child.Is(Showing) {
			continue
		}
		visit(child, depth)
		// One that is gone in the meantime is no failure of the whole.
		if child.walk(ctx, depth+1, visit) != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return err
}

// interfaces are the short names of what the node can do: "Action", "Text".
func (n *Node) interfaces(ctx context.Context) ([]string, error) {
	var all []string
	err := n.call(ctx, accessible+".GetInterfaces", nil, &all)
	for i := range all {
		all[i] = strings.TrimPrefix(all[i], "org.a11y.atspi.")
	}
	return all, err
}

func (n *Node) can(ctx context.Context, what string) bool {
	all, err := n.interfaces(ctx)
	return err == nil && slices.Contains(all, what)
}
