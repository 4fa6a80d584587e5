package main

import (
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// status tells all that is known. A system that cannot be remastered is an
// answer too.
func (a *app) status(ctx context.Context) error {
	i, err := intent.Make(ctx, wire.Choices{})
	if err != nil {
		return err
	}
	checks := i.Checks(ctx)
	if a.json {
		a.object(statusJSON(i.Facts, checks))
		return nil
	}
	if i.Facts.Live {
		a.statusText(i.Facts)
	}
	if len(checks) == 0 {
		a.say("%s", tr("Nothing speaks against a new version."))
	}
	for _, c := range checks {
		a.note(c)
	}
	if a.verbose {
		for _, p := range i.Facts.Problems {
			a.row(tr("Detail"), p)
		}
	}
	return nil
}

// row is one line "Label: value".
func (a *app) row(label, value string) { a.item(label + ": " + value) }

// item is one line below a headline.
func (a *app) item(text string) {
	if !a.json && !a.quiet {
		a.printAt(a.out, strings.TrimRight(wrap(words.Clean(text), "  ", 0), " "))
	}
}

func (a *app) statusText(f live.Facts) {
	a.say("%s", tr("This system"))
	if v := f.Running; v != nil {
		a.row(tr("Version"), known(v.Title))
		a.row(tr("Made"), known(v.Date))
		a.row(tr("Image"), fmt.Sprintf("%s, %s, %s", known(v.Path), words.Size(v.Size), known(v.Compressor)))
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
	switch v, ok := rescueOf(f); {
	case ok && v.MayRescue:
		a.row(tr("Rescue entry"), tr("not known: the boot menu cannot be looked at now"))
	case ok:
		a.row(tr("Rescue entry"), fmt.Sprintf(tr("it starts “%[1]s” (%[2]s)"), words.VersionName(v), words.Clean(v.File())))
	}
	a.row(tr("Next start"), words.NextBoot(f.NextBoot(), f, tr))
}

// rescueOf is the version that the rescue entry of the boot menu starts, or may
// start.
func rescueOf(f live.Facts) (history.Version, bool) {
	for _, v := range history.List(f, "") {
		if v.Rescue || v.MayRescue {
			return v, true
		}
	}
	return history.Version{}, false
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
	return text + ", " + fmt.Sprintf(tr("%[1]s of %[2]s free"), words.Size(int64(b.Free)), words.Size(int64(b.Total)))
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
