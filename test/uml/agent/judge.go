package main

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"antix-remaster/test/uml/dm"
	"antix-remaster/test/uml/logwrites"
	"antix-remaster/test/uml/power"
)

// stepMark is the mark after a step of a menu job.
const stepMark = "step"

// cut is one state to be looked at: what is applied on top of what is durable.
type cut struct {
	point   int
	reorder bool
	done    bool
	steps   int // of a menu job that were done
	extra   []logwrites.Entry
	flushed int // entries that are applied to the origin before
}

// judge replays the log. The origin on ubda holds what was flushed; what came
// later goes into a snapshot, with its store on ubdc.
func judge(job power.Job) []power.State {
	log, err := os.Open("/dev/ubdb")
	must(err)
	entries, err := logwrites.Read(log)
	must(err)
	cuts := thin(cutsOf(entries, isMenu(job) && job.FS == "vfat"), job.Most)
	origin, err := os.OpenFile("/dev/ubda", os.O_RDWR|unix.O_DIRECT, 0)
	must(err)
	var states []power.State
	applied := 0
	for _, c := range cuts {
		for ; applied < c.flushed; applied++ {
			must(apply(log, entries[applied], origin))
		}
		states = append(states, look(job, log, c, len(states)))
	}
	return states
}

// cutsOf lists the states: after every write, in the order in which they were
// given to the device; and, for a device with a cache, some of what was not
// flushed lost. With torn there are also states in which half of a write was done:
// an ext4 does not always mount then.
func cutsOf(entries []logwrites.Entry, torn bool) []cut {
	var out []cut
	began, done := false, false
	flushed, steps := 0, 0
	rng := rand.New(rand.NewSource(1))
	for i, e := range entries {
		pending := slices.DeleteFunc(slices.Clone(entries[flushed:i]), func(e logwrites.Entry) bool { return e.Len == 0 || e.Is(logwrites.Mark) })
		if e.Is(logwrites.Mark) {
			began, done = began || e.Name == "begin", done || e.Name == "done"
			if e.Name == stepMark {
				steps++
			}
			if began {
				out = append(out, cut{i, false, done, steps, pending, flushed}, cut{i, true, done, steps, durable(pending), flushed})
			}
			continue
		}
		if e.Is(logwrites.Flush) {
			for range min(len(pending), 4) * btoi(began) {
				out = append(out, cut{i, true, done, steps, lose(pending, rng), flushed})
			}
			flushed, pending = i, nil
		}
		if half := e.Len / 1024 * 512; torn && began && half > 0 {
			first := e
			first.Len = half
			out = append(out, cut{i + 1, false, done, steps, append(slices.Clone(pending), first), flushed})
		}
		if began && e.Len > 0 {
			out = append(out, cut{i + 1, false, done, steps, append(pending, e), flushed})
		}
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// durable is what of the entries since the last flush is on the medium anyway.
func durable(pending []logwrites.Entry) []logwrites.Entry {
	return slices.DeleteFunc(slices.Clone(pending), func(e logwrites.Entry) bool { return !e.Is(logwrites.FUA) })
}

func lose(pending []logwrites.Entry, rng *rand.Rand) []logwrites.Entry {
	return slices.DeleteFunc(slices.Clone(pending), func(e logwrites.Entry) bool { return !e.Is(logwrites.FUA) && rng.Intn(2) == 0 })
}

// thin takes an even part of the states, at least the last of them.
func thin(cuts []cut, most int) []cut {
	if most == 0 || len(cuts) <= most {
		return cuts
	}
	var out []cut
	for i := range most {
		out = append(out, cuts[(i+1)*len(cuts)/most-1])
	}
	return out
}

var aligned, _ = unix.Mmap(-1, 0, 8<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)

func apply(log *os.File, e logwrites.Entry, to *os.File) error {
	if e.Len == 0 || e.Is(logwrites.Mark) {
		return nil
	}
	if e.Len > int64(len(aligned)) && !e.Is(logwrites.Discard) {
		return fmt.Errorf("an entry of %d bytes", e.Len)
	}
	for at := int64(0); at < e.Len; at += int64(len(aligned)) {
		buf := aligned[:min(e.Len-at, int64(len(aligned)))]
		if e.Is(logwrites.Discard) {
			clear(buf)
		} else if _, err := log.ReadAt(buf, e.Data); err != nil {
			return err
		}
		if _, err := to.WriteAt(buf, e.Off+at); err != nil {
			return err
		}
	}
	return nil
}

// look makes one state and judges it: P1 and P2 as a boot would find it, then
// healed by one start P3 and P4.
func look(job power.Job, log *os.File, c cut, count int) power.State {
	n, err := dm.Sectors("/dev/ubda")
	must(err)
	dev, err := dm.Create("judge", dm.Target{Sectors: n, Type: "snapshot", Params: "/dev/ubda /dev/ubdc N 8"})
	must(err)
	defer func() { must(dm.Remove("judge")) }()
	f, err := os.OpenFile(dev, os.O_RDWR|unix.O_DIRECT, 0)
	must(err)
	for _, e := range c.extra {
		must(apply(log, e, f))
	}
	must(f.Close())
	s := &verdict{State: power.State{Point: c.point, Reorder: c.reorder, Done: c.done}, job: job, steps: c.steps}
	if isMenu(job) {
		s.unreplayedMenus(dev)
	}
	if err := mount(dev, job, unix.MS_RDONLY); err != nil {
		s.bad("P2 it does not mount: %v", err)
		return s.State
	}
	if isMenu(job) {
		s.foundMenus()
	} else {
		s.found(treeOf())
	}
	must(unix.Unmount(mountpoint, 0))
	must(mount(dev, job, 0))
	if isMenu(job) {
		s.healedMenus(dev)
	} else {
		s.healed(dev, count%8 == 0)
	}
	must(unix.Unmount(mountpoint, 0))
	return s.State
}

type verdict struct {
	power.State
	job   power.Job
	steps int
}

func (s *verdict) bad(format string, a ...any) {
	s.Broken = append(s.Broken, fmt.Sprintf(format, a...))
}

// whole is the sum of the image behind a name, "" when there is none.
func whole(t power.Tree, path string) string {
	what := t[path]
	if what != "" && !strings.Contains(what, " ") {
		return t["/"+what] // a link; to nothing it counts as absent
	}
	return what
}

func (s *verdict) found(t power.Tree) {
	before, after := s.job.Trees.Before, s.job.Trees.After
	n := "/" + name(s.job)
	if whole(t, n) != whole(before, n) || whole(t, n) == "" {
		s.bad("P1 %s is %q", n, whole(t, n))
	}
	known := slices.Collect(maps.Values(images(s.job, after)))
	stays := images(s.job, before)
	known = slices.AppendSeq(known, maps.Values(stays))
	now := images(s.job, t)
	for p, what := range now {
		if !strings.HasPrefix(p, "/archive/") && !slices.Contains(known, what) {
			s.bad("P2 %s is %q", p, what)
		}
	}
	for p, what := range stays {
		deleted := !slices.Contains(slices.Collect(maps.Values(images(s.job, after))), what)
		if !deleted && !slices.Contains(slices.Collect(maps.Values(now)), what) {
			s.bad("P2 %s is under none of its names, but %q", p, t[p])
		}
	}
	s.nextBoots(t)
	s.foundRecord()
}

// healed holds that one start leaves the state before or the state after the
// action, and, now and then, that doing it again succeeds.
func (s *verdict) healed(dev string, again bool) {
	left, notes, err := heal(s.job, dev)
	s.Notes = append(s.Notes, notes...)
	if err != nil {
		s.bad("P4 healing: %v; the kernel said %s", err, kernelLog())
		return
	}
	if len(left) > 0 && s.job.Action != "taken" {
		s.bad("P4 left: %q", left)
	}
	now := treeOf()
	before, after := diff(now, s.job.Trees.Before), diff(now, s.job.Trees.After)
	switch {
	case s.Done:
		if d := diff(now, s.job.Trees.Done); d != "" {
			s.bad("P3 lost: %s", d)
		}
	case after == "":
		s.Notes = append(s.Notes, "after")
	case s.job.Trees.Middle != nil && diff(now, s.job.Trees.Middle) == "":
		s.Notes = append(s.Notes, "filed")
	case before == "":
		s.Notes = append(s.Notes, "before")
		if again && s.job.Action != "heal" && s.job.Action != "taken" {
			s.retry(dev)
		}
	default:
		s.bad("P4 neither before: %s; nor after: %s", before, after)
	}
}

// kernelLog is the end of what the kernel said.
func kernelLog() string {
	buf := make([]byte, 64<<10)
	n, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, buf)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(buf[max(0, n-1500):n]), "\n", " | ")
}

func (s *verdict) retry(dev string) {
	s.Notes = append(s.Notes, "again")
	if err := act(s.job, dev, func(string) {}); err != nil {
		s.bad("P4 once more: %v", err)
	} else if d := diff(treeOf(), s.job.Trees.After); d != "" {
		s.bad("P4 once more: %s", d)
	}
}

func diff(a, b power.Tree) string {
	var out []string
	for p := range a {
		if a[p] != b[p] {
			out = append(out, fmt.Sprintf("%s is %q, not %q", p, a[p], b[p]))
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, p+" is missing")
		}
	}
	slices.Sort(out)
	if len(out) > 4 {
		out = append(out[:4], "...")
	}
	return strings.Join(out, ", ")
}
