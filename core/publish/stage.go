package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"antix-remaster/core/squashfs"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Stage makes the version s the next boot's NAME.new: by renames, on FAT by
// copies (fetch.go). Its companions come first, the image last, so that a boot
// in between swaps nothing. Companions are those that the initrd of this stick
// swaps; linuxfs.ver stays where it was and marks the place.
//
// It refuses with Pending (something is armed), Blocked (NAME.old or NAME.bad
// is there and is not s), NameTaken (a companion's X.new), Protected (s runs,
// or is the default), CopyInUse (on FAT: it is a copy of the default),
// ImageDamaged, SharedTarget, NoSpace (to copy), and with fs.ErrNotExist when
// there is no such image; then nothing was changed. After another error nothing
// is armed, but for two: Remains, and NotTidied with a Filed (on FAT: it is
// armed, the originals are there still). Healing sees to both. On FAT a set
// beside the linuxfs goes by way of the archive; a Filed with an Archive beside
// an error then tells that it lies there now.
func (m *Medium) Stage(ctx context.Context, s Set, report wire.Report) (Filed, error) {
	suffix, err := m.suffixOf(s)
	if err == nil {
		err = m.wayFree(s)
	}
	if err != nil {
		return Filed{}, err
	}
	moves, err := m.planStage(s, suffix)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Filed{}, err
	}
	switch in := stageIntent(s.Archive, moves); {
	case !m.fat:
		return m.stage(in)
	case s.Archive == "":
		return m.byArchive(ctx, suffix, "new", report)
	default:
		return m.fetch(ctx, in, report)
	}
}

// CheckStage tells why Stage would refuse once what blocks the swap is filed
// away, as far as can be seen before that; nil when it would not. It changes
// nothing.
func (m *Medium) CheckStage(s Set) error {
	suffix, err := m.suffixOf(s)
	if err == nil {
		err = m.newFree()
	}
	if err != nil {
		return err
	}
	moves, err := m.planStage(s, suffix)
	if err != nil {
		return err
	}
	if err := m.checkIntent(stageIntent(s.Archive, moves)); err != nil {
		return wire.Fail(wire.NameTaken, err, moves[0].From)
	}
	for _, name := range []string{JournalName, m.name + ".part"} {
		if m.dir.Exists(name) && (m.fat || name == JournalName) {
			return wire.Fail(wire.NameTaken, nil, name)
		}
	}
	return m.copyRoom(s, moves)
}

// copyRoom holds that the copy of FAT will fit. What is filed first frees as
// much as it takes, and so does a set that goes by way of the archive.
func (m *Medium) copyRoom(s Set, moves []move) error {
	if !m.fat {
		return nil
	}
	src, shut, err := m.Place(s.Archive)
	if err != nil {
		return m.unlessAbsent(s.Archive, err)
	}
	defer shut()
	_, err = m.room(src, moves)
	return err
}

// planStage plans the moves, and refuses what must not be armed.
func (m *Medium) planStage(s Set, suffix string) ([]move, error) {
	src, shut, err := m.Place(s.Archive)
	if err != nil {
		return nil, m.unlessAbsent(s.Archive, err)
	}
	defer shut()
	moves, err := m.moves(src, m.generation, suffix, "new")
	if err == nil {
		err = m.complete(src, s.Image)
	}
	if err == nil {
		err = m.free("", moves)
	}
	if err == nil && m.IsSpare(s.Image) {
		err = m.alone(s.Image)
	}
	if err == nil && m.fat {
		err = m.another(s, moves[0])
	}
	return moves, err
}

// another holds that what FAT is to copy is not what NAME holds already: of a copy
// that was cut nobody could tell whether it shares its clusters with that one
// (isShared), so it would stay, and be in the way. core/history has the same rule.
func (m *Medium) another(s Set, image move) error {
	now, err := m.identifyName(m.name)
	if err == nil && now.Size == image.Size && now.Head == image.Head {
		return wire.Fail(wire.CopyInUse, nil, pathIn(s.Archive, s.Image), m.name)
	}
	return nil
}

// alone holds that a spare image is a file, and that no link beside it leads there:
// it would lead nowhere.
func (m *Medium) alone(name string) error {
	e, err := m.dir.Lstat(name)
	if err == nil && !e.IsRegular() {
		return wire.Fail(wire.NameTaken, fmt.Errorf("%s is a link itself", name), name)
	}
	names, err2 := m.dir.Names()
	if err = errors.Join(err, err2); err != nil {
		return m.failed(name, err)
	}
	for _, other := range names {
		if text, err := m.dir.Readlink(other); err == nil && path.Base(text) == name {
			return wire.Fail(wire.SharedTarget, nil, name, other)
		}
	}
	return nil
}

// unlessAbsent makes a wire error of what is not simply absent.
func (m *Medium) unlessAbsent(archive string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return m.failed(pathIn(archive, ""), err)
}

func stageIntent(archive string, imageFirst []move) intent {
	return intent{Action: actionStage, Archive: archive, Moves: append(slices.Clone(imageFirst[1:]), imageFirst[0])}
}

// wayFree holds that the version would be swapped in: nothing is armed, and no
// other one blocks the swap (contract §6.1).
func (m *Medium) wayFree(s Set) error {
	if err := m.newFree(); err != nil {
		return err
	}
	for _, suffix := range []string{".old", ".bad"} {
		if name := m.name + suffix; m.blocks(name) && (s.Archive != "" || s.Image != name) {
			return wire.Fail(wire.Blocked, nil, name)
		}
	}
	return nil
}

// newFree holds that nothing is armed.
func (m *Medium) newFree() error {
	name := m.name + ".new"
	switch {
	case !m.dir.Exists(name):
		return nil
	case !m.blocks(name):
		return wire.Fail(wire.NameTaken, nil, name)
	}
	return wire.Fail(wire.Pending, nil, name)
}

// complete holds that an image has a superblock that makes sense and is not
// shorter than that says: the boot makes no check before the swap.
func (m *Medium) complete(src *sys.Dir, name string) error {
	if m.host != nil { // the initrd looks at a rootfs before it uses it
		return nil
	}
	f, err := m.openImage(src, name)
	if err != nil {
		return err
	}
	defer f.Close()
	super, err := squashfs.ReadSuper(f)
	if err != nil {
		return wire.Fail(wire.ImageDamaged, err, name, err.Error())
	}
	if e, err := sys.FileEntry(f); err != nil {
		return m.failed(name, err)
	} else if e.Size < super.BytesUsed {
		err = fmt.Errorf("it has %d of %d bytes", e.Size, super.BytesUsed)
		return wire.Fail(wire.ImageDamaged, err, name, err.Error())
	}
	return nil
}

func (m *Medium) stage(in intent) (Filed, error) {
	if err := m.checkIntent(in); err != nil {
		return Filed{}, wire.Fail(wire.NameTaken, err, in.Moves[0].From)
	}
	if err := m.start(in); err != nil {
		return Filed{}, err
	}
	done, left, err := m.finishStage(&journal{intent: in})
	if err == nil && (len(left) > 0 || len(done) < len(in.Moves)) {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil {
		return Filed{}, m.withdraw(in, err)
	}
	return filed(in.Archive, targets(in)), nil
}

// withdraw takes back what a failed stage did, so that nothing is armed of
// which it is not certain that it is durable.
func (m *Medium) withdraw(in intent, err error) error {
	src, shut, e := m.Place(in.Archive)
	if e == nil {
		defer shut()
		_, _, e = m.undoStage(src, in.Moves)
	}
	if e != nil || m.is(m.dir, m.name+".new", in.Moves[len(in.Moves)-1]) {
		e = errors.Join(e, err)
		return wire.Fail(wire.Remains, e, e.Error())
	}
	return m.failed(m.name+".new", err)
}

// finishStage does what is left of a stage and ends its journal. When the image
// cannot be armed any more, as a boot in between used it or somebody else is in
// the way, it takes the companions back instead. It tells what it moved, and
// what is not what the journal names.
func (m *Medium) finishStage(j *journal) (done, left []string, err error) {
	in := j.intent
	src, shut, err := m.Place(in.Archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, m.present(in.Moves), m.end()
	}
	if err != nil {
		return nil, nil, err
	}
	defer shut()
	if !m.canStage(src, in) {
		return m.undoStage(src, in.Moves)
	}
	for _, mv := range in.Moves {
		if err := m.step(src, mv.From, m.dir, mv.To, mv); err != nil {
			return done, left, err
		}
		done = append(done, mv.To)
	}
	return done, nil, m.end()
}

// canStage tells whether each file is where the stage or its journal put it,
// and the image armed or free to be.
func (m *Medium) canStage(src *sys.Dir, in intent) bool {
	for _, mv := range in.Moves {
		there := m.is(m.dir, mv.To, mv)
		if !there && (!m.is(src, mv.From, mv) || m.dir.Exists(mv.To)) {
			return false
		}
	}
	image := in.Moves[len(in.Moves)-1]
	if m.is(m.dir, image.To, image) {
		return true
	}
	e, err := src.Lstat(image.From)
	return err == nil && !m.isProtected(e) && m.wayFree(Set{in.Archive, image.From}) == nil
}

// step makes one rename, if it was not made yet, and it durable in any case.
func (m *Medium) step(src *sys.Dir, from string, dst *sys.Dir, to string, mv move) error {
	if m.is(dst, to, mv) {
		e, err := dst.Lstat(to)
		if err != nil {
			return err
		}
		return errors.Join(m.settleDir(dst, to, e), m.settle(nil, src))
	}
	e, err := src.Lstat(from)
	if err != nil {
		return err
	}
	return m.moveTo(src, from, dst, to, e)
}

// undoStage takes the files of a stage back, the image first, and ends the
// journal. What stands in somebody else's NAME.new may be used by it.
func (m *Medium) undoStage(src *sys.Dir, moves []move) (healed, left []string, err error) {
	image := moves[len(moves)-1]
	if m.dir.Exists(image.To) && !m.is(m.dir, image.To, image) {
		return nil, m.present(moves), m.end()
	}
	for _, mv := range slices.Backward(moves) {
		if !m.dir.Exists(mv.To) {
			continue
		}
		if !m.is(m.dir, mv.To, mv) || src.Exists(mv.From) {
			left = append(left, mv.To)
			continue
		}
		if err := m.step(m.dir, mv.To, src, mv.From, mv); err != nil {
			return healed, left, err
		}
		healed = append(healed, mv.From)
	}
	return healed, left, m.end()
}

// present lists the names that the moves were to make and that are there.
func (m *Medium) present(moves []move) []string {
	var out []string
	for _, mv := range moves {
		if m.dir.Exists(mv.To) {
			out = append(out, mv.To)
		}
	}
	return out
}
