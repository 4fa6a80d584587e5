package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// request is what the command line of "run" and "shell" says.
type request struct {
	livesys.Options
	changes bool   // make changes first
	install string // build directory of the program to install
	polkit  bool
	copies  list // HOST:INSIDE
	argv    []string
}

func parse(args, argv []string) (request, error) {
	r := request{argv: argv}
	r.Log = os.Stderr
	f := flag.NewFlagSet("livesys", flag.ContinueOnError)
	f.IntVar(&r.Generation, "generation", 2023, "initrd generation: 2016 or 2023")
	f.StringVar(&r.LiveDir, "live-dir", "/live", "/live or /run/initramfs")
	f.StringVar(&r.BootDir, "bdir", "antiX", "directory of the linuxfs on the stick")
	f.StringVar(&r.SqName, "sqname", "", "name of the linuxfs")
	f.StringVar(&r.SqExt, "sqext", "", "extension of the linuxfs")
	f.StringVar(&r.LinkScheme, "link", "", "make the linuxfs a link with this ending, e.g. 03")
	f.BoolVar(&r.StaticRoot, "static-root", false, "root,static persistence")
	f.BoolVar(&r.DynamicRoot, "dynamic-root", false, "root,dynamic persistence")
	f.BoolVar(&r.HomePersist, "home", false, "home persistence")
	f.Var((*list)(&r.Leftovers), "leftover", "name of a leftover beside the linuxfs (may be repeated)")
	f.BoolVar(&r.Companions, "companions", false, "state, xtra, deb, xtra.tgz")
	f.BoolVar(&r.ReadOnlyStick, "read-only", false, "stick mounted read-only")
	f.BoolVar(&r.NotRemasterable, "not-remasterable", false, "no remasterable marker")
	f.BoolVar(&r.FromISO, "from-iso", false, "variables of a boot from an ISO")
	f.BoolVar(&r.ToRAM, "toram", false, "run from memory")
	f.StringVar(&r.Cmdline, "cmdline", "", "more words of the kernel command line")
	f.StringVar(&r.Stick, "stick", "", "start from this stick image, kept")
	f.StringVar(&r.NewStick, "new-stick", "", "make the stick image here, kept")
	f.Int64Var(&r.StickSize, "stick-size", 3<<29, "bytes of a new stick, sparse")
	f.BoolVar(&r.Desktop, "desktop", false, "a system that can show a window")
	f.BoolVar(&r.Mini, "mini", false, "a tiny busybox system")
	f.StringVar(&r.BaseImage, "base", "", "this squashfs instead of the Debian base")
	f.BoolVar(&r.Force, "force", false, "even on a machine that is a live system")
	f.BoolVar(&r.changes, "changes", false, "change the system as users do, first")
	f.StringVar(&r.install, "install", "", "install the programs of this build directory")
	f.BoolVar(&r.polkit, "polkit", false, "start polkitd with a rule that says yes")
	f.Var(&r.copies, "copy", "HOST:INSIDE, copied in with mode 755 (may be repeated)")
	if err := f.Parse(args); err != nil {
		return r, err
	}
	if r.argv == nil {
		r.argv = f.Args()
	}
	if len(r.argv) == 0 {
		return r, fmt.Errorf("nothing to run, use livesys run [flags] -- COMMAND")
	}
	return r, nil
}

// run starts a system, runs the command inside and stops the system.
func run(ctx context.Context, args, argv []string) (err error) {
	r, err := parse(args, argv)
	if err != nil {
		return err
	}
	sys, err := livesys.New(ctx, r.Options)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := sys.Stop(); err == nil {
			err = stopErr
		}
	}()
	if err := r.furnish(ctx, sys); err != nil {
		return err
	}
	return sys.Run(ctx, os.Stdin, os.Stdout, os.Stderr, []string{"TERM=" + os.Getenv("TERM")}, r.argv...)
}

// furnish prepares the system for the command.
func (r request) furnish(ctx context.Context, sys *livesys.System) error {
	for _, c := range r.copies {
		from, to, found := strings.Cut(c, ":")
		if !found {
			return fmt.Errorf("not HOST:INSIDE: %q", c)
		}
		if err := sys.CopyIn(from, to, 0o755); err != nil {
			return err
		}
	}
	if r.install != "" {
		if err := sys.InstallProgram(r.install); err != nil {
			return err
		}
	}
	if r.polkit {
		if err := sys.StartPolkit(ctx, livesys.Authorised); err != nil {
			return err
		}
	}
	if r.changes {
		return sys.MakeChanges(ctx)
	}
	return nil
}

// bootStick boots a stick image, changing it as a boot does, and tells what
// came up.
func bootStick(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: livesys boot STICK [generation=2016] [boot options ...]")
	}
	o := boot.Options{Cmdline: args[1:]}
	r, err := boot.Boot(ctx, args[0], o)
	if err != nil {
		return err
	}
	for _, fact := range []struct{ name, value string }{
		{"looked for", r.Name}, {"booted version", r.VID}, {"blocked by", r.Blocked}, {"fatal", r.Fatal}, {"root persistence", r.Persist},
	} {
		if fact.value != "" {
			fmt.Printf("%-18s %s\n", fact.name+":", fact.value)
		}
	}
	fmt.Printf("%-18s swapped=%v rolled back=%v userland runs=%v\n", "it did:", r.DidRemaster, r.DidRollback, r.Userland)
	fmt.Printf("%-18s %s\n", "beside the image:", strings.Join(r.Names(), "  "))
	return nil
}
