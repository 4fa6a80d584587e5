package run

import (
	"context"
	"slices"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
	"antix-remaster/core/wire"
)

// proveRescue verifies the version that the rescue entry is about to name, when
// nobody ever did, and the next best one when that is damaged. It reads an image
// once or twice, which a cancel ends; the work before it stands all the same
// (docs/decisions/0024).
func (s *station) proveRescue(ctx context.Context) {
	still := context.WithoutCancel(ctx)
	if !s.hasEntries(still) || s.reread(still) != nil {
		return
	}
	damaged := map[string]bool{}
	for {
		s.versions = history.List(s.facts, "")
		v, ok := history.Rescue(s.facts, s.versions, func(v history.Version) bool { return damaged[v.Place] })
		if !ok || v.Record.Verified != 0 {
			return
		}
		_, err := s.verifyAndRecord(ctx, v, wholly(v.Size, s.out.Progress))
		switch e := wire.AsError(err); {
		case err == nil:
			return
		case ctx.Err() == nil && e.Code == wire.VerifyFailed:
			s.note(wire.Warn, wire.RescueDamaged, e.Args...)
			damaged[v.Place] = true
		default:
			s.log.add("%s was not verified: %v", v.File(), err)
			s.note(wire.Note, wire.RescueUnproven, v.File())
			return
		}
	}
}

// hasEntries tells whether a boot menu has entries of ours, a rescue entry among
// them.
func (s *station) hasEntries(ctx context.Context) bool {
	menus, err := s.openMenus(ctx)
	if err != nil {
		s.log.add("the boot menus: %v", err) // said when they are brought up to date
	}
	return slices.ContainsFunc(menus, func(m menu) bool { return m.isOurs() && !bootmenu.IsOff(m.own) })
}

// wholly makes one stage of the two in which an image of size bytes is verified.
func wholly(size int64, report wire.Report) wire.Report {
	return func(p wire.Progress) {
		done := p.Done
		if p.Stage == wire.StageWalk {
			done = size + int64(float64(size)*float64(p.Done)/float64(max(p.Total, 1)))
		}
		report(wire.Progress{Stage: wire.StageRescue, Done: min(done, 2*size), Total: 2 * size})
	}
}
