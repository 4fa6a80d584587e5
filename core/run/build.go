package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/pause"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// Build answers wire.OpBuild: it makes, proves and arms a new version, or
// leaves everything as it was. planHash is that of the plan the user saw.
func Build(ctx context.Context, c wire.Choices, planHash string, out *wire.Out) (wire.BuildResult, error) {
	started := time.Now()
	out.Progress(wire.Progress{Stage: wire.StagePrepare})
	s, err := openStation(ctx, out)
	if err != nil {
		return wire.BuildResult{}, err
	}
	s.log.add("build: %+v", c)
	result, err := s.build(ctx, c, planHash)
	if err != nil {
		err = asCancel(ctx, err)
		s.log.add("failed: %v", err)
	} else {
		result.Seconds = (time.Since(started) - pause.Total(ctx)).Seconds()
		s.log.add("armed: %+v", result)
		s.menus(ctx, stays, true)
		s.tellUnproven(nil)
	}
	return result, s.end(err)
}

// asCancel makes every failure that a cancel brought about a cancel, but for a
// clean-up that failed: then not everything is as it was.
func asCancel(ctx context.Context, err error) error {
	if ctx.Err() == nil || wire.AsError(err).Code == wire.Remains {
		return err
	}
	return wire.Fail(wire.Cancelled, err)
}

func (s *station) build(ctx context.Context, c wire.Choices, planHash string) (wire.BuildResult, error) {
	if err := s.mountView(); err != nil {
		return wire.BuildResult{}, err
	}
	p, err := plan.Make(s.facts, c)
	if err != nil {
		return wire.BuildResult{}, err
	}
	entry := newEntry(p, s.facts.BootKernel)
	if err := s.coverVersion(entry); err != nil {
		return wire.BuildResult{}, err
	}
	packages, mapped := packageState(), sys.Mapped{}
	mapped.AddMapped()
	ex, err := s.examine(ctx, c)
	if err != nil {
		return wire.BuildResult{}, err
	}
	if stop := preflight.FirstStop(ex.result.Checks); stop != nil {
		return wire.BuildResult{}, stop.Refusal()
	}
	if ex.result.Plan != planHash {
		return wire.BuildResult{}, wire.Fail(wire.PlanChanged, nil)
	}
	if s.annexErr != nil {
		return wire.BuildResult{}, s.annexErr
	}
	j := &job{station: s, examined: ex, entry: entry, packages: packages, mapped: mapped}
	return j.run(ctx)
}

// job is a build that passed all checks.
type job struct {
	*station
	examined
	entry    build.Entry
	packages string     // state of the packages when the walk began
	mapped   sys.Mapped // files that were mapped shared and writable at the same time
	unarmed  *publish.Build
	result   wire.BuildResult
}

func (j *job) run(ctx context.Context) (wire.BuildResult, error) {
	var err error
	if j.unarmed, err = j.medium.Begin(j.plan); err != nil {
		return wire.BuildResult{}, err
	}
	j.result = wire.BuildResult{Name: j.plan.New, VersionID: j.entry.ID, Title: j.entry.Title, Compressor: j.plan.Compressor}
	for _, step := range []func(context.Context) error{j.pack, j.prove, j.arm} {
		pause.Wait(ctx)
		if err := step(ctx); err != nil {
			return wire.BuildResult{}, j.abort(err)
		}
	}
	return j.result, nil
}

// abort removes what was made. That it failed is the worse news, and said
// first.
func (j *job) abort(err error) error {
	e := j.unarmed.Abort()
	if j.annex != nil && j.plan.Annex != nil {
		_, _, e2 := j.annex.Heal()
		e = errors.Join(e, e2)
	}
	if e != nil {
		return wire.Fail(wire.Remains, errors.Join(e, err), e.Error())
	}
	return err
}

// pack runs mksquashfs into the file that is already ours on the stick: what
// it opens is a root-only name of that open file.
func (j *job) pack(ctx context.Context) error {
	if err := os.WriteFile(plan.Output, nil, 0o600); err != nil {
		return err
	}
	if err := sys.BindFile(j.unarmed.Image(), plan.Output); err != nil {
		return err
	}
	packed, err := build.Run(ctx, build.Job{Engine: j.engine, Args: j.plan.Args, Out: j.unarmed.Image(), Room: j.room, Dense: j.examined.scan.Dense(),
		Report: j.out.Progress, Watch: func() error { return packagesStill(j.packages) },
		Log: func(line string) { j.log.add("mksquashfs: %s", line) }})
	if err = errors.Join(err, sys.Unmount(plan.Output)); err != nil {
		return err
	}
	if packed.Changed > 0 {
		j.log.add("%d files changed their size while they were read", packed.Changed)
	}
	if len(packed.Lost) > 0 {
		j.note(wire.Warn, wire.LostACLs, wire.List(packed.Lost, 5))
	}
	if err := j.unarmed.Image().Sync(); err != nil {
		return wire.Fail(wire.WriteFailed, err, j.plan.Part)
	}
	j.result.Size = packed.Size
	return packagesStill(j.packages)
}

const proofMount = plan.WorkDir + "/proof"

// prove reads the same open file back from the medium, mounts it and compares
// it with the view.
func (j *job) prove(ctx context.Context) error {
	image := j.unarmed.Image()
	d, err := verify.Digest(ctx, image, j.result.Size, j.out.Progress)
	if err != nil {
		return err
	}
	if !d.FromMedium {
		j.note(wire.Warn, wire.NotFromMedium)
	}
	j.result.SHA256, j.result.FromMedium = d.SHA256, d.FromMedium
	if err := verify.Sense(image, j.kernel(), j.entry.ID); err != nil {
		return err
	}
	if err := j.compare(ctx, image); err != nil {
		return err
	}
	j.out.Progress(wire.Progress{Stage: wire.StageArm})
	if j.result.Companions, err = j.unarmed.Companions(ctx, d.MD5, j.fill); err != nil || j.plan.Annex == nil {
		return err
	}
	j.result.Companions = append(j.result.Companions, j.inAnnex(rootfs+".new"))
	return j.makeAnnex(ctx)
}

// makeAnnex makes the fresh rootfs elsewhere. Its journal is held until the
// version is armed.
func (j *job) makeAnnex(ctx context.Context) error {
	if _, err := j.clearAnnex(ctx, publish.Set{}); err != nil {
		return err
	}
	j.annex.Hold()
	return j.freshAnnex(ctx)
}

// kernel is the release whose modules the image must hold.
func (j *job) kernel() string {
	if j.facts.BootKernel != "" {
		return j.facts.BootKernel
	}
	return j.facts.RunningKernel
}

// mountProof mounts an open image where only this run sees it.
func (s *station) mountProof(image *os.File) error {
	loop, err := sys.AttachLoop(image)
	if err != nil {
		return err
	}
	err = os.Mkdir(proofMount, 0o700)
	if err == nil {
		err = sys.MountDevice(loop.Name(), proofMount, "squashfs", true, "")
	}
	return errors.Join(err, loop.Close())
}

func (j *job) compare(ctx context.Context, image *os.File) error {
	if err := j.mountProof(image); err != nil {
		return wire.Fail(wire.NoSense, err, "a structure that can be mounted")
	}
	outcome, err := verify.Compare(ctx, verify.Trees{View: plan.View, Image: proofMount, Rules: plan.Compile(j.plan.Patterns),
		Scan: j.examined.scan, NoXattrs: preflight.NoXattrs("", j.facts.RunningKernel), Mapped: j.mapped, Report: j.out.Progress})
	if err = errors.Join(err, sys.Unmount(proofMount)); err != nil {
		return err
	}
	j.result.Entries, j.result.Changed, j.result.ChangedAll = outcome.Entries, outcome.Changed, outcome.ChangedAll
	if outcome.ChangedAll > 0 {
		j.note(wire.Note, wire.ChangedSince, fmt.Sprint(outcome.ChangedAll), wire.List(outcome.Changed, 5))
	}
	return nil
}

// arm is the last step: from here on nothing is undone, and what is written
// down about the new version is no part of it.
func (j *job) arm(ctx context.Context) error {
	if ctx.Err() != nil {
		return wire.Fail(wire.Cancelled, ctx.Err())
	}
	if err := packagesStill(j.packages); err != nil {
		return err
	}
	head, err := live.HeadOf(j.unarmed.Image())
	if err != nil {
		return wire.Fail(wire.WriteFailed, err, j.plan.Part)
	}
	if err := j.unarmed.Arm(); err != nil {
		return err
	}
	j.releaseAnnex()
	j.tell(j.plan.New, j.record(history.KeyOf(live.Version{Size: j.result.Size, Head: head, ID: j.entry.ID}), j.verified))
	return nil
}

// verified writes down that a version was proved when it was made.
func (j *job) verified(r *history.Record) {
	*r = history.Record{Verified: time.Now().Unix(), How: history.ByBuild, SHA256: j.result.SHA256}
}
