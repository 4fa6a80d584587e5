package estimate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
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
		in := input(t, dir, compressor)
		in.Old = old
		if s := last(t, Start(t.Context(), in)); s.Rows[0].Blocks > 0 || s.Rows[0].Seconds <= 0 {
			t.Errorf("%s: nothing is new, but %+v", compressor, s.Rows[0])
		}
		in.Settle, in.Room = true, 1<<40
		if s := last(t, Start(t.Context(), in)); s.Rows[0].Verdict != Fits || s.Rows[0].Seconds > 0 {
			t.Errorf("%s: for a verdict only time was measured: %+v", compressor, s.Rows[0])
		}
		in.Settle, in.Room = false, -1
		put(t, dir+"/usr/lib/lib03.so", prose(rnd, 800_000))
		put(t, dir+"/home/user/new.txt", prose(rnd, 500_000))
		put(t, dir+"/home/user/again.txt", raw[:0])
		check(t, os.RemoveAll(dir+"/usr/share/doc/p03"))
		_, size := truth(t, dir, compressor)
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

// oldOf is what an image tells that was made with other options than ours.
func oldOf(t *testing.T, dir, compressor, block string) *Old {
	t.Helper()
	f, err := os.Open(squash(t, dir, compressor, block))
	check(t, err)
	defer f.Close()
	old, err := ReadOld(t.Context(), f)
	check(t, err)
	return old
}

// TestOldImageOfAnotherKind: its prices do not hold for another compressor, or
// other blocks, and in the end the estimate is as exact as without it: also of
// blocks with new files and old ones, of files that became directories, of holes,
// and after other choices. On the way no figure is one that cannot be.
func TestOldImageOfAnotherKind(t *testing.T) {
	dir, rnd := zoo(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/opt/thing", prose(rnd, 3_000_000))
	hole, err := os.Create(dir + "/var/holes")
	check(t, err)
	check(t, errors.Join(hole.Truncate(3<<20), hole.Close()))
	put(t, dir+"/var/zeros", make([]byte, 3<<20))
	var olds []*Old
	for _, kind := range [][2]string{{"gzip", "128K"}, {"gzip", "1M"}, {"lz4", "256K"}} {
		olds = append(olds, oldOf(t, dir, kind[0], kind[1]))
	}
	for i := 0; i < 600; i += 3 {
		put(t, fmt.Sprintf("%s/usr/share/doc/p%02d/new.%d", dir, i/40, i), prose(rnd, 100+rnd.IntN(6000)))
	}
	put(t, dir+"/usr/lib/lib03.so", prose(rnd, 800_000))
	check(t, os.Remove(dir+"/opt/thing"))
	put(t, dir+"/opt/thing/inside", prose(rnd, 5000))
	for _, compressor := range []string{"zstd", "lz4"} {
		_, size := truth(t, dir, compressor)
		for _, old := range olds {
			what := fmt.Sprintf("%s in blocks of %d, now %s", old.compressor, old.block, compressor)
			in := input(t, dir, compressor)
			in.Old, in.Choice.Rules = old, plan.Compile([]string{"/home/*", "/usr/share/doc/p1*"})
			s := State{}
			r := Start(t.Context(), in)
			for s = range r.States() {
				if s.Number == 0 && s.Walked {
					r.Choose(Choice{Hows: in.Hows, Room: -1, Number: 1})
				}
				for _, row := range s.Rows {
					if row.Estimate <= 0 || row.Estimate > row.Bound || row.Error < 0 {
						t.Errorf("%s: %+v", what, row)
					}
				}
			}
			near(t, what, s.Rows[0], size, 0.001)
			if !s.Rows[0].Whole || len(s.Inside) < 3 || len(s.Largest) < 3 {
				t.Errorf("%s: %+v", what, s)
			}
		}
	}
}

// TestOldRatio: whatever the blocks of the old image, what its blocks tell of a
// file are its costs there.
func TestOldRatio(t *testing.T) {
	dir := zoo(t)
	for _, block := range []string{"128K", "256K", "1M"} {
		old := oldOf(t, dir, "gzip", block)
		c := NewCensus(64 << 20)
		check(t, build.Each(t.Context(), dir, plan.Rules{}, c.Visit))
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
			if ratio := w.oldRatio(w.reader.at(w.l, f, 0), f); strings.HasSuffix(e.name, ".jpg") && e.size > 300_000 && block != "1M" && ratio < 0.98 || strings.HasSuffix(e.name, ".txt") && (ratio < 0.4 || ratio > 0.6) {
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

// TestZerosInTheOldImage: what takes nothing there takes nothing, and needs no
// block to be packed.
func TestZerosInTheOldImage(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(3, 4))
	put(t, dir+"/zeros", make([]byte, 60<<20))
	put(t, dir+"/half", append(make([]byte, 30<<20), prose(rnd, 2<<20)...))
	for i := range 30 {
		put(t, fmt.Sprintf("%s/d/%d", dir, i), prose(rnd, 200_000))
	}
	old := oldOf(t, dir, "gzip", "256K")
	put(t, dir+"/new", prose(rnd, 900_000))
	_, size := truth(t, dir, "zstd")
	in := input(t, dir, "zstd")
	in.Old = old
	s := last(t, Start(t.Context(), in))
	near(t, "zstd", s.Rows[0], size, 0.004)
	if n := s.Rows[0].Blocks; n > 50 {
		t.Errorf("%d blocks were packed of about 42 with data", n)
	}
}
