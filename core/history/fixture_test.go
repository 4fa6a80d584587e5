package history

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"antix-remaster/core/live"
)

const kernel = "6.1.0-37-amd64"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// content is what an image holds.
type content struct {
	id, title, machine string
	release            string // of its modules; "" is that of the stick's kernel
	files              map[string]string
	args               []string // of mksquashfs
}

var images sync.Map // packing takes longer than all the rest

// image packs a linuxfs.
func image(t testing.TB, c content) []byte {
	t.Helper()
	key := fmt.Sprint(c)
	if b, ok := images.Load(key); ok {
		return b.([]byte)
	}
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "linuxfs")
	if c.release == "" {
		c.release = kernel
	}
	if c.id != "" {
		put(t, filepath.Join(dir, "etc/live/version/linuxfs.ver"), fmt.Sprintf(
			"==== %s\n\ntitle: %s\ncreation date: 1 May 2026\nkernel: Linux %s\nmachine: %s\n", c.id, c.title, c.release, c.machine))
	}
	put(t, filepath.Join(dir, "lib/modules", c.release, "modules.dep"), "")
	for name, text := range c.files {
		put(t, filepath.Join(dir, name), text)
	}
	if c.args == nil {
		c.args = []string{"-comp", "zstd", "-Xcompression-level", "1"}
	}
	cmd := exec.Command("mksquashfs", append([]string{dir, out, "-noappend", "-quiet", "-no-progress", "-all-root", "-nopad"}, c.args...)...)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs: %v\n%s", err, msg)
	}
	b, err := os.ReadFile(out)
	must(t, err)
	images.Store(key, b)
	return b
}

func put(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(text), 0o644))
}

// stick is a directory of a linuxfs below a root.
type stick struct {
	t    testing.TB
	root string
}

func newStick(t testing.TB) stick {
	s := stick{t, t.TempDir()}
	must(t, os.MkdirAll(s.path(""), 0o755))
	return s
}

func (s stick) path(name string) string { return filepath.Join(s.root, "antiX", name) }

// image puts an image with that id there.
func (s stick) image(name, id string) {
	s.t.Helper()
	put(s.t, s.path(name), string(image(s.t, content{id: id, title: "title of " + id, machine: "x86_64"})))
}

func (s stick) link(name, target string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	must(s.t, os.Symlink(target, s.path(name)))
}

// facts are what live.Read would find out, with the default version running.
func (s stick) facts(name string) live.Facts {
	s.t.Helper()
	f := live.Facts{Live: true, Generation: live.Gen2023, BootKernel: kernel, RunningKernel: kernel,
		Boot: live.Boot{Mountpoint: "/", Device: "/dev/sdx1"}, Plain: live.Image{Dir: "/antiX", Path: "antiX", Name: name}}
	var err error
	f.Entries, err = live.ReadDir(s.root, "/antiX")
	must(s.t, err)
	for n := range f.Entries {
		f.Files = append(f.Files, n)
	}
	slices.Sort(f.Files)
	if _, ok := f.Entries[name]; ok {
		v := live.ReadVersion(s.root, f, "/antiX", name)
		f.Default, f.Running = &v, &v
	}
	f.Image, f.Loader = f.Plain, f.Boot
	return f
}

// lines is a list for people who read tests.
func lines(all []Version) []string {
	var out []string
	for _, v := range all {
		line := fmt.Sprintf("%s %s %s", v.Place, v.State, v.ID)
		if v.Running {
			line += " running"
		}
		if v.Unfit != nil {
			line += " " + string(v.Unfit.Code)
		}
		if len(v.Companions) > 0 {
			line += " +" + strings.Join(v.Companions, "+")
		}
		out = append(out, line)
	}
	return out
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
