package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"antix-remaster/core/build"
	"antix-remaster/core/publish"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// Disarm answers wire.OpDisarm: an armed image that was staged goes back where
// it was, any other into the archive.
func Disarm(ctx context.Context, out *wire.Out) (wire.FiledResult, error) {
	return withStation(ctx, out, func(s *station) (wire.FiledResult, error) {
		if v, ok := s.staged(); ok {
			if r, back, err := s.putBack(ctx, v); back {
				return r, err
			}
		}
		name := s.facts.Image.Name + ".new"
		if number, err := s.medium.NextArchive(); err == nil {
			s.awaitAnnex(publish.Set{Archive: number, Image: name})
		}
		filed, err := s.file(ctx, "new")
		if errors.Is(err, fs.ErrNotExist) {
			return wire.FiledResult{}, wire.Fail(wire.NothingArmed, err, name)
		}
		if err == nil {
			s.disarmAnnex(ctx, publish.Set{Archive: path.Base(filed.Archive), Image: name})
		}
		return result(filed), err
	})
}

// Keep answers wire.OpKeep: what a swap or a rollback left beside the running
// version goes into the archive, so that the next swap is not blocked. What the
// rescue entry names then is verified: a cancel or a failure of that is only told.
func Keep(ctx context.Context, out *wire.Out) (wire.FiledResult, error) {
	return withStation(ctx, out, func(s *station) (wire.FiledResult, error) {
		if s.facts.Default == nil {
			return wire.FiledResult{}, wire.Fail(wire.ImageMissing, nil, s.facts.Image.Name)
		}
		all, err := s.clear(ctx, "")
		if err != nil {
			return wire.FiledResult{}, err
		}
		more, mended, err := s.keepAnnex(ctx)
		if err != nil && len(all) == 0 {
			return wire.FiledResult{}, err
		}
		if err == nil && len(all) > 0 {
			err = s.annexErr
		}
		if err != nil { // what was filed on the stick stands
			s.note(wire.Warn, wire.AnnexLeft, err.Error())
		}
		if len(all)+len(more) == 0 && !mended && !s.owesMD5() {
			return wire.FiledResult{}, wire.Fail(wire.NothingToKeep, nil)
		}
		s.renewMD5(ctx)
		r := result(all...)
		for _, f := range more {
			r.Archives = append(r.Archives, s.inAnnex(f.Archive))
			r.Files = append(r.Files, f.Files...)
		}
		s.proveRescue(ctx)
		return r, nil
	})
}

// clear files away what a swap or a rollback left beside the linuxfs, but for
// the set with the suffix own, "" for none. What was filed stands.
func (s *station) clear(ctx context.Context, own string) ([]publish.Filed, error) {
	var all []publish.Filed
	for _, suffix := range []string{"old", "bad"} {
		if suffix == own {
			continue
		}
		filed, err := s.file(ctx, suffix, s.staleMD5(own == "" && len(all) == 0)...)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, filed)
		if s.annex != nil {
			s.filed[suffix] = path.Base(filed.Archive)
		}
	}
	return all, nil
}

// withStation does one operation on the stick.
func withStation[R any](ctx context.Context, out *wire.Out, do func(*station) (R, error)) (R, error) {
	s, err := openStation(ctx, out)
	if err != nil {
		var none R
		return none, err
	}
	r, err := do(s)
	if err != nil {
		err = asCancel(ctx, err)
	}
	s.log.add("done: %+v, error: %v", r, err)
	s.menus(context.WithoutCancel(ctx), stays, false)
	s.tellUnproven(err)
	return r, s.end(err)
}

func result(filed ...publish.Filed) wire.FiledResult {
	r := wire.FiledResult{Archives: []string{}, Files: []string{}}
	for _, f := range filed {
		if f.Archive != "" {
			r.Archives = append(r.Archives, f.Archive)
			r.Files = append(r.Files, f.Files...)
		}
	}
	return r
}

func (s *station) file(ctx context.Context, suffix string, extra ...string) (publish.Filed, error) {
	return s.medium.File(ctx, suffix, s.versionText(s.facts.Image.Name+"."+suffix), s.out.Progress, extra...)
}

// versionText is the version file inside of an image; "" when it has none or
// is damaged, which is no reason to leave it in the way.
func (s *station) versionText(name string) string {
	target := name
	if link, err := s.dir.Readlink(name); err == nil {
		target = link
	}
	f, err := s.dir.Open(target, os.O_RDONLY)
	if err != nil {
		return ""
	}
	defer f.Close()
	img, err := squashfs.Open(f)
	if err != nil {
		return ""
	}
	text, err := img.ReadFile(build.VersionFile, 1<<20)
	if err != nil {
		return ""
	}
	return string(text)
}

// staleMD5 names the md5 file that belongs to the previous version: the initrd
// rotates only the literal linuxfs.md5 (contract §9).
func (s *station) staleMD5(first bool) []string {
	name := s.facts.Image.Name
	if !first || name == "linuxfs" || !s.dir.Exists(name+".md5") {
		return nil
	}
	return []string{name + ".md5"}
}

// lacksMD5 tells whether the version that runs now has no md5 file of its own.
func (s *station) lacksMD5() bool {
	name := s.facts.Image.Name
	return name != "linuxfs" && !s.dir.Exists(name+".md5")
}

// owesMD5 tells whether an interrupted keep filed the former md5 file and did
// not write the new one.
func (s *station) owesMD5() bool {
	if !s.lacksMD5() {
		return false
	}
	filed, _ := filepath.Glob(filepath.Join(s.dir.Path(), "archive", "*", s.facts.Image.Name+".md5"))
	return len(filed) > 0
}

// renewMD5 is freshMD5 after work that stands: the next keep makes up for it.
func (s *station) renewMD5(ctx context.Context) {
	if err := s.freshMD5(ctx); err != nil {
		s.note(wire.Warn, wire.NotTidied, err.Error())
	}
}

// freshMD5 writes the one of the version that runs now, where it lacks.
func (s *station) freshMD5(ctx context.Context) error {
	if !s.lacksMD5() {
		return nil
	}
	name := s.facts.Image.Name
	target := name
	if s.facts.Image.LinkTarget != "" {
		target = s.facts.Image.LinkTarget
	}
	f, err := s.dir.Open(target, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	d, err := verify.Digest(ctx, f, st.Size(), s.out.Progress)
	if err != nil {
		return err
	}
	return s.medium.WriteMD5(d.MD5)
}
