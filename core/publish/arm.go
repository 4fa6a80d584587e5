package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Build is an unfinished new version on the stick: its journal, its image and
// its companions. End it with Arm or Abort.
type Build struct {
	m     *Medium
	plan  plan.Plan
	image *os.File
}

// Begin writes the intent and makes the empty image file. Errors are wire
// errors; then nothing is left.
func (m *Medium) Begin(p plan.Plan) (*Build, error) {
	in := intent{Action: actionBuild, Armed: p.New, Create: p.Names()}
	for _, name := range append([]string{p.New, JournalName, journalPart}, in.Create...) {
		if m.dir.Exists(name) {
			return nil, wire.Fail(wire.NameTaken, nil, name)
		}
	}
	if err := m.begin(in); err != nil {
		_, _, e := m.Heal()
		return nil, m.failed(JournalName, errors.Join(err, e))
	}
	b := &Build{m: m, plan: p}
	f, err := m.createPart(p.Part, p.New)
	if err == nil {
		b.image = f
		err = m.made(p.Part)
	}
	if err != nil {
		return nil, errors.Join(m.failed(p.Part, err), b.Abort())
	}
	return b, nil
}

func (m *Medium) failed(name string, err error) error {
	if isFull(err) {
		return wire.Fail(wire.FilledUp, err)
	}
	return wire.Fail(wire.WriteFailed, err, m.dir.Path()+"/"+name)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// made notes that a name of ours came into being, as what.
func (m *Medium) made(name string) error {
	e, err := m.dir.Lstat(name)
	if err != nil {
		return err
	}
	return m.note(made{Made: name, Inode: e.Inode})
}

// Image is the file to be filled. It stays open until the end, so that what
// is verified is what is published.
func (b *Build) Image() *os.File { return b.image }

// Fill makes of the open, empty file f what the plan says, and proves it. It uses
// sync before others do: on FAT the order of what is written counts.
type Fill func(ctx context.Context, f *os.File, c plan.Companion, sync func() error) error

// Fill makes the image itself by fill.
func (b *Build) Fill(ctx context.Context, c plan.Companion, fill Fill) error {
	if err := fill(ctx, b.image, c, func() error { return b.m.syncFile(b.image) }); err != nil {
		return b.m.failed(b.plan.Part, err)
	}
	return nil
}

// Companions makes and publishes what the swap would otherwise take out of
// service: copies, the md5 (32 hex digits) of the image under the name the
// image will have, and what fill makes: it is only asked for a companion with
// Fresh. It gives their names.
func (b *Build) Companions(ctx context.Context, md5 string, fill Fill) ([]string, error) {
	var names []string
	for _, c := range b.plan.Companions {
		err := b.companion(ctx, c, md5, fill)
		if err != nil {
			return nil, b.m.failed(c.Name+".new", err)
		}
		names = append(names, c.Name+".new")
	}
	return names, nil
}

func (b *Build) companion(ctx context.Context, c plan.Companion, md5 string, fill Fill) error {
	name := c.Name + ".new"
	part, copies := b.m.partOf(name), copying{ctx: ctx, m: b.m}
	born := func() error { return b.m.made(part) }
	switch {
	case c.MD5:
		return b.m.writeNamed(part, name, text(md5+"  linuxfs\n"))
	case c.Fresh > 0:
		return b.m.writeNamed(part, name, func(f *os.File) error {
			return fill(ctx, f, c, func() error { return b.m.syncFile(f) })
		})
	}
	e, err := b.m.dir.Lstat(c.Name)
	switch {
	case err != nil:
		return err
	case e.IsDir():
		err = copies.tree(b.m.dir, c.Name, b.m.dir, part, born)
	case e.IsLink():
		err = b.copyLink(ctx, c.Name, part)
	default:
		f, err := copies.file(b.m.dir, c.Name, b.m.dir, part, born)
		if err != nil {
			return err
		}
		return b.m.publishFile(f, part, name)
	}
	if err != nil {
		return err
	}
	return b.m.publishNamed(part, name)
}

// writeNamed makes, by write, and publishes a file that a journal names.
func (m *Medium) writeNamed(part, name string, write func(*os.File) error) error {
	f, err := m.dir.Create(part)
	if err != nil {
		return err
	}
	err = m.made(part)
	if err == nil {
		err = write(f)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return m.publishFile(f, part, name)
}

// text writes one.
func text(s string) func(*os.File) error {
	return func(f *os.File) error { _, err := f.WriteString(s); return err }
}

// copyLink makes the same link again: the swap renames links, not their targets.
func (b *Build) copyLink(ctx context.Context, name, part string) error {
	if err := (copying{ctx: ctx, m: b.m}).link(b.m.dir, name, b.m.dir, part); err != nil {
		return err
	}
	return b.m.made(part)
}

// publishNamed publishes a part that is no file: a directory or a link.
func (m *Medium) publishNamed(part, name string) error {
	e, err := m.dir.Lstat(part)
	if err != nil {
		return err
	}
	if e.IsRegular() {
		return fmt.Errorf("%s was exchanged: %w", part, sys.ErrUnsafe)
	}
	if err := m.rename(part, name); err != nil {
		return err
	}
	return errors.Join(m.made(name), m.settleDir(m.dir, name, e))
}

// publishFile publishes the open file f, which has held the name part since it
// was made, and closes it.
func (m *Medium) publishFile(f *os.File, part, name string) error {
	var err error
	if part == name {
		err = errors.Join(m.syncFile(f), m.settle(nil, m.dir))
	} else if err = m.publish(f, m.dir, part, name); err == nil {
		err = m.made(name)
	}
	return errors.Join(err, f.Close())
}

// Arm makes the verified image appear under the name whose existence alone
// arms the swap. When it returns nil, that is on the medium.
func (b *Build) Arm() error {
	for _, suffix := range []string{".old", ".bad"} {
		if b.m.blocks(b.m.name + suffix) {
			return wire.Fail(wire.Blocked, nil, b.m.name+suffix)
		}
	}
	id, err := identify(b.image)
	if err != nil {
		return b.m.failed(b.plan.Part, err)
	}
	id.Made = b.plan.New
	if err := b.m.note(id); err != nil {
		return b.m.failed(JournalName, err)
	}
	err = b.m.publish(b.image, b.m.dir, b.plan.Part, b.plan.New)
	if err == nil {
		err = b.m.removeFillers()
	}
	if err == nil { // else the journal is needed for taking all of it back
		err = b.m.end()
	}
	if err == nil {
		b.image.Close() //nolint:errcheck // nothing was written since the sync
	}
	if err != nil {
		return b.m.failed(b.plan.New, errors.Join(err, b.m.unarm(b.image, b.plan.Part, b.plan.New)))
	}
	return nil
}

// unarm takes the image f back of which it is not certain that it is durable:
// what failed must not be armed.
func (m *Medium) unarm(f *os.File, part, name string) error {
	if !m.dir.SameFile(name, f) {
		return nil
	}
	return errors.Join(m.dir.Rename(name, m.dir, part), m.dir.Sync())
}

// Abort removes everything that this build made, the image last.
func (b *Build) Abort() error {
	if b.image != nil {
		b.image.Close() //nolint:errcheck // the file goes away
	}
	_, left, err := b.m.Heal()
	switch {
	case err != nil:
		return err
	case len(left) > 0:
		return fmt.Errorf("cannot remove %q", left)
	case b.m.dir.Exists(b.plan.New):
		return fmt.Errorf("%s is there all the same", b.plan.New)
	}
	return nil
}

// identify tells an image by its size and its first two KiB, which hold the
// superblock with its time of making, or of an ext4 with its own id: FAT has no
// lasting inode numbers.
func identify(f *os.File) (made, error) {
	e, err := sys.FileEntry(f)
	if err != nil {
		return made{}, err
	}
	head := make([]byte, 2048)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return made{}, err
	}
	sum := sha256.Sum256(head[:n])
	return made{Inode: e.Inode, Size: e.Size, Head: hex.EncodeToString(sum[:])}, nil
}
