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
	for before := int64(0); ; {
		s.versions = history.List(s.facts, "")
		v, ok := history.Rescue(s.facts, s.versions, s.isDamaged)
		if !ok || s.isProven(v) {
			return
		}
		_, err := s.verifyAndRecord(ctx, v, wholly(before, v.Size, s.out.Progress))
		switch e := wire.AsError(err); {
		case err == nil:
			return
		case ctx.Err() == nil && e.Code == wire.VerifyFailed:
			s.note(wire.Warn, wire.RescueDamaged, e.Args...)
			before += 2 * v.Size
		default:
			s.log.add("%s was not verified: %v", v.File(), err)
			s.noteUnproven(v)
			return
		}
	}
}

// isDamaged tells whether a version was just found damaged, also where that could
// not be written down.
func (s *station) isDamaged(v history.Version) bool {
	whole, known := s.found[v.Place]
	return known && !whole
}

// isProven tells whether a version was verified, ever or just now.
func (s *station) isProven(v history.Version) bool { return v.Record.Verified != 0 || s.found[v.Place] }

// noteUnproven tells once that the rescue entry starts what nobody verified.
func (s *station) noteUnproven(v history.Version) {
	if !s.unprovenTold {
		s.unprovenTold = true
		s.note(wire.Note, wire.RescueUnproven, v.File())
	}
}

// tellUnproven tells of a version that was never verified, where the rescue entry
// starts it since this operation, which ended with err: only keep proves it
// (docs/decisions/0024).
func (s *station) tellUnproven(err error) {
	if s.named == nil || err != nil && wire.AsError(err).Code != wire.VerifyFailed {
		return
	}
	for _, v := range history.List(s.facts, "") {
		if v.Rescue && !s.named[v.Place] && !s.isProven(v) {
			s.noteUnproven(v)
		}
	}
}

// placesNamed are the places of the versions that the rescue entry starts.
func placesNamed(all []history.Version) map[string]bool {
	places := map[string]bool{}
	for _, v := range all {
		if v.Rescue {
			places[v.Place] = true
		}
	}
	return places
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

// wholly makes one stage of the two in which an image of size bytes is verified;
// before is what went on in it already.
func wholly(before, size int64, report wire.Report) wire.Report {
	return func(p wire.Progress) {
		done := p.Done
		if p.Stage == wire.StageWalk {
			done = size + int64(float64(size)*float64(p.Done)/float64(max(p.Total, 1)))
		}
		report(wire.Progress{Stage: wire.StageRescue, Done: before + min(done, 2*size), Total: before + 2*size})
	}
}
