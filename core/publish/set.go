package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Set names one version on the stick: its image and what belongs to it by suffix.
type Set struct {
	Archive string // number of its directory below archive/, "0003"; "" is beside the linuxfs
	Image   string // "linuxfs.old", "linuxfs.bad", "linuxfs.bak"; in an archive also "linuxfs" and "linuxfs.new"; to stage also a spare "linuxfs.03"
}

// suffixes are what the initrd and this program put behind a name (contract §6).
var suffixes = []string{"new", "old", "bad", "bak"}

func with(base, suffix string) string {
	if suffix == "" {
		return base
	}
	return base + "." + suffix
}

// split parts the name of an image or a companion from its suffix; "" is none.
func (m *Medium) split(name string) (base, suffix string, ok bool) {
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(name, "."+suffix); ok && m.isMember(base) {
			return base, suffix, true
		}
	}
	return name, "", m.isMember(name)
}

// suffixOf checks that a set may be acted upon, and gives its suffix.
func (m *Medium) suffixOf(s Set) (string, error) {
	base, suffix, ok := m.split(s.Image)
	switch {
	case s.Archive == "" && m.IsSpare(s.Image):
		return strings.TrimPrefix(s.Image, m.name+"."), nil
	case !ok || base != m.name || s.Archive != "" && !archiveNumber.MatchString(s.Archive):
		return "", wire.Fail(wire.BadRequest, fmt.Errorf("%q in the archive %q names no version", s.Image, s.Archive))
	case s.Archive == "" && suffix == "":
		return "", wire.Fail(wire.Protected, nil, s.Image)
	case s.Archive == "" && suffix == "new":
		return "", wire.Fail(wire.Pending, nil, s.Image)
	}
	return suffix, nil
}

// pathIn is how a user is told of a name in a place.
func pathIn(archive, name string) string {
	if archive == "" {
		return name
	}
	return path.Join(archiveDir, archive, name)
}

func filed(archive string, files []string) Filed {
	if archive != "" {
		archive = archiveDir + "/" + archive
	}
	return Filed{archive, files}
}

// Place opens the directory of a set, as in Set.Archive; fs.ErrNotExist when
// there is none. shut closes it unless it is the medium's own.
func (m *Medium) Place(archive string) (dir *sys.Dir, shut func(), err error) {
	if archive == "" {
		return m.dir, func() {}, nil
	}
	above, err := m.dir.Dir(archiveDir)
	if err != nil {
		return nil, nil, err
	}
	defer above.Close()
	if dir, err = above.Dir(archive); err != nil {
		return nil, nil, err
	}
	return dir, func() { dir.Close() }, nil
}

// moves plans the moves of a set, the image first: from the names of one
// suffix to those of another. fs.ErrNotExist when there is no image.
func (m *Medium) moves(src *sys.Dir, gen live.Generation, from, to string) ([]move, error) {
	image, err := m.imageMove(src, with(m.name, from), with(m.name, to))
	if err != nil {
		return nil, err
	}
	out := []move{image}
	if targetNumber.MatchString(from) || targetNumber.MatchString(to) { // nothing belongs to a spare one by its name
		return out, nil
	}
	for _, base := range m.members(gen)[1:] {
		e, err := src.Lstat(with(base, from))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, m.failed(with(base, from), err)
		}
		if m.isProtected(e) {
			return nil, wire.Fail(wire.Protected, nil, with(base, from))
		}
		out = append(out, move{From: with(base, from), To: with(base, to), Inode: e.Inode, Size: sizeIn(e)})
	}
	return out, nil
}

// sizeIn is the size of an entry in a journal: that of a directory says nothing.
func sizeIn(e sys.Entry) int64 {
	if e.IsDir() {
		return 0
	}
	return e.Size
}

// imageMove plans the move of an image. One that is a link in its directory
// moves as the link that it is.
func (m *Medium) imageMove(src *sys.Dir, name, to string) (move, error) {
	e, err := src.Lstat(name)
	if err != nil {
		return move{}, err
	}
	f, err := m.openImage(src, name)
	if err != nil {
		return move{}, err
	}
	defer f.Close()
	id, err := identify(f)
	if err != nil {
		return move{}, m.failed(name, err)
	}
	if m.isProtected(e) || slices.Contains(m.protected, id.Inode) {
		return move{}, wire.Fail(wire.Protected, nil, name)
	}
	return move{From: name, To: to, Inode: e.Inode, Size: e.Size, Head: id.Head}, nil
}

// openImage opens an image, or the target of a link beside the linuxfs. A link
// to nothing is no image, and nothing that the initrd sees (contract §6.6).
func (m *Medium) openImage(src *sys.Dir, name string) (*os.File, error) {
	target := name
	if e, err := src.Lstat(name); err == nil && e.IsLink() && src == m.dir {
		if !m.blocks(name) {
			return nil, fmt.Errorf("%s is a link to nothing: %w", name, fs.ErrNotExist)
		}
		if target, err = m.linkTarget(name); err != nil {
			return nil, err
		}
	}
	f, err := src.Open(target, os.O_RDONLY)
	switch {
	case errors.Is(err, sys.ErrUnsafe):
		return nil, wire.Fail(wire.ImageDamaged, err, name, err.Error())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, m.failed(name, err)
	}
	return f, err
}

// is tells whether name is what the journal names, strictly: same checks what
// a swap may have changed meanwhile.
func (m *Medium) is(dir *sys.Dir, name string, mv move) bool {
	e, err := dir.Lstat(name)
	if err != nil || m.stable && e.Inode != mv.Inode || sizeIn(e) != mv.Size {
		return false
	}
	return mv.Head == "" || m.headOf(dir, name) == mv.Head
}

func (m *Medium) headOf(dir *sys.Dir, name string) string {
	f, err := m.openImage(dir, name)
	if err != nil {
		return ""
	}
	defer f.Close()
	id, err := identify(f)
	if err != nil {
		return ""
	}
	return id.Head
}

// start writes the intent of an action on a set, durable. A journal that is
// there belongs to an action that was not healed, or to somebody else.
func (m *Medium) start(in intent) error {
	if m.dir.Exists(JournalName) {
		return wire.Fail(wire.NameTaken, nil, JournalName)
	}
	if err := m.begin(in); err != nil {
		return m.failed(JournalName, errors.Join(err, m.end()))
	}
	return nil
}

// endUnless ends the journal, unless what came before failed: then it is left
// to healing.
func (m *Medium) endUnless(err error) error {
	if err != nil {
		return err
	}
	return m.end()
}

// free holds that no name in a directory is taken that the moves need.
func (m *Medium) free(archive string, moves []move) error {
	dir, shut, err := m.Place(archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return m.failed(archiveDir, err)
	}
	defer shut()
	for _, mv := range moves {
		if dir.Exists(mv.To) {
			return wire.Fail(wire.NameTaken, nil, pathIn(archive, mv.To))
		}
	}
	return nil
}
