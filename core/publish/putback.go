package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// PutBack takes an armed version, NAME.new and all X.new that belong to it, back
// to the place s it was staged from, the image first: without it nothing is
// armed. A link that goes into the archive gives way to its target.
//
// It refuses with NothingArmed, NameTaken (the place is taken), Protected,
// SharedTarget, NoSpace (on FAT, to copy); then nothing was changed. After
// another error healing finishes it. On FAT a place beside the linuxfs is
// reached by way of the archive; a Filed with an Archive beside an error then
// tells that the version lies there now, and is not armed.
func (m *Medium) PutBack(ctx context.Context, s Set, report wire.Report) (Filed, error) {
	suffix, err := m.suffixOf(s)
	if err != nil {
		return Filed{}, err
	}
	in, err := m.planBack(s, suffix)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Filed{}, err
	}
	switch {
	case m.fat && s.Archive == "":
		return m.byArchive(ctx, "new", suffix, report)
	case m.fat:
		return m.fileByCopy(ctx, in, "", report)
	}
	return m.putBack(in)
}

func (m *Medium) planBack(s Set, suffix string) (intent, error) {
	in := intent{Action: actionBack, Archive: s.Archive}
	name := m.name + ".new"
	if !m.blocks(name) {
		return in, wire.Fail(wire.NothingArmed, fs.ErrNotExist, name)
	}
	moves, err := m.moves(m.dir, live.Gen2023, "new", suffix)
	if err == nil {
		err = m.free(s.Archive, moves)
	}
	if err == nil && s.Archive != "" {
		moves[0], err = m.throughLink(moves[0])
	}
	if err != nil {
		return in, err
	}
	in.Moves = moves
	dir, shut, err := m.Place(s.Archive)
	if err == nil {
		in.Place = dir != m.dir
		shut()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return in, m.failed(archiveDir, err)
	}
	if err := m.checkIntent(in); err != nil {
		return in, wire.Fail(wire.NameTaken, err, name)
	}
	return in, nil
}

// throughLink makes the move of a link one of what it leads to.
func (m *Medium) throughLink(mv move) (move, error) {
	e, err := m.dir.Lstat(mv.From)
	if err != nil || !e.IsLink() {
		return mv, err
	}
	target, err := m.linkTarget(mv.From)
	if err == nil && !m.isTarget(target) {
		err = wire.Fail(wire.NameTaken, fmt.Errorf("%s is a link to %q", mv.From, target), mv.From)
	}
	if err != nil {
		return mv, err
	}
	if e, err = m.dir.Lstat(target); err != nil {
		return mv, err
	}
	return move{From: target, To: mv.To, Link: mv.From, Inode: e.Inode, Size: e.Size, Head: mv.Head}, nil
}

func (m *Medium) putBack(in intent) (Filed, error) {
	if err := m.start(in); err != nil {
		return Filed{}, err
	}
	done, left, err := m.finishBack(&journal{intent: in})
	if err == nil && (len(left) > 0 || len(done) < len(in.Moves)) {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil {
		return Filed{}, m.failed(m.name+".new", err)
	}
	return filed(in.Archive, done), nil
}

// finishBack does what is left of the moves and ends the journal. As long as
// the image is armed and cannot go, its companions stay with it; when a boot in
// between took it, what it did not take goes where it was to go.
func (m *Medium) finishBack(j *journal) (done, left []string, err error) {
	in, dst := j.intent, m.dir
	if in.Archive != "" {
		if dst, err = m.openArchive(in.Archive); err != nil {
			return nil, nil, err
		}
		defer dst.Close()
	}
	for i, mv := range in.Moves {
		moved, err := m.back(dst, mv)
		if err != nil {
			return done, left, err
		}
		if moved {
			done = append(done, mv.To)
		} else if m.dir.Exists(mv.name()) {
			left = append(left, mv.name())
			if i == 0 {
				break
			}
		}
	}
	if len(done) == 0 && in.Archive != "" && !in.Place {
		err = m.dropArchive(dst, in.Archive)
	}
	return done, left, m.endUnless(err)
}

// back makes one move, if it was not made yet; it is false when the file is no
// longer what the journal names.
func (m *Medium) back(dst *sys.Dir, mv move) (bool, error) {
	text, _ := m.dir.Readlink(mv.Link)
	linked := mv.Link != "" && text == mv.From
	if !m.is(dst, mv.To, mv) {
		e, err := m.dir.Lstat(mv.From)
		if err != nil || dst.Exists(mv.To) || linked != (mv.Link != "") || m.isProtected(e) || !m.is(m.dir, mv.From, mv) {
			return false, nil
		}
	}
	if err := m.step(m.dir, mv.From, dst, mv.To, mv); err != nil {
		return false, err
	}
	if linked && !m.dir.Exists(mv.From) {
		return true, errors.Join(m.dir.Remove(mv.Link), m.settle(nil, m.dir))
	}
	return true, nil
}
