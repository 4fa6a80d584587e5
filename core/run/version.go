package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/publish"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// Stage answers wire.OpStage: a version of the stick becomes the one that the
// next boot swaps in. What is in the way of the swap is filed first.
func Stage(ctx context.Context, ref wire.VersionRef, out *wire.Out) (wire.StageResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.StageResult, error) {
		if err := history.Stageable(s.facts, s.versions, v); err != nil {
			return wire.StageResult{}, err
		}
		if err := s.sense(v); err != nil {
			return wire.StageResult{}, err
		}
		return s.stage(ctx, v)
	})
}

// stage writes down first where the version was: a disarm finds the way back
// whenever the power goes. Without that it would file it as a new one.
func (s *station) stage(ctx context.Context, v history.Version) (wire.StageResult, error) {
	own := ""
	if v.Archive == "" && v.State != history.Spare {
		own = strings.TrimPrefix(path.Ext(v.Name), ".")
	}
	if err := s.medium.CheckStage(setOf(v)); err != nil { // while nothing was changed
		return wire.StageResult{}, gone(err)
	}
	s.menus(ctx, is(v), true)
	cleared, err := s.clear(ctx, own)
	if err != nil {
		s.aside(cleared)
		return wire.StageResult{}, err
	}
	if len(cleared) > 0 {
		s.renewMD5(ctx)
	}
	s.tell(v.File(), s.record(history.KeyOf(v.Version), func(r *history.Record) { r.From, r.Try = v.Place, false }))
	filed, err := publish.Filed{}, s.stageAnnex(ctx, v)
	if err == nil {
		filed, err = s.medium.Stage(ctx, setOf(v), s.out.Progress)
	}
	if err != nil {
		s.unstageAnnex(ctx)
		s.aside(cleared)
		return wire.StageResult{}, s.astray(filed, err)
	}
	s.releaseAnnex()
	return wire.StageResult{Name: s.facts.Image.Name + ".new", From: v.Place, VersionID: v.ID, Title: v.Title,
		Files: names(filed.Files), Archives: result(cleared...).Archives}, nil
}

// sense holds that the image is one that could start.
func (s *station) sense(v history.Version) error {
	f, err := s.openImage(v)
	if err != nil {
		return err
	}
	defer f.Close()
	err = verify.Sense(f, history.KernelOf(s.facts), "")
	if e := wire.AsError(err); e.Code == wire.NoSense { // which is told of a version that is being made
		return wire.Fail(wire.VersionDamaged, err, v.File(), "it lacks "+strings.Join(e.Args, ", "))
	}
	return err
}

// staged gives the armed version when it was staged and its place is free.
func (s *station) staged() (history.Version, bool) {
	s.versions = history.List(s.facts, "")
	for _, v := range s.versions {
		if v.State == history.Armed && v.Record.From != "" && v.Problem == "" && s.isFree(v.Record.From) {
			return v, true
		}
	}
	return history.Version{}, false
}

// isFree tells whether nothing has the name of a place that a version is staged
// from.
func (s *station) isFree(place string) bool {
	if !strings.HasPrefix(place, "archive/") && !slices.Contains(besides, place) && !s.medium.IsSpare(place) {
		return false
	}
	set := setAt(s.facts.Image.Name, place)
	dir, shut, err := s.medium.Place(set.Archive)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer shut()
	return !dir.Exists(set.Image)
}

// putBack undoes a stage; back is false when the place is taken after all, and
// nothing was changed.
func (s *station) putBack(ctx context.Context, v history.Version) (r wire.FiledResult, back bool, err error) {
	s.awaitAnnex(setAt(s.facts.Image.Name, v.Record.From))
	filed, err := s.medium.PutBack(ctx, setAt(s.facts.Image.Name, v.Record.From), s.out.Progress)
	if err != nil && slices.Contains([]wire.Code{wire.NameTaken, wire.SharedTarget, wire.BadRequest}, wire.AsError(err).Code) {
		s.log.add("not put back: %v", err)
		return r, false, nil
	}
	if err != nil {
		return r, true, s.astray(filed, err)
	}
	s.disarmAnnex(ctx, setAt(s.facts.Image.Name, v.Record.From))
	s.tell(v.File(), s.record(history.KeyOf(v.Version), func(r *history.Record) { r.From = "" }))
	return wire.FiledResult{Archives: []string{}, Files: names(filed.Files), Back: v.Record.From}, true, nil
}

// Delete answers wire.OpDelete. confirmed is that the user agreed in words to
// lose a version that is held (history.Held).
func Delete(ctx context.Context, ref wire.VersionRef, confirmed bool, out *wire.Out) (wire.DeleteResult, error) {
	return withVersion(ctx, ref, out, func(s *station, v history.Version) (wire.DeleteResult, error) {
		v = s.seeRescue(ctx, v)
		if err := history.Deletable(s.facts, s.versions, v, confirmed); err != nil {
			return wire.DeleteResult{}, err
		}
		// Else an entry could name what is gone; but on a full stick this makes the room
		// that the menu needs.
		if err := s.refresh(ctx, is(v), false); err != nil && wire.AsError(err).Code != wire.FilledUp {
			return wire.DeleteResult{}, s.menuFailed(err)
		}
		filed, err := s.medium.Delete(ctx, setOf(v), s.out.Progress)
		if err != nil {
			return wire.DeleteResult{}, gone(err)
		}
		s.deleteAnnex(ctx, v)
		if key := history.KeyOf(v.Version); s.count(key) == 1 {
			s.tell(v.File(), s.record(key, func(r *history.Record) { *r = history.Record{} }))
		}
		return wire.DeleteResult{Place: v.Place, Files: names(filed.Files), Freed: v.Size}, nil
	})
}

// seeRescue looks at the boot menus, which may have to be mounted for that, and
// gives the version with what they name.
func (s *station) seeRescue(ctx context.Context, v history.Version) history.Version {
	if _, err := s.loader(ctx); err != nil {
		s.log.add("the boot menus: %v", err) // said when they are brought up to date
		return v
	}
	s.versions = history.List(s.facts, "")
	if i := slices.IndexFunc(s.versions, is(v)); i >= 0 {
		return s.versions[i]
	}
	return v
}

// is tells of the version itself.
func is(v history.Version) func(history.Version) bool {
	return func(o history.Version) bool { return o.Place == v.Place }
}

// count tells how many versions have this key: a copy shares the record.
func (s *station) count(key string) int {
	n := 0
	for _, v := range s.versions {
		if history.KeyOf(v.Version) == key {
			n++
		}
	}
	return n
}

// withVersion does one operation on a version that a face named. Where another
// image is by now it is PlanChanged.
func withVersion[R any](ctx context.Context, ref wire.VersionRef, out *wire.Out, do func(*station, history.Version) (R, error)) (R, error) {
	return withStation(ctx, out, func(s *station) (R, error) {
		s.versions = history.List(s.facts, "")
		i := slices.IndexFunc(s.versions, func(v history.Version) bool { return *v.Ref() == ref })
		if i < 0 {
			var none R
			return none, wire.Fail(wire.PlanChanged, fmt.Errorf("%s is not there, or is another version", ref.Place))
		}
		return do(s, s.versions[i])
	})
}

// astray tells of a version that a failed move left in an archive: on FAT one
// beside the linuxfs goes by way of it.
func (s *station) astray(f publish.Filed, err error) error {
	if f.Archive != "" {
		s.note(wire.Warn, wire.VersionMoved, f.Archive)
	}
	return gone(err)
}

// aside tells where what was in the way lies, when it was moved for nothing.
func (s *station) aside(cleared []publish.Filed) {
	if at := result(cleared...).Archives; len(at) > 0 {
		s.note(wire.Warn, wire.FiledAside, wire.List(at, 5))
	}
}

// gone makes an image that vanished since it was looked for a change of the stick.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) && wire.AsError(err).Code == wire.Internal {
		return wire.Fail(wire.PlanChanged, err)
	}
	return err
}

// setOf is what core/publish moves and deletes together.
func setOf(v history.Version) publish.Set { return publish.Set{Archive: v.Archive, Image: v.Name} }

// besides are the places beside the linuxfs that a version is staged from, but for
// spare ones, whose place is their name.
var besides = []string{"old", "bad", "bak"}

// setAt is the set of a place; name is that of the linuxfs.
func setAt(name, place string) publish.Set {
	if rest, ok := strings.CutPrefix(place, "archive/"); ok {
		number, file, _ := strings.Cut(rest, "/")
		return publish.Set{Archive: number, Image: file}
	}
	if !slices.Contains(besides, place) {
		return publish.Set{Image: place}
	}
	return publish.Set{Image: name + "." + place}
}

// openImage opens the image of a version; a link is one to a name beside it.
// Another file there by now is PlanChanged.
func (s *station) openImage(v history.Version) (*os.File, error) {
	dir, shut, err := s.medium.Place(v.Archive)
	if err != nil {
		return nil, wire.Fail(wire.PlanChanged, err)
	}
	defer shut()
	f, err := dir.Open(path.Base(v.Path), os.O_RDONLY)
	if err != nil {
		return nil, wire.Fail(wire.PlanChanged, err)
	}
	same, err := history.Same(v.Version, f)
	if err == nil && !same {
		err = fmt.Errorf("%s is another version by now", v.File())
	}
	if err != nil {
		f.Close()
		return nil, wire.Fail(wire.PlanChanged, err)
	}
	return f, nil
}

// names is never nil, so that JSON has a list.
func names(list []string) []string { return append([]string{}, list...) }
