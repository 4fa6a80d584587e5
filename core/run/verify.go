package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/sys"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// Verify answers wire.OpVerify: every byte of the image is read from the
// medium and compared with the digests there are, then every file in it is
// read. Only then is it mounted: a damaged image can crash a kernel.
func Verify(ctx context.Context, ref wire.VersionRef, out *wire.Out) (wire.VerifyResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.VerifyResult, error) {
		if v.Problem != "" {
			return wire.VerifyResult{}, wire.Fail(wire.VersionDamaged, nil, v.File(), v.Problem)
		}
		return s.verifyAndRecord(ctx, v, s.out.Progress)
	})
}

// verifyAndRecord writes down what it found, as far as that can be.
func (s *station) verifyAndRecord(ctx context.Context, v history.Version, report wire.Report) (wire.VerifyResult, error) {
	f, err := s.openImage(v)
	if err != nil {
		return wire.VerifyResult{}, err
	}
	defer f.Close()
	r, err := s.verify(ctx, v, f, report)
	if damaged := wire.AsError(err).Code == wire.VerifyFailed; err == nil || damaged {
		s.learn(v, !damaged)
		s.tell(v.File(), s.record(history.KeyOf(v.Version), func(r2 *history.Record) { written(r2, r, damaged) }))
	}
	return r, err
}

// learn keeps what was found, as the record may not take it.
func (s *station) learn(v history.Version, whole bool) {
	if s.found == nil {
		s.found = map[string]bool{}
	}
	s.found[v.Place] = whole
}

// written is what is written down of a verification.
func written(record *history.Record, r wire.VerifyResult, damaged bool) {
	record.Damaged = damaged
	if damaged {
		record.Verified, record.How = 0, ""
		return
	}
	record.Verified, record.How, record.SHA256 = time.Now().Unix(), history.ByRead, r.SHA256
	if len(r.Against) > 0 {
		record.How = history.ByDigest
	}
}

func (s *station) verify(ctx context.Context, v history.Version, f *os.File, report wire.Report) (wire.VerifyResult, error) {
	d, err := verify.Digest(ctx, f, v.Size, report)
	if err != nil {
		if e := wire.AsError(err); e.Code == wire.WriteFailed { // nothing was written: it could not be read
			err = unread(v.File(), e.Err)
		}
		return wire.VerifyResult{}, err
	}
	if !d.FromMedium {
		s.note(wire.Warn, wire.NotFromMedium)
	}
	r := wire.VerifyResult{Place: v.Place, SHA256: d.SHA256, Size: v.Size, FromMedium: d.FromMedium, Against: []string{}}
	against, wrong := s.against(v, d)
	if wrong != "" {
		return r, wire.Fail(wire.VerifyFailed, nil, v.File(), wrong)
	}
	r.Against = append(r.Against, against...)
	walked, err := s.walk(ctx, v.File(), f, report)
	if ctx.Err() != nil {
		return r, wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err != nil {
		return r, err
	}
	r.Entries, r.Bytes = walked.Entries, walked.Bytes
	return r, nil
}

// against compares the digests with those that are known: our own record, else
// the md5 file of the image. wrong tells what differs.
func (s *station) against(v history.Version, d verify.Digests) (known []string, wrong string) {
	if want := v.Record.SHA256; want != "" {
		if want != d.SHA256 {
			return nil, fmt.Sprintf("its SHA-256 was %s and is %s now", want, d.SHA256)
		}
		return []string{"sha256"}, ""
	}
	i := slices.IndexFunc(v.Companions, func(name string) bool { return strings.Contains(name, ".md5") })
	if i < 0 {
		return nil, ""
	}
	want := s.md5Of(v, v.Companions[i])
	switch {
	case want == "":
		return nil, ""
	case want != d.MD5:
		return nil, fmt.Sprintf("%s says %s, and it is %s now", v.Companions[i], want, d.MD5)
	}
	return []string{"md5"}, ""
}

// md5Of is the first field of an md5 file (contract §9); "" when it has none.
func (s *station) md5Of(v history.Version, name string) string {
	dir, shut, err := s.medium.Place(v.Archive)
	if err != nil {
		return ""
	}
	defer shut()
	f, err := dir.Open(name, os.O_RDONLY)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 4096))
	sum, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if len(sum) != 32 || strings.Trim(strings.ToLower(sum), "0123456789abcdef") != "" {
		return ""
	}
	return strings.ToLower(sum)
}

// walk mounts the image and reads all of it. Errors are wire errors.
func (s *station) walk(ctx context.Context, name string, f *os.File, report wire.Report) (walked verify.Walked, err error) {
	if err := s.mountProof(f); err != nil {
		return walked, unmounted(name, f, err)
	}
	defer func() { err = errors.Join(err, sys.Unmount(proofMount), os.Remove(proofMount)) }()
	super, err := squashfs.ReadSuper(f)
	if err == nil {
		walked, err = verify.Walk(ctx, proofMount, int64(super.Inodes), report)
	}
	if err != nil {
		err = unread(name, err)
	}
	return walked, err
}

// unread is what an error of reading an image means: damage, unless this
// computer is short of something.
func unread(name string, err error) error {
	code := wire.VerifyFailed
	if sys.Lacks(err) {
		code = wire.CannotVerify
	}
	return wire.Fail(code, err, name, fmt.Sprint(err))
}

// unmounted is what it means that an image cannot be mounted. No free loop
// device, no memory or a kernel without its compressor say nothing about it:
// damage is only what the medium or our own reader finds.
func unmounted(name string, image io.ReaderAt, err error) error {
	if sys.ReadFailed(err) {
		return wire.Fail(wire.VerifyFailed, err, name, fmt.Sprint(err))
	}
	if e := structure(image); e != nil {
		return wire.Fail(wire.VerifyFailed, errors.Join(e, err), name, e.Error())
	}
	return wire.Fail(wire.CannotVerify, err, name, fmt.Sprint(err))
}

// structure tells why our own reader cannot list the root of an image, as far
// as it knows its compressor.
func structure(image io.ReaderAt) error {
	img, err := squashfs.Open(image)
	if err == nil {
		_, err = img.ReadDir("")
	}
	if errors.Is(err, squashfs.ErrCompressor) || sys.Lacks(err) {
		return nil
	}
	return err
}
