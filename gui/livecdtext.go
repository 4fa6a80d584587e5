package gui

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/iso"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// liveCD is what is chosen for one, and what came of it.
type liveCD struct {
	from          pageName               // where it was asked for
	place         string                 // of the version
	output, label string                 // as typed
	remaster      bool                   // make a new version first
	ready         bool                   // there is something to choose from
	foreign       bool                   // this window has other rights than who started it
	unfit         map[string]*wire.Check // why none can be made of a version, by its place
	plan          iso.Plan
	err           error              // why it cannot be made like this
	planned       bool               // plan and err are of what is chosen
	stop          context.CancelFunc // of who looks what comes of it; nil when nobody does
	result        iso.Result
}

func liveCDTitle(p pageName) string {
	switch p {
	case pageLiveCDWork:
		return tr("The LiveCD is being made")
	case pageLiveCDDone:
		return tr("The LiveCD is ready")
	}
	return tr("Make a LiveCD")
}

// liveCDVersions are those that a LiveCD can be made of and the others, the one
// that runs first.
func (m *model) liveCDVersions() []history.Version {
	all := slices.Clone(m.versions)
	if i := slices.IndexFunc(all, func(v history.Version) bool { return v.Running }); i > 0 {
		running := all[i]
		all = slices.Insert(slices.Delete(all, i, i+1), 0, running)
	}
	return all
}

// liveCDVersion is the one that is chosen, else the first.
func (m *model) liveCDVersion() (history.Version, bool) {
	all := m.liveCDVersions()
	i := max(slices.IndexFunc(all, func(v history.Version) bool { return v.Place == m.cd.place }), 0)
	if i >= len(all) {
		return history.Version{}, false
	}
	return all[i], true
}

// liveCDLine is the second line of a version in the list.
func (m *model) liveCDLine(v history.Version) string {
	parts := []string{words.Standing(v, tr)}
	if c := m.cd.unfit[v.Place]; c != nil {
		parts = append(parts, describe(*c).Title)
	}
	if v.Size > 0 {
		parts = append(parts, words.Size(v.Size))
	}
	return strings.Join(parts, " · ")
}

// mayRemaster tells whether a new version can be made first, and why not.
func (m *model) mayRemaster() (can bool, why string) {
	switch stop := m.hopeless(); {
	case m.busy != idle || !m.listed:
		return false, ""
	case m.err != nil:
		return false, describeError(wire.AsError(m.err)).Title
	case stop != nil:
		return false, describe(*stop).Title
	}
	return true, ""
}

func (m *model) liveCDButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Make the LiveCD")}
	_, ok := m.liveCDVersion()
	switch {
	case m.busy != idle || !m.listed || !m.cd.ready:
		b.why = tr("The stick is being looked at …")
	case m.cd.remaster:
		b.next, b.can, b.why = tr("_Next"), true, tr("First you make the new version. Nothing is changed before you have seen a summary.")
	case !ok:
		b.why = m.noVersion()
	case m.cd.foreign:
		b.why = tr("This window was started with sudo, so the file would not be yours. Close it, and start it without: a LiveCD needs no password.")
	case !m.cd.planned:
		b.why = tr("Please wait, it is being looked at what goes in …")
	case m.cd.err != nil:
		b.why = describeError(wire.AsError(m.cd.err)).Title + "."
	default:
		b.can, b.why = true, tr("Your system is not changed. You can cancel at any time; then no file is left.")
	}
	return b
}

// liveCDRows say what goes in, what not, and what room it takes.
func (m *model) liveCDRows() []row {
	kernel, size := "", known("")
	if p := m.cd.plan; m.cd.planned && p.Size > 0 {
		size, kernel = trf("about %[1]s", words.Size(p.Size)), p.Kernel
		if p.Free > 0 {
			size = trf("about %[1]s; %[2]s are free in that folder", words.Size(p.Size), words.Size(p.Free))
		}
	}
	return []row{{tr("In it"), trf("the whole version, kernel %[1]s, boot menus and themes of the stick", known(kernel))},
		{tr("Not in it"), tr("saved changes (rootfs, homefs), other versions, other files of the stick, and what you changed since this version was made")},
		{tr("Size"), size}}
}

// liveCDNotes are what should be known before: why it cannot be, or what is
// special. That later changes are not in it, the rows say.
func (m *model) liveCDNotes() []wire.Check {
	if !m.cd.planned {
		return nil
	}
	if m.cd.err != nil {
		e := wire.AsError(m.cd.err)
		return []wire.Check{{Level: wire.Stop, Code: e.Code, Args: e.Args}}
	}
	return slices.DeleteFunc(slices.Clone(m.cd.plan.Notes), func(c wire.Check) bool { return c.Code == wire.ISOUnsaved })
}

// liveCDDoneRows say what was made.
func liveCDDoneRows(r iso.Result) []row {
	return []row{
		{tr("File"), words.Clean(r.Output)}, {tr("Size"), words.Size(r.Size)}, {tr("Kernel"), known(r.Kernel)}, {"SHA-256", r.SHA256},
		{tr("Verified"), words.ISOProof(r.FromMedium, tr)}, {tr("Time"), words.Clock(time.Duration(r.Seconds * float64(time.Second)))},
	}
}

// outputIn is what was typed as a file: in the user's folder where it says no
// other, and with the ending that other programs know it by.
func outputIn(home, typed string) string {
	typed = strings.TrimSpace(typed)
	if typed == "" || strings.HasSuffix(typed, "/") {
		return ""
	}
	if rest, ok := strings.CutPrefix(typed, "~/"); ok {
		typed = rest
	}
	if !filepath.IsAbs(typed) {
		typed = filepath.Join(home, typed)
	}
	switch strings.ToLower(filepath.Ext(typed)) {
	case ".iso", ".img":
		return typed
	}
	return typed + ".iso"
}

// freeName is the first name for a LiveCD of today that is not taken.
func freeName(folder, label string, today time.Time, taken func(string) bool) string {
	base := filepath.Join(folder, label+"-"+today.Format("2006-01-02"))
	name := base + ".iso"
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s-%d.iso", base, i)
	}
	return name
}
