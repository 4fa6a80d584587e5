package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// On FAT a set comes out of the archive as it went in (filecopy.go): copied,
// compared, noted, and only then are the originals deleted. The image's copy is
// made as NAME.part and published by the one rename that a build needs, too;
// until that is done, healing removes the copies, and afterwards it finishes.

// byArchive moves a set beside the linuxfs to other names there: it is filed,
// and fetched from there. So nothing blocks what is armed, as NAME.old beside
// NAME.new would, and the rename is never one of an only copy.
func (m *Medium) byArchive(ctx context.Context, from, to string, report wire.Report) (Filed, error) {
	fresh := !m.dir.Exists(archiveDir)
	kept, err := m.File(ctx, from, "", report)
	if err != nil {
		return Filed{}, err
	}
	gen := m.generation // of what is armed only what the initrd swaps
	if to != "new" {
		gen = live.Gen2023
	}
	number := path.Base(kept.Archive)
	src, shut, err := m.Place(number)
	if err != nil {
		return kept, m.failed(kept.Archive, err)
	}
	defer shut()
	moves, err := m.moves(src, gen, from, to)
	if err != nil {
		return kept, err
	}
	in := stageIntent(number, moves)
	in.Drop, in.Fresh = true, fresh
	got, err := m.fetch(ctx, in, report)
	if len(got.Files) == 0 {
		return kept, err
	}
	return Filed{"", got.Files}, err
}

// fetch copies a set out of the archive to names beside the linuxfs.
func (m *Medium) fetch(ctx context.Context, in intent, report wire.Report) (Filed, error) {
	src, shut, err := m.Place(in.Archive)
	if err != nil {
		return Filed{}, m.unlessAbsent(in.Archive, err)
	}
	defer shut()
	total, err := m.room(src, in.Moves)
	if err == nil && m.dir.Exists(m.name+".part") {
		err = wire.Fail(wire.NameTaken, nil, m.name+".part")
	}
	in.Copy = true
	if err == nil && m.checkIntent(in) != nil {
		err = wire.Fail(wire.NameTaken, m.checkIntent(in), in.Moves[0].From)
	}
	if err != nil {
		return Filed{}, err
	}
	if err := m.start(in); err != nil {
		return Filed{}, err
	}
	if err := m.copyOut(ctx, src, in, newTally(report, total)); err != nil {
		return Filed{}, m.undone(err)
	}
	_, left, err := m.finishFetch(src, in, "", true)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil { // done and durable, but the originals are still there
		err = wire.Fail(wire.NotTidied, err, err.Error())
	}
	return filed(in.Archive, targets(in)), err
}

// targets are the names that a stage makes, the image first.
func targets(in intent) []string {
	last := len(in.Moves) - 1
	names := []string{in.Moves[last].To}
	for _, mv := range in.Moves[:last] {
		names = append(names, mv.To)
	}
	return names
}

// undone heals after a failed copy, and gives the error of both.
func (m *Medium) undone(err error) error {
	_, left, e := m.Heal()
	if len(left) > 0 {
		e = errors.Join(e, fmt.Errorf("cannot remove %q", left))
	}
	if e != nil {
		return wire.Fail(wire.Remains, errors.Join(e, err), e.Error())
	}
	return m.failed(archiveDir, err)
}

// copyOut copies, compares, notes that, and publishes the image.
func (m *Medium) copyOut(ctx context.Context, src *sys.Dir, in intent, t *tally) error {
	c := copying{ctx: ctx, m: m, done: t.add}
	last := len(in.Moves) - 1
	image := in.Moves[last]
	for _, mv := range in.Moves[:last] {
		if err := c.entry(src, mv.From, m.dir, mv.To); err != nil {
			return err
		}
	}
	f, err := m.copyImage(c, src, image)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := m.settle(nil, m.dir); err != nil {
		return err
	}
	t.stage, t.done = wire.StageRead, 0
	for _, mv := range in.Moves {
		to := mv.To
		if mv == image {
			to = m.name + ".part"
		}
		same, err := c.equal(src, mv.From, m.dir, to)
		if err == nil && !same {
			err = fmt.Errorf("the copy of %s is not what it was copied from", mv.From)
		}
		if err != nil {
			return err
		}
	}
	return m.publishCopy(f, image)
}

func (m *Medium) copyImage(c copying, src *sys.Dir, image move) (*os.File, error) {
	from, err := src.Open(image.From, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	f, err := m.createPart(m.name+".part", image.To)
	if err != nil {
		return nil, err
	}
	if err := c.fill(f, from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// publishCopy notes that all copies are whole, and gives the image its name.
func (m *Medium) publishCopy(f *os.File, image move) error {
	if err := m.note(made{Made: image.To, Size: image.Size, Head: image.Head, Copied: true}); err != nil {
		return err
	}
	part := m.name + ".part"
	err := m.publish(f, m.dir, part, image.To)
	if err == nil {
		err = m.removeFillers()
	}
	if err != nil {
		err = errors.Join(err, m.unarm(f, part, image.To))
	}
	return err
}

// healFetch finishes what was copied whole and published, and else removes the
// copies.
func (m *Medium) healFetch(j *journal) (healed, left []string, err error) {
	in := j.intent
	copied := slices.ContainsFunc(j.made, func(n made) bool { return n.Copied })
	suffix, ok := m.published(in)
	src, shut, err := m.Place(in.Archive)
	switch {
	case errors.Is(err, fs.ErrNotExist) && copied && ok && in.Drop:
		return targets(in), nil, m.endUnless(m.dropPlace(nil, in))
	case errors.Is(err, fs.ErrNotExist):
		return nil, m.present(in.Moves), m.end()
	case err != nil:
		return nil, nil, err
	}
	defer shut()
	if !copied {
		return m.undoFetch(src, in)
	}
	if ok {
		return m.finishFetch(src, in, suffix, false)
	}
	image := in.Moves[len(in.Moves)-1]
	if e, err := m.dir.Lstat(image.To); err == nil && e.IsRegular() && e.Size == 0 {
		// A rename that was cut: the name came, its clusters did not.
		if err := m.remove(m.dir, image.To); err != nil {
			return nil, nil, err
		}
	}
	return m.undoFetch(src, in)
}

// published finds the copy of the image, by the suffix it has now: its own, or
// what a boot in between made of it. It is not published while it is a part.
func (m *Medium) published(in intent) (suffix string, ok bool) {
	if m.dir.Exists(m.name + ".part") {
		return "", false
	}
	image := in.Moves[len(in.Moves)-1]
	_, to, _ := m.split(image.To)
	for _, suffix := range []string{to, "", "old", "bad"} {
		e, err := m.dir.Lstat(with(m.name, suffix))
		if err == nil && e.Size == image.Size && m.headOf(m.dir, with(m.name, suffix)) == image.Head {
			return suffix, true
		}
	}
	return "", false
}

// finishFetch deletes the originals, the image first. After a crash each is
// compared once more with its copy, which a boot in between may have renamed
// and the system that runs from it changed: then the original stays.
func (m *Medium) finishFetch(src *sys.Dir, in intent, suffix string, proven bool) (done, left []string, err error) {
	c := copying{ctx: context.Background(), m: m, some: true}
	for _, mv := range slices.Backward(in.Moves) {
		base, own, _ := m.split(mv.To)
		now := with(base, suffix)
		if proven {
			now = with(base, own)
		}
		if !src.Exists(mv.From) {
			done = append(done, now)
			continue
		}
		same := proven && m.is(src, mv.From, mv)
		if !proven && m.dir.Exists(now) {
			if same, err = c.equal(src, mv.From, m.dir, now); err != nil {
				return done, left, err
			}
		}
		if e, err := src.Lstat(mv.From); err != nil || !same || m.isProtected(e) {
			left = append(left, pathIn(in.Archive, mv.From))
			continue
		}
		if err := m.removeAll(src, mv.From); err != nil {
			return done, left, err
		}
		done = append(done, now)
	}
	err = m.settle(nil, src)
	if err == nil && len(left) == 0 && in.Drop {
		err = m.dropPlace(src, in)
	}
	return done, left, m.endUnless(err)
}

// dropPlace removes a directory of the archive that was only made for a move,
// nil when it is gone, and an archive that was.
func (m *Medium) dropPlace(src *sys.Dir, in intent) error {
	if src != nil {
		if err := m.dropArchive(src, in.Archive); err != nil {
			return err
		}
	}
	if !in.Fresh {
		return nil
	}
	return m.dropEmptyArchive()
}

// undoFetch removes each copy whose original is there.
func (m *Medium) undoFetch(src *sys.Dir, in intent) (healed, left []string, err error) {
	image := in.Moves[len(in.Moves)-1]
	for _, mv := range in.Moves {
		name := mv.To
		if mv == image {
			name = m.name + ".part"
		}
		if !m.dir.Exists(name) {
			continue
		}
		if !m.isCopy(src, mv, name) || mv == image && m.isShared(name) {
			left = append(left, name)
			continue
		}
		if err := m.removeAll(m.dir, name); err != nil {
			return healed, left, err
		}
		healed = append(healed, name)
	}
	return healed, left, m.endUnless(m.settle(nil, m.dir))
}

// isCopy tells whether name beside the linuxfs can be the unfinished copy of
// what a move names: that is there, and begins like it.
func (m *Medium) isCopy(src *sys.Dir, mv move, name string) bool {
	e, err := m.dir.Lstat(name)
	original, err2 := src.Lstat(mv.From)
	if err != nil || err2 != nil || m.isProtected(e) || e.IsDir() != original.IsDir() || sizeIn(original) != mv.Size {
		return false
	}
	return e.IsDir() || e.Size <= original.Size && beginsLike(src, mv.From, m.dir, name)
}
