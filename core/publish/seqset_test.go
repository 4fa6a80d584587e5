package publish

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// sets lists the versions that can be staged or deleted.
func (w *world) sets() []Set {
	var out []Set
	for name, kind := range w.names() {
		archive, image := "", name
		if rest, ok := strings.CutPrefix(name, archiveDir+"/"); ok {
			archive, image, _ = strings.Cut(rest, "/")
		}
		base, suffix, _ := strings.Cut(strings.TrimPrefix(image, w.name), ".")
		known := base == "" && (suffix == "" && archive != "" || slices.Contains(suffixes, suffix) && (suffix != "new" || archive != ""))
		known = known || archive == "" && base == "" && targetNumber.MatchString(suffix) && kind == live.KindFile && !w.fat
		if known && strings.HasPrefix(image, w.name) && (kind == live.KindFile || kind == live.KindLink) {
			out = append(out, Set{archive, image})
		}
	}
	slices.SortFunc(out, func(a, b Set) int { return strings.Compare(pathIn(a.Archive, a.Image), pathIn(b.Archive, b.Image)) })
	return out
}

// choose takes the operation that makes sense.
func (w *world) choose(deletes bool) string {
	_, err := os.Lstat(filepath.Join(w.dir, w.name+".new"))
	switch {
	case deletes:
		return "delete"
	case err == nil:
		return "back"
	}
	return "stage"
}

// refusals are what an operation on a set may rightly answer.
var refusals = []wire.Code{wire.NothingToStage, wire.CopyInUse, wire.NotMovable, wire.Pending, wire.Blocked, wire.NameTaken, wire.Protected, wire.SharedTarget, wire.NothingArmed}

// onSet does an operation on a random version: whole, or cut after some steps.
func (w *world) onSet(op string, cut int, r *rand.Rand) {
	m := w.start()
	defer m.dir.Close()
	all := w.sets()
	if len(all) == 0 {
		return
	}
	s := all[r.IntN(len(all))]
	if op == "back" {
		if s = w.staged; s.Image == "" { // a fresh build, to a place of its own
			s = Set{"0077", w.name + ".new"}
		}
	}
	if op == "delete" && !m.IsSpare(s.Image) {
		text, err := os.ReadFile(filepath.Join(w.dir, pathIn(s.Archive, s.Image)))
		must(w.t, err)
		w.deleted[isImage(string(text))] = true
	}
	if op == "stage" || op == "delete" {
		w.refresh(func(v history.Version) bool { return v.Archive == s.Archive && v.Name == s.Image }, op == "stage")
	}
	err := w.doOrCut(m, op, s, cut)
	if cut < 0 {
		w.refresh(stays, false)
		w.checkRescue()
	}
	w.say("%s %s, cut %d: %v", op, pathIn(s.Archive, s.Image), cut, err)
	switch {
	case err == nil:
		w.did[op]++
		if op == "stage" {
			w.staged = s
		}
	case !slices.Contains(refusals, codeOf(err)) && !errors.Is(err, fs.ErrNotExist):
		w.fail("%s %v: %v", op, s, err)
	}
}

func (w *world) doOrCut(m *Medium, op string, s Set, cut int) error {
	if cut < 0 || op == "delete" && m.IsSpare(s.Image) {
		return doSet(m, op, s)
	}
	suffix, err := m.suffixOf(s)
	if err != nil {
		return err
	}
	switch op {
	case "stage":
		return w.cutStage(m, s, suffix, cut)
	case "back":
		return w.cutBack(m, s, suffix, cut)
	}
	return w.cutDelete(m, s, suffix, cut)
}

func (w *world) cutStage(m *Medium, s Set, suffix string, cut int) error {
	if err := m.wayFree(s); err != nil {
		return err
	}
	moves, err := m.planStage(s, suffix)
	if err != nil {
		return err
	}
	in := stageIntent(s.Archive, moves)
	if m.fat && s.Archive == "" {
		return doSet(m, "stage", s)
	}
	src, shut, err := m.Place(s.Archive)
	must(w.t, err)
	defer shut()
	if m.fat {
		in.Copy = true
		must(w.t, m.begin(in))
		ctx, cancel := context.WithCancel(noContext)
		tally := newTally(func(p wire.Progress) {
			if cut < 2 && p.Stage == []wire.Stage{wire.StageWrite, wire.StageRead}[cut] {
				cancel()
			}
		}, 1)
		if err := m.copyOut(ctx, src, in, tally); err != nil && cut > 1 {
			w.fail("copying: %v", err)
		}
		return nil
	}
	must(w.t, m.begin(in))
	for _, mv := range in.Moves[:min(cut, len(in.Moves))] {
		must(w.t, m.step(src, mv.From, m.dir, mv.To, mv))
	}
	return nil
}

func (w *world) cutBack(m *Medium, s Set, suffix string, cut int) error {
	in, err := m.planBack(s, suffix)
	if err != nil {
		return err
	}
	if m.fat {
		return doSet(m, "back", s)
	}
	must(w.t, m.begin(in))
	dst := m.dir
	if s.Archive != "" {
		dst, err = m.openArchive(s.Archive)
		must(w.t, err)
		defer dst.Close()
	}
	for _, mv := range in.Moves[:min(cut, len(in.Moves))] {
		_, err := m.back(dst, mv)
		must(w.t, err)
	}
	return nil
}

func (w *world) cutDelete(m *Medium, s Set, suffix string, cut int) error {
	src, shut, err := m.Place(s.Archive)
	if err != nil {
		return err
	}
	defer shut()
	moves, err := m.moves(src, live.Gen2023, suffix, "")
	if err == nil && s.Archive == "" {
		moves[0], err = m.throughLink(moves[0])
	}
	if err != nil {
		return err
	}
	in := intent{Action: actionDelete, Archive: s.Archive, Moves: m.removals(src, s.Archive, moves)}
	must(w.t, m.begin(in))
	for _, mv := range in.Moves[:min(cut, len(in.Moves))] {
		_, err := m.removeMember(src, mv)
		must(w.t, err)
	}
	return nil
}
