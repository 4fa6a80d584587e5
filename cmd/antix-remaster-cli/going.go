package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type stageLine struct {
	Event string `json:"event"`
	wire.StageResult
}

type deleteLine struct {
	Event string `json:"event"`
	wire.DeleteResult
}

// change finds the version that a changing verb works on.
func (a *app) change(ctx context.Context, word string) (live.Facts, []history.Version, history.Version, error) {
	f, all, err := a.look(ctx)
	if err == nil {
		err = preflight.Unchangeable(f)
	}
	if err != nil {
		return f, nil, history.Version{}, err
	}
	v, err := history.Find(all, word)
	return f, all, v, err
}

// mayAsk refuses what would have to ask where nobody can answer.
func (a *app) mayAsk() error {
	if !a.inTTY && !a.yes {
		return usage("%s", tr("There is no terminal to ask on. Say --yes to do it without a question; nothing was touched."))
	}
	return nil
}

// request is one operation of a helper of its own.
func (a *app) request(ctx context.Context, req wire.Request, result any) error {
	return a.session(ctx, func(c *wire.Client) error { return a.operate(ctx, c, req, result) })
}

// rollback makes a version the one that starts next.
func (a *app) rollback(ctx context.Context) error {
	word := "previous"
	if len(a.words) > 0 {
		word = a.words[0]
	}
	if err := a.mayAsk(); err != nil {
		return err
	}
	f, all, v, err := a.change(ctx, word)
	if err == nil {
		err = history.Stageable(f, all, v)
	}
	if err != nil {
		return err
	}
	a.say("%s", tr("Going back to another version:"))
	a.versionText(v)
	for _, line := range words.Staging(f, v, tr) {
		a.say("%s", line)
	}
	if err := a.agree(ctx, tr("Do that now? [y/N]")); err != nil {
		return err
	}
	var r wire.StageResult
	if err := a.request(ctx, wire.Request{Op: wire.OpStage, Version: v.Ref()}, &r); err != nil {
		return err
	}
	a.staged(ctx, r)
	return nil
}

func (a *app) staged(ctx context.Context, r wire.StageResult) {
	if a.json {
		a.object(stageLine{"result", r})
		return
	}
	a.say("%s", fmt.Sprintf(tr("The version is in place for the next start: %[1]s."), words.Clean(wire.List(r.Files, 12))))
	if len(r.Archives) > 0 {
		a.say("%s", fmt.Sprintf(tr("What was in the way is in %[1]s now."), words.Clean(strings.Join(r.Archives, ", "))))
	}
	a.sayNextBoot(ctx)
	a.say("%s", tr("Changed your mind? antix-remaster-cli disarm puts it back."))
}

// remove deletes a version.
func (a *app) remove(ctx context.Context) error {
	if err := a.mayAsk(); err != nil {
		return err
	}
	f, all, v, err := a.change(ctx, a.words[0])
	if err != nil {
		return err
	}
	question, must := second(v)
	typed := a.inTTY && must != "" && a.confirm == ""
	// The helper may see a boot menu that this program does not.
	confirmed := typed || a.confirm == cmp.Or(must, rescueWords)
	if err := history.Deletable(f, all, v, confirmed); err != nil {
		return err
	}
	a.say("%s", tr("This version is going to be deleted:"))
	a.versionText(v)
	if len(v.Companions) > 0 {
		a.row(tr("With it"), strings.Join(v.Companions, ", "))
	}
	if err := a.agree(ctx, tr("Delete it for good? [y/N]")); err != nil {
		return err
	}
	if typed {
		answer, err := a.ask(ctx, fmt.Sprintf(question, must))
		if err != nil {
			return err
		}
		if answer != must {
			return history.Deletable(f, all, v, false)
		}
	}
	var r wire.DeleteResult
	req := wire.Request{Op: wire.OpDelete, Version: v.Ref(), Confirmed: confirmed}
	if err := a.request(ctx, req, &r); err != nil {
		return err
	}
	if a.json {
		a.object(deleteLine{"result", r})
		return nil
	}
	a.say("%s", fmt.Sprintf(tr("Deleted: %[1]s. %[2]s are free again."), words.Clean(wire.List(r.Files, 12)), words.Size(r.Freed)))
	return nil
}

// second is the question of a version that is held, and the words to type; both
// "" for a version that is not.
func second(v history.Version) (question, words string) {
	switch {
	case v.Rescue && v.Record.Pinned:
		return tr("It is pinned, and the rescue entry of the boot menu starts it. If you want that, type exactly: %[1]s\n>"), rescueWords
	case v.Record.Pinned:
		return tr("It is pinned. If you want that, type exactly: %[1]s\n>"), pinnedWords
	case v.Unread && !v.Rescue:
		return tr("It may be pinned: a newer program wrote that down. If you want that, type exactly: %[1]s\n>"), pinnedWords
	case v.Rescue:
		return tr("The rescue entry of the boot menu starts it. If you want that, type exactly: %[1]s\n>"), rescueWords
	}
	return "", ""
}
