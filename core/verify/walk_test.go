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
	must(t, os.Link(filepath.Join(dir, "big"), filepath.Join(dir, "hard")))
	for _, inodes := range []int64{8, 3} { // with the root; a few are counted twice
		var all []wire.Progress
		w, err := Walk(t.Context(), dir, inodes, func(p wire.Progress) { all = append(all, p) })
		if want := int64(2*len(big) + 6); err != nil || w.Entries != 8 || w.Bytes != want {
			t.Errorf("%+v, %v", w, err)
		}
		if first, last := all[0], all[len(all)-1]; first != (wire.Progress{Stage: wire.StageWalk, Done: 1, Total: inodes}) || last.Done != inodes || last.Total != inodes {
			t.Errorf("%+v to %+v", first, last)
		}
	}
}

// TestWalkNamesWhatCannotBeRead: a file of /proc that is there and gives an
// error stands for one in a damaged image.
func TestWalkNamesWhatCannotBeRead(t *testing.T) {
	for _, dir := range []string{"/proc/self/attr", "/proc/self/task"} {
		_, err := Walk(t.Context(), dir, 1, func(wire.Progress) {})
		if err == nil || !strings.HasPrefix(err.Error(), `cannot read "/`) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := Walk(t.Context(), "/nowhere", 1, nil); err == nil {
		t.Error("no error")
	}
}

func TestWalkIsCancelled(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "big"), make([]byte, 4*bufSize), 0o644))
	ctx, cancel := context.WithCancel(t.Context())
	reports := 0
	w, err := Walk(ctx, dir, 1, func(wire.Progress) {
		if reports++; reports == 2 { // the first is of the entry, the second of its bytes
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || w.Bytes != bufSize {
		t.Errorf("%+v, %v", w, err)
	}
}
