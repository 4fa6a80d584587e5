package gui

import (
	"os"
	"path/filepath"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
)

// segmentKind is what a part of the stick is used for.
type segmentKind int

const (
	segSystem segmentKind = iota
	segVersions
	segPersistence
	segOther
	segNew // to come
	segFree
	segChosen // of segVersions
	segOver   // of the new version, what does not fit
	segBarred // free, but not for a new version
)

// segment is one part of the bar.
type segment struct {
	kind  segmentKind
	bytes int64
	over  int64 // of the new version: bytes that do not fit; they are a segment of their own
	soft  int64 // bytes that its end may be off to either side
}

// stickUse tells what the boot device is used for, in the order of the bar.
// What cannot be seen counts as other files. Nil when nothing is known.
func stickUse(f live.Facts) []segment {
	if !f.Boot.Mounted() || f.Boot.Total == 0 {
		return nil
	}
	var use [segFree + 1]int64
	entries, _ := os.ReadDir(f.Plain.Dir)
	for _, e := range entries {
		use[kindOf(e.Name(), f.Plain.Name)] += live.Allocated("", filepath.Join(f.Plain.Dir, e.Name()))
	}
	used := int64(f.Boot.Total) - int64(f.Boot.Free)
	use[segOther] = max(used-use[segSystem]-use[segVersions]-use[segPersistence], 0)
	use[segFree] = int64(f.Boot.Free)
	var out []segment
	for kind, bytes := range use {
		if segmentKind(kind) != segNew {
			out = append(out, segment{kind: segmentKind(kind), bytes: bytes})
		}
	}
	return out
}

// kindOf sorts a name beside the linuxfs.
func kindOf(name, linuxfs string) segmentKind {
	base := name
	for _, end := range []string{".new", ".old", ".bad", ".bak", ".part", ".tmp"} {
		base = strings.TrimSuffix(base, end)
	}
	switch {
	case name == "archive", base == linuxfs && base != name:
		return segVersions
	case name == linuxfs:
		return segSystem
	case base == "rootfs", base == "homefs":
		return segPersistence
	}
	return segOther
}

// roughSize guesses what a new version may take, in bytes, without looking at a
// file: what is packed already, and all that was changed, as if that did not
// shrink. 0 when that is not known.
func roughSize(f live.Facts) int64 {
	if f.Running == nil || f.Running.Size == 0 || f.Union.Upper == "" {
		return 0
	}
	dir, err := os.Open(f.Union.Upper)
	if err != nil {
		return 0
	}
	defer dir.Close()
	space, err := sys.FreeSpace(dir)
	if err != nil {
		return 0
	}
	return f.Running.Size + int64(space.Total-space.Free)
}

// withNew is the stick as it will be, with the new version at its largest.
func withNew(now []segment, bytes int64) []segment {
	return afterwards(now, forecast{size: bytes, room: -1})
}

// forecast is what a new version will take, in bytes.
type forecast struct {
	size, off int64 // about, and how far that may be off
	beside    int64 // of persistence files that belong to it
	room      int64 // that its image may have; negative when that is not known
}

// afterwards is the stick as it will be. What does not fit sticks out at its end.
func afterwards(now []segment, f forecast) []segment {
	var out []segment
	for _, s := range now {
		switch s.kind {
		case segPersistence:
			s.bytes += f.beside
		case segFree:
			free := max(s.bytes-f.beside, 0)
			fits := min(f.size, free)
			if f.room >= 0 {
				fits = min(fits, f.room)
			}
			over := f.size - fits
			fresh := segment{kind: segNew, bytes: fits, over: over, soft: f.off}
			if over > 0 {
				out = append(out, segment{kind: segBarred, bytes: free - fits}, fresh, segment{kind: segOver, bytes: over, soft: f.off})
				continue
			}
			out = append(out, fresh)
			s.bytes = free - fits
		}
		out = append(out, s)
	}
	return out
}

// span is a part of the drawn bar.
type span struct {
	kind     segmentKind
	x, width float64
	soft     float64 // how far its end is blurred to either side
}

// spans lay segments side by side from the left, total bytes in width.
func spans(segments []segment, total int64, width float64) []span {
	var out []span
	at := 0.0
	for _, s := range segments {
		unit := width / float64(max(total, 1))
		one := span{kind: s.kind, x: at, width: unit * float64(s.bytes), soft: unit * float64(s.soft)}
		if at += one.width; s.over > 0 {
			one.soft = 0 // the end is that of what sticks out
		}
		out = append(out, one)
	}
	return out
}

// reach is how far a picture goes: what sticks out ends vaguely.
func reach(segments []segment) int64 {
	total := sum(segments)
	if n := len(segments); n > 0 && segments[n-1].kind == segOver {
		total += segments[n-1].soft
	}
	return total
}

func sum(segments []segment) (total int64) {
	for _, s := range segments {
		total += s.bytes
	}
	return total
}
