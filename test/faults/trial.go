package faults

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"antix-remaster/core/wire"
)

// Point is one call of the helper or of mksquashfs, the n-th of its kind, as
// strike describes it: "PROGRAM CALL TARGET".
type Point struct {
	Call  string
	N     int
	After bool // the new version is armed: what is written then is only what is known of it
}

func (p Point) String() string { return fmt.Sprintf("%s #%d", p.Call, p.N) }

// Engine tells whether it is mksquashfs's.
func (p Point) Engine() bool { return strings.HasPrefix(p.Call, "mksquashfs ") }

// Name is that of the system call, Target what it works on.
func (p Point) Name() string   { return strings.SplitN(p.Call, " ", 3)[1] }
func (p Point) Target() string { return strings.SplitN(p.Call, " ", 3)[2] }

const report = "/tmp/report"

// Points lists all of a build, in order.
func (s *System) Points() ([]Point, error) {
	_, err := s.Build(strike, "-report", report)
	if err != nil {
		return nil, err
	}
	points, err := s.reported()
	_, e := s.Heal()
	return points, errors.Join(err, e)
}

// reported are the calls of the last report, in order.
func (s *System) reported() (points []Point, err error) {
	text, err := os.ReadFile(s.Path(report))
	count := map[string]int{}
	after := false
	for call := range strings.Lines(string(text)) {
		call = strings.TrimSuffix(call, "\n")
		count[call]++
		after = after || strings.Contains(call, "/history.json")
		points = append(points, Point{call, count[call], after})
	}
	return points, err
}

// Trial is a build in which something happened.
type Trial struct {
	Point  Point
	Do     string
	Struck bool // the call came
	Result wire.BuildResult
	Err    error
}

// Strike lets it happen.
func (s *System) Strike(p Point, do string) Trial {
	t := Trial{Point: p, Do: do}
	t.Result, t.Err = s.Build(strike, "-report", report, "-call", p.Call, "-n", fmt.Sprint(p.N), "-do", do)
	text, _ := os.ReadFile(s.Path(report))
	t.Struck = len(text) > 0
	return t
}

// Code is that of the trial's error.
func (t Trial) Code() wire.Code { return wire.AsError(t.Err).Code }

// Judge holds what must hold after any trial, and one start later. reference
// is what the image must hold when there is one. It tells whether a version
// was armed.
func (s *System) Judge(t Trial, before State, reference []string) (armed bool, err error) {
	err = s.Quiet(before, false)
	if t.Err == nil {
		err = errors.Join(err, s.Complete(t.Result, reference))
	}
	armed, e := s.Heal()
	if t.Err == nil && !armed {
		err = errors.Join(err, errors.New("it reported success, and nothing is armed"))
	}
	return armed, errors.Join(err, e, s.Quiet(before, true))
}

// Complete holds that the armed version is the one of the result, whole, with
// all its companions.
func (s *System) Complete(r wire.BuildResult, reference []string) error {
	image, err := s.ReadStick("linuxfs.new")
	if err != nil {
		return err
	}
	if sum, _ := s.Sha("linuxfs.new"); sum != r.SHA256 || int64(len(image)) != r.Size {
		err = fmt.Errorf("the image is another one than the result names")
	}
	if text, e := s.ReadStick("linuxfs.md5.new"); e != nil || !strings.HasPrefix(string(text), fmt.Sprintf("%x ", md5.Sum(image))) {
		err = errors.Join(err, e, errors.New("linuxfs.md5.new is not that of the image"))
	}
	for _, name := range []string{"state", "xtra", "deb", "xtra.tgz"} {
		old, e1 := listTree(s.StickPath(name), false)
		fresh, e2 := listTree(s.StickPath(name+".new"), false)
		err = errors.Join(err, e1, e2, same(name+".new", old, fresh, nil))
	}
	return errors.Join(err, s.SameImage(reference))
}

// Reference makes a version and tells what is in it, and how the system looks
// without it.
func (s *System) Reference() (image []string, before State, err error) {
	r, err := s.Build()
	if err != nil {
		return nil, State{}, err
	}
	if image, err = s.Image(); err != nil {
		return nil, State{}, err
	}
	if err := s.Complete(r, image); err != nil {
		return nil, State{}, err
	}
	if _, err := s.Heal(); err != nil {
		return nil, State{}, err
	}
	before, err = s.Look()
	return image, before, err
}

// Retry holds that the next build succeeds.
func (s *System) Retry(before State, reference []string) error {
	r, err := s.Build()
	if err != nil {
		return fmt.Errorf("the retry failed: %w", err)
	}
	_, err = s.Judge(Trial{Result: r}, before, reference)
	return err
}

// touched tells whether the running linuxfs is what broke a promise.
func touched(err error) bool {
	return err != nil && strings.Contains(err.Error(), "- /antiX/linuxfs -")
}

// Scrub removes by hand what a broken promise left, so that the next trial
// begins anew.
func (s *System) Scrub() {
	os.Remove(s.Path(s.LiveDir + "/config/locked"))
	for _, pattern := range []string{"*.new", "*.part", "remaster.*", "archive"} {
		names, _ := filepath.Glob(s.StickPath(pattern))
		for _, name := range names {
			if base := filepath.Base(name); base != "other.part" && base != "notes.new" {
				os.RemoveAll(name)
			}
		}
	}
}

// BuildBy is a build that do may end from outside, once it runs.
func (s *System) BuildBy(do func(*Helper)) (wire.BuildResult, error) {
	h, err := s.Helper()
	if err != nil {
		return wire.BuildResult{}, err
	}
	done := make(chan struct{})
	go func() { defer close(done); do(h) }()
	var r wire.BuildResult
	err = h.Do(context.Background(), wire.Request{Op: wire.OpBuild, Choices: &Choices, Plan: s.plan}, wire.Watch{}, &r)
	<-done
	return r, errors.Join(err, h.Close())
}
