// Package window clicks through the wizard in a real window on a throwaway live
// system, as a screen reader would: by roles and names, in English and German,
// and takes a picture of every page into build/screenshots.
package window

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// The directories of the freshly built programs, of the pictures, and of the
// translations.
var programs, shots, locale string

func TestMain(m *testing.M) {
	if isProgram() {
		os.Exit(showWizards())
	}
	os.Exit(livesys.WithPrograms(func(dir string) int {
		if err := prepare(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

// prepare adds the window and the translation.
func prepare(dir string) (err error) {
	programs, locale = dir, filepath.Join(dir, "locale")
	catalogue := filepath.Join(locale, "de/LC_MESSAGES/antix-remaster.mo")
	if shots, err = filepath.Abs("../../build/screenshots"); err == nil {
		err = os.MkdirAll(filepath.Dir(catalogue), 0o755)
	}
	if err != nil {
		return err
	}
	for _, cmd := range []*exec.Cmd{exec.Command("go", "build", "-o", dir, "antix-remaster/cmd/antix-remaster"),
		exec.Command("msgfmt", "-o", catalogue, "../../po/de.po")} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build: %w\n%s", err, out)
		}
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts a live system with a screen and the installed programs.
func start(t *testing.T, o desktop.Options) *desktop.Desktop {
	t.Helper()
	o.Log = os.Stderr
	d, err := desktop.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	must(t, d.Sys.InstallProgram(programs))
	must(t, d.Sys.InstallShare(t.Context()))
	return d
}

// language is one that the window is tried in.
type language struct {
	name string
	env  []string
	tr   func(string) string
}

func english() language { return language{"en", nil, func(s string) string { return s }} }

// german asks gettext itself what the texts are.
func german() language {
	return language{"de", []string{"LANG=de_DE.UTF-8"}, func(s string) string {
		cmd := exec.Command("gettext", "-d", "antix-remaster", s)
		cmd.Env = append(os.Environ(), "TEXTDOMAINDIR="+locale, "LC_ALL=C.UTF-8", "LANGUAGE=de")
		out, err := cmd.Output()
		if err != nil || string(out) == s && s != "Live Remaster" {
			return "not translated: " + s
		}
		return string(out)
	}}
}

// label is the text of a button without the mark of its letter.
func (l language) label(s string) string { return strings.ReplaceAll(l.tr(s), "_", "") }

// begins is a name that begins as the text does up to its first value.
func (l language) begins(s string) string {
	text, _, _ := strings.Cut(l.tr(s), "%")
	return text + "*"
}

// shot is a picture of a page in this language.
func (l language) shot(name string) desktop.Step {
	if l.name == "en" {
		return desktop.Shot(name)
	}
	return desktop.Shot(l.name + "-" + name)
}

// launch starts the window as demo.
func launch(t *testing.T, d *desktop.Desktop, l language, env ...string) *desktop.Program {
	t.Helper()
	return launchProgram(t, d, append(env, l.env...), "antix-remaster")
}

// launchProgram starts a program as demo; it is gone at the end of the test.
func launchProgram(t *testing.T, d *desktop.Desktop, env []string, name string) *desktop.Program {
	t.Helper()
	p, err := d.Launch(t.Context(), "demo", env, name)
	must(t, err)
	t.Cleanup(func() {
		p.Cmd.Process.Kill()
		<-p.Done
		t.Logf("%v; it printed: %s", p.Cmd.ProcessState, p.Output())
	})
	return p
}

func play(t *testing.T, d *desktop.Desktop, p *desktop.Program, steps ...desktop.Step) {
	t.Helper()
	if _, err := d.Play(t.Context(), p.Node, shots, steps...); err != nil {
		d.Screen.Shoot(filepath.Join(shots, "failed-"+filepath.Base(t.Name())+".png"))
		t.Fatalf("%v\n%s", err, p.Dump(t.Context()))
	}
}

// named holds that a screen reader can name all that can be used.
func named(t *testing.T, p *desktop.Program) {
	t.Helper()
	bad, err := p.Nameless(t.Context())
	must(t, err)
	for _, line := range bad {
		t.Errorf("without a name: %s", line)
	}
}
