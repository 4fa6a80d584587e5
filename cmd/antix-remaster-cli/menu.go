package main

import (
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type menuLine struct {
	Event string `json:"event"`
	wire.MenuResult
}

// try gives a version an entry in the boot menu.
func (a *app) try(ctx context.Context) error {
	_, _, v, err := a.change(ctx, a.words[0])
	if err == nil {
		err = history.Tryable(v)
	}
	if err != nil {
		return err
	}
	r, err := a.menuRequest(ctx, wire.Request{Op: wire.OpTry, Version: v.Ref()})
	if err != nil || a.json {
		return err
	}
	for _, line := range words.Trying(r, tr) {
		a.say("%s", line)
	}
	return nil
}

func (a *app) untry(ctx context.Context) error {
	f, _, v, err := a.change(ctx, a.words[0])
	if err == nil {
		err = history.Addressable(f, v)
	}
	if err != nil {
		return err
	}
	r, err := a.menuRequest(ctx, wire.Request{Op: wire.OpUntry, Version: v.Ref()})
	if err == nil && !a.json {
		a.entries(r)
	}
	return err
}

// menu has entries of ours in the boot menus, or none.
func (a *app) menu(ctx context.Context) error {
	word := a.words[0]
	if word != wire.MenuOn && word != wire.MenuOff {
		return usage(tr("%[1]s can be %[2]s, not %[3]q."), "menu", "on, off", word)
	}
	f, _, err := a.look(ctx)
	if err == nil {
		err = preflight.Unchangeable(f)
	}
	if err != nil {
		return err
	}
	r, err := a.menuRequest(ctx, wire.Request{Op: wire.OpMenu, Menu: word})
	if err == nil && !a.json {
		a.entries(r)
	}
	return err
}

func (a *app) menuRequest(ctx context.Context, req wire.Request) (wire.MenuResult, error) {
	var r wire.MenuResult
	err := a.request(ctx, req, &r)
	if err == nil && a.json {
		a.object(menuLine{"result", r})
	}
	return r, err
}

// entries says what is in the boot menus now.
func (a *app) entries(r wire.MenuResult) {
	if len(r.Entries) == 0 {
		a.say("%s", fmt.Sprintf(tr("Nothing of this program is in the boot menu any more (%[1]s)."), strings.Join(r.Menus, ", ")))
		return
	}
	a.say("%s", fmt.Sprintf(tr("In the boot menu (%[1]s):"), strings.Join(r.Menus, ", ")))
	for _, title := range r.Entries {
		a.say("  %s", words.Clean(title))
	}
}
