package faults

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// shelf is a system with versions: the running one, linuxfs.old, and one in the
// archive that can start.
type shelf struct {
	*System
	saved    string            // a copy of the stick as every trial finds it
	images   map[string]string // SHA-256 of the two that may move -> what they are
	filed    wire.VersionRef   // the one in the archive
	standing State
	linuxfs  string // the running image, with its inode
}

const filed = "archive/0001/linuxfs.new"

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{System: start(t, livesys.Options{}), saved: t.TempDir(), images: map[string]string{}}
	_, err := s.Build()
	must(t, err)
	must(t, s.do(wire.Request{Op: wire.OpDisarm}))
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	must(t, err)
	_, err = livesys.MiniImage(t.Context(), s.StickPath("linuxfs.old"), livesys.Mini{Title: "Before", Release: strings.TrimSpace(string(kernel))})
	must(t, err)
	must(t, os.MkdirAll(s.StickPath("state.old/user"), 0o755))
	for _, name := range []string{filed, "linuxfs.old"} {
		sum, err := s.Sha(name)
		must(t, err)
		s.images[sum] = name
	}
	s.filed = s.refOf(t, filed)
	s.save(t)
	s.standing, err = s.Look()
	must(t, err)
	s.linuxfs = linesOf(s.standing.stick, "/antiX/linuxfs ")[0]
	return s
}

// do has a helper do one thing with the versions.
func (s *shelf) do(r wire.Request, before ...string) error {
	var result json.RawMessage
	return s.ask(r, &result, before...)
}

// refOf names a version as a face does: its key is made of its size, the digest
// of its first KiB and its id.
func (s *shelf) refOf(t *testing.T, place string) wire.VersionRef {
	t.Helper()
	v := live.ReadVersion(s.Root(), live.Facts{Config: live.Config{"VID_FILE": "/etc/live/version/linuxfs.ver"}}, s.LiveDir+"/boot-dev/antiX/"+filepath.Dir(place), filepath.Base(place))
	if v.Head == "" || v.ID == "" {
		t.Fatalf("%s cannot be read: %+v", place, v)
	}
	return wire.VersionRef{Place: place, Key: fmt.Sprintf("%d-%x", v.Size, sha256.Sum256([]byte(v.Head+" "+v.ID)))}
}

// save remembers the stick for put.
func (s *shelf) save(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(s.saved+"/all"))
	must(t, exec.Command("cp", "-a", s.StickPath("/"), s.saved+"/all").Run())
}

// put makes the stick what it was; only the running linuxfs stays where it is.
func (s *shelf) put(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"antiX", "boot"} {
		names, err := filepath.Glob(s.StickPath("/" + dir + "/*"))
		must(t, err)
		for _, name := range names {
			if name != s.StickPath("linuxfs") {
				must(t, os.RemoveAll(name))
			}
		}
		saved, err := filepath.Glob(s.saved + "/all/" + dir + "/*")
		must(t, err)
		saved = slices.DeleteFunc(saved, func(name string) bool { return name == s.saved+"/all/antiX/linuxfs" })
		must(t, exec.Command("cp", append(append([]string{"-a"}, saved...), s.StickPath("/"+dir))...).Run())
	}
}

// view is what an action may change, but for what is only noted: names, and the
// content of files. The menus come after the rest.
func (s *shelf) view(t *testing.T) (versions, menus []string) {
	t.Helper()
	list := func(dir string) []string {
		lines, err := listTree(s.StickPath(dir), true)
		must(t, err)
		lines = slices.DeleteFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, "/history.json ") || strings.Contains(line, "/remaster.cfg ")
		})
		for i, line := range lines {
			lines[i] = inode.ReplaceAllString(line, "")
		}
		return lines
	}
	return list("/antiX"), list("/boot")
}

var inode = regexp.MustCompile(` inode [0-9]+`)

// whole holds what holds at every moment: the running image is untouched, the
// others are whole under one name or another, the next boot is not blocked, and
// the menus are not torn. gone is the place of one that may be deleted.
func (s *shelf) whole(t *testing.T, gone string) error {
	t.Helper()
	now, err := s.Look()
	must(t, err)
	err = errors.Join(s.Menus(), same("the mounts", s.standing.mounts, now.mounts, nil), same("the loop devices", s.standing.loops, now.loops, nil))
	if !slices.Contains(now.stick, s.linuxfs) {
		err = errors.Join(err, errors.New("the running linuxfs was touched"))
	}
	seen, image := map[string]bool{}, regexp.MustCompile(`^/antiX/(archive/[0-9]+/)?linuxfs\.(old|bad|new) `)
	blocked, armed := false, false
	for _, line := range now.stick {
		if m := image.FindStringSubmatch(line); m != nil {
			sum := line[strings.LastIndex(line, " ")+1:]
			if s.images[sum] == "" || seen[sum] {
				err = errors.Join(err, fmt.Errorf("not one of the images, or twice: %s", line))
			}
			seen[sum] = true
			armed = armed || m[1] == "" && m[2] == "new"
			blocked = blocked || m[1] == "" && m[2] != "new"
		}
	}
	for sum, name := range s.images {
		if !seen[sum] && name != gone {
			err = errors.Join(err, fmt.Errorf("%s is lost", name))
		}
	}
	if blocked && armed {
		err = errors.Join(err, errors.New("the next boot is blocked"))
	}
	return err
}

// clean holds that a start left nothing of ours.
func (s *shelf) clean() error {
	var err error
	for _, pattern := range []string{s.StickPath("remaster.*"), s.StickPath("*.part"), s.StickPath("archive/*.part"), s.StickPath("/boot/*/remaster.prt"),
		s.Path(s.LiveDir + "/config/locked"), s.Path("/run/antix-remaster/*")} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if filepath.Base(name) != "other.part" {
				err = errors.Join(err, fmt.Errorf("left: %s", name))
			}
		}
	}
	if names := s.Running(); len(names) > 0 {
		err = errors.Join(err, fmt.Errorf("still running: %q", names))
	}
	return err
}

// TestPromiseP1P2P4ActionKills ends the helper at the calls of what is done with
// versions. The running one is never touched, the others are whole, the menus are
// not torn and name what is there; the next helper finishes or undoes it, and it
// can be done again.
func TestPromiseP1P2P4ActionKills(t *testing.T) {
	s := newShelf(t)
	ref := s.filed
	try := wire.Request{Op: wire.OpTry, Version: &ref}
	actionKills(t, s, try, nil, "")
	s.put(t)
	must(t, s.do(try)) // what moves has an entry from here on
	s.save(t)
	keep := wire.Request{Op: wire.OpKeep}
	kept := actionKills(t, s, keep, nil, "")
	actionKills(t, s, wire.Request{Op: wire.OpStage, Version: &ref}, kept, "")
	actionKills(t, s, wire.Request{Op: wire.OpDelete, Version: &ref, Confirmed: true}, nil, filed) // the rescue entry starts it
}

// actionKills does it for one action, and gives what comes of the versions. A
// start may leave them as between, too.
func actionKills(t *testing.T, s *shelf, r wire.Request, between []string, gone string) []string {
	t.Helper()
	a := &trials{shelf: s, request: r, between: between, gone: gone}
	s.put(t)
	a.before, _ = s.view(t)
	must(t, s.do(r, strike, "-report", report))
	a.after, a.menus = s.view(t)
	points := stickPoints(t, s)
	must(t, errors.Join(s.whole(t, gone), s.clean()))
	count := len(points)
	if !full() {
		count = min(12, count)
	}
	tried, broken := 0, 0
	for i := range count {
		p := points[len(points)-1-i*len(points)/count]
		s.put(t)
		err := s.do(r, strike, "-report", report, "-call", p.Call, "-n", fmt.Sprint(p.N), "-do", "killroot")
		if err == nil {
			continue // this time there was no such call
		}
		tried++
		if err := a.judge(t); err != nil {
			broken++
			t.Errorf("%s, killed at %s: %v", r.Op, p, err)
		}
	}
	if tried < count*3/4 {
		t.Errorf("%s: only %d of %d kills came", r.Op, tried, count)
	}
	t.Logf("%s: %d calls on the stick", r.Op, len(points))
	for _, promise := range []string{"P1", "P2", "P4"} {
		figure.Record(t, promise, "the helper killed during: "+string(r.Op), tried, broken)
	}
	return a.after
}

// stickPoints are the calls on the stick that strike reported, in order.
func stickPoints(t *testing.T, s *shelf) []Point {
	t.Helper()
	all, err := s.reported()
	must(t, err)
	return slices.DeleteFunc(all, func(p Point) bool { return !strings.HasPrefix(p.Target(), "/live/boot-dev/") })
}

// trials are those of one action, and what the versions and menus are around it.
type trials struct {
	*shelf
	request                       wire.Request
	before, between, after, menus []string
	gone                          string // what it deletes
}

// judge looks at once, after the next helper, which changes nothing by itself,
// and after the action was done again.
func (a *trials) judge(t *testing.T) error {
	t.Helper()
	if err := a.whole(t, a.gone); err != nil {
		return fmt.Errorf("at once: %w", err)
	}
	running := a.refOf(t, "linuxfs")
	running.Place = wire.PlaceDefault
	if err := errors.Join(a.do(wire.Request{Op: wire.OpUnpin, Version: &running}), a.whole(t, a.gone), a.clean()); err != nil {
		return fmt.Errorf("after the next helper: %w", err)
	}
	now, menus := a.view(t)
	if slices.Equal(now, a.after) && slices.Equal(menus, a.menus) {
		return nil
	}
	if !slices.Equal(now, a.between) {
		if err := same("healed, the stick", a.before, now, nil); err != nil {
			return err
		}
	}
	if err := errors.Join(a.do(a.request), a.whole(t, a.gone), a.clean()); err != nil {
		return fmt.Errorf("done again: %w", err)
	}
	now, menus = a.view(t)
	return errors.Join(same("done again, the stick", a.after, now, nil), same("done again, the menus", a.menus, menus, nil))
}
