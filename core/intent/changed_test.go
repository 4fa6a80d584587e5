package intent

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/live"
)

// upper is the upper layer of a union.
type upper struct {
	t   *testing.T
	dir string
}

func (u upper) put(names ...string) {
	u.t.Helper()
	for _, name := range names {
		path := filepath.Join(u.dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && !strings.HasSuffix(name, "/") {
			err = os.WriteFile(path, nil, 0o644)
		} else if err == nil {
			err = os.MkdirAll(path, 0o755)
		}
		if err != nil {
			u.t.Fatal(err)
		}
	}
}

// intent is a wish on a system with this upper layer.
func (u upper) intent(unionType, home string) Intent {
	return of(u.t, stick(func(f *live.Facts) { f.Union = live.Union{Type: unionType, Upper: u.dir} }), home)
}

// now is a moment between what was done and what will be: the clock of a file
// system is a coarse one.
func now() time.Time {
	time.Sleep(30 * time.Millisecond)
	t := time.Now()
	time.Sleep(30 * time.Millisecond)
	return t
}

func TestChangedSince(t *testing.T) {
	u := upper{t, t.TempDir()}
	u.put("etc/before", "etc/touched", "etc/moved", "etc/backdated", "home/demo/before")
	since := now()
	u.put("etc/after", "etc/empty/", "home/demo/after", "home/demo/.wh.gone", "tmp/after", "var/log/after", "var/log/samba/after", "root/.bash_history")
	for _, err := range []error{
		os.Chmod(filepath.Join(u.dir, "etc/touched"), 0o600),
		os.Rename(filepath.Join(u.dir, "etc/moved"), filepath.Join(u.dir, "etc/renamed")),
		os.Chtimes(filepath.Join(u.dir, "etc/backdated"), time.Unix(1, 0), time.Unix(1, 0)),
		os.Symlink("after", filepath.Join(u.dir, "etc/link")),
		unix.Mknod(filepath.Join(u.dir, "etc/deleted"), unix.S_IFCHR, 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inEtc := []string{"/etc/after", "/etc/backdated", "/etc/link", "/etc/renamed", "/etc/touched"}
	for name, c := range map[string]struct {
		i     Intent
		since time.Time
		limit int
		want  []string
		all   int
	}{
		"overlay":    {u.intent("overlay", "keep"), since, 99, append(inEtc, "/home/demo/.wh.gone", "/home/demo/after"), 7},
		"aufs":       {u.intent("aufs", "keep"), since, 99, append(inEtc, "/home/demo/after"), 6},
		"no home":    {u.intent("overlay", "leave"), since, 99, inEtc, 5},
		"only a few": {u.intent("overlay", "leave"), since, 2, inEtc[:2], 5},
		"only a sum": {u.intent("overlay", "leave"), since, 0, nil, 5},
		"all later":  {u.intent("overlay", "keep"), now(), 99, nil, 0},
		"no upper":   {upper{t, ""}.intent("overlay", "keep"), since, 99, nil, 0},
		"not there":  {upper{t, u.dir + "/none"}.intent("overlay", "keep"), since, 99, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, all := c.i.ChangedSince(t.Context(), c.since, c.limit)
			if !slices.Equal(got, c.want) || all != c.all {
				t.Errorf("%d: %q, want %d: %q", all, got, c.all, c.want)
			}
		})
	}
}

// TestChangedSinceUnprivileged: what others keep to themselves is left out.
func TestChangedSinceUnprivileged(t *testing.T) {
	dir, err := os.MkdirTemp("", "upper-") // that of the test is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	u := upper{t, dir}
	since := now()
	u.put("etc/open", "root/closed/x", "usr/open")
	for path, mode := range map[string]os.FileMode{"": 0o755, "root/closed": 0o700, "etc/open": 0o600} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		names []string
		all   int
	}
	got := make(chan answer)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with what it gave up
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
		}
		names, all := u.intent("overlay", "keep").ChangedSince(t.Context(), since, 99)
		got <- answer{names, all}
	}()
	if a, want := <-got, []string{"/etc/open", "/usr/open"}; !slices.Equal(a.names, want) || a.all != len(want) {
		t.Errorf("%d: %q, want %q", a.all, a.names, want)
	}
}
