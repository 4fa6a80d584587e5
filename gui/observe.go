package gui

import (
	"context"

	"antix-remaster/core/history"
	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// view is what can be seen without any privilege.
type view struct {
	intent intent.Intent // facts, choices, plan
	err    error         // why there is no intent
	looked bool          // it is no empty view
	now    []wire.Check  // what speaks against a remaster
	use    []segment     // what the stick is used for
	knows  []string      // compressors that this computer can use

	rough  int64 // bytes that a new version may take, guessed; 0: unknown
	staged bool  // the version that waits was on the stick before
	picked bool  // the default was, too, when it was put in place

	before, aside *history.Version // what a switch and what a rollback left beside the linuxfs; nil: nothing
	menus         history.Menus    // what the boot menus have of ours

	versions []history.Version // on the stick; only looked at where they are shown
	weights  history.Weights   // of them
	listed   bool              // they were
}

// observe takes seconds on a slow stick: not for the main loop. listed is whether
// the versions are wanted: of each image on the stick something is read, which
// the other pages need not wait for.
func observe(ctx context.Context, c wire.Choices, listed bool) view {
	i, err := intent.Make(ctx, c)
	records := history.ReadRecords(i.Facts, "")
	v := view{intent: i, err: err, looked: true, use: stickUse(i.Facts), rough: roughSize(i.Facts), staged: isStaged(records, i.Facts.Armed), picked: isStaged(records, i.Facts.Default),
		before: history.Beside(i.Facts, "", history.Previous), aside: history.Beside(i.Facts, "", history.Bad), menus: history.ReadMenus(i.Facts, "")}
	if listed {
		v.versions, v.listed = history.List(i.Facts, ""), true
		v.weights = history.Weigh(i.Facts, "", v.versions)
	}
	if err == nil {
		v.now, v.knows = i.Checks(ctx), i.Compressors(ctx)
	}
	return v
}

// isStaged tells whether a version was taken from another place on the stick.
func isStaged(records history.Records, v *live.Version) bool {
	return v != nil && records[history.KeyOf(*v)].From != ""
}

// inspection is a view with what the helper found.
type inspection struct {
	view
	result wire.CheckResult
}

// inspect lets the helper check the choices. It may have mounted the stick or
// put it in order, so the facts are read once more, and the plan must be the
// same.
func inspect(ctx context.Context, h *helper, c wire.Choices) (inspection, error) {
	i, err := intent.Make(ctx, c)
	if err != nil {
		return inspection{}, err
	}
	var r wire.CheckResult
	if err := h.do(ctx, wire.Request{Op: wire.OpCheck, Choices: &i.Choices}, wire.Watch{}, &r); err != nil {
		return inspection{}, err
	}
	v := observe(ctx, i.Choices, false)
	if v.err != nil {
		return inspection{}, v.err
	}
	return inspection{v, r}, v.intent.SamePlan(ctx, r)
}
