package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memDir is a directory in memory that every user may enter.
func memDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "build")
	if err != nil {
		t.Fatalf("these tests need a tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}

// put writes entries of a name and a text: NAME/ is a directory; the text
// @TARGET makes a link, =OTHER a hard link of OTHER, any other a file.
func put(t testing.TB, dir string, names ...[2]string) {
	t.Helper()
	for _, n := range names {
		name, text := filepath.Join(dir, n[0]), n[1]
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		switch {
		case strings.HasSuffix(n[0], "/"):
			must(t, os.MkdirAll(name, 0o755))
		case strings.HasPrefix(text, "@"):
			must(t, os.Symlink(text[1:], name))
		case strings.HasPrefix(text, "="):
			must(t, os.Link(filepath.Join(dir, text[1:]), name))
		default:
			must(t, os.WriteFile(name, []byte(text), 0o644))
		}
	}
}
