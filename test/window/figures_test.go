package window

import (
	"encoding/json"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// measured waits until a compressor has figures.
func measured() desktop.Step {
	return desktop.Within(5*time.Minute, desktop.Wait("label", "about *"))
}

// TestFigures shows how large the new version will be: for each compressor, in
// the summary, folder by folder, and on the start page.
func TestFigures(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	must(t, d.Sys.MakeChanges(t.Context()))
	for _, look := range []struct {
		name string
		env  []string
	}{{"light", nil}, {"dark", []string{"GTK_THEME=Adwaita:dark"}}} {
		t.Run(look.name, func(t *testing.T) {
			shot := func(name string) desktop.Step { return desktop.Shot("figures-" + look.name + "-" + name) }
			p := launch(t, d, english(), look.env...)
			for _, part := range [][]desktop.Step{
				{desktop.Press(remaster), ready(), desktop.Press("Next"), desktop.Press("Next"), shot("how-first"), measured(), shot("how")},
				{desktop.Choose("radio button", "xz: the smallest"), desktop.Press("Next"), shot("summary-first"),
					desktop.Within(2*time.Minute, desktop.Wait("label", "You can cancel at any time*")),
					desktop.Within(5*time.Minute, desktop.Wait("label", "It fits on the stick.")), desktop.Wait("label", "about *"), desktop.Wait("label", "packing: *"),
					desktop.Wait("", "The stick now, to scale: this system *"), desktop.Wait("label", "new version, about *"), shot("summary")},
				{desktop.Press("What takes the space"), desktop.Wait("label", "The new version with xz: about *"), desktop.Wait("list item", "usr, folder, *"), shot("space"),
					desktop.Keys("Return"), desktop.Wait("label", "/usr: *"), desktop.Wait("list item", "lib, folder, *"), shot("space-usr"),
					desktop.Press("Up"), desktop.Wait("list item", "usr, folder, *"), desktop.Press("Back")},
				{desktop.Within(2*time.Minute, desktop.Press("Back")), desktop.Press("Back"), desktop.Press("Back"), desktop.Press("Back"),
					desktop.Within(2*time.Minute, desktop.Wait("label", "Packs the system as it is now into a new version, which starts at the next start of this computer. You are asked for the administrator's password, and nothing is changed before you have seen a summary.\nA new version would take about *")), shot("start")},
			} {
				play(t, d, p, part...)
				named(t, p)
				fits(t, p, desktop.Netbook)
			}
		})
	}
}

// leave fills the stick up to so many bytes.
const leave = `cd /live/boot-dev; rm -f fill
free=$(($(stat -f -c '%%f * %%S' .)))
fallocate -l $((free - %d)) fill`

// TestFiguresTooLarge: when it does not fit, the summary says by how much and
// what helps, and another compressor, or room on the stick, does.
func TestFiguresTooLarge(t *testing.T) {
	size := image.Pt(800, 600)
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised, Size: size})}
	b.sh(t, "cd /live/boot-dev/antiX; mkdir -p archive/0001; cp linuxfs archive/0001/linuxfs.old")
	rows := b.estimates(t)
	middle := (rows["xz"].Bound + rows["lz4"].Estimate) / 2
	b.sh(t, fmt.Sprintf(leave, middle+17<<20))
	p := b.fresh(t)
	soon := func(s desktop.Step) desktop.Step { return desktop.Within(5*time.Minute, s) }
	for _, part := range [][]desktop.Step{
		{desktop.Press(remaster), soon(desktop.Press("Next")), desktop.Press("Next"), desktop.Choose("radio button", "lz4: the fastest"),
			soon(desktop.Wait("label", "about *")), desktop.Shot("figures-none-how-first"), desktop.Shot("figures-none-how")},
		{desktop.Press("Next"), soon(desktop.Wait("label", "It does not fit on the stick: *")), soon(desktop.Wait("label", "Packed with xz it fits: *")),
			desktop.Wait("label", "Leave less in it. Most of it is in /*"), desktop.Wait("label", "Delete older versions. Together they take *"),
			desktop.Wait("label", "too much *"), soon(desktop.Wait("label", "There may not be enough room on the stick.")), desktop.Shot("figures-none")},
		{desktop.Press("Make room …"), soon(desktop.Wait("label", "Nothing has to go for that*")), desktop.Press("Back"), soon(desktop.Wait("label", "It does not fit on the stick: *"))},
		{soon(desktop.Press("Use xz")), soon(desktop.Wait("label", "You can cancel at any time*")), soon(desktop.Wait("label", "It fits on the stick.")), desktop.Shot("figures-fits")},
	} {
		play(t, b.Desktop, p, part...)
		named(t, p)
		fits(t, p, size)
	}
	b.quit(t, p)
}

// estimates are what the command line says, by compressor.
func (b *bench) estimates(t *testing.T) map[string]wire.EstimateRow {
	t.Helper()
	out, err := b.Sys.Shell(t.Context(), "antix-remaster-cli estimate --json")
	must(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var e wire.Estimate
	must(t, json.Unmarshal([]byte(lines[len(lines)-1]), &e))
	rows := map[string]wire.EstimateRow{}
	for _, r := range e.Rows {
		rows[r.Compressor] = r
	}
	return rows
}

// TestFiguresGone: a helper that dies while it measures hinders nothing.
func TestFiguresGone(t *testing.T) {
	b := &bench{Desktop: start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})}
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster), ready())
	b.sh(t, killHelper)
	play(t, b.Desktop, p, desktop.Press("Next"), desktop.Press("Next"), desktop.Wait("label", "not known before it begins"), desktop.Shot("figures-gone-how"),
		desktop.Press("Next"), desktop.Within(2*time.Minute, desktop.Wait("label", "at most *")), desktop.Shot("figures-gone"),
		desktop.Within(2*time.Minute, desktop.Press("Create")), desktop.Wait("label", "Packing the system"), desktop.Press("Cancel"), desktop.Press("Give up"),
		desktop.Within(2*time.Minute, desktop.Wait("label", title(wire.Cancelled))))
	b.quit(t, p)
}
