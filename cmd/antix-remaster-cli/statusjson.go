package main

import (
	"slices"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// statusLine is what "status --json" answers.
type statusLine struct {
	Event        string           `json:"event"`
	Remasterable bool             `json:"remasterable"`
	Reasons      []wire.Code      `json:"reasons"` // why not
	Running      *versionObject   `json:"running"`
	Default      *versionObject   `json:"default"`
	Armed        *versionObject   `json:"armed"`
	Rescue       string           `json:"rescue"` // file of the version that the rescue entry starts; "" for none
	Boot         bootObject       `json:"boot"`
	Union        unionObject      `json:"union"`
	Persistence  persistObject    `json:"persistence"`
	ToRAM        bool             `json:"toram"`
	Encrypted    bool             `json:"encrypted"`
	Leftovers    []leftoverObject `json:"leftovers"`
	Checks       []checkObject    `json:"checks"`
	NextBoot     nextBootObject   `json:"next_boot"`
}

type versionObject struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Date       string   `json:"date"`
	Kernel     string   `json:"kernel"`
	Size       int64    `json:"size"`
	Compressor string   `json:"compressor"`
	State      string   `json:"state"`
	Path       string   `json:"path"`
	Pinned     bool     `json:"pinned"`
	Bootable   bool     `json:"bootable"`
	Companions []string `json:"companions"`
	Verified   bool     `json:"verified"`
}

type bootObject struct {
	Device     string `json:"device"`
	UUID       string `json:"uuid"`
	FSType     string `json:"fstype"`
	Mountpoint string `json:"mountpoint"`
	Total      uint64 `json:"total"`
	Free       uint64 `json:"free"`
}

type unionObject struct {
	Type  string `json:"type"`
	Lower string `json:"lower"`
	Upper string `json:"upper"`
}

type persistObject struct {
	Kind   string `json:"kind"`
	Device string `json:"device"`
	File   string `json:"file"`
}

type leftoverObject struct {
	Name string            `json:"name"`
	Kind live.LeftoverKind `json:"kind"`
	Size int64             `json:"size"`
}

type nextBootObject struct {
	Text   string        `json:"text"`
	Events []eventObject `json:"events"`
}

// eventObject is one rename, or a removal: then To is empty.
type eventObject struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func statusJSON(f live.Facts, checks []wire.Check) statusLine {
	out := statusLine{Event: "result", Remasterable: preflight.FirstStop(checks) == nil, Reasons: []wire.Code{},
		Running: versionJSON(f, f.Running, "running"), Default: versionJSON(f, f.Default, "default"),
		Armed: versionJSON(f, f.Armed, "armed"),
		Boot:  bootObject{f.Boot.Device, f.Boot.UUID, f.Boot.FSType, f.Boot.Mountpoint, f.Boot.Total, f.Boot.Free},
		Union: unionObject(f.Union), Persistence: persistObject{f.Persistence.Kind, f.Persistence.Device, f.Persistence.File},
		ToRAM: f.ToRAM, Encrypted: f.Encrypted, Leftovers: []leftoverObject{}, Checks: []checkObject{}}
	for _, l := range f.Leftovers {
		out.Leftovers = append(out.Leftovers, leftoverObject{l.Name, l.Kind, l.Size})
	}
	for _, c := range checks {
		out.Checks = append(out.Checks, checkJSON(c))
		if c.Level == wire.Stop {
			out.Reasons = append(out.Reasons, c.Code)
		}
	}
	if v, ok := rescueOf(f); ok && v.Rescue {
		out.Rescue = v.File()
	}
	next := f.NextBoot()
	out.NextBoot = nextBootObject{words.NextBoot(next, f, tr), []eventObject{}}
	for _, s := range next.Steps {
		out.NextBoot.Events = append(out.NextBoot.Events, eventObject(s))
	}
	return out
}

func versionJSON(f live.Facts, v *live.Version, state string) *versionObject {
	if v == nil {
		return nil
	}
	known := history.About(f, "", *v)
	return &versionObject{ID: v.ID, Title: v.Title, Date: v.Date, Kernel: v.Kernel, Size: v.Size, Compressor: v.Compressor,
		State: state, Path: v.Path, Pinned: known.Record.Pinned, Bootable: known.Bootable(), Companions: companions(f, v),
		Verified: known.Record.Verified > 0}
}

// companions are the files beside an image that go with it.
func companions(f live.Facts, v *live.Version) []string {
	out := []string{}
	suffix := ""
	switch v.Name {
	case f.Plain.Name:
	case f.Plain.Name + ".new":
		suffix = ".new"
	default:
		return out
	}
	for _, name := range live.Companions(f.Generation, f.Plain.Name)[1:] {
		if slices.Contains(f.Files, name+suffix) {
			out = append(out, name+suffix)
		}
	}
	return out
}
