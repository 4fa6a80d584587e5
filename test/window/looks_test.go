package window

import (
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// fits holds that nothing that can be read or pressed is beyond the edge.
func fits(t *testing.T, p *desktop.Program, size image.Point) {
	t.Helper()
	all, err := p.All(t.Context())
	must(t, err)
	if len(all) < 10 {
		t.Fatalf("only %d things are shown", len(all))
	}
	screen := image.Rectangle{Max: size}
	for _, n := range all {
		if n.Name == "" {
			continue
		}
		at, err := n.Extents(t.Context())
		must(t, err)
		if at.Min.X == math.MinInt32 { // a line of a tree that is scrolled away
			continue
		}
		if at.Dx() > 0 && !at.In(screen) {
			t.Errorf("cut off at %v: %s", at, n)
		}
	}
}

// TestLooks shows the pages up to the summary in a dark theme and mirrored, and
// holds that they fit the smallest screen in every language there is.
func TestLooks(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	hebrew(t, d)
	for _, look := range []struct {
		name     string
		l        language
		env      []string
		mirrored bool
	}{
		{"dark", english(), []string{"GTK_THEME=Adwaita:dark"}, false},
		{"mirrored", english(), []string{"LANG=he_IL.UTF-8"}, true},
		{"german", german(), nil, false},
	} {
		t.Run(look.name, func(t *testing.T) {
			p := launch(t, d, look.l, look.env...)
			for i, steps := range pages(look.l, look.name+"-") {
				play(t, d, p, steps...)
				fits(t, p, desktop.Netbook)
				if i > 1 && mirrored(t, p, look.l) != look.mirrored {
					t.Errorf("written from right to left: %v", !look.mirrored)
				}
			}
		})
	}
}

// TestSmallScreen is a screen of 800x600: all can be used, the longest page by
// scrolling.
func TestSmallScreen(t *testing.T) {
	size := image.Pt(800, 600)
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised, Size: size})
	for _, l := range []language{english(), german()} {
		p := launch(t, d, l)
		name := "800x600-" + l.name + "-"
		for _, steps := range append(pages(l, name), toSpace(l, name)) {
			play(t, d, p, steps...)
			fits(t, p, size)
		}
		p.Cmd.Process.Kill()
		<-p.Done
	}
}

// toSpace goes on from the summary.
func toSpace(l language, name string) []desktop.Step {
	return []desktop.Step{desktop.Press(l.label("What takes the _space")), desktop.Within(2*time.Minute, desktop.Wait("list item", "usr, *")), desktop.Shot(name + "space")}
}

// TestGermanVersions: the longest texts there are fit the smallest screen, on the
// pages around the list of versions.
func TestGermanVersions(t *testing.T) {
	size := image.Pt(800, 600)
	b := startLiveCD(t, desktop.Options{Options: livesys.Options{Companions: true}, Polkit: livesys.Denied, Size: size})
	b.sh(t, fewVersions+"; mkdir archive/0007; cp linuxfs archive/0007/linuxfs.old")
	l := german()
	p := launch(t, b.Desktop, l)
	press := func(s string) desktop.Step { return desktop.Press(l.label(s)) }
	list := desktop.Wait("button", l.label("_Go back to this version"))
	for _, part := range [][]desktop.Step{
		{press("_Versions and rollback"), desktop.Wait("list item", "Fresh install, *"), down(), list, desktop.Shot("800x600-de-versions-many")},
		{press("Boot me_nu …"), desktop.Wait("label", l.tr("The boot menu has no entries of this program yet. It gets these with the next new version, or now:")), desktop.Shot("800x600-de-menu")},
		{press("_Back"), list, desktop.Press("LiveCD …"), desktop.Wait("button", l.label("_Make the LiveCD")), desktop.Shot("800x600-de-livecd")},
		{press("_Back"), list, press("_Go back to this version"), desktop.Wait("", l.begins("Go back to “%[1]s”?")), desktop.Shot("800x600-de-goback")},
	} {
		play(t, b.Desktop, p, part...)
		fits(t, p, size)
	}
}

// hebrew installs a translation without texts: GLib lets GTK speak a language,
// and with it write from right to left, only where the program has one too.
func hebrew(t *testing.T, d *desktop.Desktop) {
	t.Helper()
	const head = "msgid \"\"\nmsgstr \"Language: he\\nContent-Type: text/plain; charset=UTF-8\\n\"\n"
	cmd := exec.Command("msgfmt", "-o", "-", "-")
	cmd.Stdin = strings.NewReader(head)
	catalogue, err := cmd.Output()
	must(t, err)
	dir := d.Sys.Path("/usr/share/locale/he/LC_MESSAGES")
	must(t, os.MkdirAll(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "antix-remaster.mo"), catalogue, 0o644))
}

// mirrored tells whether the steps of the wizard are at the right of the page.
func mirrored(t *testing.T, p *desktop.Program, l language) bool {
	t.Helper()
	side, err := p.Find(t.Context(), "", l.tr("Steps"))
	must(t, err)
	page, err := p.Find(t.Context(), "", l.tr("Page"))
	must(t, err)
	left, err := side.Extents(t.Context())
	must(t, err)
	right, err := page.Extents(t.Context())
	must(t, err)
	return left.Min.X > right.Min.X
}

// pages are the steps to each page up to the summary, with a picture of it.
func pages(l language, name string) [][]desktop.Step {
	ready := l.begins("Everything is ready. Nothing is changed before you press Create.")
	next := desktop.Press(l.label("_Next"))
	return [][]desktop.Step{
		{desktop.Wait("button", l.label("_Remaster this system")), desktop.Shot(name + "start")},
		{desktop.Press(l.label("_Versions and rollback")), desktop.Wait("label", l.label("On the stic_k:")), desktop.Shot(name + "versions")},
		{desktop.Press(l.label("_Back")), desktop.Press(l.label("_Remaster this system")), desktop.Within(2*time.Minute, desktop.Wait("label", ready)), desktop.Shot(name + "check")},
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
	p := launch(t, d, l)
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
	if names, _ := d.Sys.StickLs(); len(names) == 0 || slices.Contains(names, "linuxfs.new") {
		t.Errorf("it was not taken out: %q", names)
	}
}
