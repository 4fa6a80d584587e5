package faults

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"antix-remaster/test/livesys"
)

// TestFaceOfAUser: what a face finds out without a password, as a mere user of
// a live system.
func TestFaceOfAUser(t *testing.T) {
	s := start(t, livesys.Options{})
	const face = "/tmp/face"
	must(t, s.CopyIn(filepath.Join(string(programs), "face"), face, 0o755))
	const coarse = 50 * time.Millisecond // as the clock of a file system is
	time.Sleep(coarse)
	since := time.Now()
	time.Sleep(coarse)
	for name, mode := range map[string]os.FileMode{"/etc/one": 0o644, "/etc/secret": 0o600, "/home/demo/two": 0o644, "/home/demo/three": 0o644,
		"/root/closed/four": 0o644, "/tmp/not-packed": 0o644, "/run/neither": 0o644} {
		must(t, os.MkdirAll(filepath.Dir(s.Path(name)), 0o755))
		must(t, os.WriteFile(s.Path(name), nil, mode))
	}
	must(t, os.Chmod(s.Path("/root/closed"), 0o700))
	must(t, os.Remove(s.Path("/etc/hosts")))
	out, err := s.OutputAs(context.Background(), 1000, face, strconv.FormatInt(since.UnixNano(), 10))
	must(t, err)
	var found struct {
		Names          []string
		All            int
		Plan, Hopeless string
	}
	must(t, json.Unmarshal([]byte(out), &found))
	if want := []string{"/etc/one", "/etc/secret", "/home/demo/three"}; !slices.Equal(found.Names, want) || found.All != 4 {
		t.Errorf("%d changed, the first %q; want 4, %q", found.All, found.Names, want)
	}
	if found.Plan == "" || found.Hopeless != "" {
		t.Errorf("a plan %q, and no hope because of %q", found.Plan, found.Hopeless)
	}
}
