package sys

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Only what can be written by shared memory is named, whatever its name.
func TestMapped(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name        string
		prot, flags int
		want        bool
	}{
		{"shared", unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, true},
		{"write only", unix.PROT_WRITE, unix.MAP_SHARED, true},
		{"with  spaces ", unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, true},
		{"new\nline", unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, true},
		{"bad\xff", unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, true},
		{"read only", unix.PROT_READ, unix.MAP_SHARED, false},
		{"private", unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE, false},
	} {
		path := filepath.Join(dir, c.name)
		f := synced(t, path, 4096)
		m, err := unix.Mmap(int(f.Fd()), 0, 4096, c.prot, c.flags)
		must(t, err)
		got := Mapped{"/earlier": true}
		got.AddMapped()
		if got[path] != c.want || !got["/earlier"] {
			t.Errorf("%q: %v, want %v", c.name, got[path], c.want)
		}
		must(t, os.Remove(path))
		removed := Mapped{}
		removed.AddMapped()
		if removed[path] != c.want {
			t.Errorf("%q, removed: %v, want %v", c.name, removed[path], c.want)
		}
		must(t, unix.Munmap(m))
		after := Mapped{}
		after.AddMapped()
		if after[path] {
			t.Errorf("%q is named although it is mapped no more", c.name)
		}
	}
}
