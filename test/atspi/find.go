package atspi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Find waits until a node below n is on the screen that has the role ("" for
// any), the name and all the states, and returns the first. A name that ends
// in "*" stands for every name that begins like it; "" for any. The error
// shows what is there instead.
func (n *Node) Find(ctx context.Context, role, name string, states ...State) (*Node, error) {
	var found *Node
	err := n.await(ctx, func(all []*Node) bool {
		found = first(all, role, name, states)
		return found != nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s %q: %w", orAny(role), name, err)
	}
	return found, nil
}

// Gone waits until Find would find nothing. A program that has ended shows
// nothing.
func (n *Node) Gone(ctx context.Context, role, name string) error {
	err := n.await(ctx, func(all []*Node) bool { return first(all, role, name, nil) == nil })
	if err != nil {
		return fmt.Errorf("%s %q is still there: %w", orAny(role), name, err)
	}
	return nil
}

// All returns the nodes below n that are on the screen, parents first.
func (n *Node) All(ctx context.Context) ([]*Node, error) {
	var all []*Node
	err := n.walk(ctx, 0, func(child *Node, _ int) { all = append(all, child) })
	return all, err
}

// await looks at the screen again and again until it is as wanted.
func (n *Node) await(ctx context.Context, wanted func([]*Node) bool) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		all, err := n.All(ctx)
		if ctx.Err() == nil && wanted(all) {
			return nil
		}
		if ended(err) {
			return errors.New("the program has ended")
		}
		if !sleep(ctx) {
			// The time of ctx is up, but the picture is wanted.
			return fmt.Errorf("%w\n%s", errors.Join(context.Cause(ctx), err), n.Dump(context.WithoutCancel(ctx)))
		}
	}
}

// ended tells whether nobody answers on the bus any more.
func ended(err error) bool {
	var answer dbus.Error
	return errors.As(err, &answer) && answer.Name == "org.freedesktop.DBus.Error.ServiceUnknown"
}

func first(all []*Node, role, name string, states []State) *Node {
	for _, n := range all {
		if n.matches(role, name) && n.has(states) {
			return n
		}
	}
	return nil
}

func (n *Node) matches(role, name string) bool {
	if role != "" && n.Role != role {
		return false
	}
	if begin, found := strings.CutSuffix(name, "*"); found {
		return strings.HasPrefix(n.Name, begin)
	}
	return name == "" || n.Name == name
}

func (n *Node) has(states []State) bool {
	for _, s := range states {
		if !n.Is(s) {
			return false
		}
	}
	return true
}

func orAny(role string) string {
	if role == "" {
		return "anything called"
	}
	return role
}

// Focused returns the node that has the keyboard, or nil.
func (n *Node) Focused(ctx context.Context) (*Node, error) {
	all, err := n.All(ctx)
	return first(all, "", "", []State{Focused}), err
}

// Nameless describes every node on the screen that can be used but has no
// name, so that a screen reader could not tell what it is.
func (n *Node) Nameless(ctx context.Context) ([]string, error) {
	all, err := n.All(ctx)
	var found []string
	for i, child := range all {
		if child.Name == "" && (child.Is(Focusable) || child.can(ctx, "Action")) {
			found = append(found, fmt.Sprintf("%s after %s", child, before(all[:i])))
		}
	}
	return found, err
}

// before is the last node that has a name.
func before(all []*Node) string {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Name != "" {
			return all[i].String()
		}
	}
	return "the beginning"
}

// String is the node in one line: role, name, states.
func (n *Node) String() string {
	text := fmt.Sprintf("%s %q", n.Role, n.Name)
	for _, s := range []struct {
		state State
		word  string
	}{{Focused, " focused"}, {Checked, " checked"}, {Selected, " selected"}} {
		if n.Is(s.state) {
			text += s.word
		}
	}
	if !n.Is(Sensitive) {
		text += " disabled"
	}
	return text
}

// Dump draws what is on the screen below n, a line for each node; also what is
// typed into fields.
func (n *Node) Dump(ctx context.Context) string {
	ctx, cancel := patient(ctx)
	defer cancel()
	var out strings.Builder
	err := n.walk(ctx, 0, func(child *Node, depth int) {
		fmt.Fprintf(&out, "%s%s", strings.Repeat("  ", depth), child)
		if child.Is(Editable) {
			text, _ := child.Text(ctx)
			fmt.Fprintf(&out, " holds %q", text)
		}
		out.WriteByte('\n')
	})
	if err != nil {
		fmt.Fprintf(&out, "(%v)\n", err)
	}
	return out.String()
}
