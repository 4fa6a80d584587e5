package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

const wizard = "antix-remaster"

// wizardSteps lead the wizard through a remaster where nobody sits at a
// screen, and through a LiveCD of the new version, to its end.
var wizardSteps = []desktop.Step{
	desktop.Wait("label", "Packs the system as it is now*"), desktop.Shot("demo-1-start"),
	desktop.Press("Remaster this system"),
	desktop.Within(3*time.Minute, desktop.Wait("label", "Everything is ready*")), desktop.Shot("demo-2-check"),
	desktop.Press("Next"),
	desktop.Write("Title of the new version", "The demo's version"), desktop.Shot("demo-3-what-goes-in"),
	desktop.Press("Next"),
	desktop.Wait("label", "The new version is compressed. How?"),
	desktop.Within(3*time.Minute, desktop.Wait("label", "about *")), desktop.Shot("demo-4-how"),
	desktop.Press("Next"),
	desktop.Within(3*time.Minute, desktop.Wait("label", "You can cancel at any time*")),
	desktop.Within(3*time.Minute, desktop.Wait("label", "It fits on the stick.")), desktop.Shot("demo-5-summary"),
	desktop.Press("What takes the space"), desktop.Within(time.Minute, desktop.Wait("list item", "usr, folder, *")), desktop.Shot("demo-5-space"),
	desktop.Press("Back"),
	desktop.Press("Create"),
	desktop.Wait("label", "Packing the system"), desktop.Shot("demo-6-progress"),
	desktop.Within(20*time.Minute, desktop.Wait("label", "The new version is ready and verified.")), desktop.Shot("demo-7-done"),
	desktop.Press("Make a LiveCD of it …"), desktop.Wait("label", "Your system is not changed. You can cancel*"), desktop.Shot("demo-8-livecd"),
	desktop.Press("Make the LiveCD"), desktop.Within(5*time.Minute, desktop.Wait("label", "The LiveCD is ready")), desktop.Shot("demo-9-livecd-done"),
	desktop.Press("Back"), desktop.Press("Restart now"),
	desktop.Wait("", "Restart now?"), desktop.Shot("demo-10-restart"),
	desktop.Press("Later"),
}

// screen is that of whoever started the demo, or nil.
func screen() *desktop.Screen {
	if display := os.Getenv("DISPLAY"); display != "" {
		return desktop.OwnScreen(display, os.Getenv("XAUTHORITY"))
	}
	return nil
}

// goBackSteps choose the version from before in the list.
var goBackSteps = []desktop.Step{
	desktop.Wait("label", "This start switched to the version that was waiting.*"), desktop.Shot("demo-11-new-version"),
	desktop.Press("Versions and rollback"),
	desktop.Wait("list item", "Fresh install, previous*"), desktop.Keys("alt+k", "Down"), desktop.Shot("demo-12-versions"),
	desktop.Press("Go back to this version"), desktop.Wait("", "Go back to “Fresh install”?"), desktop.Shot("demo-13-go-back"),
	desktop.Press("Go back"),
	desktop.Within(time.Minute, desktop.Wait("", "“Fresh install” is in place*")), desktop.Shot("demo-14-restart"),
	desktop.Press("Later"), desktop.Wait("button", "Take it out of the next start"),
}

func (d *demo) wizard(ctx context.Context) error {
	headline(4, "Make the next version, and a LiveCD of it: the wizard")
	return d.window(ctx, wizardSteps, "Make a new version with it, and a LiveCD of that.")
}

// goBack starts the new version, and goes back to the one from before.
func (d *demo) goBack(ctx context.Context) error {
	headline(6, "And back again: the list of versions")
	if err := d.sys.Restart(ctx, func(o *livesys.Options) { o.DidRemaster = true }); err != nil {
		return err
	}
	if err := d.desk.StartSession(ctx, livesys.Authorised); err != nil {
		return err
	}
	if err := d.window(ctx, goBackSteps, "Go back to the version “Fresh install” in the list of versions."); err != nil {
		return err
	}
	r, err := d.restart(ctx)
	if err != nil {
		return err
	}
	_, there := r.Files[added]
	if !r.DidRemaster || r.VID != d.vid || there {
		return fmt.Errorf("the old version is not back: %s, id %s instead of %s", r.Fatal, r.VID, d.vid)
	}
	fmt.Println("\nThe version from before the change is back, whole, and the newer one is still on the stick.")
	return nil
}

// window shows the window, or clicks through it where there is no screen, and
// ends the system.
func (d *demo) window(ctx context.Context, steps []desktop.Step, todo string) error {
	var env []string // the steps know the buttons' English names
	if screen() != nil {
		env = language()
	}
	app, err := d.desk.Launch(ctx, "demo", env, wizard)
	if err != nil {
		return fmt.Errorf("the wizard does not start: %w\nFor a demo on a screen of its own: env -u DISPLAY scripts/demo", err)
	}
	if screen() == nil {
		err = d.playWizard(ctx, app, steps)
	} else {
		err = d.showWizard(ctx, app, todo)
	}
	if err != nil {
		return err
	}
	return d.shutdown()
}

// playWizard clicks through it and tells where the pictures are.
func (d *demo) playWizard(ctx context.Context, app *desktop.Program, steps []desktop.Step) error {
	fmt.Println("There is no screen here ($DISPLAY is not set), so the wizard runs on a virtual one and is")
	fmt.Println("led by its buttons' names, as a screen reader would. The pictures:")
	files, err := d.desk.Play(ctx, app.Node, d.shots, steps...)
	for _, file := range files {
		fmt.Println(" ", file)
	}
	return err
}

// showWizard lets the visitor click, until the window is closed.
func (d *demo) showWizard(ctx context.Context, app *desktop.Program, todo string) error {
	fmt.Println("The wizard is on your screen, for the user demo of the throwaway system.", todo)
	fmt.Println("Here it goes on with the restart when you have closed the window.")
	select {
	case <-app.Done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := os.Stat(d.sys.StickPath("linuxfs.new")); err != nil {
		return fmt.Errorf("no new version waits on the stick, so there is nothing to start: %w", err)
	}
	return nil
}

// language is that of the visitor, where the throwaway system has it.
func language() []string {
	if strings.HasPrefix(os.Getenv("LANG"), "de") {
		return []string{"LANG=de_DE.UTF-8"}
	}
	return nil
}
