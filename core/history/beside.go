package history

import (
	"slices"

	"antix-remaster/core/live"
)

// Beside gives the version that lies beside the linuxfs in this state, without
// looking at any other: Previous, Bad. root is that of live.Read; nil when there
// is none.
func Beside(f live.Facts, root string, s State) *Version {
	i := slices.IndexFunc(beside, func(b placed) bool { return b.state == s })
	if i < 0 || f.Entries[f.Plain.Name+beside[i].suffix] == "" {
		return nil
	}
	l := lister{facts: f, root: root, records: ReadRecords(f, root)}
	l.one(beside[i])
	return &l.all[0]
}
