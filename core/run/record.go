package run

import (
	"context"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
)

// Record answers wire.OpNote, wire.OpPin and wire.OpUnpin: it changes what is
// written down about a version.
func Record(ctx context.Context, ref wire.VersionRef, change func(*history.Record), out *wire.Out) (wire.RecordResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.RecordResult, error) {
		if err := s.record(ref.Key, change); err != nil {
			return wire.RecordResult{}, err
		}
		change(&v.Record)
		return wire.RecordResult{Place: v.Place, Note: v.Record.Note, Pinned: v.Record.Pinned}, nil
	})
}

// record changes what is written down about the image with that key. Errors
// are wire errors.
func (s *station) record(key string, change func(*history.Record)) error {
	all := history.ReadRecords(s.facts, "")
	one := all[key]
	change(&one)
	if one == all[key] {
		return nil
	}
	all[key] = one
	if s.versions == nil {
		s.versions = history.List(s.facts, "")
	}
	here := []string{key}
	for _, v := range s.versions {
		here = append(here, history.KeyOf(v.Version))
	}
	text, err := all.Encode(here)
	if err != nil {
		return err
	}
	return s.medium.WriteRecord(text)
}

// tell says that what stands could not be written down.
func (s *station) tell(name string, err error) {
	switch e := wire.AsError(err); {
	case err == nil:
	case e.Code == wire.RecordNewer:
		s.note(wire.Warn, e.Code, e.Args...)
	default:
		s.note(wire.Warn, wire.NotRecorded, name, err.Error())
	}
}
