package verify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/wire"
)

func TestWalkReadsAll(t *testing.T) {
	dir := t.TempDir()
	big := strings.Repeat("x", 3*bufSize+7)
	for name, text := range map[string]string{"a/b/c": "12345", "a/empty": "", "big": big, "odd\nname": "7"} {
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	must(t, os.Symlink("nowhere", filepath.Join(dir, "link")))
	var last wire.Progress
	w, err := Walk(t.Context(), dir, func(p wire.Progress) { last = p })
	if want := int64(len(big) + 6); err != nil || w.Entries != 7 || w.Bytes != want || last.Done != want || last.Stage != wire.StageWalk {
		t.Errorf("%+v, %v, %+v", w, err, last)
	}
}

// TestWalkNamesWhatCannotBeRead: a file of /proc that is there and gives an
// error stands for one in a damaged image.
func TestWalkNamesWhatCannotBeRead(t *testing.T) {
	for _, dir := range []string{"/proc/self/attr", "/proc/self/task"} {
		_, err := Walk(t.Context(), dir, func(wire.Progress) {})
		if err == nil || !strings.HasPrefix(err.Error(), `cannot read "/`) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := Walk(t.Context(), "/nowhere", nil); err == nil {
		t.Error("no error")
	}
}

func TestWalkIsCancelled(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "big"), make([]byte, 4*bufSize), 0o644))
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Walk(ctx, dir, func(wire.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) || w.Bytes != bufSize {
		t.Errorf("%+v, %v", w, err)
	}
}
