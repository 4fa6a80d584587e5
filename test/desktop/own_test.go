package desktop

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOwnScreen shows a window on a screen that asks for a password and is not
// ours, as that of a visitor of the demo.
func TestOwnScreen(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const ofThisHost = 256
	authority := filepath.Join(t.TempDir(), "Xauthority")
	password := entry(ofThisHost, host, "", "MIT-MAGIC-COOKIE-1", "sixteen bytes ok")
	if err := os.WriteFile(authority, password, 0o600); err != nil {
		t.Fatal(err)
	}
	server := &Screen{size: Netbook, dir: t.TempDir(), authority: authority}
	t.Cleanup(server.Stop)
	if err := server.startServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := showOn(t, OwnScreen(server.Display, authority)); err != nil {
		t.Error(err)
	}
	if err := showOn(t, OwnScreen(server.Display, filepath.Join(t.TempDir(), "nothing"))); err == nil {
		t.Error("the screen was used without its password")
	}
}

// showOn tells why the sample window does not come up on the screen.
func showOn(t *testing.T, screen *Screen) error {
	t.Helper()
	d, err := Start(t.Context(), Options{Screen: screen})
	if err != nil {
		return err
	}
	defer func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	}()
	const sample = "/usr/bin/sample-window" // see window_test.go
	if err := d.Sys.InstallSelf(sample); err != nil {
		t.Fatal(err)
	}
	if screen.Shoot(filepath.Join(t.TempDir(), "x.png")) == nil {
		t.Error("the screen of somebody else was photographed")
	}
	_, err = d.Launch(t.Context(), "demo", nil, sample)
	return err
}
