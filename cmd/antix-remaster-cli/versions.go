package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

type versionsLine struct {
	Event    string        `json:"event"`
	Versions []listedEntry `json:"versions"`
}

// listedEntry is a version of "versions --json". Its path is that of the file,
// links followed; file is how a user names it.
type listedEntry struct {
	versionObject
	File        string      `json:"file"`
	Archive     string      `json:"archive"` // "0003"
	Running     bool        `json:"running"`
	Note        string      `json:"note"`
	VerifiedAt  string      `json:"verified_at"`  // RFC 3339; "" for never
	VerifiedHow history.How `json:"verified_how"` // "build", "digest", "read"
	Damaged     bool        `json:"damaged"`
	SHA256      string      `json:"sha256"`
	Try         bool        `json:"try"`    // has an entry in the boot menu
	Rescue      bool        `json:"rescue"` // is what the rescue entry starts
	From        string      `json:"from"`   // where a staged version was
	Unfit       *wire.Code  `json:"unfit"`  // why it cannot be started
	Reason      string      `json:"reason"`
}

// noteNewer tells that nothing is known of notes and pins, where that is so.
func (a *app) noteNewer(f live.Facts) {
	if history.NewerRecord(f, "") {
		a.note(wire.Check{Level: wire.Warn, Code: wire.RecordNewer, Args: []string{plan.RecordName}})
	}
}

// versions lists what is on the stick.
func (a *app) versions(ctx context.Context) error {
	f, all, err := a.look(ctx)
	if err != nil {
		return err
	}
	a.noteNewer(f)
	if a.json {
		a.object(versionsJSON(all))
		return nil
	}
	for _, v := range all {
		a.versionText(v)
		if try := history.TryOptions(f, v); try != "" {
			a.row(tr("To try it"), fmt.Sprintf(tr("restart with the boot options %[1]s: nothing is renamed"), try))
		}
	}
	a.row(tr("Next start"), words.NextBoot(f.NextBoot(), f, tr))
	return nil
}

// look reads the facts and lists the versions of a stick that can be seen.
func (a *app) look(ctx context.Context) (live.Facts, []history.Version, error) {
	f, err := live.Read(ctx, "")
	switch {
	case err != nil:
	case !f.Live:
		err = wire.Fail(wire.NotLive, nil)
	case f.ConfigError != nil:
		err = preflight.Unchangeable(f)
	case f.Entries == nil:
		err = wire.Fail(wire.StickUnseen, nil, known(f.Boot.Device))
	}
	if err != nil {
		return f, nil, err
	}
	return f, history.List(f, ""), nil
}

func versionsJSON(all []history.Version) versionsLine {
	out := versionsLine{"result", []listedEntry{}}
	for _, v := range all {
		out.Versions = append(out.Versions, listed(v))
	}
	return out
}

func listed(v history.Version) listedEntry {
	r := v.Record
	e := listedEntry{versionObject: versionObject{ID: v.ID, Title: v.Title, Date: v.Date, Kernel: v.Kernel, Size: v.Size, Compressor: v.Compressor,
		State: string(v.State), Path: v.Path, Pinned: r.Pinned, Bootable: v.Bootable(), Companions: v.Companions, Verified: r.Verified > 0},
		File: v.File(), Archive: v.Archive, Running: v.Running, Note: r.Note, VerifiedHow: r.How, Damaged: r.Damaged, Try: r.Try, Rescue: v.Rescue, SHA256: r.SHA256,
		Reason: words.Unfit(v, tr)}
	if v.State == history.Armed { // later it says nothing any more
		e.From = r.From
	}
	if r.Verified > 0 {
		e.VerifiedAt = time.Unix(r.Verified, 0).UTC().Format(time.RFC3339)
	}
	if v.Unfit != nil {
		e.Unfit = &v.Unfit.Code
	}
	return e
}

// versionText is a version for people.
func (a *app) versionText(v history.Version) {
	a.say("%s", words.Clean(v.File())+": "+words.Standing(v, tr))
	if v.Title != "" {
		a.row(tr("Version"), v.Title)
	}
	if v.Date != "" {
		a.row(tr("Made"), v.Date)
	}
	if v.Compressor != "" {
		a.row(tr("Image"), fmt.Sprintf("%s, %s", words.Size(v.Size), v.Compressor))
	}
	if v.Kernel != "" {
		a.row(tr("Kernel"), v.Kernel)
	}
	if v.ID != "" {
		a.row(tr("Version id"), a.shortID(v.ID))
	}
	if v.Record.Note != "" {
		a.row(tr("Your note"), v.Record.Note)
	}
	if v.Compressor != "" {
		a.row(tr("Verified"), words.Verified(v.Record, tr))
	}
	if v.Rescue {
		a.row(tr("Rescue"), words.Rescue(v, tr))
	}
	if len(v.Companions) > 0 && a.verbose {
		a.row(tr("Companions"), strings.Join(v.Companions, ", "))
	}
	if v.Unfit != nil {
		a.row(tr("Cannot be started"), words.Unfit(v, tr))
	}
}

// shortID is enough of an id to name a version by.
func (a *app) shortID(id string) string {
	if r := []rune(id); len(r) > 12 && !a.verbose {
		return string(r[:12])
	}
	return id
}
