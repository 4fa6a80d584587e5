// Package publish is the only one that renames or deletes on the stick. Every
// action of more than one rename is written into a journal on the stick first,
// so that a later start can finish or undo it. docs/promises.md says what its
// users may rely on.
package publish

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Medium is the directory of the linuxfs on the stick. The caller holds the
// lock of the directory.
type Medium struct {
	dir        *sys.Dir
	device     string
	name       string // of the linuxfs
	generation live.Generation
	protected  []uint64 // inodes that are never moved or removed
	stable     bool     // inode numbers outlive a mount
	fat        bool     // FAT or exFAT: fat.go
	current    *journal // of the action at work: its file may be gone before it is certain that it is
	host       *Medium  // of an annex: the medium of its linuxfs
	annex      *Medium  // of a linuxfs: that of its rootfs elsewhere, once opened
	held       bool     // the journal is kept until Release
}

// Open prepares the work in dir, on the block device named. No entry with one
// of the protected inodes is ever moved or removed.
func Open(dir *sys.Dir, device, name string, gen live.Generation, protected []uint64) (*Medium, error) {
	space, err := sys.FreeSpace(dir.File())
	if err != nil {
		return nil, err
	}
	return &Medium{dir: dir, device: device, name: name, generation: gen, protected: protected, stable: space.StableInodes(), fat: space.IsFAT()}, nil
}

// publish makes the file f, called part, appear as name in dir, complete and
// durable, never replacing anything. FAT needs the second sync of the file:
// without it a power cut can leave the new name with no bytes.
func (m *Medium) publish(f *os.File, dir *sys.Dir, part, name string) error {
	if err := m.syncFile(f); err != nil {
		return err
	}
	if !dir.SameFile(part, f) {
		return fmt.Errorf("%s is no longer the file that was written: %w", part, sys.ErrUnsafe)
	}
	if err := m.aim(part, name); err != nil {
		return err
	}
	if err := dir.Rename(part, dir, name); err != nil {
		return err
	}
	if !dir.SameFile(name, f) {
		return errors.Join(fmt.Errorf("%s was exchanged: %w", name, sys.ErrUnsafe), dir.Rename(name, dir, part))
	}
	return m.settle(f, dir)
}

// settle makes a rename in dir durable; f is the renamed file, or nil.
func (m *Medium) settle(f *os.File, dir *sys.Dir) error {
	if f != nil {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := dir.Sync(); err != nil {
		return err
	}
	return m.flush()
}

// flush empties the device's own write cache. A device that cannot be opened
// by its name (a vanished mapper link) is reached through its file system.
func (m *Medium) flush() error {
	err := sys.FlushDevice(m.device)
	if errors.Is(err, os.ErrNotExist) {
		return sys.SyncFS(m.dir.File())
	}
	return err
}

// writeFile publishes a small file of our own.
func (m *Medium) writeFile(dir *sys.Dir, name string, text []byte) error {
	if m.fat {
		return m.writeNew(dir, name, text)
	}
	part := name + ".part"
	if name == JournalName {
		part = journalPart
	}
	f, err := dir.Create(part)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = m.publish(f, dir, part, name)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, dir.Remove(part))
	}
	return nil
}

const checkName = "remaster.chk"

// WriteCheck really writes a small file, syncs it, reads it back from the
// medium and removes it. The error is a wire error.
func (m *Medium) WriteCheck() error {
	if err := m.writeCheck(); err != nil {
		return wire.Fail(wire.WriteCheck, err, m.dir.Path())
	}
	return nil
}

// writeCheck takes the name away at once: a crash leaves no file behind.
func (m *Medium) writeCheck() (err error) {
	f, err := m.dir.Create(checkName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := m.remove(m.dir, checkName); err != nil {
		return err
	}
	want := make([]byte, 64<<10)
	rand.Read(want) //nolint:errcheck // never fails since Go 1.24
	if _, err := f.Write(want); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return readBack(f, want)
}

func readBack(f *os.File, want []byte) error {
	if _, err := sys.DropCache(f, int64(len(want))); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, int64(len(want))), got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("what was read is not what was written")
	}
	return nil
}

// blocks tells whether an entry of this name keeps the initrd from swapping: a
// link to nothing does not (contract §6.6).
func (m *Medium) blocks(name string) bool {
	e, err := m.dir.Lstat(name)
	if err != nil || !e.IsLink() {
		return err == nil
	}
	target, err := m.dir.Readlink(name)
	return err != nil || strings.Contains(target, "/") || m.dir.Exists(target)
}

func (m *Medium) isProtected(e sys.Entry) bool {
	for _, inode := range m.protected {
		if e.Inode == inode && !e.IsDir() {
			return true
		}
	}
	return false
}
