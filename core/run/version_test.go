package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/test/superblock"
)

// onStick does something as the helper does it, on a directory with these
// files; it gives what was told.
func onStick(t *testing.T, files map[string]string, do func(context.Context, *station)) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	at, err := sys.OpenDir(dir)
	must(t, err)
	defer at.Close()
	medium, err := publish.Open(at, "", "linuxfs", live.Gen2023, nil)
	must(t, err)
	name := live.Image{Dir: dir, Name: "linuxfs"}
	in, requests := io.Pipe()
	var told bytes.Buffer
	go fmt.Fprintf(requests, "{\"op\":\"hello\",\"protocol\":%d}\n{\"op\":\"keep\"}\n", wire.Protocol)
	must(t, wire.Serve(t.Context(), in, &told, func(ctx context.Context, _ wire.Request, out *wire.Out) (any, error) {
		defer requests.Close()
		do(ctx, &station{facts: live.Facts{Image: name, Plain: name, Generation: live.Gen2023}, dir: at, medium: medium, log: &logFile{}, out: out})
		return nil, nil
	}))
	return told.String()
}

func whole(id string) string {
	text := strings.Repeat("data of "+id, 300)
	return superblock.Of(superblock.Size+int64(len(text))) + text
}

// TestStageLooksFirst: what will be refused is refused before anything is filed.
func TestStageLooksFirst(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       wire.Code
	}{
		"a name that is taken": {"state.new", "mine", wire.NameTaken},
		"a damaged image":      {"archive/0001/linuxfs.bad", "hsqs", wire.ImageDamaged},
		"nothing":              {"other", "", ""},
	} {
		files := map[string]string{"linuxfs": whole("a"), "linuxfs.old": whole("b"), "archive/0001/linuxfs.bad": whole("c"), "archive/0001/state.bad": "s"}
		files[c.file] = c.text
		onStick(t, files, func(ctx context.Context, s *station) {
			v := history.Version{Version: live.Version{Name: "linuxfs.bad"}, State: history.Archived, Archive: "0001", Place: "archive/0001/linuxfs.bad"}
			_, err := s.stage(ctx, v)
			if (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want {
				t.Errorf("%s: %v", name, err)
			}
			if old := s.dir.Exists("linuxfs.old"); old != (err != nil) || s.dir.Exists("linuxfs.new") == old {
				t.Errorf("%s: the previous one is beside: %v", name, old)
			}
		})
	}
}

// TestAside: what was filed for nothing is told of.
func TestAside(t *testing.T) {
	told := onStick(t, nil, func(_ context.Context, s *station) {
		s.aside(nil)
		s.aside([]publish.Filed{{Archive: "archive/0003", Files: []string{"linuxfs.old"}}})
	})
	if strings.Count(told, `"note"`) != 1 || !strings.Contains(told, `"filed_aside","args":["archive/0003"]`) {
		t.Error(told)
	}
}
