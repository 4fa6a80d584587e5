package faults

import (
	"context"
	"errors"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/livesys"
)

// checked is what the helper finds out about these choices.
func (s *System) checked(t *testing.T, c wire.Choices) wire.CheckResult {
	t.Helper()
	h, err := s.Helper()
	must(t, err)
	var r wire.CheckResult
	err = h.Do(context.Background(), wire.Request{Op: wire.OpCheck, Choices: &c}, wire.Watch{}, &r)
	must(t, errors.Join(err, h.Close()))
	return r
}

// TestCheckTellsSizes: what /home holds, whether it is packed or not, and how
// much is packed.
func TestCheckTellsSizes(t *testing.T) {
	s := start(t, livesys.Options{})
	without := Choices
	without.Home = "leave"
	before := s.checked(t, Choices)
	must(t, s.FillHome("film.mp4", 3<<20))
	keep, leave := s.checked(t, Choices), s.checked(t, without)
	if grown := keep.Home - before.Home; grown != 3<<20 || keep.Uncompressed-before.Uncompressed != grown {
		t.Errorf("before %d of %d, with 3 MiB more in /home %d of %d", before.Home, before.Uncompressed, keep.Home, keep.Uncompressed)
	}
	if leave.Home != keep.Home || leave.Uncompressed != keep.Uncompressed-keep.Home {
		t.Errorf("kept %d of %d, left %d of %d", keep.Home, keep.Uncompressed, leave.Home, leave.Uncompressed)
	}
	elsewhere := start(t, livesys.Options{HomePersist: true})
	if r := elsewhere.checked(t, Choices); r.Home != 0 || r.Uncompressed == 0 {
		t.Errorf("with a homefs: %d of %d", r.Home, r.Uncompressed)
	}
}
