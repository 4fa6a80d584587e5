package sys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Both ways to open below a directory refuse the same.
func TestOpenBelow(t *testing.T) {
	path, _ := zoo(t)
	must(t, os.WriteFile(path+"/dir/inner", []byte("in"), 0o644))
	d, err := OpenDir(path)
	must(t, err)
	defer d.Close()
	for rel, want := range map[string]error{"file": nil, "dir/inner": nil, "none": fs.ErrNotExist, "dir/none": fs.ErrNotExist, "file/x": errAny, "dir": ErrUnsafe,
		"fifo": ErrUnsafe, "null": ErrUnsafe, "socket": errAny, "link": errAny, "linkdir/inner": errAny, "out": errAny, "outdir/secret": errAny, "../outside/secret": errAny, "/etc/passwd": errAny, "": errAny} {
		for name, open := range map[string]func(string) (*os.File, error){"OpenBelow": d.OpenBelow, "openByParts": d.openByParts} {
			f, err := open(rel)
			if f != nil {
				f.Close()
			}
			if (err == nil) != (want == nil) || want != nil && want != errAny && !errors.Is(err, want) {
				t.Errorf("%s(%q): %v, want %v", name, rel, err, want)
			}
		}
	}
}

var errAny = errors.New("any")

func TestExtents(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	must(t, err)
	defer f.Close()
	must(t, f.Truncate(64<<20))
	data := bytes.Repeat([]byte("x"), 4096)
	for _, at := range []int64{8 << 20, 32 << 20} {
		_, err := f.WriteAt(data, at)
		must(t, err)
	}
	got := Extents(f, 64<<20, 100)
	if len(got) != 2 || got[0] != (Extent{8 << 20, 8<<20 + 4096}) || got[1].From != 32<<20 {
		t.Errorf("%v", got)
	}
	if got := Extents(f, 64<<20, 1); len(got) != 1 || got[0] != (Extent{8 << 20, 64 << 20}) {
		t.Errorf("limited: %v", got)
	}
}

func TestCPU(t *testing.T) {
	before, end := CPUTime(), time.Now().Add(50*time.Millisecond)
	Calm(func() {
		for time.Now().Before(end) {
		}
	})
	if CPUTime() == before {
		t.Error("no time was used")
	}
	path, err := Program("sh")
	must(t, err)
	p, err := Start(Spec{Path: path, Args: []string{"-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"}})
	must(t, err)
	if used := p.CPU(); used <= 0 || used > time.Minute {
		t.Errorf("%v", used)
	}
	if n := p.Pages(); n < 10 || n > 1<<20 {
		t.Errorf("%d pages", n)
	}
	if c := PageCost(256 << 10); c <= 0 || c > time.Second {
		t.Errorf("a page takes %v", c)
	}
}
