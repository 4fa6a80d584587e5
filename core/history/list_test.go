package history

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func TestList(t *testing.T) {
	s := newStick(t)
	for name, id := range map[string]string{"linuxfs": "aaaaaa01", "linuxfs.new": "aaaaaa02", "linuxfs.old": "aaaaaa03", "linuxfs.bad": "aaaaaa04", "linuxfs.bak": "aaaaaa05",
		"linuxfs.07": "aaaaaa06", "archive/0002/linuxfs.old": "aaaaaa07", "archive/0010/linuxfs.bad": "aaaaaa08", "archive/0010/linuxfs.old": "aaaaaa09", "archive/0001/linuxfs": "aaaaaa10"} {
		s.image(name, id)
	}
	for _, name := range []string{"linuxfs.md5", "linuxfs.md5.old", "state/x", "state.new/x", "rootfs.bad", "linuxfs.info", "vmlinuz", "archive/0002/linuxfs.ver",
		"archive/0002/linuxfs.md5.old", "archive/0002/state.old/x", "archive/0010/xtra.tgz.bad", "archive/notes.txt", "archive/0002/readme", "archive/0001/state/x"} {
		put(t, s.path(name), "x")
	}
	same(t, lines(List(s.facts("linuxfs"), s.root)), []string{
		"default default aaaaaa01 running +linuxfs.md5+state",
		"new armed aaaaaa02 +state.new",
		"old previous aaaaaa03 +linuxfs.md5.old",
		"bad bad aaaaaa04 +rootfs.bad",
		"bak backup aaaaaa05",
		"archive/0010/linuxfs.bad archived aaaaaa08 +xtra.tgz.bad",
		"archive/0010/linuxfs.old archived aaaaaa09",
		"archive/0002/linuxfs.old archived aaaaaa07 +linuxfs.md5.old+state.old",
		"archive/0001/linuxfs archived aaaaaa10 +state",
		"linuxfs.07 spare aaaaaa06"})
}

// TestListLinks: the image behind a link is no version of its own, one that no
// link names is.
func TestListLinks(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs.01", "aaaaaa01")
	s.image("linuxfs.02", "aaaaaa02")
	s.image("linuxfs.03", "aaaaaa03")
	s.link("linuxfs", "linuxfs.01")
	s.link("linuxfs.old", "linuxfs.02")
	s.link("linuxfs.bad", "gone")
	s.link("linuxfs.new", "linuxfs.new")
	s.link("archive/0001/linuxfs.old", "../../linuxfs.01")
	s.link("archive/0002", "0001")
	s.link("archive/0003/linuxfs.bad", "linuxfs.bad")
	all := List(s.facts("linuxfs"), s.root)
	same(t, lines(all), []string{
		"default default aaaaaa01 running",
		"new armed  version_damaged",
		"old previous aaaaaa02",
		"bad bad  version_damaged",
		"archive/0003/linuxfs.bad archived  version_damaged",
		"archive/0001/linuxfs.old archived  version_damaged",
		"linuxfs.03 spare aaaaaa03"})
}

// TestListOtherName: sqext, and what a boot with another name would start.
func TestListOtherName(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs.e16", "aaaaaa01")
	s.image("linuxfs.e16.old", "aaaaaa02")
	s.image("linuxfs", "aaaaaa03")
	s.image("linuxfs.old", "aaaaaa04")
	s.image("archive/0001/linuxfs.e16.old", "aaaaaa05")
	s.image("archive/0002/linuxfs.old", "aaaaaa06")
	for _, name := range []string{"linuxfs.e16.md5", "archive/0001/linuxfs.e16.md5", "archive/0001/state.old"} {
		put(t, s.path(name), "x")
	}
	all := List(s.facts("linuxfs.e16"), s.root)
	same(t, lines(all), []string{
		"default default aaaaaa01 running", // the md5 may be that of the one before
		"old previous aaaaaa02",
		"archive/0002/linuxfs.old archived aaaaaa06",
		"archive/0001/linuxfs.e16.old archived aaaaaa05 +state.old+linuxfs.e16.md5",
		"linuxfs spare aaaaaa03",
		"linuxfs.old spare aaaaaa04"})
	for name, want := range map[string][]string{"linuxfs.e16.old": {"linuxfs.e16.md5"}, "linuxfs.e16.bad": {}} {
		must(t, os.Rename(s.path("linuxfs.e16.old"), s.path("aside")))
		if name != "linuxfs.e16.old" {
			put(t, s.path(name), "x")
		}
		same(t, List(s.facts("linuxfs.e16"), s.root)[0].Companions, want)
		must(t, os.RemoveAll(s.path("linuxfs.e16.bad")))
		must(t, os.Rename(s.path("aside"), s.path("linuxfs.e16.old")))
	}
	// What belongs to another name is shown, and left alone.
	if err := Stageable(s.facts("linuxfs.e16"), all, all[2]); wire.AsError(err).Code != wire.NotMovable {
		t.Errorf("%v", err)
	}
}

// TestListBadInput: shown as what it is.
func TestListBadInput(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	whole := image(t, content{id: "aaaaaa02", title: "x", machine: "x86_64"})
	put(t, s.path("linuxfs.old"), string(whole[:len(whole)/3]))
	put(t, s.path("linuxfs.bad"), "nothing that could be an image")
	put(t, s.path("linuxfs.bak"), "")
	put(t, s.path("linuxfs.\xff\xfe"), string(whole))
	put(t, s.path("linuxfs.part"), string(whole))
	put(t, s.path("linuxfs.new/inside"), "a directory")
	must(t, os.MkdirAll(s.path("archive/0001"), 0o755))
	must(t, syscall.Mkfifo(s.path("archive/0001/linuxfs.old"), 0o644))
	put(t, s.path("archive/0002/linuxfs.old"), string(image(t, content{id: "aaaaaa03", title: "other kernel", release: "5.10.0-686", machine: "x86_64"})))
	put(t, s.path("archive/0003/linuxfs.old"), string(image(t, content{id: "aaaaaa04", title: "other machine", release: "5.10.0-686", machine: "i686"})))
	put(t, s.path("archive/0004/linuxfs.old"), string(whole))
	put(t, s.path("archive/0005/linuxfs.old"), string(whole)) // the same id twice
	put(t, s.path("archive/0006/linuxfs.old\n"), string(whole))
	put(t, s.path("archive/x/linuxfs.old"), string(whole))
	put(t, s.path("archive/9999999999999999999/linuxfs.old"), string(whole))
	all := List(s.facts("linuxfs"), s.root)
	same(t, lines(all), []string{
		"default default aaaaaa01 running",
		"new armed  version_damaged",
		"old previous  version_damaged",
		"bad bad  version_damaged",
		"bak backup  version_damaged",
		"archive/0006/linuxfs.old\n archived aaaaaa02",
		"archive/0005/linuxfs.old archived aaaaaa02",
		"archive/0004/linuxfs.old archived aaaaaa02",
		"archive/0003/linuxfs.old archived aaaaaa04 version_machine",
		"archive/0002/linuxfs.old archived aaaaaa03 version_modules",
		"archive/0001/linuxfs.old archived  version_damaged",
		"linuxfs.\xff\xfe spare aaaaaa02"})
	for place, part := range map[string]string{"old": "truncated", "bad": "not a squashfs", "new": "not a regular file"} {
		for _, v := range all {
			if v.Place == place && !strings.Contains(v.Problem, part) {
				t.Errorf("%s: %q", place, v.Problem)
			}
		}
	}
	for _, v := range all { // nothing but names that are fit for the wire can be asked for
		if ok := wire.ValidPlace(v.Place); ok != (utf8.ValidString(v.Place) && !strings.Contains(v.Place, "\n")) {
			t.Errorf("%q: %v", v.Place, ok)
		}
	}
}

// TestListUnreadable needs a user for whom something is unreadable.
func TestListUnreadable(t *testing.T) {
	if os.Getenv("HISTORY_ROOT") != "" {
		s := stick{t, os.Getenv("HISTORY_ROOT")}
		got := lines(List(s.facts("linuxfs"), s.root))
		same(t, got, []string{"default default aaaaaa01 running", "archive/0002 archived  version_damaged", "archive/0001/linuxfs.old archived aaaaaa02"})
		return
	}
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("archive/0001/linuxfs.old", "aaaaaa02")
	s.image("archive/0002/linuxfs.old", "aaaaaa03")
	must(t, os.Chmod(s.path("archive/0002"), 0o700))
	for dir := s.root; dir != "/"; dir = dir[:max(strings.LastIndex(dir, "/"), 1)] {
		must(t, os.Chmod(dir, 0o755))
		if dir == os.TempDir() {
			must(t, os.Chmod(dir, 0o1777))
			break
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	program := s.path("program")
	must(t, os.WriteFile(program, self, 0o755))
	cmd := exec.Command(program, "-test.run=^TestListUnreadable$")
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "HISTORY_ROOT="+s.root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestListNothing(t *testing.T) {
	if all := List(live.Facts{}, "/nowhere"); all != nil {
		t.Errorf("%+v", all)
	}
}

// TestListIsBounded: who fills the archive cannot make the list endless.
func TestListIsBounded(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	for n := range most + 50 {
		put(t, s.path(fmt.Sprintf("archive/%04d/linuxfs.old", n)), "x")
	}
	all := List(s.facts("linuxfs"), s.root)
	if last := all[len(all)-1]; len(all) != most+1 || !strings.Contains(last.Problem, "only 500") {
		t.Errorf("%d versions, the last: %+v", len(all), last)
	}
}

func TestFind(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "abcdef01")
	s.image("linuxfs.old", "ABCDEF02aa")
	s.image("archive/0003/linuxfs.old", "123456aa")
	s.image("archive/0004/linuxfs.old", "777777")
	s.image("archive/0004/linuxfs.bad", "888888")
	s.image("archive/123456/linuxfs.old", "999999")
	all := List(s.facts("linuxfs"), s.root)
	for word, want := range map[string]string{
		"running": "default", "default": "default", "previous": "old", "linuxfs.old": "old", "abcdef01": "default", "ABCDEF02": "old", "abcdef02AA": "old",
		"3": "archive/0003/linuxfs.old", "0003": "archive/0003/linuxfs.old", "archive/0003": "archive/0003/linuxfs.old", "archive/0004/linuxfs.bad": "archive/0004/linuxfs.bad",
		"777777": "archive/0004/linuxfs.old", "999999": "archive/123456/linuxfs.old",
		"armed": "no_version", "abcde": "no_version", "abcdef": "version_ambiguous", "4": "version_ambiguous", "123456": "version_ambiguous", "": "no_version",
		"5": "no_version", "linuxfs.new": "no_version", "*": "no_version", "archive/": "no_version", "../antiX/linuxfs": "no_version", "new": "no_version",
	} {
		v, err := Find(all, word)
		got := v.Place
		if err != nil {
			got = string(wire.AsError(err).Code)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
	_, err := Find(all, "abcdef")
	if e := wire.AsError(err); wire.ExitStatus(e.Code) != wire.ExitUsage || !strings.Contains(e.Args[1], "linuxfs (title of abcdef01), linuxfs.old (") {
		t.Errorf("%+v", e)
	}
}

func TestRunning(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.old", "aaaaaa02")
	f := s.facts("linuxfs")
	old := live.ReadVersion(s.root, f, "/antiX", "linuxfs.old")
	f.Running = &old
	same(t, lines(List(f, s.root)), []string{"default default aaaaaa01", "old previous aaaaaa02 running"})
	// From memory the id has to tell: the file in memory has a number of its own.
	ram := live.Version{ID: "aaaaaa01", Inode: old.Inode, Size: old.Size, Path: "/live/to-ram/antiX/linuxfs"}
	f.ToRAM, f.Running = true, &ram
	same(t, lines(List(f, s.root)), []string{"default default aaaaaa01 running", "old previous aaaaaa02"})
	if v := About(f, s.root, *f.Default); !v.Running || v.Place != "default" {
		t.Errorf("%+v", v)
	}
}

// BenchmarkList is the figure of 30 versions on a stick: CPU time of one list.
func BenchmarkList(b *testing.B) {
	for name, args := range map[string][]string{"zstd": {"-comp", "zstd"}, "xz": {"-comp", "xz"}, "xz-1M": {"-comp", "xz", "-b", "1M"}} {
		b.Run(name, func(b *testing.B) {
			s := thirty(b, args)
			f := s.facts("linuxfs")
			var before, after syscall.Rusage
			must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
			for b.Loop() {
				if n := len(List(f, s.root)); n != 30 {
					b.Fatalf("%d versions", n)
				}
			}
			must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
			cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
			b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/list")
		})
	}
}

// thirty makes versions with as much around the version file as a real system
// has: its block is shared with other small files.
func thirty(b *testing.B, args []string) stick {
	s := newStick(b)
	files := map[string]string{}
	for i := range 400 {
		files[fmt.Sprintf("etc/config/%03d", i)] = strings.Repeat(fmt.Sprintf("setting %d of this program = %x\n", i, i*i*7919), 90)
		files[fmt.Sprintf("usr/bin/%03d", i)] = strings.Repeat(fmt.Sprintf("%d,", i), 2000)
	}
	for n := range 30 {
		name := "linuxfs"
		if n > 0 {
			name = fmt.Sprintf("archive/%04d/linuxfs.old", n)
		}
		put(b, s.path(name), string(image(b, content{id: fmt.Sprintf("%08x", n), title: "t", machine: "x86_64", files: files, args: args})))
	}
	return s
}

// TestListWithoutID: an image without a version file is a version like others.
func TestListWithoutID(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.old", "")
	f := s.facts("linuxfs")
	all := List(f, s.root)
	if v := all[1]; v.Problem != "" || v.ID != "" || !v.Bootable() || !wire.ValidKey(KeyOf(v.Version)) {
		t.Errorf("%+v", v)
	}
	if err := Stageable(f, all, all[1]); err != nil {
		t.Error(err)
	}
}
