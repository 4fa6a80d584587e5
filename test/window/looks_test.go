package window

import (
	"image"
	"os"
	"testing"
	"time"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// screen is the smallest there is.
var screen = image.Rect(0, 0, 1024, 600)

// fits holds that nothing that can be read or pressed is cut off.
func fits(t *testing.T, p *desktop.Program) {
	t.Helper()
	all, err := p.All(t.Context())
	must(t, err)
	if len(all) < 10 {
		t.Fatalf("only %d things are shown", len(all))
	}
	for _, n := range all {
		if n.Name == "" {
			continue
		}
		at, err := n.Extents(t.Context())
		must(t, err)
		if at.Dx() > 0 && !at.In(screen) {
			t.Errorf("cut off at %v: %s", at, n)
		}
	}
}

// TestLooks shows the pages up to the summary in a dark theme and mirrored, and
// holds that they fit the smallest screen in every language there is.
func TestLooks(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	for _, look := range []struct {
		name string
		l    language
		env  []string
	}{
		{"dark", english(), []string{"GTK_THEME=Adwaita:dark"}},
		{"mirrored", english(), []string{"LANG=he_IL.UTF-8"}},
		{"german", german(), nil},
	} {
		t.Run(look.name, func(t *testing.T) {
			p := launch(t, d, "demo", look.l, look.env...)
			for _, steps := range pages(look.l, look.name+"-") {
				play(t, d, p, steps...)
				fits(t, p)
			}
		})
	}
}

// pages are the steps to each page up to the summary, with a picture of it.
func pages(l language, name string) [][]desktop.Step {
	ready := l.begins("Everything is ready. Nothing is changed before you press Create.")
	next := desktop.Press(l.label("_Next"))
	return [][]desktop.Step{
		{desktop.Wait("button", l.label("_Remaster this system")), desktop.Shot(name + "start")},
		{desktop.Press(l.label("_Remaster this system")), desktop.Within(2*time.Minute, desktop.Wait("label", ready)), desktop.Shot(name + "check")},
		{next, desktop.Choose("radio button", l.label("_Leave /home out: the new version starts with an empty /home")),
			desktop.Wait("check box", l.label("_I have copied what I need, and want to lose the rest")), desktop.Shot(name + "content"),
			desktop.Choose("radio button", l.label("Pack /_home, too: the new version has all your files and settings"))},
		{next, desktop.Choose("toggle button", l.label("_More")), desktop.Wait("spin button", l.tr("Processors to use")), desktop.Shot(name + "how")},
		{next, desktop.Within(2*time.Minute, desktop.Wait("label", l.begins("You can cancel at any time; then everything is as before."))), desktop.Shot(name + "summary")},
	}
}

// TestKeyboard makes a new version without a mouse: by the underlined letters,
// Return and the space bar.
func TestKeyboard(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	l := english()
	p := launch(t, d, "demo", l)
	play(t, d, p,
		desktop.Wait("button", "Remaster this system"),
		desktop.Keys("alt+r"),
		desktop.Within(2*time.Minute, desktop.Wait("label", "Everything is ready*")),
		desktop.Keys("Return"), // Next has the keyboard
		desktop.Wait("text", "Title of the new version"),
		desktop.Keys("alt+t", "x", "Return"), // Return in the title goes on
		desktop.Wait("label", "The new version is compressed. How?"),
		desktop.Keys("alt+n"),
		desktop.Within(2*time.Minute, desktop.Wait("label", "You can cancel at any time*")),
		desktop.Keys("alt+c"),
		desktop.Wait("button", "Pause"),
		desktop.Keys("alt+c"),
		desktop.Wait("", "Give up the new version?"),
		desktop.Keys("Escape"), // the careful answer
		desktop.Within(10*time.Minute, desktop.Wait("label", "The new version is ready and verified.")),
	)
	must(t, os.WriteFile(d.Sys.Path("/etc/afterwards"), nil, 0o644))
	play(t, d, p,
		desktop.Keys("alt+l"),
		desktop.Wait("", "The new version waits for the next start"),
		desktop.Keys("alt+o"), // Close
		desktop.Wait("button", "Take it out"),
		desktop.Keys("alt+t"),
		desktop.Within(time.Minute, desktop.Wait("label", "Nothing changes*")),
	)
	if names, _ := d.Sys.StickLs(); len(names) == 0 {
		t.Error("nothing on the stick")
	} else {
		for _, n := range names {
			if n == "linuxfs.new" {
				t.Error("it was not taken out")
			}
		}
	}
}
