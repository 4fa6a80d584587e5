package words

import (
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
)

// TestStatesHaveWords: each its own.
func TestStatesHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []history.State{history.Default, history.Armed, history.Previous, history.Bad, history.Backup, history.Archived, history.Spare, "from\nlater"} {
		text := VersionState(s, wire.T)
		if text == "" || seen[text] || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", s, text)
		}
		seen[text] = true
	}
	for _, r := range []history.Record{{}, {Damaged: true, Verified: 1}, {Verified: 1, How: history.ByBuild}, {Verified: 1, How: history.ByDigest}, {Verified: 1, How: history.ByRead}} {
		text := Verified(r, wire.T)
		if text == "" || seen[text] || strings.Contains(text, "%!") {
			t.Errorf("%+v: %q", r, text)
		}
		seen[text] = true
	}
	v := history.Version{State: history.Default, Running: true, Record: history.Record{Pinned: true}}
	if got := Standing(v, wire.T); got != "running, default, pinned" {
		t.Error(got)
	}
}
