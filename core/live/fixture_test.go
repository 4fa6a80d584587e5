package live

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// fixture lays out a txtar archive of testdata below a new directory. Its
// comment may hold what an archive cannot:
//
//	link PATH TARGET
//	dir PATH
//	image PATH ID RELEASE      a linuxfs with that version id and kernel modules
//	truncated PATH ID RELEASE  the beginning of one
//	vmlinuz PATH RELEASE       a bzImage as far as its version string
func fixture(t testing.TB, name string) string {
	t.Helper()
	comment, files := archive(t, filepath.Join("testdata", name+".txtar"))
	root := t.TempDir()
	for line := range strings.Lines(comment) {
		w := strings.Fields(line)
		switch {
		case len(w) == 3 && w[0] == "link":
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, w[1])), 0o755))
			must(t, os.Symlink(w[2], filepath.Join(root, w[1])))
		case len(w) == 2 && w[0] == "dir":
			must(t, os.MkdirAll(filepath.Join(root, w[1]), 0o755))
		case len(w) == 4 && w[0] == "image":
			put(t, root, w[1], image(t, w[2], w[3]))
		case len(w) == 4 && w[0] == "truncated":
			put(t, root, w[1], image(t, w[2], w[3])[:300])
		case len(w) == 3 && w[0] == "vmlinuz":
			put(t, root, w[1], bzImage(w[2]))
		}
	}
	for name, text := range files {
		put(t, root, name, []byte(text))
	}
	return root
}

// archive reads the txtar format: a comment, then files after "-- NAME --".
func archive(t testing.TB, name string) (comment string, files map[string]string) {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	at, files := "", map[string]string{}
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(n, " --\n") {
			at = strings.TrimSuffix(n, " --\n")
			line = ""
		}
		files[at] += line
	}
	comment = files[""]
	delete(files, "")
	return comment, files
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, root, name string, data []byte) {
	t.Helper()
	name = filepath.Join(root, name)
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, data, 0o644))
}

var images sync.Map // by id and release: packing takes longer than all the rest

// image packs a linuxfs. lib is a link, as in a real merged-usr system.
func image(t testing.TB, id, release string) []byte {
	t.Helper()
	if b, ok := images.Load(id + release); ok {
		return b.([]byte)
	}
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "linuxfs")
	put(t, dir, "etc/live/version/linuxfs.ver", fmt.Appendf(nil,
		"==== 00\n\ntitle: first\n==== %s\n\ntitle: packed\ncreation date: 1 May 2026\nkernel: Linux %s\n", id, release))
	put(t, dir, "usr/lib/modules/"+release+"/modules.dep", nil)
	must(t, os.Symlink("usr/lib", filepath.Join(dir, "lib")))
	cmd := exec.Command("mksquashfs", dir, out, "-noappend", "-quiet", "-no-progress", "-all-root", "-comp", "zstd")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs: %v\n%s", err, msg)
	}
	b, err := os.ReadFile(out)
	must(t, err)
	images.Store(id+release, b)
	return b
}

// bzImage makes the beginning of a kernel of that release.
func bzImage(release string) []byte {
	b := make([]byte, 0x3000)
	copy(b[0x1fe:], "\x55\xaa")
	copy(b[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(b[0x20e:], 0x2000)
	copy(b[0x2200:], release+" (builder@example) #1 SMP")
	return b
}

// steady replaces what differs from one run or machine to the next.
func steady(f *Facts) {
	if f.Boot.Total > 0 {
		f.Boot.Total, f.Boot.Free = 1, 1
	}
	if f.Loader.Total > 0 {
		f.Loader.Total, f.Loader.Free = 1, 1
	}
	if a := f.Persistence.Annex; a != nil && a.Total > 0 {
		a.Total = 1
	}
	for _, v := range []*Version{f.Running, f.Default, f.Armed} {
		if v != nil && v.Inode != 0 && v.MTime != 0 {
			v.Inode, v.MTime = 1, 1
		}
		if v != nil && v.Head != "" {
			v.Head = "of the image"
		}
		if v != nil && v.Size > 1 {
			v.Size = 1
		}
		if v != nil && v.BytesUsed > 1 {
			v.BytesUsed = 1
		}
		if v != nil && strings.HasPrefix(v.Problem, "the image is truncated:") {
			v.Problem = "the image is truncated"
		}
	}
	for i := range f.Leftovers {
		if f.Leftovers[i].Size > 1000 {
			f.Leftovers[i].Size = 1000
		}
	}
}

func TestFactsOfFixtures(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 15 {
		t.Fatalf("fixtures: %v, %v", archives, err)
	}
	for _, a := range archives {
		name := strings.TrimSuffix(filepath.Base(a), ".txtar")
		t.Run(name, func(t *testing.T) {
			f, err := Read(context.Background(), fixture(t, name))
			must(t, err)
			steady(&f)
			got, err := json.MarshalIndent(struct {
				Facts    Facts
				NextBoot Outcome
			}{f, f.NextBoot()}, "", "  ")
			must(t, err)
			golden := filepath.Join("testdata", name+".json")
			if *update {
				must(t, os.WriteFile(golden, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			must(t, err)
			if string(got)+"\n" != string(want) {
				t.Errorf("differs from %s (see the difference with -update and git diff):\n%s", golden, got)
			}
		})
	}
}
