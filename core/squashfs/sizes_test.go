package squashfs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSizes adds up the same tree by another way.
func TestSizes(t *testing.T) {
	dir := tree(t)
	for i := range 3 { // three names of one file count once
		if err := os.Link(dir+"/noise", filepath.Join(dir, "big", "link"+strings.Repeat("k", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir+"/nothing", 0o755); err != nil {
		t.Fatal(err)
	}
	want := sizesOf(t, dir)
	for _, args := range [][]string{{"-comp", "zstd"}, {"-comp", "xz", "-b", "8192"}, {"-comp", "gzip", "-noI"}, {"-comp", "lz4", "-no-fragments"}} {
		im, err := Open(bytes.NewReader(pack(t, dir, args...)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := im.Sizes(t.Context())
		// Which of the names of a file comes first is not said.
		linked := int64(70_000)
		if got["big"] == want["big"]+linked {
			got["big"], got[""] = got["big"]-linked, got[""]+linked
		}
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%v: %v, %v, want %v", args, got, err, want)
		}
	}
}

func sizesOf(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		top, _, below := strings.Cut(rel, "/")
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel != "." && !below:
			sizes[top] += 0
		case d.Type().IsRegular() && strings.HasPrefix(rel, "big/link"): // counted as /noise
		case d.Type().IsRegular() && below:
			sizes[top] += info.Size()
		case d.Type().IsRegular():
			sizes[""] += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sizes
}

func TestSizesEnds(t *testing.T) {
	im, err := Open(bytes.NewReader(small(t)[0]))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := im.Sizes(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
