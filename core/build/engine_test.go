package build

import (
	"context"
	"strings"
	"testing"

	"antix-remaster/core/sys"
)

func TestFindEngine(t *testing.T) {
	e := realEngine(t)
	if !sys.IsProgram(e.Path) || !strings.HasPrefix(e.Path, "/") {
		t.Errorf("path %q", e.Path)
	}
	// Some versions exit 1 after printing it.
	text, _ := sys.Output(t.Context(), e.Path, "-version")
	if first, _, _ := strings.Cut(text, "\n"); !strings.HasPrefix(first, "mksquashfs version "+e.Version()) {
		t.Errorf("%q is said to be version %s", first, e.Version())
	}
}

// realEngine is the installed program.
func realEngine(t testing.TB) Engine {
	t.Helper()
	e, err := FindEngine(context.Background())
	if err != nil {
		t.Fatalf("this test needs squashfs-tools: %v", err)
	}
	return e
}

func TestEngineKnows(t *testing.T) {
	const old, zstd = "xz gzip lz4", "xz gzip lz4 zstd"
	for _, c := range []struct {
		Engine
		knows      string
		percentage bool
		version    string
	}{
		{Engine{}, "", false, "0.0"},
		{Engine{Major: 4, Minor: 2}, "", false, "4.2"},
		{Engine{Major: 4, Minor: 3}, old, false, "4.3"},
		{Engine{Major: 4, Minor: 4}, zstd, false, "4.4"},
		{Engine{Major: 4, Minor: 5}, zstd, false, "4.5"},
		{Engine{Major: 4, Minor: 6}, zstd, true, "4.6"},
		{Engine{Major: 4, Minor: 10}, zstd, true, "4.10"},
		{Engine{Major: 5, Minor: 0}, zstd, true, "5.0"},
		{Engine{Major: 3, Minor: 9}, "", false, "3.9"},
	} {
		var knows []string
		for _, name := range []string{"xz", "gzip", "lz4", "zstd"} {
			if c.Knows(name) {
				knows = append(knows, name)
			}
		}
		if strings.Join(knows, " ") != c.knows || c.Engine.percentage() != c.percentage || c.Version() != c.version {
			t.Errorf("%s: knows %q, percentage %v, want %+v", c.Version(), knows, c.Engine.percentage(), c)
		}
	}
}
