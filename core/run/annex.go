package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/persist"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// A rootfs that does not lie beside the linuxfs is found in its annex (contract
// §6.5). Which version a file there belongs to is told by the version id in it;
// a file that no version has started with yet has none.

const rootfs = "rootfs"

// openAnnex opens, locks and heals that directory, after the stick was
// healed. What can be done without it goes on where that fails: s.annex is nil
// then, and s.annexErr tells why.
func (s *station) openAnnex(context.Context) error {
	if s.annexErr = preflight.Annex(s.facts); s.annexErr != nil || s.facts.Persistence.Annex == nil {
		return nil
	}
	m, err := s.lockAnnex()
	if err == nil {
		err = s.healAnnex(m)
	}
	if err != nil {
		s.log.add("the annex: %v", err)
		s.annexErr = err
		return nil
	}
	s.annex, s.filed = m, map[string]string{}
	return nil
}

func (s *station) lockAnnex() (*publish.Medium, error) {
	p := s.facts.Persistence
	dir, err := openBelow(p.Annex.Mountpoint, p.Annex.Path)
	if err != nil {
		return nil, wire.Fail(wire.RootElsewhere, err, p.File)
	}
	s.annexDir = dir
	s.later(dir.Close)
	if err := sys.Lock(dir.File()); err != nil {
		return nil, wire.Fail(wire.Busy, err, fmt.Sprint(sys.LockHolder(dir.File())))
	}
	var protected []uint64
	if e, err := dir.Lstat(rootfs); err == nil && p.Root() {
		protected = append(protected, e.Inode)
	}
	return s.medium.OpenAnnex(dir, p.Annex.Device, protected)
}

func (s *station) healAnnex(m *publish.Medium) error {
	healed, left, err := m.Heal()
	if err != nil {
		return wire.Fail(wire.WriteFailed, err, s.annexDir.Path())
	}
	for _, name := range left {
		s.note(wire.Warn, wire.LeftAlone, s.inAnnex(name))
	}
	if len(healed) > 0 {
		s.note(wire.Note, wire.Healed, s.inAnnex(wire.List(healed, 5)))
	}
	if a := s.facts.Persistence.Annex; len(healed) > 0 {
		a.Entries, err = live.ReadDir("", a.Dir)
	}
	return err
}

// inAnnex is how a user is told of a name there.
func (s *station) inAnnex(name string) string { return path.Join(s.annexDir.Path(), name) }

// freshAnnex makes and publishes an empty rootfs.new. On an error it is gone.
func (s *station) freshAnnex(ctx context.Context) error {
	a := plan.MakeAnnex(s.facts)
	if a == nil {
		return wire.Fail(wire.RootElsewhere, nil, s.facts.Persistence.File)
	}
	b, err := s.annex.Begin(plan.Plan{Part: rootfs + ".part", New: rootfs + ".new"})
	if err != nil {
		return err
	}
	err = b.Fill(ctx, a.Rootfs, s.fill)
	if err == nil {
		err = b.Arm()
	}
	if err != nil {
		return errors.Join(err, b.Abort())
	}
	return nil
}

// fill makes the fresh rootfs; writing one that takes all its bytes takes long.
func (s *station) fill(ctx context.Context, f *os.File, c plan.Companion, sync func() error) error {
	return persist.Make(ctx, f, c, sync, func(n int64) {
		s.out.Progress(wire.Progress{Stage: wire.StageArm, Done: n, Total: c.Fresh, Bytes: c.Fresh})
	})
}

// idOf is the version id in a file of the annex; "" when it has none.
func (s *station) idOf(ctx context.Context, set publish.Set) string {
	f, err := s.annex.OpenSet(set)
	if err != nil {
		return ""
	}
	defer f.Close()
	return persist.Version(ctx, f)
}

// list reads the versions as they are now: something may have been filed.
func (s *station) list() []history.Version {
	f := s.facts
	if now, err := live.ReadDir("", f.Plain.Dir); err == nil {
		f.Entries = now
	}
	return history.List(f, "")
}

// clearAnnex files what the next swap would overwrite there or use, but for own:
// each with the version it belongs to, else by itself.
func (s *station) clearAnnex(ctx context.Context, own publish.Set) ([]publish.Filed, error) {
	if s.annex == nil {
		return nil, nil
	}
	var all []publish.Filed
	for _, suffix := range []string{"old", "bad", "new"} {
		name := rootfs + "." + suffix
		if !s.annex.Has(name) || own == (publish.Set{Image: name}) || suffix == "new" && s.facts.Armed != nil {
			continue
		}
		filed, err := s.fileAnnex(ctx, name, suffix)
		if errors.Is(err, fs.ErrNotExist) { // a link to nothing
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, filed)
	}
	return all, nil
}

// fileAnnex files one file with its version: into the archive directory of the
// same number. One without an id, or whose version is nowhere filed, goes to the
// one that alone was filed with its suffix, or to the next free one.
func (s *station) fileAnnex(ctx context.Context, name, suffix string) (publish.Filed, error) {
	id, number := s.idOf(ctx, publish.Set{Image: name}), ""
	if id == "" {
		number = s.filed[suffix]
	}
	for _, v := range s.list() {
		if id != "" && v.ID == id && v.Archive != "" {
			number = v.Archive
		}
	}
	filed, err := s.annex.FileTo(ctx, number, suffix, s.out.Progress)
	if number != "" && wire.AsError(err).Code == wire.NameTaken {
		filed, err = s.annex.FileTo(ctx, "", suffix, s.out.Progress)
	}
	if err == nil {
		s.log.add("filed %s: %+v", s.inAnnex(name), filed)
	}
	return filed, err
}

// findAnnex finds the file of a version: one that it started with, else one in
// the archive directory of its number that none has started with.
func (s *station) findAnnex(ctx context.Context, v history.Version) (publish.Set, bool) {
	sets, err := s.annex.Sets()
	if err != nil {
		s.log.add("the annex: %v", err)
	}
	var empty []publish.Set
	for _, set := range sets {
		switch id := s.idOf(ctx, set); {
		case id != "" && id == v.ID:
			return set, true
		case id == "" && v.Archive != "" && set.Archive == v.Archive:
			empty = append(empty, set)
		}
	}
	if len(empty) > 0 {
		return empty[0], true
	}
	return publish.Set{}, false
}
