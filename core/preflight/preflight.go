// Package preflight lists what speaks against a remaster, or what a user
// should know before one. It only looks: what must be tried, and what only
// root can see, comes in as Measured.
package preflight

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// Input is everything the checks look at.
type Input struct {
	Root      string // of the live system; "" is the real one
	Facts     live.Facts
	Choices   wire.Choices
	Plan      plan.Plan
	Engine    build.Engine
	EngineErr error // of build.FindEngine
	MkfsErr   error // of FindMkfs
	Memory    int64 // bytes available
	Battery   int   // percent
	OnBattery bool
	Measured  *Measured // nil in a face, which asks for no password yet
}

// Measured is what the helper found out by trying and walking.
type Measured struct {
	Scan       build.Scan // of what would be packed
	Upper      build.Scan // of the changes
	Free       int64      // bytes free on the boot device
	Reserved   int64      // bytes that sparse files there may still claim
	CopyBytes  int64      // companions to come
	AnnexFree  int64      // bytes free where a rootfs elsewhere lies
	Bound      int64      // of the image, by core/estimate; 0 when it has none
	Most       int64      // what the image cannot exceed; 0 when not known
	PackagePID int        // a package manager at work; 0: none
}

// Run runs every check, the most basic first. When the system is no live
// system at all, nothing else is worth saying.
func Run(in Input) []wire.Check {
	if err := unknown(in.Facts); err != nil {
		return []wire.Check{wire.StopOf(err)}
	}
	out := []wire.Check{} // JSON: a list, not null
	for _, check := range checks {
		out = append(out, check(in)...)
	}
	return out
}

// FirstStop is the first check that forbids the run, nil when none does.
func FirstStop(checks []wire.Check) *wire.Check {
	for i := range checks {
		if checks[i].Level == wire.Stop {
			return &checks[i]
		}
	}
	return nil
}

var checks = []func(Input) []wire.Check{
	remasterable, medium, image, leftovers, kernel, engine, persistence, annex, home, options, machine, packages, space,
}

func one(level wire.Level, code wire.Code, args ...string) []wire.Check {
	return []wire.Check{{Level: level, Code: code, Args: args}}
}

func remasterable(in Input) []wire.Check {
	f := in.Facts
	if err := fixed(f); err != nil {
		return []wire.Check{wire.StopOf(err)}
	}
	switch {
	case !f.Boot.Mounted() && f.Encrypted:
		return one(wire.Stop, wire.ToRAMLocked)
	case !f.Boot.Mounted() && f.Boot.Device == "":
		if f.ToRAM {
			return one(wire.Stop, wire.ToRAMAway, f.Boot.UUID)
		}
		return one(wire.Stop, wire.BootMissing, f.Boot.UUID)
	}
	return nil
}

func medium(in Input) []wire.Check {
	b := in.Facts.Boot
	switch {
	case !b.Mounted() || !b.ReadOnly:
		return nil
	case in.Measured == nil: // the helper will try to make it writable
		return one(wire.Warn, wire.ReadOnlyMedium, b.Device)
	}
	return one(wire.Stop, wire.ReadOnlyMedium, b.Device)
}

func image(in Input) []wire.Check {
	f := in.Facts
	if !f.Boot.Mounted() {
		return nil // known only once it is
	}
	d := f.Default
	switch {
	case d == nil:
		return one(wire.Stop, wire.ImageMissing, f.Image.Name)
	case d.Compressor == "" || d.BytesUsed > d.Size:
		return one(wire.Stop, wire.ImageDamaged, d.Name, d.Problem)
	case f.Running != nil && f.ToRAM && d.ID != f.Running.ID:
		return one(wire.Stop, wire.BootOther, f.Boot.Device)
	}
	return nil
}

// leftovers: contract §6.1 says what blocks a swap. What another tool left
// unfinished is only worth a note.
func leftovers(in Input) []wire.Check {
	var out []wire.Check
	for _, l := range in.Facts.Leftovers {
		isImage := l.Base == in.Facts.Image.Name
		switch {
		case isImage && l.Kind == live.LeftNew:
			out = append(out, one(wire.Stop, wire.Pending, l.Name)...)
		case isImage && in.Facts.Entries[l.Name] == live.KindDangling: // §6.6: the swap does not see it
		case isImage && (l.Kind == live.LeftOld || l.Kind == live.LeftBad):
			out = append(out, one(wire.Stop, wire.Blocked, l.Name)...)
		case l.Kind == live.LeftTmp:
			out = append(out, one(wire.Note, wire.Unfinished, l.Name)...)
		}
	}
	return append(append(out, swap(in)...), names(in)...)
}

// swap tells what of earlier changes the next swap would delete, or move into
// another directory: what it makes of the directory as the build leaves it.
func swap(in Input) []wire.Check {
	f := in.Facts
	after := live.Dir{}
	maps.Copy(after, f.Entries)
	for _, name := range append(in.Plan.Names(), in.Plan.New) {
		if strings.HasSuffix(name, ".new") {
			after[name] = live.KindFile
		}
	}
	o := live.NextBoot(after, live.BootOptions{Generation: f.Generation, Name: f.Image.Name, Remasterable: true})
	lost := o.Removed
	for _, r := range o.Renames {
		if strings.Contains(r.To, "/") {
			lost = append(lost, path.Dir(r.To))
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return one(wire.Warn, wire.SwapRemoves, strings.Join(lost, ", "))
}

// names: what a build makes must not be there. While a journal is, the names
// may be those of an interrupted run, which the helper puts right first.
func names(in Input) []wire.Check {
	if slices.Contains(in.Facts.Files, plan.JournalName) {
		return nil
	}
	for _, name := range in.Plan.Names() {
		if slices.Contains(in.Facts.Files, name) {
			return one(wire.Stop, wire.NameTaken, name)
		}
	}
	return nil
}

func kernel(in Input) []wire.Check {
	f := in.Facts
	release := f.BootKernel
	var out []wire.Check
	if release == "" {
		release = f.RunningKernel
		out = one(wire.Warn, wire.KernelUnknown, release)
	}
	if st, err := os.Stat(in.Root + "/lib/modules/" + release); err != nil || !st.IsDir() || release == "" {
		return append(out, one(wire.Stop, wire.NoModules, release)...)
	}
	for _, r := range slices.Compact([]string{release, f.RunningKernel}) {
		if knows := kernelOption(in.Root, r, "CONFIG_SQUASHFS_"+kernelName(in.Plan.Compressor)); knows == "n" {
			return append(out, one(wire.Stop, wire.Compressor, in.Plan.Compressor, r)...)
		}
	}
	if kernelOption(in.Root, f.RunningKernel, "CONFIG_SQUASHFS_XATTR") == "n" {
		out = append(out, one(wire.Warn, wire.NoXattrs)...)
	}
	return out
}

// NoXattrs tells whether the running kernel hides the attributes of a squashfs.
func NoXattrs(root, release string) bool {
	return kernelOption(root, release, "CONFIG_SQUASHFS_XATTR") == "n"
}

func kernelName(compressor string) string {
	if compressor == "gzip" {
		return "ZLIB"
	}
	return strings.ToUpper(compressor)
}

// kernelOption reads an option from the kernel's configuration in /boot: "y",
// "m", "n", or "" when there is none to read.
func kernelOption(root, release, option string) string {
	text, err := os.ReadFile(root + "/boot/config-" + release)
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, option+"="); ok {
			return value
		}
	}
	return "n"
}

func engine(in Input) []wire.Check {
	if in.EngineErr != nil {
		return []wire.Check{wire.StopOf(in.EngineErr)}
	}
	if c := in.Plan.Compressor; !in.Engine.Knows(c) {
		return one(wire.Stop, wire.EngineOld, in.Engine.Version(), c)
	}
	return nil
}

func home(in Input) []wire.Check {
	f := in.Facts
	if f.Home.Kind != live.HomeInSystem {
		return one(wire.Note, wire.HomeElsewhere, string(f.Home.Kind))
	}
	if in.Choices.Home != "leave" {
		return nil
	}
	holds := "?"
	if in.Measured != nil {
		holds = bytes(in.Measured.Scan.Home)
	}
	switch {
	case in.Measured != nil && in.Measured.Scan.Home == 0:
		return nil // nothing to lose
	case !in.Choices.HomeLoss:
		return one(wire.Stop, wire.HomeLeave, holds)
	}
	return one(wire.Warn, wire.HomeLeft, holds)
}

func options(in Input) []wire.Check {
	if in.Facts.NoRemaster {
		return one(wire.Warn, wire.NoRemaster)
	}
	return nil
}

const (
	needMemory = 64 << 20
	wantMemory = 160 << 20
	lowBattery = 30 // percent
)

func machine(in Input) []wire.Check {
	var out []wire.Check
	if in.Memory < needMemory {
		out = one(wire.Stop, wire.LowMemory, bytes(in.Memory), bytes(needMemory))
	} else if in.Memory < wantMemory {
		out = one(wire.Warn, wire.LowMemory, bytes(in.Memory), bytes(wantMemory))
	}
	if in.OnBattery && in.Battery < lowBattery {
		out = append(out, one(wire.Warn, wire.Battery, fmt.Sprint(in.Battery))...)
	}
	return out
}

func packages(in Input) []wire.Check {
	if in.Measured != nil && in.Measured.PackagePID > 0 {
		return one(wire.Stop, wire.Packages, fmt.Sprint(in.Measured.PackagePID))
	}
	return nil
}

func bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
