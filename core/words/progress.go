package words

import (
	"time"

	"antix-remaster/core/wire"
)

// Stages are all parts of the work of a remaster, in order.
func Stages() []wire.Stage {
	return []wire.Stage{wire.StagePrepare, wire.StageScan, wire.StagePack, wire.StageWrite,
		wire.StageRead, wire.StageCompare, wire.StageArm}
}

// Stage names a part of the work; one of a newer helper by its code.
func Stage(s wire.Stage, tr func(string) string) string {
	switch s {
	case wire.StagePrepare:
		return tr("Getting ready")
	case wire.StageScan:
		return tr("Looking at the files")
	case wire.StagePack:
		return tr("Packing the system")
	case wire.StageWrite:
		return tr("Writing to the stick")
	case wire.StageRead:
		return tr("Reading it back")
	case wire.StageCompare:
		return tr("Comparing every file")
	case wire.StageArm:
		return tr("Making it the next version")
	case wire.StageWalk:
		return tr("Reading every file")
	case wire.StageRescue:
		return tr("Verifying the rescue version")
	case wire.StageISO:
		return tr("Writing the LiveCD")
	case wire.StageISORead:
		return tr("Reading the LiveCD back")
	}
	return Clean(string(s))
}

// Percent is 0 to 100, -1 for a stage that cannot tell.
func Percent(p wire.Progress) int64 {
	if p.Total <= 0 {
		return -1
	}
	return min(int64(float64(max(p.Done, 0))/float64(p.Total)*100), 100)
}

// An estimate from less than this would be a guess.
const (
	minElapsed = 3 * time.Second
	minPercent = 2
)

// Remaining estimates how long a stage goes on, from its speed so far; ok is
// false as long as that says nothing. Only the stage is estimated: how long
// the ones after it take is not known yet.
func Remaining(elapsed time.Duration, done, total int64) (d time.Duration, ok bool) {
	if total <= 0 || done <= 0 || elapsed < minElapsed || done < total/100*minPercent {
		return 0, false
	}
	if done >= total {
		return 0, true
	}
	d = time.Duration(float64(elapsed) / float64(done) * float64(total-done))
	switch { // no more precise than it can be
	case d > 10*time.Minute:
		return d.Round(time.Minute), true
	case d > time.Minute:
		return d.Round(10 * time.Second), true
	}
	return d.Round(time.Second), true
}
