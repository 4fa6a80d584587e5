package faults

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"antix-remaster/core/wire"
)

// State is all that a build must leave as it was.
type State struct {
	stick, mounts, loops []string
}

// Look takes it down.
func (s *System) Look() (State, error) {
	stick, err := listTree(s.StickPath("/"), true)
	if err != nil {
		return State{}, err
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", s.PID()))
	loops := s.Loops()
	slices.Sort(loops)
	return State{stick, strings.Split(string(mounts), "\n"), loops}, err
}

// listTree describes every entry: type, mode, owner, and the content of files;
// the inode too, or else the time.
func listTree(root string, inodes bool) ([]string, error) {
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		number := fmt.Sprint(st.Mtim.Sec)
		if inodes {
			number = fmt.Sprintf("inode %d", st.Ino)
		}
		line := fmt.Sprintf("/%s %v %d:%d %s", strings.TrimPrefix(strings.TrimPrefix(path, root), "/"), info.Mode(), st.Uid, st.Gid, number)
		switch {
		case info.Mode().IsRegular():
			sum, err := fileSum(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %s", info.Size(), sum)
		case info.Mode()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			line += " -> " + target
		}
		lines = append(lines, line)
		return nil
	})
	return lines, err
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

// same tells what differs between two lists, but for lines that match allowed.
func same(what string, before, now []string, allowed *regexp.Regexp) error {
	var diff []string
	for _, l := range [][2]any{{"- ", before}, {"+ ", now}} {
		one, other := before, now
		if l[0] == "+ " {
			one, other = now, before
		}
		for _, line := range one {
			if !slices.Contains(other, line) && (allowed == nil || !allowed.MatchString(line)) {
				diff = append(diff, l[0].(string)+line)
			}
		}
	}
	if len(diff) == 0 {
		return nil
	}
	return fmt.Errorf("%s changed:\n  %s", what, strings.Join(diff, "\n  "))
}

// Running tells whether a helper or a mksquashfs of the system still runs.
func (s *System) Running() (names []string) {
	own, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", s.PID()))
	exes, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range exes {
		target, err := os.Readlink(exe)
		if err != nil || !strings.HasSuffix(target, "/antix-remaster-helper") && !strings.HasSuffix(target, "/mksquashfs") {
			continue
		}
		if ns, _ := os.Readlink(filepath.Dir(exe) + "/ns/pid"); ns == own {
			names = append(names, target)
		}
	}
	return names
}

// ours are names on the stick that only this program makes.
var ours = regexp.MustCompile(`^/boot/(grub|syslinux)/remaster\.prt |^/antiX/(remaster\.(jnl|jn_|chk) |linuxfs\.part|(linuxfs\.md5|state|xtra|deb|xtra\.tgz)\.(part|new))`)

// may come and go: what a build makes, where Heal puts it, what is written down
// about it, and our entries of the boot menus, which are judged by Menus.
const may = `^/antiX/(linuxfs\.new|archive|history\.json) |^/boot/(grub|syslinux)/remaster\.cfg `

// Quiet tells what of ours is left: processes, mounts, loop devices, the lock,
// and files unless a start is yet to heal them. The linuxfs must be as ever.
func (s *System) Quiet(before State, healed bool) error {
	var err error
	for range 200 {
		if err = s.quiet(before, healed); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond) // the kernel takes a moment to end a process
	}
	return err
}

func (s *System) quiet(before State, healed bool) error {
	if names := s.Running(); len(names) > 0 {
		return fmt.Errorf("still running: %q", names)
	}
	now, err := s.Look()
	if err != nil {
		return err
	}
	allowed := regexp.MustCompile(may)
	if !healed {
		allowed = regexp.MustCompile(ours.String() + `|^/antiX/history\.json\.part |` + may)
	}
	err = errors.Join(s.Menus(), same("the stick", before.stick, now.stick, allowed), same("the mounts", before.mounts, now.mounts, nil),
		same("the loop devices", before.loops, now.loops, nil))
	if healed {
		if _, e := os.Lstat(s.Path(s.LiveDir + "/config/locked")); e == nil {
			err = errors.Join(err, errors.New("the lock file is left"))
		}
		if names, _ := os.ReadDir(s.Path("/run/antix-remaster")); len(names) > 0 {
			err = errors.Join(err, errors.New("the work directory is not empty"))
		}
	}
	return err
}

// Heal starts the program once more, which puts right whatever was left, and
// takes a version that is armed out of the way. It tells whether one was.
func (s *System) Heal() (armed bool, err error) {
	h, err := s.Helper()
	if err != nil {
		return false, err
	}
	var r wire.FiledResult
	err = h.Do(context.Background(), wire.Request{Op: wire.OpDisarm}, wire.Watch{}, &r)
	armed = err == nil
	if err != nil && wire.AsError(err).Code == wire.NothingArmed {
		err = nil
	}
	return armed, errors.Join(err, h.Close(), os.RemoveAll(s.StickPath("archive")))
}

// Image lists what is in the armed image, which must be a whole one.
func (s *System) Image() ([]string, error) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(dir)
	if out, err := exec.Command("mount", "-t", "squashfs", "-o", "loop,ro", s.StickPath("linuxfs.new"), dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot mount the new image: %w\n%s", err, out)
	}
	list, err := listTree(dir, false)
	return list, errors.Join(err, syscall.Unmount(dir, syscall.MNT_DETACH))
}

// SameImage holds that the armed image holds what another one held.
func (s *System) SameImage(reference []string) error {
	list, err := s.Image()
	if err != nil {
		return err
	}
	return same("the image", reference, list, regexp.MustCompile(`^/etc/live/version/linuxfs\.ver `))
}
