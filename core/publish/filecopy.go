package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/dustin/go-humanize"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// On FAT a rename between directories passes through states in which the only
// copy of an image has no name, or two. So there a set is copied into the
// archive, the copy compared, that written into the journal, and only then the
// originals are deleted.

// fileByCopy refuses before anything is written when there is no room.
func (m *Medium) fileByCopy(ctx context.Context, in intent, versionText string, report wire.Report) (Filed, error) {
	total, err := m.room(m.dir, in.Moves)
	if err != nil {
		return Filed{}, err
	}
	in.Copy, in.Fresh = true, !m.dir.Exists(archiveDir)
	if err := m.start(in); err != nil {
		return Filed{}, err
	}
	err = m.copySet(ctx, in, versionText, newTally(report, total))
	if err == nil {
		err = m.note(made{Copied: true})
	}
	if err != nil {
		return Filed{}, m.undone(err)
	}
	done, left, err := m.finishCopies(in, true)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("somebody else changed %q at the same time", left)
	}
	if err != nil {
		return Filed{}, m.failed(archiveDir, err)
	}
	return Filed{archiveDir + "/" + in.Archive, done}, nil
}

// spare is what directories and a partly used last cluster of each file need.
const spare = 1 << 20

// room tells how many bytes the copies will have, and whether they fit.
func (m *Medium) room(src *sys.Dir, moves []move) (int64, error) {
	var total, files int64
	for _, mv := range moves {
		size, n, err := sizeOf(src, mv.From)
		if err != nil {
			return 0, m.failed(mv.From, err)
		}
		total, files = total+size, files+n
	}
	space, err := sys.FreeSpace(m.dir.File())
	if err != nil {
		return 0, m.failed(archiveDir, err)
	}
	size := func(n int64) string { return humanize.IBytes(uint64(n)) }
	need, free := total+spare+files<<16, int64(space.Free)
	if need > free {
		return 0, wire.Fail(wire.NoSpace, nil, size(need), size(free), m.dir.Path(), size(need-free))
	}
	return total, nil
}

func sizeOf(dir *sys.Dir, name string) (size, files int64, err error) {
	e, err := dir.Lstat(name)
	if err != nil || !e.IsDir() {
		return e.Size, 1, err
	}
	sub, err := dir.Dir(name)
	if err != nil {
		return 0, 0, err
	}
	defer sub.Close()
	names, err := sub.Names()
	files = 1
	for _, n := range names {
		s, f, e := sizeOf(sub, n)
		size, files, err = size+s, files+f, errors.Join(err, e)
	}
	return size, files, err
}

// tally adds up what was written, then what was read.
type tally struct {
	report      wire.Report
	stage       wire.Stage
	done, total int64
}

func newTally(report wire.Report, total int64) *tally {
	return &tally{report: report, stage: wire.StageWrite, total: total}
}

func (t *tally) add(n int64) {
	t.done += n
	if t.report != nil {
		t.report(wire.Progress{Stage: t.stage, Done: min(t.done, t.total), Total: t.total, Bytes: t.total})
	}
}

func (m *Medium) copySet(ctx context.Context, in intent, versionText string, t *tally) error {
	dir, err := m.openArchive(in.Archive)
	if err != nil {
		return err
	}
	defer dir.Close()
	if versionText != "" {
		if err := m.writeFile(dir, versionName, []byte(versionText)); err != nil {
			return err
		}
	}
	c := copying{ctx: ctx, m: m, done: t.add}
	for _, mv := range in.Moves {
		if err := c.entry(m.dir, mv.From, dir, mv.To); err != nil {
			return err
		}
	}
	if err := m.settle(nil, dir); err != nil {
		return err
	}
	t.stage, t.done = wire.StageRead, 0
	for _, mv := range in.Moves {
		same, err := c.equal(m.dir, mv.From, dir, mv.To)
		if err == nil && !same {
			err = fmt.Errorf("the copy of %s is not what it was copied from", mv.From)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// healCopies finishes what was copied whole, and else removes the copies.
func (m *Medium) healCopies(j *journal) (healed, left []string, err error) {
	for _, n := range j.made {
		if n.Copied {
			return m.finishCopies(j.intent, false)
		}
	}
	return m.undoCopies(j.intent)
}

// finishCopies deletes the originals, the image first. After a crash each copy
// is compared once more: a boot in between may have renamed the originals.
func (m *Medium) finishCopies(in intent, proven bool) (done, left []string, err error) {
	dir, err := m.openArchive(in.Archive)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	c := copying{ctx: context.Background(), m: m, some: true}
	for _, mv := range in.Moves {
		e, err := m.dir.Lstat(mv.From)
		if err != nil {
			if dir.Exists(mv.To) {
				done = append(done, mv.To)
			}
			continue
		}
		same := proven && m.same(e, mv.Inode, mv.Size)
		if !proven && dir.Exists(mv.To) {
			if same, err = c.equal(m.dir, mv.From, dir, mv.To); err != nil {
				return done, left, err
			}
		}
		if !same || m.isProtected(e) {
			left = append(left, mv.From)
			continue
		}
		if err := m.removeAll(m.dir, mv.From); err != nil {
			return done, left, err
		}
		done = append(done, mv.To)
	}
	return done, left, errors.Join(m.settle(nil, m.dir), m.end())
}

// undoCopies removes each copy whose original is there.
func (m *Medium) undoCopies(in intent) (healed, left []string, err error) {
	if !m.dir.Exists(archiveDir) {
		return nil, nil, m.end()
	}
	archive, err := m.dir.Dir(archiveDir)
	if err != nil {
		return nil, nil, err
	}
	defer archive.Close()
	if archive.Exists(in.Archive) {
		if healed, left, err = m.undoSet(archive, in); err != nil {
			return healed, left, err
		}
	}
	if in.Fresh {
		if err := m.dropEmptyArchive(); err != nil {
			return healed, left, err
		}
	}
	return healed, left, errors.Join(m.settle(nil, m.dir), m.end())
}

func (m *Medium) undoSet(archive *sys.Dir, in intent) (healed, left []string, err error) {
	dir, err := archive.Dir(in.Archive)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	for _, mv := range in.Moves {
		if !dir.Exists(mv.To) {
			continue
		}
		if !m.hasOriginal(mv, dir) {
			left = append(left, archiveDir+"/"+in.Archive+"/"+mv.To)
			continue
		}
		if err := m.removeAll(dir, mv.To); err != nil {
			return healed, left, err
		}
		healed = append(healed, archiveDir+"/"+in.Archive+"/"+mv.To)
	}
	if len(left) > 0 || in.Place {
		return healed, left, nil
	}
	return healed, left, m.dropArchive(dir, in.Archive)
}

// hasOriginal tells whether what was copied is still there: under its name,
// or where a boot since then put it.
func (m *Medium) hasOriginal(mv move, dir *sys.Dir) bool {
	copied, err := dir.Lstat(mv.To)
	if err != nil {
		return false
	}
	base := strings.TrimSuffix(mv.From, path.Ext(mv.From))
	for _, name := range []string{mv.From, base, base + ".old", base + ".bad"} {
		e, err := m.dir.Lstat(name)
		if err == nil && e.IsDir() == copied.IsDir() && m.same(e, mv.Inode, mv.Size) && (e.IsDir() || beginsLike(m.dir, name, dir, mv.To)) {
			return true
		}
	}
	return false
}

// beginsLike tells whether an unfinished copy begins like its original: what
// somebody else filed under that name does not.
func beginsLike(a *sys.Dir, nameA string, b *sys.Dir, nameB string) bool {
	head := func(dir *sys.Dir, name string) ([]byte, error) {
		f, err := dir.Open(name, os.O_RDONLY)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, 4096))
	}
	original, err := head(a, nameA)
	copied, err2 := head(b, nameB)
	return err == nil && err2 == nil && bytes.HasPrefix(original, copied)
}

// dropEmptyArchive removes an archive that was only made for a copy.
func (m *Medium) dropEmptyArchive() error {
	archive, err := m.dir.Dir(archiveDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer archive.Close()
	if names, err := archive.Names(); err != nil || len(names) > 0 {
		return err
	}
	return m.remove(m.dir, archiveDir)
}
