package atspi

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"
)

// answer is how long a program is given to say that it was pressed. One that
// opens a dialog and waits for it does not.
const answer = 2 * time.Second

// Press waits for the button with this name to be usable and presses it.
func (n *Node) Press(ctx context.Context, name string) error {
	button, err := n.Find(ctx, "button", name, Sensitive)
	if err != nil {
		return err
	}
	return button.Do(ctx)
}

// Do does what the node is there for: its first action.
func (n *Node) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	var done bool
	err := n.call(ctx, "org.a11y.atspi.Action.DoAction", []any{int32(0)}, &done)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil
	case err != nil:
		return fmt.Errorf("cannot use %s: %w", n, err)
	case !done:
		return fmt.Errorf("%s refused to be used", n)
	}
	return nil
}

// SetText replaces the text of a field.
func (n *Node) SetText(ctx context.Context, text string) error {
	var done bool
	err := n.call(ctx, "org.a11y.atspi.EditableText.SetTextContents", []any{text}, &done)
	if err == nil && !done {
		err = errors.New("it refused")
	}
	if err != nil {
		return fmt.Errorf("cannot write into %s: %w", n, err)
	}
	return nil
}

// Text is the text of a field or a label.
func (n *Node) Text(ctx context.Context) (string, error) {
	var text string
	if err := n.call(ctx, "org.a11y.atspi.Text.GetText", []any{int32(0), int32(-1)}, &text); err != nil {
		return "", fmt.Errorf("cannot read %s: %w", n, err)
	}
	return text, nil
}

// Value is where a progress bar or a slider stands.
func (n *Node) Value(ctx context.Context) (float64, error) {
	v, err := n.property(ctx, "org.a11y.atspi.Value", "CurrentValue")
	if err != nil {
		return 0, fmt.Errorf("cannot read %s: %w", n, err)
	}
	value, _ := v.Value().(float64)
	return value, nil
}

// Focus gives the node the keyboard.
func (n *Node) Focus(ctx context.Context) error {
	var done bool
	err := n.call(ctx, "org.a11y.atspi.Component.GrabFocus", nil, &done)
	if err == nil && !done {
		err = errors.New("it refused")
	}
	if err != nil {
		return fmt.Errorf("cannot give the keyboard to %s: %w", n, err)
	}
	return nil
}

// Extents is where the node is on the screen, in pixels.
func (n *Node) Extents(ctx context.Context) (image.Rectangle, error) {
	const ofTheScreen = 0
	var at struct{ X, Y, Width, Height int32 }
	if err := n.call(ctx, "org.a11y.atspi.Component.GetExtents", []any{uint32(ofTheScreen)}, &at); err != nil {
		return image.Rectangle{}, fmt.Errorf("cannot tell where %s is: %w", n, err)
	}
	return image.Rect(int(at.X), int(at.Y), int(at.X+at.Width), int(at.Y+at.Height)), nil
}
