package estimate

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"antix-remaster/core/build"
)

// tree has files of every kind that a sample looks at.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 60 {
		text := make([]byte, smallest)
		for at := range text {
			text[at] = byte(at*i) ^ byte(at>>7)
		}
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i%26))+string(rune('0'+i/26))), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPace(t *testing.T) {
	e, err := build.FindEngine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := tree(t)
	for _, c := range []string{"zstd", "gzip", "lz4", "xz"} {
		speed, err := Pace(t.Context(), e, dir, How{Compressor: c, Processors: 2})
		if err != nil || speed <= 0 {
			t.Errorf("%s: %v, %v", c, speed, err)
		}
	}
	if _, err := Pace(t.Context(), e, t.TempDir(), How{Compressor: "zstd"}); err == nil {
		t.Error("a speed of nothing")
	}
	if _, err := Pace(t.Context(), e, dir, How{Compressor: "none"}); err == nil {
		t.Error("a speed of a compressor that is none")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Pace(ctx, e, dir, How{Compressor: "xz"}); err == nil {
		t.Error("a speed although it was cancelled")
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "antix-remaster-pace-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestSample takes no secrets and no more than it should.
func TestSample(t *testing.T) {
	dir := tree(t)
	secret := filepath.Join(dir, "a0")
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	files, size := sample(dir)
	if len(files) != 59/every || size != int64(len(files))*smallest {
		t.Errorf("%d files, %d bytes", len(files), size)
	}
	for _, f := range files {
		if f == secret {
			t.Error("it reads what is not for everybody")
		}
	}
}
