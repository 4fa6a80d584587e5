package window

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/atspi"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// bench is a live system on which one thing after the other goes wrong.
type bench struct {
	*desktop.Desktop
	names []string // on the stick beside the linuxfs
	image string   // SHA-256 of the linuxfs
}

// TestFailures lets go wrong what can, and holds that the window says so, that
// it goes on from there, and that the stick is as it was.
func TestFailures(t *testing.T) {
	d := start(t, desktop.Options{Options: livesys.Options{}, Polkit: livesys.Authorised})
	b := &bench{Desktop: d}
	var err error
	b.names, err = d.Sys.StickLs()
	must(t, err)
	b.image, err = d.Sys.Sha("linuxfs")
	must(t, err)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"not-live", notLive}, {"no-space", noSpace}, {"refused", refused}, {"no-agent", noAgent}, {"dismissed", dismissed},
		{"cancelled", cancelled}, {"helper-killed", helperKilled}, {"damaged", damaged}, {"filled-up", filledUp},
		{"closed", closed}, {"second-start", secondStart},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, b)
			b.same(t)
		})
	}
}

// title is what a code is called.
func title(code wire.Code) string { return wire.Describe(code, nil, wire.T).Title }

// text is the beginning of what a code means.
func text(code wire.Code) string {
	begin, _, _ := strings.Cut(wire.Describe(code, []string{"%", "%", "%", "%"}, wire.T).Text, "%")
	return begin + "*"
}

// failed is the failure page of a code, with its picture.
func failed(name string, code wire.Code) []desktop.Step {
	return []desktop.Step{
		desktop.Within(5*time.Minute, desktop.Wait("label", title(code))), desktop.Wait("label", text(code)),
		desktop.Wait("button", "Back to the start"), desktop.Wait("button", "Try again"), desktop.Shot("fail-" + name),
	}
}

const remaster = "Remaster this system"

// ready is the check page of a system that can be remastered.
func ready() desktop.Step {
	return desktop.Within(2*time.Minute, desktop.Wait("label", "Everything is ready. Nothing is changed before you press Create."))
}

// back goes from a failure to a start page that offers the task.
func back() []desktop.Step {
	return []desktop.Step{desktop.Press("Back to the start"), desktop.Wait("button", remaster)}
}

// toCreate are the steps from the check page to a run that packs.
func toCreate() []desktop.Step {
	next := desktop.Press("Next")
	return []desktop.Step{ready(), next, next, next,
		desktop.Within(2*time.Minute, desktop.Press("Create")), desktop.Wait("label", "Packing the system")}
}

// fresh opens a window of its own; it is gone at the end of the test.
func (b *bench) fresh(t *testing.T) *desktop.Program { return launch(t, b.Desktop, english()) }

func (b *bench) sh(t *testing.T, script string) {
	t.Helper()
	_, err := b.Sys.Shell(t.Context(), script)
	must(t, err)
}

// packing runs until a part of the image lies on the stick.
func (b *bench) packing(t *testing.T, p *desktop.Program) {
	t.Helper()
	play(t, b.Desktop, p, toCreate()...)
	b.sh(t, `cd /live/boot-dev/antiX
for i in $(seq 1200); do [ "$(stat -c %s linuxfs.part 2>/dev/null || echo 0)" -gt 25000000 ] && exit; sleep 0.1; done
echo "nothing is packed" >&2; exit 1`)
}

// disabled holds that the button is there and cannot be pressed.
func disabled(t *testing.T, p *desktop.Program, name string) {
	t.Helper()
	button, err := p.Find(t.Context(), "button", name)
	must(t, err)
	if button.Is(atspi.Sensitive) {
		t.Errorf("%s can be pressed", name)
	}
}

// left lists what a run must not leave: our processes, locks and files.
const left = `
for p in /proc/[0-9]*; do
  exe=$(readlink $p/exe) || continue
  case $exe in *antix-remaster-helper*|*/mksquashfs*) echo "running: $exe" ;; esac
done
[ ! -e /live/config/locked ] || echo "lock: $(cat /live/config/locked)"
ls -A /run/antix-remaster 2>/dev/null || true
cd /live/boot-dev/antiX; ls -d *.part remaster.* archive/*.part 2>/dev/null || true
`

// clean waits until nothing of ours is left. The window must be closed: it keeps
// its helper.
func (b *bench) clean(t *testing.T, atMost time.Duration) {
	t.Helper()
	for end := time.Now().Add(atMost); ; time.Sleep(100 * time.Millisecond) {
		out, err := b.Sys.Shell(t.Context(), left)
		must(t, err)
		if out == "" {
			return
		}
		if time.Now().After(end) {
			t.Errorf("something is left:\n%s", out)
			return
		}
	}
}

// same holds that nothing of ours is left, and the stick as it was at first.
func (b *bench) same(t *testing.T) {
	t.Helper()
	b.clean(t, 20*time.Second)
	names, err := b.Sys.StickLs()
	must(t, err)
	if !slices.Equal(names, b.names) {
		t.Errorf("the stick holds %q, not %q", names, b.names)
	}
	if sum, err := b.Sys.Sha("linuxfs"); err != nil || sum != b.image {
		t.Errorf("the linuxfs is another one (%v)", err)
	}
}

// quit ends the window by its button.
func (b *bench) quit(t *testing.T, p *desktop.Program) {
	t.Helper()
	play(t, b.Desktop, p, desktop.Press("Close"))
	ends(t, p, 20*time.Second)
}

func ends(t *testing.T, p *desktop.Program, atMost time.Duration) {
	t.Helper()
	select {
	case <-p.Done:
		if !p.Cmd.ProcessState.Success() {
			t.Errorf("the window ended with %v", p.Cmd.ProcessState)
		}
	case <-time.After(atMost):
		t.Fatal("the window does not end")
	}
}

func notLive(t *testing.T, b *bench) {
	b.sh(t, "mkdir /live/away; mv /live/config/* /live/away")
	defer b.sh(t, "mv /live/away/* /live/config; rmdir /live/away")
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Wait("label", title(wire.NotLive)+". "+text(wire.NotLive)), desktop.Shot("fail-not-live"))
	disabled(t, p, remaster)
	b.quit(t, p)
}

func noSpace(t *testing.T, b *bench) {
	const fill = "/live/boot-dev/fill"
	b.sh(t, "fallocate -l $(($(stat -f -c %f /live/boot-dev) * 4096 - 100000000)) "+fill)
	defer b.sh(t, "rm -f "+fill)
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster),
		desktop.Within(2*time.Minute, desktop.Wait("label", "It works, if you choose otherwise on the next pages. Please read what is said below.")),
		desktop.Wait("label", title(wire.NoSpace)), desktop.Wait("label", text(wire.NoSpace)), desktop.Shot("fail-no-space"),
		desktop.Press("Next"), desktop.Wait("text", "Title of the new version"), desktop.Press("Next"),
		desktop.Wait("label", "The new version is compressed. How?"), desktop.Press("Next"),
		desktop.Wait("label", title(wire.NoSpace)+"."), desktop.Shot("fail-no-space-summary"))
	disabled(t, p, "Create")
	b.sh(t, "rm "+fill)
	play(t, b.Desktop, p, desktop.Press("Back"), desktop.Press("Back"), desktop.Press("Back"), desktop.Press("Check again"), ready())
	b.quit(t, p)
}

// answer changes what polkit says, and waits until it does.
func (b *bench) answer(t *testing.T, a livesys.Answer) {
	t.Helper()
	rule := b.Sys.Path("/etc/polkit-1/rules.d/00-livesys.rules")
	if a == livesys.AskAdmin {
		must(t, os.Remove(rule))
	} else {
		must(t, os.WriteFile(rule, fmt.Appendf(nil, "polkit.addRule(function(action) { return polkit.Result.%s; });\n", a), 0o644))
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_, err := b.Sys.OutputAs(t.Context(), 1000, "/bin/sh", "-c", "pkexec --disable-internal-agent /bin/true; exit $?")
		if (err == nil) == (a == livesys.Authorised) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("polkit does not learn the answer %q: %v", a, err)
		}
	}
}

func refused(t *testing.T, b *bench) {
	b.answer(t, livesys.Denied)
	defer b.answer(t, livesys.Authorised)
	p := b.fresh(t)
	play(t, b.Desktop, p, append([]desktop.Step{desktop.Press(remaster)}, failed("refused", wire.NotAuthorised)...)...)
	b.answer(t, livesys.Authorised)
	play(t, b.Desktop, p, desktop.Press("Try again"), ready())
	b.quit(t, p)
}

func cancelled(t *testing.T, b *bench) {
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	play(t, b.Desktop, p, desktop.Press("Cancel"), desktop.Wait("", "Give up the new version?"), desktop.Press("Give up"))
	play(t, b.Desktop, p, failed("cancelled", wire.Cancelled)...)
	play(t, b.Desktop, p, desktop.Press("Try again"), ready())
	b.quit(t, p)
}

// killHelper kills the helper and nothing else.
const killHelper = `for p in /proc/[0-9]*; do
  case $(readlink $p/exe) in */antix-remaster-helper) kill -KILL ${p#/proc/} ;; esac
done`

func helperKilled(t *testing.T, b *bench) {
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	b.sh(t, killHelper)
	play(t, b.Desktop, p, failed("helper-killed", wire.HelperDied)...)
	play(t, b.Desktop, p, desktop.Press("Try again"), ready(), desktop.Shot("fail-healed"))
	b.quit(t, p)
}

// damaged changes the image on the stick after it was packed.
func damaged(t *testing.T, b *bench) {
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	b.sh(t, "cd /live/boot-dev/antiX; printf damaged | dd of=linuxfs.part bs=1 seek=20000000 conv=notrunc status=none")
	play(t, b.Desktop, p, failed("damaged", wire.Mismatch)...)
	play(t, b.Desktop, p, back()...)
	b.quit(t, p)
}

func filledUp(t *testing.T, b *bench) {
	defer b.sh(t, "rm -f /live/boot-dev/fill")
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	b.sh(t, "head -c 2G /dev/zero >/live/boot-dev/fill 2>/dev/null || true")
	play(t, b.Desktop, p, failed("filled-up", wire.FilledUp)...)
	b.sh(t, "rm /live/boot-dev/fill")
	play(t, b.Desktop, p, desktop.Press("Try again"), ready())
	b.quit(t, p)
}

// closed closes the window while it works, as the cross of a window manager
// does: it asks, and leaves nothing.
func closed(t *testing.T, b *bench) {
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Press(remaster))
	b.packing(t, p)
	must(t, b.Key(t.Context(), "alt+F4"))
	play(t, b.Desktop, p, desktop.Wait("", "Give up the new version?"), desktop.Shot("fail-closed"), desktop.Press("Give up"))
	begin := time.Now()
	ends(t, p, 10*time.Second)
	b.clean(t, 10*time.Second)
	t.Logf("closed and clean after %v", time.Since(begin).Round(time.Millisecond))
}

// secondStart raises the window that is there.
func secondStart(t *testing.T, b *bench) {
	p := b.fresh(t)
	play(t, b.Desktop, p, desktop.Wait("button", remaster))
	must(t, b.Run(t.Context(), "demo", nil, "antix-remaster"))
	all, err := p.All(t.Context())
	must(t, err)
	frames := slices.DeleteFunc(all, func(n *atspi.Node) bool { return n.Role != "frame" })
	if len(frames) != 1 {
		t.Errorf("there are %d windows", len(frames))
	}
	b.quit(t, p)
}
