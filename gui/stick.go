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
)

// segment is one part of the bar.
type segment struct {
	kind  segmentKind
	bytes int64
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
			out = append(out, segment{segmentKind(kind), bytes})
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
	var out []segment
	for _, s := range now {
		if s.kind == segFree {
			bytes = min(bytes, s.bytes)
			out = append(out, segment{segNew, bytes})
			s.bytes -= bytes
		}
		out = append(out, s)
	}
	return out
}
