package main

import (
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// input gathers what the checks look at and everybody may see.
func (i intent) input(ctx context.Context) preflight.Input {
	in := preflight.Input{Facts: i.facts, Choices: i.choices, Plan: i.plan, Memory: sys.MemAvailable()}
	in.Engine, in.EngineErr = build.FindEngine(ctx)
	in.Battery, in.OnBattery = sys.Battery("")
	return in
}

// status tells all that is known. A system that cannot be remastered is an
// answer too.
func (a *app) status(ctx context.Context) error {
	i, err := intend(ctx, wire.Choices{})
	if err != nil {
		return err
	}
	checks := i.checks(ctx)
	if a.json {
		a.object(statusJSON(i.facts, checks))
		return nil
	}
	if i.facts.Live {
		a.statusText(i.facts)
	}
	if len(checks) == 0 {
		a.say("%s", tr("Nothing speaks against a new version."))
	}
	for _, c := range checks {
		a.note(c)
	}
	if a.verbose {
		for _, p := range i.facts.Problems {
			a.row(tr("Detail"), p)
		}
	}
	return nil
}

// row is one line "Label: value".
func (a *app) row(label, value string) {
	if !a.json && !a.quiet {
		a.printAt(a.out, strings.TrimRight(wrap(label+": "+clean(value), "  ", 0), " "))
	}
}

func (a *app) statusText(f live.Facts) {
	a.say("%s", tr("This system"))
	if v := f.Running; v != nil {
		a.row(tr("Version"), known(v.Title))
		a.row(tr("Made"), known(v.Date))
		a.row(tr("Image"), fmt.Sprintf("%s, %s, %s", known(v.Path), size(v.Size), known(v.Compressor)))
	}
	a.row(tr("Kernel"), f.RunningKernel)
	if f.BootKernel != "" && f.BootKernel != f.RunningKernel {
		a.row(tr("Kernel of the next start"), f.BootKernel)
	}
	a.row(tr("Changes are kept"), persistence(f))
	if f.ToRAM {
		a.row(tr("Memory"), tr("the system was copied to memory (boot option toram)"))
	}
	a.say("%s", tr("The stick"))
	a.row(tr("Device"), device(f))
	if names := leftoverNames(f); len(names) > 0 {
		a.row(tr("Left from earlier changes"), strings.Join(names, ", "))
	}
	a.row(tr("Next start"), nextBoot(f.NextBoot(), f))
}

func known(s string) string {
	if s == "" {
		return tr("unknown")
	}
	return s
}

func device(f live.Facts) string {
	b := f.Boot
	text := fmt.Sprintf("%s, %s", known(b.Device), known(b.FSType))
	if f.Encrypted {
		text += ", " + tr("encrypted")
	}
	if !b.Mounted() {
		return text + ", " + tr("not in use now")
	}
	return text + ", " + fmt.Sprintf(tr("%[1]s of %[2]s free"), size(int64(b.Free)), size(int64(b.Total)))
}

func persistence(f live.Facts) string {
	switch p := f.Persistence; {
	case p.Kind == live.PersistStatic:
		return fmt.Sprintf(tr("at once, in %[1]s"), p.File)
	case p.Kind == live.PersistDynamic:
		return fmt.Sprintf(tr("when they are saved, in %[1]s"), p.File)
	case p.Home:
		return tr("only those in /home")
	}
	return tr("no, only by a new version")
}

// leftoverNames are those that wait for nothing any more.
func leftoverNames(f live.Facts) []string {
	var names []string
	for _, l := range f.Leftovers {
		if l.Kind != live.LeftNew {
			names = append(names, l.Name)
		}
	}
	return names
}
