package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// archiveDir and the layout below it are those of live-remaster (contract
// §12): archive/NNNN/FILE under its former name, with a copy of its linuxfs.ver.
const (
	archiveDir  = "archive"
	versionName = "linuxfs.ver"
)

// Filed tells where a set went, came from or was removed, and what belonged to it.
type Filed struct {
	Archive string   // "archive/0003"; "" is beside the linuxfs
	Files   []string // the names it has now (of Delete: had), the image first
}

// File moves the image NAME.suffix with all its companions of that suffix into
// the next free archive directory; suffix is new, old, bad or bak. Of all but new
// the companions alone are a set too: they would be in the way of the next
// swap, or be deleted by it. It never deletes an image. versionText goes
// beside it. Errors are wire errors, with fs.ErrNotExist when there is no such
// set; an interrupted move is finished by Heal.
func (m *Medium) File(ctx context.Context, suffix, versionText string, report wire.Report, extra ...string) (Filed, error) {
	moves, err := m.set(suffix, extra)
	if err != nil {
		return Filed{}, err
	}
	return m.file(ctx, "", moves, versionText, report)
}

// file makes the moves into the archive; number "" is the next free one.
func (m *Medium) file(ctx context.Context, number string, moves []move, versionText string, report wire.Report) (_ Filed, err error) {
	if number == "" {
		if number, err = m.NextArchive(); err != nil {
			return Filed{}, err
		}
	}
	in := intent{Action: actionFile, Archive: number, Moves: moves}
	if len(versionText) <= maxVersion {
		in.Version = versionText
	}
	if err := m.checkIntent(in); err != nil {
		return Filed{}, wire.Fail(wire.NameTaken, err, moves[0].From)
	}
	if m.fat {
		return m.fileByCopy(ctx, in, versionText, report)
	}
	if err := m.begin(in); err != nil {
		return Filed{}, m.failed(JournalName, err)
	}
	if err := m.prepareArchive(number, versionText); err != nil {
		return Filed{}, m.failed(archiveDir, err)
	}
	done, left, err := m.finishFiling(&journal{intent: in})
	if err == nil && (len(left) > 0 || len(done) < len(moves)) {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil {
		return Filed{}, m.failed(archiveDir, err)
	}
	return Filed{archiveDir + "/" + number, done}, nil
}

// set lists the moves: the image first, since its presence is what blocks or
// arms a swap.
func (m *Medium) set(suffix string, extra []string) ([]move, error) {
	var names []string
	for _, base := range m.members(live.Gen2023) {
		names = append(names, base+"."+suffix)
	}
	if suffix == "new" && !m.blocks(names[0]) {
		return nil, fs.ErrNotExist
	}
	moves, err := m.movesOf(names)
	if err == nil && len(moves) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	more, err := m.movesOf(extra)
	return append(moves, more...), err
}

func (m *Medium) movesOf(names []string) ([]move, error) {
	var moves []move
	for _, name := range names {
		mv, err := m.moveOf(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		moves = append(moves, mv)
	}
	return moves, nil
}

// isImage tells whether name is a version's image rather than a companion.
func (m *Medium) isImage(name string) bool {
	base, suffix, ok := m.split(name)
	return ok && base == m.name && suffix != ""
}

// moveOf plans the move of one name. Of an image that is a link in the same
// directory it is the target that moves: a link would point nowhere from the
// archive. One to nothing is no image, and nothing that the initrd sees. The link
// of a companion moves as it is.
func (m *Medium) moveOf(name string) (move, error) {
	e, err := m.dir.Lstat(name)
	if err != nil {
		return move{}, err
	}
	mv := move{From: name, To: name, Inode: e.Inode, Size: e.Size}
	if e.IsLink() && m.isImage(name) {
		if !m.blocks(name) {
			return move{}, fs.ErrNotExist
		}
		target, err := m.linkTarget(name)
		if err != nil {
			return move{}, err
		}
		if e, err = m.dir.Lstat(target); err != nil {
			return move{}, err
		}
		mv = move{From: target, To: name, Link: name, Inode: e.Inode, Size: e.Size}
	}
	if e.IsDir() {
		mv.Size = 0 // a directory's size says nothing
	}
	if m.isProtected(e) {
		return move{}, wire.Fail(wire.Protected, nil, name)
	}
	return mv, nil
}

func (m *Medium) linkTarget(name string) (string, error) {
	target, err := m.dir.Readlink(name)
	if err != nil {
		return "", err
	}
	e, err := m.dir.Lstat(target)
	if err != nil || !e.IsRegular() {
		return "", wire.Fail(wire.NameTaken, fmt.Errorf("%s is a link to %q", name, target), name)
	}
	names, err := m.dir.Names()
	if err != nil {
		return "", err
	}
	for _, other := range names {
		if text, err := m.dir.Readlink(other); err == nil && other != name && path.Clean(text) == target {
			return "", wire.Fail(wire.SharedTarget, nil, name, other)
		}
	}
	return target, nil
}

// nextArchive is one more than the highest number there is, as live-remaster
// counts.
const maxArchive = 99_999_999

func (m *Medium) nextArchive() (string, error) {
	highest := 0
	for _, place := range []*Medium{m, m.host, m.annex} {
		if place == nil {
			continue
		}
		n, err := place.highest()
		if err != nil {
			return "", err
		}
		highest = max(highest, n)
	}
	return fmt.Sprintf("%04d", highest+1), nil
}

func parseNumber(name string) (int, bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n < maxArchive
}

func (m *Medium) prepareArchive(number, versionText string) error {
	dir, err := m.openArchive(number)
	if err != nil {
		return err
	}
	defer dir.Close()
	if versionText == "" || dir.Exists(versionName) {
		return nil
	}
	return m.writeFile(dir, versionName, []byte(versionText))
}

// openArchive makes the directories where they are missing, durable.
func (m *Medium) openArchive(number string) (*sys.Dir, error) {
	if err := m.makeDir(m.dir, archiveDir); err != nil {
		return nil, err
	}
	archive, err := m.dir.Dir(archiveDir)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if err := m.makeDir(archive, number); err != nil {
		return nil, err
	}
	return archive.Dir(number)
}

func (m *Medium) makeDir(dir *sys.Dir, name string) error {
	err := dir.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.born(); err != nil {
		return err
	}
	return m.settle(nil, dir)
}

// finishFiling does what is left of the moves, and ends the journal. It tells
// what now lies in the archive and what could not be moved because it is no
// longer what the journal names.
func (m *Medium) finishFiling(j *journal) (done, left []string, err error) {
	dir, err := m.openArchive(j.intent.Archive)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	if err := dir.Remove(versionName + ".part"); err != nil {
		return nil, nil, err
	}
	if err := m.prepareArchive(j.intent.Archive, j.intent.Version); err != nil {
		return nil, nil, err
	}
	for _, mv := range j.intent.Moves {
		moved, err := m.finishMove(dir, mv)
		if err != nil {
			return nil, nil, err
		}
		if moved {
			done = append(done, mv.To)
		} else if m.dir.Exists(mv.name()) {
			left = append(left, mv.name())
		}
	}
	if len(done) == 0 {
		err = m.dropArchive(dir, j.intent.Archive)
	}
	return done, left, errors.Join(err, m.end())
}

// finishMove gives false when a boot in between renamed the file: then it is
// where the initrd put it, and belongs there.
func (m *Medium) finishMove(dir *sys.Dir, mv move) (bool, error) {
	text, _ := m.dir.Readlink(mv.Link)
	linked := mv.Link != "" && text == mv.From
	if !dir.Exists(mv.To) {
		e, err := m.dir.Lstat(mv.From)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !m.same(e, mv.Inode, mv.Size) || m.isProtected(e) || linked != (mv.Link != "") {
			return false, nil
		}
		if err := m.moveTo(m.dir, mv.From, dir, mv.To, e); err != nil {
			return false, err
		}
	}
	if linked && !m.dir.Exists(mv.From) {
		return true, errors.Join(m.dir.Remove(mv.Link), m.settle(nil, m.dir))
	}
	return true, nil
}

// moveTo renames between the directories of one file system: the file is
// whole under one of both names at every moment.
func (m *Medium) moveTo(src *sys.Dir, from string, dst *sys.Dir, to string, e sys.Entry) error {
	var f *os.File
	if e.IsRegular() {
		var err error
		if f, err = src.Open(from, os.O_RDONLY); err != nil {
			return err
		}
		defer f.Close()
	}
	if err := src.Rename(from, dst, to); err != nil {
		return err
	}
	if err := errors.Join(m.settleDir(dst, to, e), m.settle(f, dst)); err != nil {
		return err
	}
	return m.settle(nil, src)
}

// dropArchive removes a directory that got no file after all. One with
// anything else in it is not ours.
func (m *Medium) dropArchive(dir *sys.Dir, number string) error {
	names, err := dir.Names()
	if err != nil || slices.ContainsFunc(names, func(n string) bool { return n != versionName }) {
		return err
	}
	if err := dir.Remove(versionName); err != nil {
		return err
	}
	archive, err := m.dir.Dir(archiveDir)
	if err != nil {
		return err
	}
	defer archive.Close()
	return errors.Join(m.remove(archive, number), m.settle(nil, archive))
}

// same tells whether an entry is the one the journal names.
func (m *Medium) same(e sys.Entry, inode uint64, size int64) bool {
	if m.stable && e.Inode != inode {
		return false
	}
	return e.IsDir() || size == 0 || e.Size == size
}
