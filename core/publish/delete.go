package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Delete removes the version s and its companions, the image's name first; in
// an archive also linuxfs.ver and the emptied directory. What does not belong
// to the set stays, and then the directory, too.
//
// It refuses with Pending (it is armed), Protected (it runs, or is the
// default), SharedTarget, NotMovable (a spare one), NameTaken (a link that is
// not of the scheme linuxfs.03), and with fs.ErrNotExist when there is no such
// version; then nothing was changed. After another error healing finishes it.
func (m *Medium) Delete(ctx context.Context, s Set, _ wire.Report) (Filed, error) {
	suffix, err := m.suffixOf(s)
	if err == nil && s.Archive == "" && m.IsSpare(s.Image) {
		err = wire.Fail(wire.NotMovable, nil, s.Image)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Filed{}, err
	}
	src, shut, err := m.Place(s.Archive)
	if err != nil {
		return Filed{}, m.unlessAbsent(s.Archive, err)
	}
	defer shut()
	moves, err := m.moves(src, live.Gen2023, suffix, "")
	if err == nil && s.Archive == "" {
		moves[0], err = m.throughLink(moves[0])
	}
	if err != nil {
		return Filed{}, err
	}
	return m.delete(intent{Action: actionDelete, Archive: s.Archive, Moves: m.removals(src, s.Archive, moves)})
}

// removals makes removals of moves, and adds the md5 that File took along.
func (m *Medium) removals(src *sys.Dir, archive string, moves []move) []move {
	for i := range moves {
		moves[i].To = ""
	}
	name := m.name + ".md5"
	if e, err := src.Lstat(name); err == nil && archive != "" && m.isOddMD5(name) && e.IsRegular() {
		moves = append(moves, move{From: name, Inode: e.Inode, Size: e.Size})
	}
	return moves
}

func (m *Medium) delete(in intent) (Filed, error) {
	if err := m.checkIntent(in); err != nil {
		return Filed{}, wire.Fail(wire.NameTaken, err, in.Moves[0].name())
	}
	err := m.start(in)
	if isFull(err) {
		if err = m.makeRoom(in); err == nil {
			err = m.start(in)
		}
	}
	if err != nil {
		return Filed{}, err
	}
	_, left, err := m.finishDelete(&journal{intent: in})
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil {
		return Filed{}, m.failed(pathIn(in.Archive, in.Moves[0].name()), err)
	}
	var names []string
	for _, mv := range in.Moves {
		names = append(names, mv.name())
	}
	return filed(in.Archive, names), nil
}

// makeRoom removes the image before the journal is written, on a stick without
// room for that: who could not delete there could do nothing at all. A power cut
// between the two leaves what belonged to the image, which nobody takes for a
// version.
func (m *Medium) makeRoom(in intent) error {
	src, shut, err := m.Place(in.Archive)
	if err != nil {
		return m.unlessAbsent(in.Archive, err)
	}
	defer shut()
	gone := false
	if !m.inUse(src, in) {
		gone, err = m.removeMember(src, in.Moves[0])
	}
	if err == nil && !gone {
		err = errors.New("somebody else changed it at the same time")
	}
	if err != nil {
		return m.failed(pathIn(in.Archive, in.Moves[0].name()), err)
	}
	return nil
}

// finishDelete removes what is left of the set and ends the journal. When a
// boot in between took the image into service, or somebody else's lies there,
// the companions stay.
func (m *Medium) finishDelete(j *journal) (done, left []string, err error) {
	in := j.intent
	src, shut, err := m.Place(in.Archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, m.end()
	}
	if err != nil {
		return nil, nil, err
	}
	defer shut()
	inUse := m.inUse(src, in)
	for _, mv := range in.Moves {
		if !src.Exists(mv.name()) && (inUse || !src.Exists(mv.From)) {
			continue
		}
		gone := false
		if !inUse {
			if gone, err = m.removeMember(src, mv); err != nil {
				return done, left, err
			}
		}
		if gone {
			done = append(done, mv.name())
		} else {
			left = append(left, pathIn(in.Archive, mv.name()))
		}
	}
	if in.Archive != "" && !inUse {
		err = m.tidyPlace(src, in.Archive)
	}
	return done, left, m.endUnless(err)
}

// inUse tells whether the image under the name of the set is another one by
// now, or the one to be deleted has a name that a boot gave it.
func (m *Medium) inUse(src *sys.Dir, in intent) bool {
	image := in.Moves[0]
	if src.Exists(image.name()) {
		return !m.is(src, image.From, image)
	}
	if in.Archive != "" {
		return false
	}
	for _, suffix := range append([]string{""}, suffixes...) {
		name := with(m.name, suffix)
		if target, err := m.dir.Readlink(name); err == nil && m.isTarget(target) && target == image.From {
			return true
		}
		if m.is(m.dir, name, image) {
			return true
		}
	}
	return false
}

// removeMember removes one file, or directory, of the set, and the link to it
// before; it is false when that is no longer what the journal names.
func (m *Medium) removeMember(src *sys.Dir, mv move) (bool, error) {
	if mv.Link != "" {
		text, err := src.Readlink(mv.Link)
		if err == nil && text != mv.From {
			return false, nil
		}
		if err == nil {
			if err := errors.Join(m.remove(src, mv.Link), m.settle(nil, src)); err != nil {
				return false, err
			}
		}
	}
	e, err := src.Lstat(mv.From)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil || m.isProtected(e) || !m.is(src, mv.From, mv) {
		return false, err
	}
	return true, errors.Join(m.removeAll(src, mv.From), m.settle(nil, src))
}

// tidyPlace removes linuxfs.ver from a place that has no image any more, and
// the place when nothing is left in it.
func (m *Medium) tidyPlace(src *sys.Dir, archive string) error {
	if e, err := src.Lstat(versionName); err == nil && e.IsRegular() && !m.hasImage(src) {
		if err := errors.Join(m.remove(src, versionName), m.settle(nil, src)); err != nil {
			return err
		}
	}
	return m.dropArchive(src, archive)
}

// hasImage tells whether a directory of the archive holds another version,
// which linuxfs.ver may belong to: anything that begins like one counts.
func (m *Medium) hasImage(dir *sys.Dir) bool {
	names, err := dir.Names()
	return err != nil || slices.ContainsFunc(names, func(name string) bool {
		return (strings.HasPrefix(name, "linuxfs") || strings.HasPrefix(name, m.name)) &&
			!strings.HasPrefix(name, versionName) && !strings.Contains(name, ".md5")
	})
}
