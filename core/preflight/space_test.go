package preflight

import (
	"strings"
	"testing"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

const mib = 1 << 20

// The rules of the antiX documentation, by hand.
func TestBound(t *testing.T) {
	for name, c := range map[string]struct {
		scan, upper build.Scan
		old         int64 // size of the old linuxfs; -1: none
		compressor  string
		want        int64
	}{
		"nothing at all":   {build.Scan{}, build.Scan{}, -1, "xz", 11 * mib},                                                     // 1.1 * 10
		"whole":            {build.Scan{Bytes: 1000 * mib}, build.Scan{}, 0, "xz", 506 * mib},                                    // 1.1 * (450 + 10)
		"whole, zstd":      {build.Scan{Bytes: 1000 * mib}, build.Scan{}, 0, "zstd", 506 * mib},                                  // the same
		"whole, lz4":       {build.Scan{Bytes: 1000 * mib}, build.Scan{}, 0, "lz4", 671 * mib},                                   // 1.1 * (600 + 10)
		"media in full":    {build.Scan{Bytes: 1000 * mib, Media: 540 * mib}, build.Scan{}, 0, "gzip", 1100 * mib},               // 1.1 * (450 + 540 + 10)
		"grown":            {build.Scan{Bytes: 100 * mib}, build.Scan{Bytes: 200 * mib}, 900 * mib, "xz", 1000 * mib},            // 900 + 90 + 10
		"grown, lz4":       {build.Scan{Bytes: 100 * mib}, build.Scan{Bytes: 200 * mib}, 900 * mib, "lz4", 1030 * mib},           // 900 + 120 + 10
		"grown by media":   {build.Scan{}, build.Scan{Bytes: 200 * mib, Media: 70 * mib}, 900 * mib, "xz", 1070 * mib},           // 900 + 90 + 70 + 10
		"whole is more":    {build.Scan{Bytes: 4000 * mib}, build.Scan{Bytes: 10 * mib}, 900 * mib, "xz", 1991 * mib},            // 1.1 * (1800 + 10)
		"the rest is not":  {build.Scan{Entries: 9, Home: 9 << 40, Read: 9 << 40}, build.Scan{Home: 9 << 40}, 0, "xz", 11 * mib}, // only what is packed, once
		"beyond 32 bits":   {build.Scan{Media: 9990 * mib}, build.Scan{}, 0, "xz", 11000 * mib},
		"grown of nothing": {build.Scan{}, build.Scan{Media: 5 * mib}, -1, "xz", 15 * mib},
	} {
		in := good(t)
		in.Plan.Compressor = c.compressor
		in.Measured.Scan, in.Measured.Upper = c.scan, c.upper
		in.Facts.Default = &live.Version{Size: c.old}
		if c.old < 0 {
			in.Facts.Default = nil
		}
		// A byte or two are the fractions of the factors.
		if got := Bound(in); got < c.want-2 || got > c.want+2 {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// What was sampled counts, whatever a rule says; what is certain bounds a rule.
func TestBoundOfSamples(t *testing.T) {
	for _, c := range []struct{ bound, most, want int64 }{
		{0, 0, 506 * mib}, {300 * mib, 0, 300 * mib}, {700 * mib, 0, 700 * mib}, {700 * mib, 400 * mib, 700 * mib}, {0, 400 * mib, 400 * mib}, {0, 2000 * mib, 506 * mib},
	} {
		in := good(t)
		in.Plan.Compressor, in.Facts.Default = "xz", nil
		in.Measured.Scan, in.Measured.Upper = build.Scan{Bytes: 1000 * mib}, build.Scan{}
		in.Measured.Bound, in.Measured.Most = c.bound, c.most
		if got := Bound(in); got < c.want-2 || got > c.want+2 {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		free, reserved, copies int64
		fat                    bool
		want                   int64
	}{
		{0, 0, 0, false, -16 * mib},
		{16 * mib, 0, 0, false, 0},
		{1000 * mib, 0, 0, false, 984 * mib},
		{1000 * mib, 200 * mib, 0, false, 784 * mib}, // of a sparse rootfs
		{1000 * mib, 200 * mib, 84 * mib, false, 700 * mib},
		{100 << 30, 200 << 30, 0, false, -100<<30 - 16*mib},
		{100 << 30, 0, 0, false, 100<<30 - 16*mib},
		{100 << 30, 0, 0, true, 4<<30 - 1}, // no longer file there
		{1000 * mib, 0, 0, true, 984 * mib},
	} {
		in := good(t)
		in.Plan.FAT = c.fat
		in.Measured.Free, in.Measured.Reserved, in.Measured.CopyBytes = c.free, c.reserved, c.copies
		if got := Room(in); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// bounded makes the bound exactly that many bytes, by the size of the old
// linuxfs, which is not multiplied.
func bounded(in *Input, bound int64) {
	in.Measured.Scan, in.Measured.Upper = build.Scan{}, build.Scan{}
	in.Facts.Default.Size = bound - 10*mib
	in.Facts.Default.BytesUsed = in.Facts.Default.Size
}

// Every limit, to the byte.
func TestSpaceEdges(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		bound, free int64 // free: for the image, if its file system knew no limit
		fat         bool
		want        string
	}{
		{4*gib - 1 - 100*mib, 8 * gib, true, ""},
		{4 * gib, 8 * gib, true, "stop fat_limit 4.0 GiB"},
		{4 * gib, 8 * gib, false, ""},
		{4 * gib, 3 * gib, true, "stop fat_limit 4.0 GiB"}, // more space would not help
		{3 * gib, 2 * gib, true, "stop no_space 3.0 GiB|2.0 GiB|/dev/sdb1|1.0 GiB"},
		{gib, gib, false, "warn tight_space 0 B"},
		{gib + 1, gib, false, "stop no_space 1.0 GiB|1.0 GiB|/dev/sdb1|1 B"},
		{gib, gib + 100*mib - 1, false, "warn tight_space 100 MiB"},
		{gib, gib + 100*mib, false, ""},
		{gib, -5, false, "stop no_space 1.0 GiB|0 B|/dev/sdb1|1.0 GiB"},
	} {
		in := good(t)
		bounded(&in, c.bound)
		in.Plan.FAT = c.fat
		in.Measured.Reserved, in.Measured.CopyBytes = 3*mib, 5*mib
		in.Measured.Free = c.free + 24*mib
		if got := said(Run(in)); got != c.want || Bound(in) != c.bound {
			t.Errorf("%+v: bound %d, room %d: %s", c, Bound(in), Room(in), got)
		}
	}
}

// 4 GiB - 1 is the longest file of FAT.
func TestFATLimit(t *testing.T) {
	for bound, stops := range map[int64]bool{1<<32 - 1: false, 1 << 32: true} {
		in := good(t)
		bounded(&in, bound)
		in.Plan.FAT = true
		if stop := FirstStop(Run(in)); (stop != nil) != stops || stops && stop.Code != wire.FATLimit {
			t.Errorf("%d bytes: %+v", bound, stop)
		}
	}
}

// What a sparse rootfs may still claim is not there for the image.
func TestSparseReserve(t *testing.T) {
	in := good(t)
	in.Measured.Reserved = in.Measured.Free
	if got := said(Run(in)); !strings.HasPrefix(got, "stop no_space ") {
		t.Error(got)
	}
}
