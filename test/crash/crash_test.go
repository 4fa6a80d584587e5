// Package crash cuts the power at every write of an action, and looks at what
// is then on the medium.
package crash

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"antix-remaster/test/uml"
	"antix-remaster/test/uml/logwrites"
	"antix-remaster/test/uml/power"
)

var full = os.Getenv("ANTIX_REMASTER_FULL") != ""

var initramfs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "crash-agent-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "initramfs")
	if err := uml.Agent(context.Background(), "antix-remaster/test/uml/agent", filepath.Join(dir, "agent")); err != nil {
		return "", err
	}
	return file, uml.Initramfs(file, filepath.Join(dir, "agent"))
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := initramfs(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stick is an action in a machine of its own.
type stick struct {
	t   *testing.T
	dir string
	job power.Job
	mem string
}

func newStick(t *testing.T, job power.Job) *stick {
	t.Helper()
	if job.Size == 0 {
		job.Size = 300_000
	}
	dir, err := os.MkdirTemp("", "crash-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &stick{t: t, dir: dir, job: job, mem: "128M"}
}

func (s *stick) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stick) sparse(name string, size int64) string {
	s.t.Helper()
	f, err := os.Create(s.path(name))
	must(s.t, err)
	must(s.t, f.Truncate(size))
	must(s.t, f.Close())
	return s.path(name)
}

// format makes the stick: FAT32 needs 65,525 clusters to be one.
func (s *stick) format() {
	s.t.Helper()
	size, args := 40<<20+3*s.job.Size, []string{"mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=4"}
	if s.job.FS == "vfat" {
		size, args = 300<<20+3*s.job.Size, []string{"mkfs.vfat", "-F32", "-s", "8"}
	}
	file := s.sparse("stick.img", size)
	if out, err := exec.Command(args[0], append(args[1:], file)...).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (s *stick) run(kind string, result any, disks ...string) {
	s.t.Helper()
	file, err := initramfs()
	must(s.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	s.job.Kind = kind
	console, err := uml.Machine{Dir: s.dir, Memory: s.mem, Disks: disks, Job: s.job}.Run(ctx, file, result)
	if err != nil {
		s.t.Fatalf("%s %+v: %v\n%s", kind, s.job, err, console)
	}
}

// record does the action. heal begins from what an earlier one left in base.img.
func (s *stick) record() {
	s.t.Helper()
	if s.job.Action == "heal" {
		must(s.t, copyFile(s.path("base.img"), s.path("stick.img")))
	} else {
		s.format()
	}
	var trees power.Trees
	s.run(power.Record, &trees, s.path("stick.img"), s.sparse("log.img", 64<<20+4*s.job.Size))
	if s.job.Action == "heal" {
		s.job.Trees.Done = trees.Done
	} else {
		s.job.Trees = trees
	}
}

// judge looks at the states.
func (s *stick) judge() []power.State {
	s.t.Helper()
	must(s.t, copyFile(s.path("base.img"), s.path("stick.img")))
	var states []power.State
	s.run(power.Judge, &states, s.path("stick.img"), s.path("log.img"), s.sparse("store.img", 128<<20+4*s.job.Size))
	return states
}

func copyFile(from, to string) error {
	out, err := exec.Command("cp", "--sparse=always", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// interrupt makes base.img the state in which a power cut left the stick, part
// of the way through what was recorded.
func (s *stick) interrupt(part float64) {
	s.t.Helper()
	log, err := os.Open(s.path("log.img"))
	must(s.t, err)
	defer log.Close()
	entries, err := logwrites.Read(log)
	must(s.t, err)
	image, err := os.OpenFile(s.path("base.img"), os.O_RDWR, 0)
	must(s.t, err)
	defer image.Close()
	begin := slices.IndexFunc(entries, func(e logwrites.Entry) bool { return e.Name == "begin" })
	done := slices.IndexFunc(entries, func(e logwrites.Entry) bool { return e.Name == "done" })
	for _, e := range entries[:begin+int(part*float64(done-begin))] {
		must(s.t, logwrites.Apply(io.ReaderAt(log), e, image))
	}
}

// key is what is counted apart.
type key struct {
	promise string // "" for all that was tried
	reorder bool
}

// count adds up the states of one file system.
type count struct {
	mu sync.Mutex
	n  map[key]int
}

func newCount() *count { return &count{n: map[key]int{}} }

func (c *count) sum(promise string, inOrder bool) (tried, broken int) {
	return c.n[key{"", !inOrder}], c.n[key{promise, !inOrder}]
}

func (c *count) add(t *testing.T, what string, states []power.State) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	notes, shown := map[string]int{}, 0
	for _, s := range states {
		c.n[key{"", s.Reorder}]++
		for _, promise := range []string{"P1", "P2", "P3", "P4"} {
			if slices.ContainsFunc(s.Broken, func(b string) bool { return strings.HasPrefix(b, promise+" ") }) {
				c.n[key{promise, s.Reorder}]++
				notes[fmt.Sprintf("%s broken, reorder %v", promise, s.Reorder)]++
			}
		}
		for _, n := range s.Notes {
			notes[n]++
		}
		if len(s.Broken) > 0 && shown < 8 {
			shown++
			t.Logf("%s, after %d entries (reorder %v, done %v): %s", what, s.Point, s.Reorder, s.Done, strings.Join(s.Broken, "; "))
		}
	}
	t.Logf("%s: %d states, %v", what, len(states), notes)
}
