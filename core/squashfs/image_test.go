package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pack runs mksquashfs on dir. A machine without it cannot prove this package,
// so that is a failure.
func pack(t testing.TB, dir string, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "image")
	args = append([]string{dir, out, "-noappend", "-no-progress", "-quiet", "-all-root"}, args...)
	if msg, err := exec.Command("mksquashfs", args...).CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs %v: %v\n%s", args, err, msg)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// tree makes a directory with every kind of file that this package reads.
// The text has a fixed seed: a failure must be repeatable.
func tree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + rnd.IntN(4))
		}
		return b
	}
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	write(t, dir+"/etc/live/version/linuxfs.ver", []byte("==== 0123\n\ntitle: x\n"))
	write(t, dir+"/empty", nil)
	write(t, dir+"/noise", noise)
	write(t, dir+"/exact", text(64<<10))
	write(t, dir+"/text", text(300_001))
	for i := range 1000 {
		write(t, fmt.Sprintf("%s/big/a name of some considerable length, to fill more than one block of the table %04d", dir, i), text(i%50))
	}
	write(t, dir+"/usr/lib/modules/6.1.0-37-amd64/modules.dep", []byte("dep"))
	link(t, "usr/lib", dir+"/lib")
	link(t, "/usr/../../usr/lib/", dir+"/opt/absolute")
	link(t, "noise", dir+"/tolink")
	link(t, "loop", dir+"/loop")
	link(t, "gone", dir+"/dangling")
	sparse, err := os.Create(dir + "/sparse")
	if err != nil {
		t.Fatal(err)
	}
	defer sparse.Close()
	if _, err := sparse.WriteAt([]byte("end"), 500_000); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadsWhatMksquashfsWrites(t *testing.T) {
	dir := tree(t)
	exe, err := os.Executable() // machine code, for the x86 filter
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/code", code[:min(len(code), 512<<10)])
	for _, args := range [][]string{
		{"-comp", "zstd"}, {"-comp", "zstd", "-b", "4096"}, {"-comp", "zstd", "-b", "1M", "-Xcompression-level", "19"},
		{"-comp", "xz"}, {"-comp", "xz", "-b", "8192"}, {"-comp", "xz", "-Xbcj", "x86", "-b", "1M"},
		{"-comp", "gzip"}, {"-comp", "gzip", "-b", "4096", "-no-fragments"}, {"-comp", "gzip", "-always-use-fragments"},
		{"-comp", "lz4"}, {"-comp", "lz4", "-Xhc", "-b", "64K"},
		{"-comp", "zstd", "-noI"}, {"-comp", "gzip", "-noI", "-noD", "-noF", "-noX"}, {"-comp", "gzip", "-no-exports", "-no-xattrs"},
	} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			raw := pack(t, dir, args...)
			im, err := Open(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if im.Super.Compressor != args[1] || im.Super.BytesUsed > int64(len(raw)) || im.Super.MkfsTime == 0 {
				t.Errorf("superblock: %+v", im.Super)
			}
			compareTrees(t, im, dir)
		})
	}
}

// compareTrees compares every directory and regular file below dir with im.
func compareTrees(t *testing.T, im *Image, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := path[len(dir):]
		switch {
		case d.IsDir():
			want, err := names(path)
			got, err2 := im.ReadDir(rel)
			if err != nil || err2 != nil || !slices.Equal(got, want) {
				t.Errorf("%q: %d names, want %d (%v %v)", rel, len(got), len(want), err, err2)
			}
		case d.Type().IsRegular() && !(strings.HasPrefix(rel, "/big/") && !strings.HasSuffix(rel, "47")):
			want, err := os.ReadFile(path)
			got, err2 := im.ReadFile(rel, int64(len(want)))
			if err != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Errorf("%q: %d bytes, want %d (%v %v)", rel, len(got), len(want), err, err2)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

func TestLinksAndErrors(t *testing.T) {
	im, err := Open(bytes.NewReader(pack(t, tree(t), "-comp", "gzip")))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"lib/modules", "/lib/modules/", "usr/lib/modules", "opt/absolute/modules", "../lib/./modules"} {
		if got, err := im.ReadDir(dir); err != nil || !slices.Equal(got, []string{"6.1.0-37-amd64"}) {
			t.Errorf("ReadDir(%q) = %v, %v", dir, got, err)
		}
	}
	for _, c := range []struct {
		path string
		want error
	}{
		{"gone", fs.ErrNotExist}, {"noise/x", fs.ErrNotExist}, {"dangling/x", fs.ErrNotExist},
		{"etc", fs.ErrInvalid}, {"tolink", fs.ErrInvalid}, {"loop/x", fs.ErrInvalid}, {"", fs.ErrInvalid},
		{"text", ErrTooLarge},
	} {
		if _, err := im.ReadFile(c.path, 100); !errors.Is(err, c.want) {
			t.Errorf("ReadFile(%q): %v, want %v", c.path, err, c.want)
		}
	}
	if _, err := im.ReadDir("noise"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("ReadDir of a file: %v", err)
	}
	if b, err := im.ReadFile("lib/modules/6.1.0-37-amd64/modules.dep", 3); string(b) != "dep" {
		t.Errorf("through a link: %q, %v", b, err)
	}
}

func TestUnsupportedCompressor(t *testing.T) {
	raw := pack(t, tree(t), "-comp", "lzo")
	if s, err := ReadSuper(bytes.NewReader(raw)); err != nil || s.Compressor != "lzo" {
		t.Errorf("ReadSuper = %+v, %v", s, err)
	}
	if _, err := Open(bytes.NewReader(raw)); !errors.Is(err, ErrCompressor) {
		t.Errorf("Open: %v, want ErrCompressor", err)
	}
}

// countingReader counts how often and how much is read.
type countingReader struct {
	r            *bytes.Reader
	reads, bytes int
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	c.reads++
	c.bytes += len(b)
	return c.r.ReadAt(b, at)
}

func TestLookupTouchesLittle(t *testing.T) {
	raw := pack(t, tree(t), "-comp", "zstd")
	r := &countingReader{r: bytes.NewReader(raw)}
	im, err := Open(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := im.ReadFile("etc/live/version/linuxfs.ver", 1<<20); err != nil {
		t.Fatal(err)
	}
	if r.reads > 40 || r.bytes > 256<<10 {
		t.Errorf("%d reads, %d bytes", r.reads, r.bytes)
	}
}
