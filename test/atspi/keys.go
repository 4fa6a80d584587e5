package atspi

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// keysyms by name, from X11/keysymdef.h.
var keysyms = map[string]int32{
	"BackSpace": 0xff08, "Tab": 0xff09, "Return": 0xff0d, "Escape": 0xff1b, "space": 0x20, "Delete": 0xffff,
	"Home": 0xff50, "Left": 0xff51, "Up": 0xff52, "Right": 0xff53, "Down": 0xff54,
	"Page_Up": 0xff55, "Page_Down": 0xff56, "End": 0xff57, "Menu": 0xff67, "F1": 0xffbe, "F4": 0xffc1, "F10": 0xffc7,
}

// modifiers by name: the codes of the left keys on a PC keyboard under X.
var modifiers = map[string]int32{"shift": 50, "ctrl": 37, "alt": 64}

// What GenerateKeyboardEvent can do, from atspi-constants.h.
const (
	pressCode, releaseCode, pressKeysym uint32 = 0, 1, 3
)

// Key presses and releases a key, as the X server's keyboard does: "Tab",
// "shift+Tab", "alt+n". It goes to the window that has the keyboard.
func (b *Bus) Key(ctx context.Context, keys string) error {
	words := strings.Split(keys, "+")
	last := words[len(words)-1]
	keysym, known := keysyms[last]
	if letter, size := utf8.DecodeRuneInString(last); !known && size == len(last) && letter < 0x100 {
		keysym, known = letter, true
	}
	if !known {
		return fmt.Errorf("cannot press %q: there is no key %q", keys, last)
	}
	var held []int32
	for _, word := range words[:len(words)-1] {
		code, known := modifiers[word]
		if !known {
			return fmt.Errorf("cannot press %q: there is no modifier %q", keys, word)
		}
		held = append(held, code)
	}
	if err := b.chord(ctx, held, keysym); err != nil {
		return fmt.Errorf("cannot press %q: %w", keys, err)
	}
	return nil
}

func (b *Bus) chord(ctx context.Context, held []int32, keysym int32) (err error) {
	for _, code := range held {
		if err := b.generate(ctx, code, pressCode); err != nil {
			return err
		}
		defer func() {
			if e := b.generate(ctx, code, releaseCode); err == nil {
				err = e
			}
		}()
	}
	return b.generate(ctx, keysym, pressKeysym)
}

func (b *Bus) generate(ctx context.Context, key int32, what uint32) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	controller := Node{bus: b, at: ref{registry, "/org/a11y/atspi/registry/deviceeventcontroller"}}
	return controller.call(ctx, "org.a11y.atspi.DeviceEventController.GenerateKeyboardEvent", []any{key, "", what})
}

// TypeKeys types a text, letter by letter.
func (b *Bus) TypeKeys(ctx context.Context, text string) error {
	for _, letter := range text {
		name := string(letter)
		if name == " " || name == "+" {
			name = map[string]string{" ": "space", "+": "shift+="}[name]
		}
		if err := b.Key(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
