package gui

import (
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// stageShare is how much of the whole bar a stage takes.
type stageShare struct {
	stage wire.Stage
	part  float64
}

// share is that of the stages of a remaster. Only their order matters
// for the promise that the bar never goes back; that packing takes longest is
// what people see.
var share = []stageShare{
	{wire.StagePrepare, 0.01}, {wire.StageScan, 0.04}, {wire.StagePack, 0.65}, {wire.StageWrite, 0.10},
	{wire.StageRead, 0.07}, {wire.StageCompare, 0.11}, {wire.StageArm, 0.02},
}

// liveCDShare is that of a LiveCD: it is written, and read back.
var liveCDShare = []stageShare{{wire.StagePrepare, 0.02}, {wire.StageISO, 0.58}, {wire.StageISORead, 0.40}}

// meter follows the progress of a run.
type meter struct {
	share             []stageShare
	begun, stageBegun time.Time
	stage             wire.Stage
	done, total       int64
	bytes             int64         // of the image written so far
	fraction          float64       // of everything, never less than before
	paused            time.Time     // when the pause began; zero: none
	lost, stageLost   time.Duration // in pauses
}

// start begins a remaster.
func (m *meter) start(now time.Time) { m.startOf(share, now) }

// startOf begins work that has these stages.
func (m *meter) startOf(share []stageShare, now time.Time) {
	*m = meter{share: share, begun: now, stageBegun: now}
}

// see takes one report.
func (m *meter) see(p wire.Progress, now time.Time) {
	if p.Stage != m.stage {
		m.stage, m.stageBegun, m.stageLost = p.Stage, now, 0
	}
	m.done, m.total, m.bytes = p.Done, p.Total, max(m.bytes, p.Bytes)
	m.fraction = max(m.fraction, m.whole())
}

// whole is the part of all work that is done.
func (m *meter) whole() float64 {
	sum := 0.0
	for _, s := range m.share {
		if s.stage == m.stage {
			return min(sum+s.part*m.part(), 1)
		}
		sum += s.part
	}
	return 0
}

// part is the part of this stage that is done, 0 while that is not known.
func (m *meter) part() float64 {
	if m.total <= 0 {
		return 0
	}
	return min(float64(m.done)/float64(m.total), 1)
}

func (m *meter) pause(now time.Time) {
	if m.paused.IsZero() {
		m.paused = now
	}
}

func (m *meter) resume(now time.Time) {
	if !m.paused.IsZero() {
		m.lost += now.Sub(m.paused)
		m.stageLost += now.Sub(m.paused)
		m.paused = time.Time{}
	}
}

// still is how long the pause has lasted that goes on.
func (m *meter) still(now time.Time) time.Duration {
	if m.paused.IsZero() {
		return 0
	}
	return now.Sub(m.paused)
}

// elapsed is the time of work, without pauses.
func (m *meter) elapsed(now time.Time) time.Duration {
	return now.Sub(m.begun) - m.lost - m.still(now)
}

func (m *meter) stageElapsed(now time.Time) time.Duration {
	return now.Sub(m.stageBegun) - m.stageLost - m.still(now)
}

// remaining is how long this stage goes on; false while that would be a guess.
func (m *meter) remaining(now time.Time) (time.Duration, bool) {
	return words.Remaining(m.stageElapsed(now), m.done, m.total)
}

// speed is how fast the image grows while it is packed, in bytes a second; 0
// when it does not, or not yet.
func (m *meter) speed(now time.Time) int64 {
	if s := m.stageElapsed(now).Seconds(); (m.stage == wire.StagePack || m.stage == wire.StageISO) && s >= 1 {
		return int64(float64(m.bytes) / s)
	}
	return 0
}
