package history

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strconv"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Policy is how much of the stick old versions may take.
type Policy struct {
	Keep int   // old versions that may remain; negative: any number
	Free int64 // bytes that are to be free on the stick; 0: any number
}

// Pruning is what a policy comes to. Old versions are those that could be gone
// back to: neither running, default nor armed, and known to be whole.
type Pruning struct {
	Go      []Version // what would be deleted, in this order
	Stay    []Kept    // what no policy deletes, and why
	Left    int       // old versions that remain
	Free    int64     // bytes that are free on the stick then
	TooMany int       // old versions that remain beyond Policy.Keep; 0 when it is met
	Missing int64     // bytes that are missing of Policy.Free; 0 when it is met
}

// Met tells whether the policy holds once everything in Go is deleted.
func (p Pruning) Met() bool { return p.TooMany == 0 && p.Missing == 0 }

// Kept is a version that no policy deletes.
type Kept struct {
	Version
	Why error // a wire error
}

// Prune finds what has to go for a policy to hold: as few as that takes, and
// first what went out of use first. It looks at nothing but its arguments;
// weights are those of Weigh. Only what Deletable allows without a second
// question may go, and of that nothing that is damaged, unknown or the way back:
// nothing at all where it is not known what is pinned (Version.Unread).
func Prune(f live.Facts, all []Version, weights Weights, p Policy) Pruning {
	out := Pruning{Free: int64(f.Boot.Free)}
	for _, v := range all {
		if isOld(f, v) {
			out.Left++
		}
	}
	rest := slices.Clone(all)
	for _, v := range outOfUse(all) {
		w := weights[v.Place]
		if why := spared(f, rest, v, w); why != nil {
			out.Stay = append(out.Stay, Kept{v, why})
			continue
		}
		tooMany := p.Keep >= 0 && out.Left > p.Keep
		if !tooMany && (out.Free >= p.Free || w.Bytes == 0) {
			continue
		}
		out.Go = append(out.Go, v)
		out.Left, out.Free = out.Left-1, out.Free+w.Bytes
		rest = slices.DeleteFunc(rest, func(o Version) bool { return o.Place == v.Place })
	}
	if p.Keep >= 0 {
		out.TooMany = max(out.Left-p.Keep, 0)
	}
	out.Missing = max(p.Free-out.Free, 0)
	return out
}

// outOfUse are the versions that are neither running, default nor armed, in the
// order in which they went out of use: the archive is numbered so, and what a
// rollback set aside is not in it yet. The dates of a computer whose clock has
// no battery would tell less.
func outOfUse(all []Version) []Version {
	rank := map[State]int{Spare: 0, Archived: 1, Backup: 2, Bad: 3, Previous: 4}
	var out []Version
	for _, v := range all {
		if !v.inUse() {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b Version) int {
		m, _ := strconv.Atoi(a.Archive)
		n, _ := strconv.Atoi(b.Archive)
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(m, n), cmp.Compare(a.MTime, b.MTime))
	})
	return out
}

// isOld tells whether a version counts as an old one.
func isOld(f live.Facts, v Version) bool {
	return !v.inUse() && movable(f, v) && unsure(f, v) == nil
}

// unsure tells why it is not known for certain that a version is a whole one of
// this kind of computer. One that only lacks modules for the kernel on the
// stick is: the kernel was changed since.
func unsure(f live.Facts, v Version) error {
	machine := f.Running != nil && f.Running.Machine != "" && v.Machine != ""
	switch {
	case v.Unfit != nil && !(v.Unfit.Code == wire.VersionModules && machine):
		return v.Unfit.Refusal()
	case v.ID == "" || v.Archive != "" && path.Base(v.Path) != v.Name:
		return wire.Fail(wire.NotMovable, errors.New("it has no version id, or is a link in the archive, where nobody makes one"), v.File())
	}
	return nil
}

// spared tells why no policy deletes a version; nil when one may.
func spared(f live.Facts, rest []Version, v Version, w Weight) error {
	if err := unsure(f, v); err != nil {
		return err
	}
	if w.Shared != "" {
		return wire.Fail(wire.SharedTarget, nil, v.File(), w.Shared)
	}
	switch {
	case v.State == Previous:
		return wire.Fail(wire.WayBack, nil, v.File())
	case v.Record.Try:
		return wire.Fail(wire.BeingTried, nil, v.File())
	case v.MayRescue:
		return wire.Fail(wire.RescueUnseen, nil, v.File())
	}
	return Deletable(f, rest, v, false)
}
