package iso

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/dustin/go-humanize"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// target is the folder that the image goes to, and its name there. Until the
// image is proved it is called NAME.part.
type target struct {
	dir    *sys.Dir
	name   string
	output string // for messages
}

const (
	partSuffix  = ".part"
	filesSuffix = ".files"  // a folder of what is made for the image
	sumSuffix   = ".sha256" // beside it for good
)

// openTarget opens the folder, and holds that no name is taken.
func openTarget(output string) (*target, error) {
	dir, name, err := sys.OpenParent(output)
	if err != nil {
		return nil, notSaved(output, err)
	}
	t := &target{dir, name, output}
	if err := dir.Writable(); err != nil { // said now, not when a half is written
		t.close()
		return nil, notSaved(output, err)
	}
	for _, suffix := range []string{"", partSuffix, filesSuffix, sumSuffix} {
		_, err := dir.Lstat(t.name + suffix)
		if err == nil {
			t.close()
			return nil, wire.Fail(wire.OutputTaken, nil, output+suffix)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.close()
			return nil, notSaved(output, err)
		}
	}
	return t, nil
}

func (t *target) close() { t.dir.Close() }

// fits holds that a file of size bytes can be made there, with so many more bytes
// beside it; free is the room there, in bytes.
func (t *target) fits(size, beside int64) (free int64, err error) {
	s, err := sys.FreeSpace(t.dir.File())
	if err != nil {
		return 0, notSaved(t.output, err)
	}
	return int64(s.Avail), room(s, size, beside, t.dir.Path())
}

// inMemory tells whether the folder is gone with the next start: it belongs to
// the root, whose changes nobody saves, or to a file system in memory.
func (t *target) inMemory(f live.Facts) bool {
	s, err := sys.FreeSpace(t.dir.File())
	return err == nil && s.InMemory() || t.dir.SameDevice("/") && f.Union.Type != "" && !f.Persistence.Root()
}

// spare is what the file system needs for the names and the checksum, in bytes.
const spare = 1 << 20

// room tells why a file of size bytes, and more beside it, cannot be made on a
// file system.
func room(s sys.Space, size, beside int64, where string) error {
	need := uint64(size + beside)
	switch {
	case size > s.MaxFile():
		return wire.Fail(wire.ISOFATLimit, nil, sizeText(size), where)
	case need > s.Avail:
		return wire.Fail(wire.ISONoSpace, nil, sizeText(int64(need)), sizeText(int64(s.Avail)), where, sizeText(int64(need-s.Avail)))
	}
	return nil
}

// sizeText is a size for people.
func sizeText(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func notSaved(output string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return wire.Fail(wire.OutputTaken, err, output)
	}
	return wire.Fail(wire.ISONotSaved, fmt.Errorf("cannot write %s: %w", output, err), output, plain(err))
}

// plain is an error without the operation and the path, which the message has.
func plain(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// finish gives the proved image its name and puts its checksum beside it.
// Nothing is replaced, and after an error nothing is left.
func (t *target) finish(f *os.File, sha256 string) error {
	sum := t.name + sumSuffix
	err := t.write(sum, fmt.Sprintf("%s  %s\n", sha256, t.name))
	if err != nil {
		return err
	}
	err = t.dir.Rename(t.name+partSuffix, t.dir, t.name)
	if err == nil {
		// On FAT a rename is only safe once the renamed file was synced again
		// (docs/promises.md).
		err = errors.Join(f.Sync(), t.dir.Sync())
		if err != nil {
			err = errors.Join(err, t.dir.Remove(t.name))
		}
	}
	if err != nil {
		return errors.Join(notSaved(t.output, err), t.dir.Remove(sum))
	}
	return nil
}

func (t *target) write(name, text string) error {
	f, err := t.dir.Create(name)
	if err != nil {
		return notSaved(t.output+sumSuffix, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(notSaved(t.output+sumSuffix, err), t.dir.Remove(name))
	}
	return nil
}
