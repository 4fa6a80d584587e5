package publish

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// A rootfs that does not lie beside the linuxfs has a medium of its own, the
// annex: there rootfs is what the linuxfs is on the stick, with rootfs.new,
// rootfs.old and an archive/, and nothing goes along with it. One rule ties the
// two: rootfs.new is there for as long as a version is armed on the stick. What
// each state after a crash means is in docs/decisions/0021.

// annexName is that of the file in which root persistence keeps the changes.
const annexName = "rootfs"

// OpenAnnex prepares the work in dir, on the block device named, where the
// linuxfs of m keeps its rootfs. No entry with one of the protected inodes is
// ever moved or removed. From then on a number of an archive directory is free
// only when it is so in both places.
func (m *Medium) OpenAnnex(dir *sys.Dir, device string, protected []uint64) (*Medium, error) {
	a, err := Open(dir, device, annexName, m.generation, protected)
	if err != nil {
		return nil, err
	}
	a.host, m.annex = m, a
	return a, nil
}

// members are the linuxfs and what goes along with it, or the rootfs alone.
func (m *Medium) members(gen live.Generation) []string {
	if m.host != nil {
		return []string{m.name}
	}
	return live.Companions(gen, m.name)
}

// isOddMD5 tells whether name is the md5 of a linuxfs of another name, which no
// boot rotates (contract §9).
func (m *Medium) isOddMD5(name string) bool {
	return m.host == nil && m.name != "linuxfs" && name == m.name+".md5"
}

// wanted tells whether NAME.new is to stay: that of an annex for as long as a
// version is armed.
func (m *Medium) wanted() bool { return m.host == nil || m.host.blocks(m.host.name+".new") }

// Hold keeps the journal of what comes now until Release: what it made or moved
// is taken back by healing as long as no version is armed.
func (m *Medium) Hold() { m.held = true }

// Release ends the journal that Hold kept: the version is armed.
func (m *Medium) Release() error {
	m.held = false
	return m.end()
}

// Await writes down where the file NAME.new of an annex goes once no version is
// armed any more: healing takes it there. On FAT, where it would be copied, it
// does nothing. It refuses as PutBack does.
func (m *Medium) Await(s Set) error {
	if m.fat {
		return nil
	}
	suffix, err := m.suffixOf(s)
	if err != nil {
		return err
	}
	in, err := m.planBack(s, suffix)
	if err != nil {
		return err
	}
	return m.start(in)
}

// NextArchive is the number of the archive directory that File would take now.
func (m *Medium) NextArchive() (string, error) {
	number, err := m.nextArchive()
	if err != nil {
		err = m.failed(archiveDir, err)
	}
	return number, err
}

// Has tells whether a name is there.
func (m *Medium) Has(name string) bool { return m.dir.Exists(name) }

// Sets lists every file of the annex that a version may have left: beside the
// rootfs, then in the archive.
func (m *Medium) Sets() ([]Set, error) {
	places := []string{""}
	above, err := m.dir.Dir(archiveDir)
	if err == nil {
		names, e := above.Names()
		err = errors.Join(e, above.Close())
		slices.Sort(names)
		places = append(places, slices.DeleteFunc(names, func(n string) bool { return !archiveNumber.MatchString(n) })...)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, m.failed(archiveDir, err)
	}
	var out []Set
	for _, place := range places {
		out = append(out, m.setsIn(place)...)
	}
	return out, nil
}

func (m *Medium) setsIn(place string) (out []Set) {
	dir, shut, err := m.Place(place)
	if err != nil {
		return nil
	}
	defer shut()
	for _, suffix := range append(slices.Clone(suffixes), "") {
		e, err := dir.Lstat(with(m.name, suffix))
		if err == nil && e.IsRegular() && (place != "" || suffix != "") {
			out = append(out, Set{place, with(m.name, suffix)})
		}
	}
	return out
}

// OpenSet opens the image of a set, or the rootfs of the annex itself, for
// reading.
func (m *Medium) OpenSet(s Set) (*os.File, error) {
	dir, shut, err := m.Place(s.Archive)
	if err != nil {
		return nil, err
	}
	defer shut()
	return dir.Open(s.Image, os.O_RDONLY)
}

// FileTo moves the file rootfs.suffix of an annex into the archive directory of
// that number, "" for the next free one. The suffix "" is the rootfs itself, which
// becomes rootfs.old there. It refuses with NameTaken; otherwise it is as File.
func (m *Medium) FileTo(ctx context.Context, number, suffix string, report wire.Report) (Filed, error) {
	mv, err := m.moveOf(with(m.name, suffix))
	if err != nil {
		return Filed{}, err
	}
	if suffix == "" {
		mv.To = m.name + ".old"
	}
	if number != "" {
		err = m.free(number, []move{mv})
	}
	if err != nil {
		return Filed{}, err
	}
	return m.file(ctx, number, []move{mv}, "", report)
}

// Take makes NAME.new of an annex its NAME, as a swap would have that was one
// with root persistence; there must be none. Errors are wire errors.
func (m *Medium) Take() error {
	part := m.name + ".new"
	f, err := m.dir.Open(part, os.O_RDONLY)
	if err != nil {
		return m.failed(part, err)
	}
	defer f.Close()
	if m.dir.Exists(m.name) {
		return wire.Fail(wire.NameTaken, nil, m.name)
	}
	if err := errors.Join(m.publish(f, m.dir, part, m.name), m.removeFillers()); err != nil {
		return m.failed(m.name, err)
	}
	return nil
}

// highest is the highest number of an archive directory, or 0.
func (m *Medium) highest() (int, error) {
	above, err := m.dir.Dir(archiveDir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer above.Close()
	names, err := above.Names()
	highest := 0
	for _, name := range names {
		if n, ok := parseNumber(name); ok {
			highest = max(highest, n)
		}
	}
	return highest, err
}

// unstage takes a stage back that nothing came of.
func (m *Medium) unstage(in intent) (healed, left []string, err error) {
	src, shut, err := m.Place(in.Archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, m.present(in.Moves), m.end()
	}
	if err != nil {
		return nil, nil, err
	}
	defer shut()
	return m.undoStage(src, in.Moves)
}

// trimmed is the name of a file without what says that it is not in use yet.
func trimmed(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".part"), ".new")
}
