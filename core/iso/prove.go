package iso

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// prove reads the image back from the medium, and looks at it as a computer does
// that starts from it.
func (j *job) prove(ctx context.Context) (Result, error) {
	want, _ := j.known()
	total := j.size
	if want == "" { // nothing says what the version should be
		total += j.Version.Size
	}
	d, err := verify.Digest(ctx, j.part, j.size, j.shifted(0, total), &j.sums)
	if err == nil {
		err = j.sums.check()
	}
	if err == nil {
		err = j.proveFiles()
	}
	if ctx.Err() != nil {
		return Result{}, wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err != nil {
		return Result{}, j.notWhole(err)
	}
	if want == "" {
		if err := j.asSource(ctx, total); err != nil {
			return Result{}, err
		}
	}
	return Result{Output: j.Output, Size: j.size, SHA256: d.SHA256, Label: j.Label, VersionID: j.Version.ID,
		Kernel: j.Kernel, FromMedium: d.FromMedium}, nil
}

// shifted makes the stage of the proof of what is read.
func (j *job) shifted(before, total int64) wire.Report {
	return func(p wire.Progress) {
		j.report(wire.Progress{Stage: wire.StageISORead, Done: before + p.Done, Total: total, Bytes: j.size})
	}
}

func (j *job) notWhole(err error) error {
	if e := wire.AsError(err); e.Err != nil && e.Code == wire.WriteFailed {
		err = e.Err
	}
	return wire.Fail(wire.ISONotWhole, err, j.Output, plain(err))
}

// known is the sum that the linuxfs must have, as it was written down when it was
// verified, or as the file beside it says; "" when nothing says so.
func (j *job) known() (want, have string) {
	v := j.Version
	if v.Record.SHA256 != "" {
		return v.Record.SHA256, j.linux[1]
	}
	// "linuxfs.md5.old" belongs to "linuxfs.old" (contract §6.2).
	usual := live.UsualName(v.Name)
	name := usual + ".md5" + strings.TrimPrefix(v.Name, usual)
	if !slices.Contains(v.Companions, name) {
		return "", ""
	}
	text, err := live.ReadFile("", path.Join(path.Dir(v.Path), name), 4096)
	sum, _, _ := strings.Cut(string(text), " ")
	if raw, err2 := hex.DecodeString(sum); err != nil || err2 != nil || len(raw) != md5.Size {
		return "", ""
	}
	return strings.ToLower(sum), j.linux[0]
}

// asKnown holds that the linuxfs that went in is what it should be, where that is
// known.
func (j *job) asKnown() error {
	if want, have := j.known(); want != have {
		return j.otherwise(want, have)
	}
	return nil
}

func (j *job) otherwise(want, have string) error {
	return wire.Fail(wire.VerifyFailed, fmt.Errorf("sum %s instead of %s", have, want), j.Version.File(), "its checksum is another")
}

// asSource reads the version once more, and holds that it is what went in. The
// proof of the image comes before it, the reading of total bytes ends with it.
func (j *job) asSource(ctx context.Context, total int64) error {
	f, err := live.Open("", j.Version.Path)
	if err != nil {
		return wire.Fail(wire.VersionDamaged, err, j.Version.File(), plain(err))
	}
	defer f.Close()
	d, err := verify.Digest(ctx, f, j.Version.Size, j.shifted(j.size, total))
	switch {
	case ctx.Err() != nil:
		return wire.Fail(wire.Cancelled, ctx.Err())
	case err != nil:
		return wire.Fail(wire.VersionDamaged, err, j.Version.File(), plain(err))
	case d.MD5 != j.linux[0]:
		return j.otherwise(d.MD5, j.linux[0])
	}
	return nil
}

// proveFiles holds that the image can start: by El Torito and by its partition
// tables, with menus, a kernel as on the stick, and the linuxfs of that version.
func (j *job) proveFiles() error {
	m, err := openISO(j.part)
	if err != nil {
		return err
	}
	if err := j.proveBoot(m); err != nil {
		return err
	}
	for _, i := range j.items {
		e, err := m.find(i.to)
		if err != nil {
			return err
		}
		if path.Ext(i.to) == ".md5" && i.to != sumPath {
			err = m.hasSum(strings.TrimSuffix(i.to, ".md5"), string(i.text))
		} else if i.to == imagePath && e.size != j.Version.Size {
			err = improper("the linuxfs in it has %d bytes instead of %d", e.size, j.Version.Size)
		}
		if err != nil {
			return err
		}
	}
	return j.proveVersion(m)
}

func (j *job) proveBoot(m *image) error {
	boots, err := m.boots()
	if err != nil {
		return err
	}
	for platform, name := range map[byte]string{0: biosImage, 0xef: efiImage} {
		e, err := m.find(name)
		if err != nil {
			return err
		}
		if at, ok := boots[platform]; !ok || at != e.at {
			return improper("it does not start %s", name)
		}
	}
	efi := boots[0xef]
	b, err := readAt(j.part, efi, sector)
	if err != nil {
		return err
	}
	if b[510] != 0x55 || b[511] != 0xaa {
		return improper("the EFI image is none")
	}
	return m.hybrid(efi)
}

// hasSum compares a file of the image with the text of its md5 file.
func (m *image) hasSum(name, text string) error {
	r, err := m.file(name)
	if err != nil {
		return err
	}
	sum := md5.New()
	if _, err := io.Copy(sum, r); err != nil {
		return err
	}
	if !strings.HasPrefix(text, hex.EncodeToString(sum.Sum(nil))+" ") {
		return improper("%s in it is another", name)
	}
	return nil
}

func (j *job) proveVersion(m *image) error {
	r, err := m.file(imagePath)
	if err != nil {
		return err
	}
	return holds(r, j.Version.ID)
}

// holds tells why an image is not the version with this id, "" for one without.
func holds(r io.ReaderAt, id string) error {
	im, err := squashfs.Open(r)
	if err != nil || id == "" {
		return err
	}
	text, err := im.ReadFile(build.VersionFile, 1<<20)
	if err != nil {
		return err
	}
	if live.IDOf(string(text)) != id {
		return improper("the linuxfs in it is not the version %s", id)
	}
	return nil
}

// kernelSums makes the md5 files of what starts the version: the live initrd can
// check them (contract §9).
func kernelSums(ctx context.Context, items []item) ([]item, error) {
	var out []item
	for _, i := range items {
		if path.Dir(i.to) != liveDir || !isKernelFile(path.Base(i.to)) {
			continue
		}
		sum, err := sumOf(ctx, i.from)
		if err != nil {
			return nil, err
		}
		out = append(out, item{to: i.to + ".md5", text: []byte(sum + "  " + path.Base(i.to) + "\n")})
	}
	return out, nil
}

func sumOf(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", unreadable(path.Base(name), err)
	}
	defer f.Close()
	sum, buf := md5.New(), make([]byte, chunk)
	for ctx.Err() == nil {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", unreadable(path.Base(name), err)
		}
	}
	return "", wire.Fail(wire.Cancelled, ctx.Err())
}
