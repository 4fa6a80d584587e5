package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"antix-remaster/test/desktop"
)

const wizard = "antix-remaster"

// wizardSteps lead the wizard through a remaster where nobody sits at a
// screen, to its end. As long as there are none the demo uses the terminal.
var wizardSteps []desktop.Step

// screen is that of whoever started the demo, or nil.
func screen() *desktop.Screen {
	if display := os.Getenv("DISPLAY"); display != "" {
		return desktop.OwnScreen(display, os.Getenv("XAUTHORITY"))
	}
	return nil
}

func (d *demo) wizard(ctx context.Context) error {
	headline(3, "Make the next version: the wizard")
	app, err := d.desk.Launch(ctx, "demo", language(), wizard)
	if err != nil {
		return fmt.Errorf("the wizard does not start: %w\nFor a demo on a screen of its own: env -u DISPLAY scripts/demo", err)
	}
	if screen() == nil {
		err = d.playWizard(ctx, app)
	} else {
		err = d.showWizard(ctx, app)
	}
	if err != nil {
		return err
	}
	return d.shutdown()
}

// playWizard clicks through it and tells where the pictures are.
func (d *demo) playWizard(ctx context.Context, app *desktop.Program) error {
	fmt.Println("There is no screen here ($DISPLAY is not set), so the wizard runs on a virtual one and is")
	fmt.Println("led by its buttons' names, as a screen reader would. The pictures:")
	files, err := d.desk.Play(ctx, app.Node, d.shots, wizardSteps...)
	for _, file := range files {
		fmt.Println(" ", file)
	}
	return err
}

// showWizard lets the visitor click, until the window is closed.
func (d *demo) showWizard(ctx context.Context, app *desktop.Program) error {
	fmt.Println("The wizard is on your screen, for the user demo of the throwaway system. Make a new version with")
	fmt.Println("it. Here it goes on with the restart when you have closed the window.")
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
