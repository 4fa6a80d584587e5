package window

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// TestWizard makes a new version by the buttons alone, as the user demo with a
// real password question that a rule answers, and boots it.
func TestWizard(t *testing.T) {
	for _, l := range []language{english(), german()} {
		t.Run(l.name, func(t *testing.T) { wizard(t, l) })
	}
}

func wizard(t *testing.T, l language) {
	image := filepath.Join(t.TempDir(), "stick.img")
	d := start(t, desktop.Options{Options: livesys.Options{NewStick: image, Companions: true}, Polkit: livesys.Authorised})
	must(t, d.Sys.MakeChanges(t.Context()))
	must(t, os.WriteFile(d.Sys.Path("/etc/story"), []byte(l.name), 0o644))
	p := launch(t, d, l)
	for _, part := range [][]desktop.Step{l.toSummary("lz4: the fastest"), l.toDone()} {
		play(t, d, p, part...)
		named(t, p)
		fits(t, p, desktop.Netbook)
	}
	must(t, os.WriteFile(d.Sys.Path("/etc/afterwards"), nil, 0o644))
	play(t, d, p, l.toStart()...)
	named(t, p)
	fits(t, p, desktop.Netbook)
	must(t, d.Stop())
	r, err := boot.Boot(t.Context(), image, boot.Options{Show: []string{"/etc/story"}})
	must(t, err)
	if !r.DidRemaster || r.Fatal != "" || r.Files["/etc/story"] != l.name {
		t.Errorf("swapped %v, fatal %q, story %q\n%v", r.DidRemaster, r.Fatal, r.Files["/etc/story"], r.Names())
	}
}

// toSummary goes from the start page to the summary.
func (l language) toSummary(compressor string) []desktop.Step {
	return []desktop.Step{
		desktop.Wait("label", l.begins("Packs the system as it is now into a new version, which starts at the next start of this computer. You are asked for the administrator's password, and nothing is changed before you have seen a summary.")),
		l.shot("start"),
		desktop.Press(l.label("_Remaster this system")),
		desktop.Within(2*time.Minute, desktop.Wait("label", l.begins("Everything is ready. Nothing is changed before you press Create."))),
		l.shot("check"),
		desktop.Press(l.label("_Next")),
		desktop.Write(l.tr("Title of the new version"), "With GIMP"),
		l.shot("content"),
		desktop.Press(l.label("_Next")),
		desktop.Choose("radio button", l.tr(compressor)),
		l.shot("how"),
		desktop.Press(l.label("_Next")),
		desktop.Within(2*time.Minute, desktop.Wait("label", l.begins("You can cancel at any time; then everything is as before."))),
		l.shot("summary"),
	}
}

// toDone creates it, with a pause on the way.
func (l language) toDone() []desktop.Step {
	return []desktop.Step{
		desktop.Press(l.label("_Create")),
		desktop.Wait("label", l.tr("Packing the system")),
		desktop.Press(l.label("_Pause")),
		desktop.Wait("button", l.label("_Go on")),
		l.shot("progress"),
		desktop.Press(l.label("_Go on")),
		desktop.Within(10*time.Minute, desktop.Wait("label", l.tr("The new version is ready and verified."))),
		l.shot("done"),
	}
}

// toStart answers the question at the end with Later.
func (l language) toStart() []desktop.Step {
	return []desktop.Step{
		desktop.Press(l.label("_Restart now")),
		desktop.Wait("", l.tr("Restart now?")),
		l.shot("restart"),
		desktop.Keys("Escape"), // the careful answer
		desktop.Gone(l.tr("Restart now?")),
		desktop.Press(l.label("_Later")),
		desktop.Wait("", l.tr("The new version waits for the next start")),
		l.shot("changed"),
		desktop.Press(l.label("Cl_ose")),
		desktop.Wait("label", l.begins("A new version, “%[1]s”, waits for the next start. If you do not want it, take it out: it is filed away, not deleted.")),
		l.shot("start-armed"),
	}
}
