package livesys_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"antix-remaster/test/livesys"
)

// TestBindIn: a file of the host that the system sees makes nothing else of
// the host's file system a part of it. Once its loop devices were.
func TestBindIn(t *testing.T) {
	dir := t.TempDir()
	shown, other := filepath.Join(dir, "shown"), filepath.Join(dir, "other")
	for _, name := range []string{shown, other} {
		if err := os.WriteFile(name, make([]byte, 1<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("losetup", "--find", "--show", other).Output()
	device := strings.TrimSpace(string(out))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exec.Command("losetup", "--detach", device).Run() })
	sys := start(t, livesys.Options{Mini: true})
	if err := sys.BindIn(shown, "/tmp/dir/shown"); err != nil {
		t.Fatal(err)
	}
	want(t, sys, "cat /proc/self/mountinfo; stat -c '%n %s' /tmp/dir/shown", " /tmp/dir/shown ", "/tmp/dir/shown 1048576")
	if loops := sys.Loops(); slices.Contains(loops, device) || len(loops) != 1 {
		t.Errorf("the system's loop devices are %v; %s is not its own", loops, device)
	}
	if err := sys.Stop(); err != nil {
		t.Fatal(err)
	}
	if loops := livesys.LoopsOf(other); len(loops) != 1 {
		t.Errorf("the loop device of the host is gone: %v", loops)
	}
}
