package preflight

import (
	"antix-remaster/core/wire"
)

// MaxOnFAT is the size in bytes of the largest file that FAT can hold.
const MaxOnFAT = 1<<32 - 1

const (
	reserve  = 16 << 20 // state and random seed are written at shutdown (contract §8)
	overhead = 10 << 20
	tight    = 100 << 20
)

// ratio is how far the files of a system shrink, by the rule of the antiX
// documentation; lz4 shrinks them less.
func ratio(compressor string) float64 {
	if compressor == "lz4" {
		return 0.60
	}
	return 0.45
}

// Bound is what the image will not exceed, in bytes: by samples of it where
// there are some, else by a rule.
func Bound(in Input) int64 {
	switch m := in.Measured; {
	case m.Bound > 0:
		return m.Bound
	case m.Most > 0:
		return min(crude(in), m.Most)
	}
	return crude(in)
}

// crude is the higher of the two rules of the antiX documentation: the whole
// system times 0.45 plus 10 MB and 10 %, or the old linuxfs and what was added
// to it. Files that do not shrink count in full.
func crude(in Input) int64 {
	m, r := in.Measured, ratio(in.Plan.Compressor)
	whole := int64(1.1 * (float64(m.Scan.Bytes)*r + float64(m.Scan.Media) + overhead))
	grown := int64(float64(m.Upper.Bytes)*r) + m.Upper.Media + overhead
	if in.Facts.Default != nil {
		grown += in.Facts.Default.Size
	}
	return max(whole, grown)
}

// Room is how many bytes the new image may have on the medium.
func Room(in Input) int64 {
	if in.Plan.FAT {
		return min(free(in), MaxOnFAT)
	}
	return free(in)
}

// free is what the medium has for the new image.
func free(in Input) int64 {
	m := in.Measured
	return m.Free - m.Reserved - m.CopyBytes - reserve
}

func space(in Input) []wire.Check {
	if in.Measured == nil {
		return nil
	}
	bound, room := Bound(in), Room(in)
	switch {
	case in.Plan.FAT && bound > MaxOnFAT:
		return one(wire.Stop, wire.FATLimit, bytes(bound))
	case bound > room:
		return one(wire.Stop, wire.NoSpace, bytes(bound), bytes(room), in.Facts.Boot.Device, bytes(bound-room))
	case free(in)-bound < tight:
		return one(wire.Warn, wire.TightSpace, bytes(free(in)-bound))
	}
	return nil
}
