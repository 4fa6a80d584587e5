package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"antix-remaster/core/sys"
)

// On FAT a rename is several writes: for a moment both names, or neither,
// have the clusters, and the kernel writes an entry before the table of the
// clusters it points to. docs/decisions/0009 says what follows from that.

// partOf is the name under which a file is made that shall be called name in
// the end: on FAT that name itself. Nothing looks at it before the journal ends.
func (m *Medium) partOf(name string) string {
	if m.fat {
		return name
	}
	return strings.TrimSuffix(name, ".new") + ".part"
}

func (m *Medium) rename(part, name string) error {
	if part == name {
		return nil
	}
	return m.dir.Rename(part, m.dir, name)
}

// syncFile makes what was written durable. On FAT in this order: the bytes, the
// table of clusters, the entry. The sync of anything else, here the directory
// where the entry still says "empty", writes the table.
func (m *Medium) syncFile(f *os.File) error {
	if m.fat {
		e, err := sys.FileEntry(f)
		if err == nil && e.Size > 0 {
			err = sys.FlushRange(f, 0, e.Size)
		}
		if err == nil {
			err = m.dir.Sync()
		}
		if err != nil {
			return err
		}
	}
	return f.Sync()
}

// born writes FAT's table of clusters after a directory was made: a name whose
// cluster is not taken cannot even be removed. The journal has nothing else to
// write at that time.
func (m *Medium) born() error {
	if !m.fat {
		return nil
	}
	f, err := m.dir.Open(JournalName, os.O_RDONLY)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// settleDir makes the entry of a renamed directory durable: FAT keeps its
// first cluster there, and fsync of the directory around it does not write it.
func (m *Medium) settleDir(dir *sys.Dir, name string, e sys.Entry) error {
	if e.IsDir() {
		sub, err := dir.Dir(name)
		if err == nil {
			err = errors.Join(sub.Sync(), sub.Close())
		}
		if err != nil {
			return err
		}
	}
	return m.settle(nil, dir)
}

// writeNew makes a small file under its own name, in the order of syncFile.
func (m *Medium) writeNew(dir *sys.Dir, name string, text []byte) error {
	f, err := dir.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = m.syncFile(f)
	}
	if err == nil {
		err = m.settle(nil, dir)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, m.remove(dir, name))
	}
	return nil
}

// remove takes a name away, on FAT durably before its clusters are free: else
// a power cut can leave the name with clusters that others get.
func (m *Medium) remove(dir *sys.Dir, name string) error {
	held, err := dir.Hold(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = dir.Remove(name)
	if err == nil {
		err = dir.Sync()
	}
	return errors.Join(err, held.Close())
}

var errTorn = errors.New("a directory that a power cut tore")

// removeAll does the same for a tree. A directory of FAT whose own cluster was
// never written holds what was in that cluster before: names that are none.
func (m *Medium) removeAll(dir *sys.Dir, name string) error {
	if !m.fat {
		return dir.RemoveAll(name)
	}
	e, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && e.IsDir() {
		err = m.empty(dir, name)
	}
	if err != nil {
		return err
	}
	return m.remove(dir, name)
}

func (m *Medium) empty(dir *sys.Dir, name string) error {
	sub, err := dir.Dir(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	if places, ok, err := sub.Places(); err != nil || !ok && len(places) > 0 {
		return errors.Join(err, fmt.Errorf("%s: %w", name, errTorn))
	}
	names, err := sub.Names()
	for _, n := range names {
		err = errors.Join(err, m.removeAll(sub, n))
	}
	return err
}

// isShared tells whether the unfinished image may have the clusters of an
// image: removing it would free them. A rename that was cut leaves that.
func (m *Medium) isShared(name string) bool {
	if !m.fat || name != m.name+".part" {
		return false
	}
	id, err := m.identifyName(name)
	if err != nil || id.Size == 0 {
		return false
	}
	for _, suffix := range []string{"", ".new", ".old", ".bad"} {
		if other, err := m.identifyName(m.name + suffix); err == nil && other.Size == id.Size && other.Head == id.Head {
			return true
		}
	}
	return false
}

func (m *Medium) identifyName(name string) (made, error) {
	f, err := m.dir.Open(name, os.O_RDONLY)
	if err != nil {
		return made{}, err
	}
	defer f.Close()
	return identify(f)
}

// Fillers take the free slots of a FAT directory for a moment, so that the old
// and the new name of an image lie in one sector: then one write exchanges
// them. They are empty, and of as many slots as the name they stand for. One
// that lost its long name in a power cut has the other form.
var fillerName = regexp.MustCompile(`^(remaster[.-]f[0-9]{2}x*|REMAST~[0-9]+)$`)

const (
	maxFillers = 64
	sector     = 512
	slot       = 32
)

func filler(n int, name string) string {
	if isShort(name) {
		return fmt.Sprintf("remaster.f%02d", n)
	}
	text := fmt.Sprintf("remaster-f%02d", n)
	return text + strings.Repeat("x", max(0, len(name)-len(text)))
}

var shortName = regexp.MustCompile(`^[a-z0-9_-]{1,8}(\.[a-z0-9_-]{1,3})?$`)

func isShort(name string) bool { return shortName.MatchString(name) }

// createPart makes the empty file of the image, with a filler in the sector of
// its entry that keeps the place for the name it will get.
func (m *Medium) createPart(part, name string) (*os.File, error) {
	for n := 0; m.fat && n < maxFillers; n++ {
		if err := m.createEmpty(filler(n, name)); err != nil {
			return nil, err
		}
		f, err := m.dir.Create(part)
		if err != nil {
			return nil, err
		}
		same, err := m.sameSector(filler(n, name), part)
		if err == nil && same {
			return f, m.removeFillers(filler(n, name))
		}
		if err = errors.Join(err, f.Close(), m.dir.Remove(part)); err != nil {
			return nil, err
		}
	}
	return m.dir.Create(part)
}

// aim fills the free slots before the one that createPart kept.
func (m *Medium) aim(part, name string) error {
	if !m.fat {
		return nil
	}
	if err := m.removeFillers(); err != nil {
		return err
	}
	for n := range maxFillers {
		if err := m.createEmpty(filler(n, name)); err != nil {
			return err
		}
		same, err := m.sameSector(filler(n, name), part)
		if err != nil {
			return err
		}
		if same {
			if err := m.dir.Remove(filler(n, name)); err != nil {
				return err
			}
			break
		}
	}
	// With nothing left to write, the kernel has no reason to write in the
	// middle of what comes now.
	return sys.SyncFS(m.dir.File())
}

func (m *Medium) createEmpty(name string) error {
	f, err := m.dir.Create(name)
	if err != nil {
		return err
	}
	return f.Close()
}

// sameSector tells whether all slots of filler lie in the sector of the last
// slot of part, its short entry. Where nobody knows, all is one.
func (m *Medium) sameSector(filler, part string) (bool, error) {
	places, ok, err := m.dir.Places()
	if err != nil || !ok {
		return !ok, err
	}
	last := func(name string) int64 {
		if isShort(name) {
			return places[name] / sector
		}
		return (places[name] + int64(len(name)+12)/13*slot) / sector
	}
	return last(filler) == last(part) && places[filler]/sector == last(part), nil
}

func (m *Medium) removeFillers(but ...string) error {
	if !m.fat {
		return nil
	}
	names, err := m.dir.Names()
	for _, name := range names {
		if !fillerName.MatchString(name) || len(but) > 0 && but[0] == name {
			continue
		}
		if e, e2 := m.dir.Lstat(name); e2 == nil && e.IsRegular() && e.Size == 0 {
			err = errors.Join(err, m.dir.Remove(name))
		}
	}
	return err
}
