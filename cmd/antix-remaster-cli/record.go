package main

import (
	"context"
	"fmt"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type recordLine struct {
	Event string `json:"event"`
	wire.RecordResult
}

type verifyLine struct {
	Event string `json:"event"`
	wire.VerifyResult
}

// setNote writes down a line about a version.
func (a *app) setNote(ctx context.Context) error {
	if !wire.ValidNote(a.words[1]) {
		return usage("%s", tr("A note is one line of text, at most 200 bytes long."))
	}
	return a.record(ctx, wire.Request{Op: wire.OpNote, Note: a.words[1]})
}

func (a *app) pin(ctx context.Context) error   { return a.record(ctx, wire.Request{Op: wire.OpPin}) }
func (a *app) unpin(ctx context.Context) error { return a.record(ctx, wire.Request{Op: wire.OpUnpin}) }

func (a *app) record(ctx context.Context, req wire.Request) error {
	f, _, v, err := a.change(ctx, a.words[0])
	if err == nil {
		err = history.Addressable(f, v)
	}
	if err != nil {
		return err
	}
	req.Version = v.Ref()
	var r wire.RecordResult
	if err := a.request(ctx, req, &r); err != nil {
		return err
	}
	if a.json {
		a.object(recordLine{"result", r})
		return nil
	}
	v.Record.Note, v.Record.Pinned = r.Note, r.Pinned
	a.versionText(v)
	return nil
}

// verify reads all of a version.
func (a *app) verify(ctx context.Context) error {
	f, _, v, err := a.change(ctx, a.words[0])
	if err == nil {
		err = history.Addressable(f, v)
	}
	if err != nil {
		return err
	}
	if v.Problem != "" {
		return v.Unfit.Refusal()
	}
	var r wire.VerifyResult
	if err := a.request(ctx, wire.Request{Op: wire.OpVerify, Version: v.Ref()}, &r); err != nil {
		return err
	}
	if a.json {
		a.object(verifyLine{"result", r})
		return nil
	}
	a.say("%s", fmt.Sprintf(tr("%[1]s is whole."), words.Clean(v.File())))
	if len(r.Against) > 0 {
		a.row(tr("Compared"), tr("every byte is what it was when that was written down"))
	} else {
		a.row(tr("Compared"), tr("with nothing: how it was is not known. From now on it is."))
	}
	a.row(tr("Read"), fmt.Sprintf(tr("entries: %[1]d, %[2]s"), r.Entries, words.Size(r.Bytes)))
	if a.verbose {
		a.row("SHA-256", r.SHA256)
	}
	return nil
}
