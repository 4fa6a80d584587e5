package estimate

import (
	"math"
)

// Verdict tells whether the image will fit.
type Verdict string

// The verdicts. MayNotFit means that it is not known well enough yet, or that
// it is too close to tell.
const (
	Unknown   Verdict = ""
	Fits      Verdict = "fits"
	FitsNot   Verdict = "does_not_fit"
	MayNotFit Verdict = "may_not_fit"
)

const (
	marginShare = 0.005   // of the estimate
	marginBytes = 4 << 20 // and more
	marginSmall = 0.02    // but in small images no more than this share of it
	marginLeast = 8 << 10 // and a little, for the smallest
	minBlocks   = 40      // to say that it fits
)

// margin is for what the standard error does not know of.
func margin(estimate float64) float64 {
	return marginShare*estimate + min(marginBytes, marginSmall*estimate+marginLeast)
}

// bound is what the image will not be larger than, in 99 of 100 cases; at the
// most what all data and tables take as they are.
func bound(estimate, se float64, degrees int, most int64) int64 {
	b := estimate + t99(degrees)*se + margin(estimate)
	if math.IsNaN(b) || b > float64(most) {
		return most
	}
	return int64(b)
}

// Most is what an image of all that was walked cannot exceed, in bytes, whatever
// it is compressed with.
func Most(c *Census) int64 {
	if c.full != nil {
		return math.MaxInt64
	}
	sum := int64(1 << 20)
	for i := range c.entries {
		e := &c.entries[i]
		sum += entrySize + int64(len(e.name)) + e.size/blockSize*4
		if e.kind == kindFile && int(e.first) == i {
			sum += c.data(int32(i))
		}
		if e.kind == kindLink {
			sum += e.size
		}
	}
	return sum + c.xattrs.table(len(c.entries))
}

// entrySize is what the tables need for an entry at most, its name aside.
const entrySize = 128

// judge compares a row with the room. most is what the image cannot exceed.
func (r *Row) judge(room, most int64) {
	r.Verdict, r.Missing = Unknown, 0
	if room < 0 {
		return
	}
	low := float64(r.Estimate) - t99(r.degrees)*float64(r.Error) - margin(float64(r.Estimate))
	switch enough := r.Blocks >= minBlocks || r.Whole; {
	case most <= room || r.Bound <= room && enough:
		r.Verdict = Fits
	case enough && low > float64(room):
		r.Verdict = FitsNot
	default:
		r.Verdict = MayNotFit
	}
	r.Missing = max(r.Bound-room, 0)
}
