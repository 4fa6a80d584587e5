package window

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/desktop"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// launchWizards starts the test binary as the window.
func launchWizards(t *testing.T, d *desktop.Desktop, env ...string) *desktop.Program {
	t.Helper()
	must(t, d.Sys.InstallSelf("/usr/bin/"+wizards))
	return launchProgram(t, d, env, wizards)
}

// maxGrowth is what the last of the windows may hold more than the first, KiB.
const maxGrowth = 64 << 10

// TestLong opens ten wizards one after the other in one process, with a
// collector of garbage that never rests, which is what brought down gotk3
// before gui.Setup.
func TestLong(t *testing.T) {
	const times = 10
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	p := launchWizards(t, d, "GOGC=5", fmt.Sprintf("WIZARDS=%d", times))
	var held []int
	for range times {
		play(t, d, p, desktop.Press(remaster))
		play(t, d, p, toCreate()...)
		play(t, d, p, desktop.Press("Cancel"), desktop.Press("Give up"),
			desktop.Within(2*time.Minute, desktop.Wait("label", title(wire.Cancelled))))
		held = append(held, p.Resident())
		play(t, d, p, desktop.Press("Close"))
	}
	ends(t, p, 20*time.Second)
	t.Logf("resident memory after each of the windows, KiB: %v", held)
	if grown := held[times-1] - held[0]; held[0] == 0 || grown > maxGrowth {
		t.Errorf("from %d KiB it grew by %d", held[0], grown)
	}
}

// TestPromiseP11MainLoop measures how long the window works at a stretch while a
// version is made, in time of the processor: by the clock it depends on what
// else the machine does, so that is only logged.
func TestPromiseP11MainLoop(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	p := launchWizards(t, d)
	play(t, d, p, desktop.Press(remaster))
	create := toCreate()
	play(t, d, p, create[:len(create)-2]...)
	play(t, d, p, desktop.Within(2*time.Minute, desktop.Wait("label", "You can cancel at any time; then everything is as before.")))
	must(t, p.Cmd.Process.Signal(syscall.SIGUSR1))
	play(t, d, p, create[len(create)-2:]...)
	play(t, d, p, desktop.Within(10*time.Minute, desktop.Wait("label", "The new version is ready and verified.")))
	must(t, p.Cmd.Process.Signal(syscall.SIGUSR1))
	play(t, d, p, desktop.Press("Later"))
	play(t, d, p, desktop.Press("Close"))
	ends(t, p, 20*time.Second)
	h := lastHeart(t, p.Output())
	t.Logf("longest pause of the main loop %v, of it work of the processor at most %v; promised %v", h.longest, h.work, allowed)
	figure.Record(t, "P11", fmt.Sprintf("turns of the main loop during a remaster, none works longer than %v", loaded), h.beats, h.late)
}

// lastHeart reads what the program printed last.
func lastHeart(t *testing.T, output string) heart {
	t.Helper()
	at := strings.LastIndex(output, "beats ")
	if at < 0 {
		t.Fatalf("no figures in %q", output)
	}
	var h heart
	var longest, work int
	_, err := fmt.Sscanf(output[at:], "beats %d late %d longest %d work %d", &h.beats, &h.late, &longest, &work)
	must(t, err)
	h.longest, h.work = time.Duration(longest)*time.Microsecond, time.Duration(work)*time.Microsecond
	return h
}
