package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/test/uml/power"
)

// menuDir is the folder of the boot menus.
const menuDir = dir + "/menus"

const ownMark = "# ours\n"

// menuStep is one change of a menu; what is marked after it must be durable.
type menuStep struct {
	name          string
	before, after []byte // nil is no file
	between       [][]byte
	do            func(m *publish.Menus) error
}

func isMenu(job power.Job) bool { return strings.HasPrefix(job.Action, "menu") }

// ownMenu is the file of ours.
const ownMenu = "remaster.cfg"

// menuTexts are a menu and a section within one sector of 512 bytes or, with the
// layout edge, over the end of a cluster.
func menuTexts(job power.Job) (menu, section []byte) {
	size := 700
	if job.Layout == "edge" {
		size = 4096 - 100
	}
	menu = slices.Concat([]byte("menuentry \"antiX\" { linux /antiX/vmlinuz }\n"), bytes.Repeat([]byte("# a line\n"), 1000))[:size-1]
	section = []byte("# begin\nif [ -s $prefix/ours.cfg ]; then source $prefix/ours.cfg; fi\n# " + strings.Repeat("=", 130) + "\n# end\n")
	return append(menu, '\n'), section
}

func envBlock(entry string) []byte {
	text := "# GRUB Environment Block\n" + entry
	return []byte(text + strings.Repeat("#", 1024-len(text)))
}

// menuSteps are the work of a menu job.
func menuSteps(job power.Job) []menuStep {
	menu, section := menuTexts(job)
	longer := slices.Concat(menu, section)
	restored, between := commented(longer, len(menu))
	own, env := ownMenu, [][]byte{envBlock("saved_entry=0\n"), envBlock("next_entry=remaster\n")}
	first, second := []byte(ownMark+"first\n"), []byte(ownMark+strings.Repeat("second\n", 900))
	var none [][]byte
	if job.FS == "vfat" {
		none = [][]byte{nil, {}}
	}
	steps := []menuStep{
		{"grub.cfg", menu, longer, nil, func(m *publish.Menus) error { return m.Extend("grub.cfg", menu, section) }},
		{own, nil, first, none, func(m *publish.Menus) error { return m.Write(own, first) }},
		{own, first, second, none, func(m *publish.Menus) error { return m.Write(own, second) }},
		{"grubenv", env[0], env[1], nil, func(m *publish.Menus) error { return m.Overwrite("grubenv", env[0], env[1]) }},
		{"grub.cfg", longer, restored, between, func(m *publish.Menus) error { return m.Overwrite("grub.cfg", longer, restored) }},
		{own, second, nil, none, func(m *publish.Menus) error { return m.Remove(own) }},
	}
	return spoil(job, steps)
}

// commented is what becomes of the lines from a place on, and what a power cut
// between two sectors leaves.
func commented(text []byte, from int) (done []byte, between [][]byte) {
	done = slices.Clone(text)
	for i := from; i < len(done); i++ {
		if done[i] != '\n' {
			done[i] = '#'
		}
	}
	for at := (from/512 + 1) * 512; at < len(text); at += 512 {
		between = append(between, slices.Concat(done[:at], text[at:]))
	}
	return done, between
}

// spoil leaves one change, done in a way that is known to be wrong: the kernel's
// write-back comes between emptying and writing, or a file of FAT gets shorter.
// While another program syncs, it leaves those of the menus of others.
func spoil(job power.Job, steps []menuStep) []menuStep {
	file := menuDir + "/grub.cfg"
	step, size := steps[0], int64(len(steps[0].before))
	switch job.Action {
	case "menu-rewrite":
		step.do = func(*publish.Menus) error {
			return errors.Join(os.Truncate(file, 0), writeSynced(file, nil), writeSynced(file, step.after))
		}
	case "menu-truncate":
		step.before, step.after = step.after, step.before
		step.do = func(*publish.Menus) error { return errors.Join(os.Truncate(file, size), writeSynced(file, nil)) }
	case "menu-sync":
		return slices.DeleteFunc(steps, func(s menuStep) bool { return s.name == ownMenu })
	default:
		return steps
	}
	return []menuStep{step}
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func furnishMenus(job power.Job) {
	for _, s := range slices.Backward(menuSteps(job)) {
		writeFrom(menuDir+"/"+s.name, bytes.NewReader(s.before))
		if s.before == nil {
			must(os.Remove(menuDir + "/" + s.name))
		}
	}
	for n := range 7 {
		write(fmt.Sprintf("%s/theme%d.txt", menuDir, n), int64(n), 300)
	}
}

func openMenus(device string) (*publish.Menus, *sys.Dir, error) {
	d, err := sys.OpenDir(menuDir)
	if err != nil {
		return nil, nil, err
	}
	m, err := publish.OpenMenus(d, device, func(text []byte) bool { return bytes.HasPrefix(text, []byte(ownMark)) })
	return m, d, err
}

func actMenus(job power.Job, device string, mark func(string)) error {
	m, d, err := openMenus(device)
	if err != nil {
		return err
	}
	defer d.Close()
	if job.Action == "menu-sync" {
		defer keepSyncing()()
	}
	mark("begin")
	for _, s := range menuSteps(job) {
		if err := s.do(m); err != nil {
			return err
		}
		mark(stepMark)
	}
	return nil
}

// keepSyncing is another program that has everything written at any moment.
func keepSyncing() (stop func()) {
	end, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				unix.Sync()
			}
		}
	}()
	return func() { close(end); <-ended }
}

func readMenu(name string) []byte {
	text, err := os.ReadFile(menuDir + "/" + name)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return []byte("error: " + err.Error())
	}
	return append([]byte{}, text...)
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// foundMenus holds that every file is as the last marked step left it; only the
// one that is being changed may be as after the next.
func (s *verdict) foundMenus() {
	want, older, next := map[string][]byte{}, map[string][][]byte{}, map[string][][]byte{}
	for i, step := range menuSteps(s.job) {
		switch _, known := want[step.name]; {
		case i < s.steps:
			older[step.name] = append(older[step.name], step.before)
			want[step.name] = step.after
		case !known:
			want[step.name] = step.before
		}
		if i == s.steps {
			next[step.name] = append(step.between, step.after)
		}
	}
	for name, text := range want {
		got := readMenu(name)
		is := func(text []byte) bool { return same(got, text) }
		switch {
		case is(text) || slices.ContainsFunc(next[name], is):
		case slices.ContainsFunc(older[name], is):
			s.bad("P3 %s is what it was before, after %d steps", name, s.steps)
		default:
			s.bad("P2 %s is %d bytes, ending in %q, after %d steps", name, len(got), got[max(0, len(got)-60):], s.steps)
		}
	}
}

// unreplayedMenus holds that the menus of others are whole also for a boot loader,
// which does not replay a journal: an older text is as good.
func (s *verdict) unreplayedMenus(dev string) {
	if s.job.FS != "ext4" {
		return
	}
	if err := unix.Mount(dev, mountpoint, "ext4", unix.MS_RDONLY, "noload"); err != nil {
		s.bad("P2 it does not mount without its journal: %v", err)
		return
	}
	known := map[string][][]byte{}
	for _, step := range menuSteps(s.job) {
		if step.name != ownMenu {
			known[step.name] = append(append(known[step.name], step.before, step.after), step.between...)
		}
	}
	for name, texts := range known {
		got := readMenu(name)
		if !slices.ContainsFunc(texts, func(text []byte) bool { return same(got, text) }) {
			s.bad("P2 a boot loader sees %d bytes of %s, ending in %q, after %d steps", len(got), name, got[max(0, len(got)-60):], s.steps)
		}
	}
	must(unix.Unmount(mountpoint, 0))
}

// healedMenus holds that the work can go on from any state, and ends as it does
// without a power cut.
func (s *verdict) healedMenus(dev string) {
	m, d, err := openMenus(dev)
	if err == nil {
		defer d.Close()
		err = m.Heal()
	}
	for i, step := range menuSteps(s.job) {
		got := readMenu(step.name)
		if err != nil || i < s.steps || same(got, step.after) {
			continue
		}
		if slices.ContainsFunc(step.between, func(text []byte) bool { return len(text) > 0 && same(got, text) }) {
			s.Notes = append(s.Notes, "between two sectors")
			err = m.Overwrite(step.name, got, step.after)
			continue
		}
		err = step.do(m)
	}
	if err != nil {
		s.bad("P4 going on: %v; the kernel said %s", err, kernelLog())
	} else if d := diff(treeOf(), s.job.Trees.After); d != "" {
		s.bad("P4 at the end: %s", d)
	}
}
