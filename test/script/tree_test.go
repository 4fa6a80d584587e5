package script

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"antix-remaster/test/livesys"
	"antix-remaster/test/tree"
)

// TestPromiseWholeTree compares the union with the mounted new image, every
// entry: type, mode, owner, time, attributes, links, devices and content. Its
// comparison shares no code with the program's.
func TestPromiseWholeTree(t *testing.T) {
	sys, err := livesys.New(t.Context(), livesys.Options{Companions: true, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sys.Stop() })
	if err := sys.InstallProgram(programs); err != nil {
		t.Fatal(err)
	}
	if err := sys.MakeChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	union := describe(t, sys.Path("/live/aufs"))
	for _, compressor := range []string{"lz4", "gzip"} {
		if out, err := sys.Output(t.Context(), "antix-remaster-cli", "build", "--yes", "--quiet", "--compressor", compressor); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		image := mountImage(t, sys.StickPath("linuxfs.new"))
		compare(t, union, describe(t, image))
		if err := exec.Command("umount", image).Run(); err != nil {
			t.Error(err)
		}
		if _, err := sys.Output(t.Context(), "antix-remaster-cli", "disarm", "--quiet"); err != nil {
			t.Fatal(err)
		}
	}
}

func mountImage(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "squashfs", "-o", "loop,ro", file, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount the new image: %v\n%s", err, out)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func compare(t *testing.T, union, image map[string]string) {
	t.Helper()
	if len(image) < 5000 {
		t.Fatalf("only %d entries in the image", len(image))
	}
	for _, wrong := range tree.Differences(union, image) {
		t.Error(wrong)
	}
}

func describe(t *testing.T, root string) map[string]string {
	t.Helper()
	all, err := tree.Describe(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
