package attack

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/bootmenu"
)

// state is what an attack must not change: a line for every entry, by path.
type state map[string]string

// where the system can be changed, as seen from inside.
var places = []string{"/live/boot-dev", "/live/aufs-ram/upper", "/run", "/tmp", "/live/config"}

// look takes everything down. A directory's time is left out: the helper may
// make files and remove them again.
func (v *victim) look() state {
	v.t.Helper()
	s := state{}
	for _, place := range places {
		root := v.Path(place)
		must(v.t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			line, err := describe(path)
			if err == nil && d.Type().IsRegular() && strings.Contains(path, "/boot/") {
				line, err = describeMenu(path, line)
			}
			if line == "" {
				return err
			}
			s[place+strings.TrimPrefix(path, root)] = line
			return err
		}))
	}
	return s
}

func describe(path string) (string, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return "", err
	}
	line := fmt.Sprintf("%o %d:%d ino %d", st.Mode, st.Uid, st.Gid, st.Ino)
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		line += fmt.Sprintf(" %d.%d %x", st.Mtim.Sec, st.Mtim.Nsec, sha256.Sum256(text))
	case syscall.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		line += " -> " + target
	}
	return line, nil
}

// describeMenu leaves out what a run may do to a boot menu: our section at its end,
// and our file beside it.
func describeMenu(path, line string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, f := range bootmenu.Files {
		switch {
		case filepath.Base(path) == f.Name:
			mode, _, _ := strings.Cut(line, " ino ")
			return fmt.Sprintf("%s %x", mode, sha256.Sum256(bootmenu.Remove(text))), nil
		case filepath.Base(path) == bootmenu.OwnName && bootmenu.IsOurs(text):
			return "", nil
		}
	}
	return line, nil
}

// ours is what a run may leave: its log, and the empty directory in /run.
var ours = regexp.MustCompile(`^/live/aufs-ram/upper/var(/log(/live(/antix-remaster\.log(\.1)?)?)?)?$|^/run/antix-remaster$|^/live/config/locked$`)

// changes tells what differs, but for what a run may leave.
func (s state) changes(now state, allowed ...string) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(s)) {
		if now[path] != s[path] && !ours.MatchString(path) && !startsWithAny(path, allowed) {
			out = append(out, fmt.Sprintf("%s was %s, is %q", path, s[path], now[path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if s[path] == "" && !ours.MatchString(path) && !startsWithAny(path, allowed) {
			out = append(out, fmt.Sprintf("%s is new: %s", path, now[path]))
		}
	}
	return out
}

func startsWithAny(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) })
}

// mounts is the mount table of the system, without the ids.
func (v *victim) mounts() string {
	v.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", v.PID()))
	must(v.t, err)
	return regexp.MustCompile(`(?m)^[0-9]+ [0-9]+ `).ReplaceAllString(string(text), "")
}

// processes lists the pids, as the host sees them, of what runs inside with
// an executable of this name.
func (v *victim) processes(name string) []string {
	want, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", v.PID()))
	must(v.t, err)
	exes, _ := filepath.Glob("/proc/[0-9]*/exe")
	var pids []string
	for _, exe := range exes {
		dir := filepath.Dir(exe)
		if target, err := os.Readlink(exe); err != nil || filepath.Base(target) != name {
			continue
		}
		if ns, err := os.Readlink(dir + "/ns/pid"); err == nil && ns == want {
			pids = append(pids, filepath.Base(dir))
		}
	}
	return pids
}

// mountsOf names the mount namespace of a process.
func mountsOf(t testing.TB, pid string) string {
	t.Helper()
	name, err := os.Readlink("/proc/" + pid + "/ns/mnt")
	must(t, err)
	return name
}
