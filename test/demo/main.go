// Command demo shows the whole job to a newcomer: a throwaway live system is
// changed, turned into its next version, started with it, and taken back.
// scripts/demo builds what it needs and runs it as root:
//
//	demo BUILD_DIR OUTPUT_DIR
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

const (
	program = "antix-remaster-cli"
	logFile = "/var/log/live/antix-remaster.log"
	edited  = "/etc/motd"
	added   = "/usr/local/share/made-in-the-demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := fmt.Errorf("usage: demo BUILD_DIR OUTPUT_DIR")
	if len(os.Args) == 3 {
		err = run(ctx, os.Args[1], os.Args[2])
	}
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Println("\nStopped. The throwaway system is gone.")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	sys   *livesys.System
	desk  *desktop.Desktop // around sys
	stick string           // image file
	iso   string           // image file of the LiveCD
	log   string           // copy of the program's log
	shots string           // directory of the pictures
	vid   string           // version id from before the demo
	text  string           // what the demo writes into the system, different in every run
}

func run(ctx context.Context, buildDir, out string) (err error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	d := &demo{stick: filepath.Join(out, "stick.img"), iso: filepath.Join(out, "live.iso"), log: filepath.Join(out, "antix-remaster.log"),
		shots: filepath.Join(buildDir, "screenshots"), text: "made on " + time.Now().Format("2 January 2006 at 15:04:05")}
	if err := os.Remove(d.stick); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.start(ctx, buildDir); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.status, d.liveCD, d.wizard, d.boot, d.goBack} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.end()
	return nil
}

func headline(number int, text string) { fmt.Printf("\n=== %d/6  %s\n\n", number, text) }

func (d *demo) start(ctx context.Context, buildDir string) error {
	headline(1, "A throwaway live system")
	fmt.Println("A USB stick in a file, with a small Debian on it, is started in namespaces of its own,")
	fmt.Println("as a live stick starts a computer. Your own system is not touched.")
	if err := d.startSystem(ctx); err != nil {
		return err
	}
	fmt.Println("It is up. Now it is changed as users do: packages come and go, files are edited, a home fills.")
	if err := d.sys.MakeChanges(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(d.sys.Path(added), []byte(d.text+"\n"), 0o644); err != nil {
		return err
	}
	if err := d.sys.InstallProgram(buildDir); err != nil {
		return err
	}
	if err := d.sys.InstallLiveCDTools(); err != nil {
		return err
	}
	return d.sys.InstallShare(ctx)
}

// startSystem starts the live system, with a screen for the wizard.
func (d *demo) startSystem(ctx context.Context) (err error) {
	o := livesys.Options{NewStick: d.stick, Companions: true, Log: os.Stdout}
	d.desk, err = desktop.Start(ctx, desktop.Options{Options: o, Polkit: livesys.Authorised, Screen: screen()})
	if err == nil {
		d.sys, d.vid = d.desk.Sys, d.desk.Sys.VID
	}
	return err
}

func (d *demo) stop() error {
	if d.desk == nil {
		return nil
	}
	return d.desk.Stop()
}

func (d *demo) status(ctx context.Context) error {
	headline(2, "What the program sees: "+program+" status")
	return d.inside(ctx, program, "status")
}

// liveCD makes one of the version that runs, as the user demo, and keeps it.
func (d *demo) liveCD(ctx context.Context) error {
	headline(3, "A LiveCD of it: "+program+" iso")
	image := "/home/demo/live.iso"
	if err := d.inside(ctx, "su", "demo", "-c", program+" iso --yes --output "+image); err != nil {
		return err
	}
	text, err := os.ReadFile(d.sys.Path(image))
	if err != nil {
		return err
	}
	// It would be packed into the new version.
	if err := errors.Join(os.Remove(d.sys.Path(image)), os.Remove(d.sys.Path(image+".sha256"))); err != nil {
		return err
	}
	return os.WriteFile(d.iso, text, 0o644)
}

// shutdown keeps the log and ends the system, as for a restart.
func (d *demo) shutdown() error {
	text, err := os.ReadFile(d.sys.Path(logFile))
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.log, text, 0o644); err != nil {
		return err
	}
	return d.sys.Shutdown()
}

// inside runs a program of the live system on our own terminal.
func (d *demo) inside(ctx context.Context, argv ...string) error {
	term := "TERM=" + os.Getenv("TERM")
	if err := d.sys.Run(ctx, os.Stdin, os.Stdout, os.Stderr, []string{term}, argv...); err != nil {
		return fmt.Errorf("%s failed: %w", argv[0], err)
	}
	return nil
}

func (d *demo) boot(ctx context.Context) error {
	headline(5, "Start the computer again")
	r, err := d.restart(ctx)
	if err != nil {
		return err
	}
	switch {
	case !r.DidRemaster:
		return fmt.Errorf("the boot did not switch to the new version: %s%s", r.Blocked, r.Fatal)
	case r.VID == d.vid:
		return fmt.Errorf("the boot came up with the old version %s", r.VID)
	case r.Files[added] != d.text+"\n":
		return fmt.Errorf("the new version lacks the change: %q", r.Files[added])
	}
	fmt.Println("\nThe change is in the system that boots, although its memory was lost. The new version runs.")
	return nil
}

// restart boots the stick and tells what came up.
func (d *demo) restart(ctx context.Context, words ...string) (boot.Result, error) {
	fmt.Println("A real kernel (User-Mode-Linux) boots the stick with the rules of the antiX start.")
	begin := time.Now()
	r, err := boot.Boot(ctx, d.stick, boot.Options{Cmdline: words, Show: []string{added, edited}, Release: d.sys.Base.Release})
	if err != nil {
		return r, err
	}
	fmt.Printf("It came up after %.1f seconds.\n\n", time.Since(begin).Seconds())
	fmt.Printf("  version before the demo  %s\n", d.vid)
	fmt.Printf("  version that runs now    %s\n", r.VID)
	change, ok := r.Files[added]
	if !ok {
		change = "is not there\n"
	}
	fmt.Printf("  %s  %s", added, change)
	fmt.Printf("  images on the stick      %s\n", strings.Join(images(r), "  "))
	return r, nil
}

// images are the versions on the stick, without what belongs to them.
func images(r boot.Result) []string {
	return slices.DeleteFunc(r.Names(), func(name string) bool {
		return !strings.HasPrefix(name, "linuxfs") || strings.HasPrefix(name, "linuxfs.md5") || name == "linuxfs.info"
	})
}

func (d *demo) end() {
	fmt.Printf("\nThat was all. What is left:\n\n  the stick           %s\n  the program's log   %s\n  the LiveCD          %s\n\n", d.stick, d.log, d.iso)
}
