package run

import (
	"context"
	"errors"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/publish"
	"antix-remaster/core/wire"
)

// stageAnnex makes the file of a version rootfs.new there, or an empty one. Its
// journal is held: it is taken back by healing while nothing is armed.
func (s *station) stageAnnex(ctx context.Context, v history.Version) error {
	if s.annex == nil {
		return s.annexErr
	}
	set, found := s.findAnnex(ctx, v)
	if _, err := s.clearAnnex(ctx, set); err != nil {
		return err
	}
	armed := publish.Set{Image: rootfs + ".new"}
	if found && set == armed {
		return nil
	}
	s.annex.Hold()
	if !found {
		return s.freshAnnex(ctx)
	}
	_, err := s.annex.Stage(ctx, set, s.out.Progress)
	return err
}

// unstageAnnex takes back what stageAnnex did.
func (s *station) unstageAnnex(ctx context.Context) {
	if s.annex == nil {
		return
	}
	_, _, err := s.annex.Heal()
	if name := rootfs + ".new"; s.annex.Has(name) { // a copy of FAT
		_, e := s.fileAnnex(ctx, name, "new")
		err = errors.Join(err, e)
	}
	if err != nil {
		s.note(wire.Warn, wire.AnnexLeft, err.Error())
	}
}

// releaseAnnex ends what stageAnnex or a build began there: the version is
// armed. A journal that stays is ended by the next start.
func (s *station) releaseAnnex() {
	if s.annex == nil {
		return
	}
	if err := s.annex.Release(); err != nil {
		s.note(wire.Warn, wire.NotTidied, err.Error())
	}
}

// awaitAnnex writes down where rootfs.new goes with the image: a power cut in
// between leaves it to healing. Without, the next action there would file it.
func (s *station) awaitAnnex(image publish.Set) {
	if s.annex == nil || s.facts.Armed == nil || !s.annex.Has(rootfs+".new") {
		return
	}
	_, _, err := s.annex.Heal() // of one that came to nothing
	if err == nil {
		err = s.annex.Await(s.besideImage(image))
	}
	if err != nil {
		s.log.add("the annex: %v", err)
	}
}

// besideImage is the set there that belongs to an image.
func (s *station) besideImage(image publish.Set) publish.Set {
	return publish.Set{Archive: image.Archive, Image: rootfs + strings.TrimPrefix(image.Image, s.facts.Image.Name)}
}

// disarmAnnex takes rootfs.new out of the next boot after the image: to where
// the image is now.
func (s *station) disarmAnnex(ctx context.Context, image publish.Set) {
	if s.annexErr != nil {
		s.note(wire.Warn, wire.AnnexLeft, s.annexErr.Error())
	}
	if s.annex == nil || !s.annex.Has(rootfs+".new") {
		return
	}
	_, _, err := s.annex.Heal()
	if err == nil && s.annex.Has(rootfs+".new") {
		_, err = s.annex.PutBack(ctx, s.besideImage(image), s.out.Progress)
	}
	// Nothing there is called like a spare version.
	if code := wire.AsError(err).Code; code == wire.NameTaken || code == wire.BadRequest {
		_, err = s.annex.FileTo(ctx, "", "new", s.out.Progress)
	}
	if err != nil {
		s.note(wire.Warn, wire.AnnexLeft, err.Error())
	}
}

// mendAnnex exchanges a rootfs that belongs to another version of this stick,
// which is filed with it, for the one of the default version, or an empty one: a
// start that swapped without root persistence did not. It tells whether there
// was anything to mend.
func (s *station) mendAnnex(ctx context.Context) (publish.Filed, bool, error) {
	d := s.facts.Default
	if s.annex == nil || s.facts.Persistence.Root() || d == nil || d.ID == "" || s.facts.Armed != nil {
		return publish.Filed{}, false, nil
	}
	var filed publish.Filed
	if s.annex.Has(rootfs) {
		id := s.idOf(ctx, publish.Set{Image: rootfs})
		ofOurs := slices.ContainsFunc(s.list(), func(v history.Version) bool { return v.ID == id })
		if id == "" || id == d.ID || !ofOurs {
			return filed, false, nil
		}
	} else if !s.annex.Has(rootfs + ".new") { // none was begun
		return filed, false, nil
	}
	own, found := s.findAnnex(ctx, history.Version{Version: *d})
	fresh := publish.Set{Image: rootfs + ".new"}
	if !found && s.annex.Has(fresh.Image) && s.idOf(ctx, fresh) == "" {
		own, found = fresh, true
	}
	_, err := s.clearAnnex(ctx, own)
	switch { // first all that takes long: a start that finds no rootfs finds no device
	case err != nil:
	case !found:
		err = s.freshAnnex(ctx)
	case own != fresh:
		_, err = s.annex.Stage(ctx, own, s.out.Progress)
	}
	if err == nil && s.annex.Has(rootfs) {
		filed, err = s.fileAnnex(ctx, rootfs, "")
	}
	if err == nil {
		err = s.annex.Take()
	}
	return filed, true, err
}

// keepAnnex files what a swap or a rollback left there, and mends.
func (s *station) keepAnnex(ctx context.Context) (all []publish.Filed, mended bool, err error) {
	filed, mended, err := s.mendAnnex(ctx)
	if len(filed.Files) > 0 {
		all = append(all, filed)
	}
	if err != nil {
		return all, mended, err
	}
	more, err := s.clearAnnex(ctx, publish.Set{Image: rootfs + ".new"})
	return append(all, more...), mended, err
}

// deleteAnnex deletes the file of a version that was deleted, unless it may be
// that of another one: of a copy, or in the same archive directory.
func (s *station) deleteAnnex(ctx context.Context, v history.Version) {
	other := func(o history.Version) bool {
		return v.ID != "" && o.ID == v.ID || v.Archive != "" && o.Archive == v.Archive
	}
	if s.annex == nil || slices.ContainsFunc(s.list(), other) {
		return
	}
	set, found := s.findAnnex(ctx, v)
	if !found {
		return
	}
	if _, err := s.annex.Delete(ctx, set, s.out.Progress); err != nil {
		s.note(wire.Warn, wire.AnnexLeft, err.Error())
	}
}
