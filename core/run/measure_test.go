package run

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// A sparse rootfs counts what it takes at once, any other its whole size, and a
// copy the size of its original.
func TestCompanionBytes(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "xtra.tgz"), make([]byte, 5000), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "rootfs"), make([]byte, 9000), 0o644))
	rootfs := plan.Companion{Name: "rootfs", Fresh: 2 << 30}
	p := plan.Plan{Companions: []plan.Companion{rootfs, {Name: "xtra.tgz"}, {Name: "linuxfs.md5", MD5: true}}}
	if got, err := companionBytes(dir, p); err != nil || got != rootfs.Place()+8192 {
		t.Errorf("sparse: %d, %v", got, err)
	}
	p.Companions[0].Whole = true
	if got, err := companionBytes(dir, p); err != nil || got != 2<<30+8192 {
		t.Errorf("whole: %d, %v", got, err)
	}
}

// debian is a directory of dpkg that has not changed for an hour.
func debian(t *testing.T) string {
	t.Helper()
	cover(t, "/var/lib")
	const dir = "/var/lib/dpkg"
	must(t, os.MkdirAll(dir+"/info", 0o755))
	must(t, os.WriteFile(dir+"/status", []byte("Package: a\n"), 0o644))
	must(t, os.WriteFile(dir+"/lock", nil, 0o640))
	must(t, os.WriteFile(dir+"/lock-frontend", nil, 0o640))
	before := time.Now().Add(-time.Hour)
	for _, name := range []string{"/info", "/status"} {
		must(t, os.Chtimes(dir+name, before, before))
	}
	return dir
}

func TestPackagesMoved(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(dir string) error
		moved  bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"the locks are opened and closed", func(d string) error { return os.WriteFile(d+"/lock", nil, 0o640) }, false},
		{"the list is read", func(d string) error { _, err := os.ReadFile(d + "/status"); return err }, false},
		{"another list", func(d string) error { return os.WriteFile(d+"/status", []byte("Package: b\n"), 0o644) }, true},
		{"the list is replaced", func(d string) error {
			if err := os.WriteFile(d+"/status-new", nil, 0o644); err != nil {
				return err
			}
			return os.Rename(d+"/status-new", d+"/status")
		}, true},
		{"a package's files appear", func(d string) error { return os.WriteFile(d+"/info/b.list", nil, 0o644) }, true},
		{"the list is gone", func(d string) error { return os.Remove(d + "/status") }, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := debian(t)
			state := packageState()
			must(t, c.change(dir))
			if err := packagesStill(state); (err != nil) != c.moved || err != nil && wire.AsError(err).Code != wire.PackagesMoved {
				t.Errorf("%v", err)
			}
		})
	}
}

// A package manager at work is seen by the locks that it holds, and named.
func TestPackageManagerAtWork(t *testing.T) {
	for _, name := range []string{"lock", "lock-frontend"} {
		dir := debian(t)
		state := packageState()
		pid, release := heldByAnother(t, filepath.Join(dir, name))
		if got := packageManager(); got != pid {
			t.Errorf("%s: %d holds it, but %d is named", name, pid, got)
		}
		if err := packagesStill(state); wire.AsError(err).Code != wire.PackagesMoved {
			t.Errorf("%s: %v", name, err)
		}
		release()
		if got := packageManager(); got != 0 || packagesStill(state) != nil {
			t.Errorf("%s: released, but %d is named", name, got)
		}
	}
}

// Where there is no dpkg, nothing can move.
func TestNoPackages(t *testing.T) {
	cover(t, "/var/lib")
	if err := packagesStill(packageState()); err != nil {
		t.Error(err)
	}
}
