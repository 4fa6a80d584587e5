package desktop_test

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/atspi"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == sample {
		showSample()
		return
	}
	if os.Getenv(victimEnv) != "" {
		victim()
	}
	os.Exit(m.Run())
}

func start(t *testing.T, o desktop.Options) *desktop.Desktop {
	t.Helper()
	o.Log = os.Stderr
	begin := time.Now()
	d, err := desktop.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(begin).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Sys.InstallSelf("/usr/bin/" + sample); err != nil {
		t.Fatal(err)
	}
	return d
}

func launch(t *testing.T, d *desktop.Desktop, user string, env ...string) *desktop.Program {
	t.Helper()
	begin := time.Now()
	p, err := d.Launch(t.Context(), user, env, sample)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find(t.Context(), "frame", "Sample"); err != nil {
		t.Fatal(err)
	}
	t.Logf("window after %v", time.Since(begin).Round(time.Millisecond))
	t.Cleanup(func() {
		p.Cmd.Process.Kill()
		<-p.Done
		if text := p.Output(); text != "" {
			t.Logf("it printed: %s", text)
		}
	})
	return p
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWindow does to a real window of an unprivileged user on a real live
// system all that a test of the program needs.
func TestWindow(t *testing.T) {
	d := start(t, desktop.Options{Polkit: livesys.Authorised})
	for _, c := range []struct {
		name string
		run  func(*testing.T, *desktop.Desktop, *desktop.Program)
	}{
		{"maximised", maximised}, {"pressed by name", pressed}, {"by keyboard", keyboard}, {"nameless", nameless},
		{"picture", picture}, {"missing", missing}, {"steps", steps}, {"ended", ended},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, d, launch(t, d, "demo")) })
	}
	t.Run("as root", func(t *testing.T) { pressed(t, d, launch(t, d, "root")) })
}

func maximised(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	frame, err := p.Find(t.Context(), "frame", "Sample", atspi.Active)
	check(t, err)
	at, err := frame.Extents(t.Context())
	check(t, err)
	if want := (image.Rectangle{Max: desktop.Netbook}); at != want {
		t.Errorf("the window is at %v on a screen of %v", at, want)
	}
}

func pressed(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	ctx := t.Context()
	field, err := p.Find(ctx, "text", "Title:", atspi.Sensitive)
	check(t, err)
	check(t, field.SetText(ctx, "Grüße"))
	if text, err := field.Text(ctx); text != "Grüße" {
		t.Errorf("the field holds %q, %v", text, err)
	}
	check(t, p.Press(ctx, "Start"))
	_, err = p.Find(ctx, "label", "Started Grüße")
	check(t, err)
	bar, err := p.Find(ctx, "progress bar", "")
	check(t, err)
	if v, err := bar.Value(ctx); v != 0.5 {
		t.Errorf("the bar stands at %v, %v", v, err)
	}
	check(t, p.Press(ctx, "Later")) // not before it is enabled
	_, err = p.Find(ctx, "label", "Root is root")
	check(t, err)
	check(t, p.Gone(ctx, "label", "Started*"))
}

func keyboard(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	ctx := t.Context()
	check(t, d.Key(ctx, "alt+t"))
	_, err := p.Find(ctx, "text", "Title:", atspi.Focused)
	check(t, err)
	check(t, d.TypeKeys(ctx, "Zwei Worte+1"))
	check(t, d.Key(ctx, "Tab"))
	_, err = p.Find(ctx, "button", "Start", atspi.Focused)
	check(t, err)
	check(t, d.Key(ctx, "space"))
	_, err = p.Find(ctx, "label", "Started Zwei Worte+1")
	check(t, err)
	if err := d.Key(ctx, "alt+nothing"); err == nil {
		t.Error("a key that there is not was pressed")
	}
}

func nameless(t *testing.T, _ *desktop.Desktop, p *desktop.Program) {
	if found, err := p.Nameless(t.Context()); len(found) > 0 || err != nil {
		t.Errorf("nameless: %q, %v", found, err)
	}
	check(t, p.Press(t.Context(), "Add a button without a name"))
	want := `button "" after button "Add a button without a name"`
	for end := time.Now().Add(atspi.Patience); ; time.Sleep(50 * time.Millisecond) {
		found, err := p.Nameless(t.Context())
		if len(found) == 1 && strings.HasPrefix(found[0], want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nameless: %q, %v, want %q", found, err, want)
		}
	}
}

func picture(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	file := filepath.Join(t.TempDir(), "new", "window.png")
	check(t, d.Screen.Shoot(file))
	f, err := os.Open(file)
	check(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	check(t, err)
	if img.Bounds() != (image.Rectangle{Max: desktop.Netbook}) {
		t.Errorf("the picture is %v", img.Bounds())
	}
	colours := map[any]int{}
	for y := range desktop.Netbook.Y {
		for x := range desktop.Netbook.X {
			colours[img.At(x, y)]++
		}
	}
	if len(colours) < 20 {
		t.Errorf("only %d colours", len(colours))
	}
	// What is pressed is seen: the bar changes.
	before, err := d.Screen.Picture()
	check(t, err)
	check(t, p.Press(t.Context(), "Start"))
	_, err = p.Find(t.Context(), "label", "Started*")
	check(t, err)
	check(t, d.Screen.Shoot(file))
	if after, err := d.Screen.Picture(); err != nil || string(after.Pix) == string(before.Pix) {
		t.Errorf("the screen does not change (%v)", err)
	}
}

// The error of a search shows what there is.
func missing(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	_, err := d.Play(t.Context(), p.Node, t.TempDir(), desktop.Within(time.Second, desktop.Press("Stop")))
	for _, want := range []string{"step 1 of 1", `button "Stop"`, `button "Later" disabled`, `frame "Sample"`, `text "Title:"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

func steps(t *testing.T, d *desktop.Desktop, p *desktop.Program) {
	files, err := d.Play(t.Context(), p.Node, t.TempDir(),
		desktop.Shot("first"), desktop.Write("Title:", "x"), desktop.Keys("alt+s"), desktop.Wait("", "Started x"),
		desktop.Choose("button", "Add a button without a name"), desktop.Press("Later"), desktop.Wait("label", "Root is root"), desktop.Shot("last"))
	check(t, err)
	if len(files) != 2 || filepath.Base(files[1]) != "last.png" {
		t.Errorf("pictures: %q", files)
	}
	for _, f := range files {
		if st, err := os.Stat(f); err != nil || st.Size() < 1000 {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func ended(t *testing.T, _ *desktop.Desktop, p *desktop.Program) {
	check(t, p.Cmd.Process.Kill())
	<-p.Done
	begin := time.Now()
	if _, err := p.Find(t.Context(), "button", "Start"); err == nil || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	check(t, p.Gone(t.Context(), "button", "Start"))
}

// TestRefused: polkit says no, or there is nobody to ask.
func TestRefused(t *testing.T) {
	for name, answer := range map[string]livesys.Answer{"says no": livesys.Denied, "nobody to ask": livesys.AskAdmin} {
		t.Run(name, func(t *testing.T) {
			d := start(t, desktop.Options{Polkit: answer})
			p := launch(t, d, "demo")
			_, err := d.Play(t.Context(), p.Node, "", desktop.Press("Start"), desktop.Press("Later"),
				desktop.Wait("label", "Root is refused: exit status 127*"))
			check(t, err)
		})
	}
}

// TestSystem: the live system with a screen is one like the others, without
// what would hide what the program lacks, and libc knows German.
func TestSystem(t *testing.T) {
	d := start(t, desktop.Options{})
	check(t, d.Sys.MakeChanges(t.Context()))
	check(t, d.Sys.InstallShare(t.Context()))
	_, err := d.Sys.Shell(t.Context(), `
set -x; ! command -v python3
test -e /usr/share/locale/de/LC_MESSAGES/antix-remaster.mo
test -e /usr/share/icons/hicolor/16x16/apps/org.antixlinux.antix-remaster.png`)
	check(t, err)
	err = d.Run(t.Context(), "demo", []string{"LANG=de_DE.UTF-8"}, "ls", "/nowhere")
	if err == nil || !strings.Contains(err.Error(), "Datei oder Verzeichnis nicht gefunden") {
		t.Errorf("not German: %v", err)
	}
	check(t, d.Sys.Restart(t.Context(), nil)) // what was installed is lost
	check(t, d.Sys.InstallSelf("/usr/bin/"+sample))
	check(t, d.StartSession(t.Context(), livesys.Authorised))
	pressed(t, d, launch(t, d, "demo"))
}

// TestScreenEnds: nothing of a virtual screen outlives its Stop, or us.
func TestScreenEnds(t *testing.T) {
	s, err := desktop.VirtualScreen(t.Context(), desktop.Netbook)
	check(t, err)
	if !answers(s.Display) {
		t.Errorf("nobody answers on %s", s.Display)
	}
	other, err := desktop.VirtualScreen(t.Context(), desktop.Netbook)
	check(t, err)
	if other.Display == s.Display {
		t.Errorf("both screens are %s", s.Display)
	}
	other.Stop()
	s.Stop()
	if answers(s.Display) {
		t.Errorf("somebody answers on %s", s.Display)
	}
	victim := exec.Command("/proc/self/exe")
	victim.Env = append(os.Environ(), victimEnv+"=1")
	out, err := victim.StdoutPipe()
	check(t, err)
	check(t, victim.Start())
	display, err := bufio.NewReader(out).ReadString('\n')
	if display = strings.TrimSpace(display); err != nil || !answers(display) {
		t.Errorf("nobody answers on %q (%v)", display, err)
	}
	check(t, victim.Process.Kill())
	victim.Wait()
	for end := time.Now().Add(10 * time.Second); answers(display); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the server of %s has outlived its owner", display)
		}
	}
}

const victimEnv = "DESKTOP_TEST_VICTIM"

// victim starts a screen and waits to be killed.
func victim() {
	s, err := desktop.VirtualScreen(context.Background(), desktop.Netbook)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Display)
	select {}
}

func answers(display string) bool {
	conn, err := net.Dial("unix", "/tmp/.X11-unix/X"+strings.TrimPrefix(display, ":"))
	if err == nil {
		conn.Close()
	}
	return err == nil
}
