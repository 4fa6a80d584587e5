package estimate

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/squashfs"
)

// TestOldImage: of an image with a few changes only these are measured.
func TestOldImage(t *testing.T) {
	dir, rnd := zoo(t), rand.New(rand.NewPCG(3, 4))
	for _, compressor := range []string{"zstd", "lz4"} {
		image, _ := truth(t, dir, compressor)
		raw, err := os.ReadFile(image)
		check(t, err)
		old, err := ReadOld(t.Context(), bytes.NewReader(raw))
		check(t, err)
		put(t, dir+"/usr/lib/lib03.so", prose(rnd, 800_000))
		put(t, dir+"/home/user/new.txt", prose(rnd, 500_000))
		put(t, dir+"/home/user/again.txt", raw[:0])
		check(t, os.RemoveAll(dir+"/usr/share/doc/p03"))
		_, size := truth(t, dir, compressor)
		in := input(t, dir, compressor)
		in.Old = old
		s := last(t, Start(t.Context(), in))
		near(t, compressor, s.Rows[0], size, 0.004)
		if n := s.Rows[0].Blocks; n > 8 {
			t.Errorf("%s: %d blocks were packed for two files", compressor, n)
		}
	}
}

// TestLargeChange: one large new file in a small part of a tree that nobody
// changed is gone through in steps that fit into a small folder.
func TestLargeChange(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/a/new", nil)
	put(t, dir+"/z/old", noise(rnd, 200<<20))
	image, _ := truth(t, dir, "lz4")
	f, err := os.Open(image)
	check(t, err)
	defer f.Close()
	in := input(t, dir, "lz4")
	in.Old, err = ReadOld(t.Context(), f)
	check(t, err)
	put(t, dir+"/a/new", prose(rnd, 20<<20))
	_, size := truth(t, dir, "lz4")
	check(t, unix.Mount("tmpfs", in.Temp, "tmpfs", 0, "size=16m"))
	defer func() { check(t, unix.Unmount(in.Temp, unix.MNT_DETACH)) }()
	s := last(t, Start(t.Context(), in))
	near(t, "lz4", s.Rows[0], size, 0.002)
	if n := s.Rows[0].Blocks; n != 80 {
		t.Errorf("%d blocks were packed for one of 80", n)
	}
}

// TestOldImageOfAnotherKind: its prices do not hold for another compressor, but
// they tell from the first moment about how large the image will be. In the end
// it is as exact as without it.
func TestOldImageOfAnotherKind(t *testing.T) {
	dir, rnd := zoo(t), rand.New(rand.NewPCG(3, 4))
	image, _ := truth(t, dir, "gzip")
	f, err := os.Open(image)
	check(t, err)
	defer f.Close()
	put(t, dir+"/usr/lib/lib03.so", prose(rnd, 800_000))
	put(t, dir+"/home/user/new.txt", prose(rnd, 500_000))
	for _, compressor := range []string{"zstd", "lz4"} {
		in := input(t, dir, compressor)
		in.Old, err = ReadOld(t.Context(), f)
		check(t, err)
		_, size := truth(t, dir, compressor)
		var s State
		for s = range Start(t.Context(), in).States() {
			if len(s.Rows) > 0 && s.Rows[0].Blocks == 0 {
				if off := float64(s.Rows[0].Estimate)/float64(size) - 1; off < -0.4 || off > 0.4 {
					t.Errorf("%s: %+v before anything was packed, of %d", compressor, s.Rows[0], size)
				}
			}
		}
		near(t, compressor, s.Rows[0], size, 0.004)
	}
}

// TestOldRatio: whatever the blocks of the old image, what its blocks tell of a
// file are its costs there.
func TestOldRatio(t *testing.T) {
	dir := zoo(t)
	for _, block := range []string{"128K", "256K", "1M"} {
		out := filepath.Join(memory(t), "image")
		if msg, err := exec.Command("mksquashfs", dir, out, "-noappend", "-no-progress", "-quiet", "-comp", "gzip", "-b", block).CombinedOutput(); err != nil {
			t.Fatalf("mksquashfs: %v\n%s", err, msg)
		}
		f, err := os.Open(out)
		check(t, err)
		defer f.Close()
		c := NewCensus(64 << 20)
		check(t, build.Each(t.Context(), dir, plan.Rules{}, c.Visit))
		old, err := ReadOld(t.Context(), f)
		check(t, err)
		c.match(old)
		w := &work{c: c, axis: newAxis(c), l: c.lay(all(c)), reader: &blocks{c: c}}
		for _, f := range w.axis.files {
			e := c.entries[f]
			if e.old < 0 {
				t.Fatalf("-b %s: %s is not in the old image", block, c.path(f))
			}
			if _, sparse := c.sparse[f]; sparse {
				continue
			}
			sum := 0.0
			for from := int64(0); from < e.size; from += blockSize {
				to := min(from+blockSize, e.size)
				sum += old.ratio(e.old, from, to) * float64(to-from)
			}
			if want := old.nodes[e.old].stored; math.Abs(sum-want) > 2+want/1e4 {
				t.Errorf("-b %s: the blocks of %s tell of %.0f bytes, not %.0f", block, c.path(f), sum, want)
			}
			if ratio := w.oldRatio(w.reader.at(w.l, f, 0)); strings.HasSuffix(e.name, ".jpg") && e.size > 300_000 && block != "1M" && ratio < 0.98 || strings.HasSuffix(e.name, ".txt") && (ratio < 0.4 || ratio > 0.6) {
				t.Errorf("-b %s: %s shrinks to %.2f", block, c.path(f), ratio)
			}
		}
	}
}

func TestDamagedOldImage(t *testing.T) {
	image, _ := truth(t, zoo(t), "gzip")
	raw, err := os.ReadFile(image)
	check(t, err)
	im, err := squashfs.Open(bytes.NewReader(raw))
	check(t, err)
	for i := im.Super.InodeTable + 2; i < im.Super.InodeTable+4000; i++ {
		raw[i] ^= 0x55
	}
	if _, err := ReadOld(t.Context(), bytes.NewReader(raw)); !errors.Is(err, squashfs.ErrCorrupt) {
		t.Errorf("damage: %v", err)
	}
	if _, err := ReadOld(t.Context(), strings.NewReader("no image")); !errors.Is(err, squashfs.ErrNotSquashfs) {
		t.Errorf("no image: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := ReadOld(ctx, bytes.NewReader(raw)); err == nil {
		t.Error("it went on although it was cancelled")
	}
}
