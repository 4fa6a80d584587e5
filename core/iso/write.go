package iso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"syscall"
	"time"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// placeholder stands in NAME.md5 until the sum is known.
var placeholder = []byte("00000000000000000000000000000000  " + liveName + "\n")

// job is one run of Write.
type job struct {
	*Plan
	target *target
	report wire.Report
	files  *sys.Dir // what is made for the image
	part   *os.File // the image
	size   int64    // that it will have, in bytes
	sums   sums
	linux  [2]string // md5 and, if wanted, sha256 of the linuxfs that went in
}

// Write makes the image. It is called NAME.part until it is proved: read back
// from the medium and compared with what was written, the linuxfs in it the same
// as that of the version, its boot images found by El Torito. After an error or a
// cancel nothing is left. Errors are wire errors.
func (p Plan) Write(ctx context.Context, report wire.Report) (Result, error) {
	begin := time.Now()
	program, err := xorriso()
	if err != nil {
		return Result{}, err
	}
	t, err := openTarget(p.Output)
	if err != nil {
		return Result{}, err
	}
	defer t.close()
	report(wire.Progress{Stage: wire.StagePrepare})
	p.items = slices.Clone(p.items) // the plan may be used again
	j := &job{Plan: &p, target: t, report: report}
	r, err := j.run(ctx, program)
	if err = errors.Join(err, j.tidy(err != nil)); err != nil {
		return Result{}, err
	}
	r.Seconds = time.Since(begin).Seconds()
	return r, nil
}

func (j *job) run(ctx context.Context, program string) (Result, error) {
	list, err := j.prepare(ctx)
	if err != nil {
		return Result{}, err
	}
	if j.size, err = j.exactSize(ctx, program, list); err != nil {
		return Result{}, err
	}
	if _, err := j.target.fits(j.size, spare); err != nil {
		return Result{}, err
	}
	if err := j.make(ctx, program, list); err != nil {
		return Result{}, err
	}
	r, err := j.prove(ctx)
	if err != nil {
		return Result{}, err
	}
	return r, j.target.finish(j.part, r.SHA256)
}

// tidy removes what was made for the image, and the image itself unless it has
// its name.
func (j *job) tidy(failed bool) error {
	var err error
	if j.files != nil {
		err = errors.Join(j.files.Close(), j.target.dir.RemoveAll(j.target.name+filesSuffix))
	}
	if j.part != nil {
		err = errors.Join(err, j.part.Close())
		if failed {
			err = errors.Join(err, j.target.dir.Remove(j.target.name+partSuffix))
		}
	}
	if err != nil {
		return wire.Fail(wire.Remains, err, err.Error())
	}
	return nil
}

// prepare makes the files that are not there yet, and the list for xorriso.
func (j *job) prepare(ctx context.Context) (list string, err error) {
	folder := j.target.name + filesSuffix
	err = j.target.dir.Mkdir(folder, 0o700)
	if err == nil {
		j.files, err = j.target.dir.Dir(folder)
	}
	if err != nil {
		return "", notSaved(j.Output, err)
	}
	at := path.Join(j.target.dir.Path(), folder)
	if j.own != nil {
		if err := j.ownFiles(ctx, at); err != nil {
			return "", err
		}
	}
	sums, err := kernelSums(ctx, j.items)
	if err != nil {
		return "", err
	}
	j.items = append(j.items, sums...)
	for k := range j.items {
		if err := j.stage(&j.items[k], fmt.Sprintf("%05d", k), at); err != nil {
			return "", err
		}
	}
	f, err := j.files.Create("list")
	if err != nil {
		return "", notSaved(j.Output, err)
	}
	if err := errors.Join(writeList(f, j.items), f.Close()); err != nil {
		return "", full(j.target, err)
	}
	return path.Join(at, "list"), nil
}

func (j *job) ownFiles(ctx context.Context, at string) error {
	vmlinuz, initrd, err := j.own.extract(ctx, j.Version, at)
	if err != nil {
		if ctx.Err() != nil {
			return wire.Fail(wire.Cancelled, ctx.Err())
		}
		return full(j.target, err)
	}
	for k := range j.items {
		switch j.items[k].to {
		case kernelPath:
			j.items[k].from = vmlinuz
		case initrdPath:
			j.items[k].from = initrd
		}
	}
	return nil
}

// stage writes a text, or the EFI file system, to a file.
func (j *job) stage(i *item, name, at string) error {
	if i.from != "" {
		return nil
	}
	f, err := j.files.Create(name)
	if err != nil {
		return notSaved(j.Output, err)
	}
	if i.to == efiImage && j.boot.tree != nil {
		err = writeFAT(f, j.boot.tree)
	} else {
		_, err = f.Write(i.text)
	}
	i.from = path.Join(at, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return full(j.target, err)
	}
	return nil
}

// full tells an error of a medium that is full from others.
func full(t *target, err error) error {
	var own *wire.Error
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return wire.Fail(wire.ISOFull, err, t.dir.Path())
	}
	return notSaved(t.output, err)
}

// make has xorriso write the image, and hands it to the medium.
func (j *job) make(ctx context.Context, program, list string) error {
	var err error
	if j.part, err = j.target.dir.Create(j.target.name + partSuffix); err != nil {
		return notSaved(j.Output+partSuffix, err)
	}
	if err := sys.Preallocate(j.part, j.size); err != nil { // early, where it is seen
		return full(j.target, err)
	}
	m, err := j.start(program, list)
	if err != nil {
		return err
	}
	defer m.stop()
	defer context.AfterFunc(ctx, func() { m.process.Signal(syscall.SIGKILL) })()
	err = j.stream(ctx, m)
	if ctx.Err() != nil {
		return wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err == nil {
		err = j.seal()
	}
	if _, gone := j.target.dir.Lstat(j.target.name + partSuffix); err != nil && gone != nil {
		return notSaved(j.Output, gone) // the folder, or its medium, went away: that is why
	}
	return err
}

// stream writes what xorriso makes, and follows it.
func (j *job) stream(ctx context.Context, m *maker) error {
	follow := newFollower(j.part, j.Version.Record.SHA256 != "")
	defer follow.working.Wait()
	flush := newFlusher(j.part)
	defer flush.end() //nolint:errcheck // asked below when it matters
	buf := make([]byte, chunk)
	at := int64(0)
	for ctx.Err() == nil {
		pause.Wait(ctx)
		n, err := io.ReadFull(m.image, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return wire.Fail(wire.ISOFailed, err, err.Error())
		}
		last := err != nil
		if n > 0 {
			if _, err := j.part.WriteAt(buf[:n], at); err != nil {
				return full(j.target, err)
			}
			j.sums.add(buf[:n])
			at += int64(n)
		}
		if err := errors.Join(follow.upTo(at), flush.upTo(at), j.enough(at)); err != nil {
			return full(j.target, err)
		}
		j.report(wire.Progress{Stage: wire.StageISO, Done: min(at, j.size), Total: j.size, Bytes: at})
		if last {
			return j.ended(m, follow, flush, at)
		}
	}
	return nil
}

// ended looks at what there is when xorriso's output has ended.
func (j *job) ended(m *maker, follow *follower, flush *flusher, size int64) error {
	if err := m.end(); err != nil {
		return err
	}
	if size != j.size {
		err := fmt.Errorf("%d bytes came instead of %d", size, j.size)
		return wire.Fail(wire.ISOFailed, err, err.Error())
	}
	if err := flush.end(); err != nil {
		return full(j.target, err)
	}
	md5, sha256, err := follow.end(size)
	if err != nil {
		return j.notWhole(err)
	}
	j.linux = [2]string{md5, sha256}
	return j.asKnown()
}

// lookAfter is how much is written between two looks at the room.
const lookAfter = 64 << 20

// enough stops early when somebody else took the room that is still needed. What
// was taken beforehand is the image's own.
func (j *job) enough(at int64) error {
	if at%lookAfter != 0 {
		return nil
	}
	s, err := sys.FreeSpace(j.part)
	if err != nil {
		return err
	}
	_, have, err := sys.Allocated(j.part.Name())
	if err == nil && have < j.size && uint64(j.size-max(have, at)) > s.Avail {
		err = syscall.ENOSPC
	}
	return err
}
