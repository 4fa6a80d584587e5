package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// child is what a program of the helper was given.
type child struct{ env, dir, umask, files, argv, parent string }

// golden is what every child gets, whoever called. Only the arguments differ.
func golden() child {
	return child{env: strings.Join(sys.Env, "\x00") + "\x00", dir: "/", umask: "0022", parent: helperPath}
}

// childOf reads what a running process was given.
func childOf(pid string) (c child, err error) {
	dir := "/proc/" + pid
	env, err := os.ReadFile(dir + "/environ")
	if err != nil {
		return c, err
	}
	argv, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return c, err
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return c, err
	}
	c.env, c.argv = string(env), string(argv)
	c.umask = field(string(status), "Umask:")
	c.dir, _ = os.Readlink(dir + "/cwd")
	c.parent, _ = os.Readlink("/proc/" + field(string(status), "PPid:") + "/exe")
	links, err := filepath.Glob(dir + "/fd/*")
	for _, link := range links {
		target, _ := os.Readlink(link)
		if strings.HasPrefix(target, plan.WorkDir) {
			continue // it opened that itself
		}
		kind, _, _ := strings.Cut(target, ":[") // pipes have numbers
		c.files += filepath.Base(link) + "=" + strings.TrimRight(kind, "0123456789") + " "
	}
	return c, err
}

func field(status, key string) string {
	_, rest, _ := strings.Cut(status, key)
	return strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])
}

// hostileEnv is more than thirty variables that change what programs do.
func hostileEnv(dir string) []string {
	env := []string{"PATH=" + dir + ":.::/tmp", "LD_PRELOAD=" + dir + "/x.so", "LD_LIBRARY_PATH=" + dir, "LD_AUDIT=" + dir + "/x.so",
		"LD_DEBUG=all", "LD_PROFILE=libc.so.6", "GCONV_PATH=" + dir, "LOCPATH=" + dir, "NLSPATH=" + dir + "/%N", "LANG=../../tmp",
		"LANGUAGE=de", "LC_MESSAGES=de_DE", "IFS=/", "BASH_ENV=" + dir + "/x", "ENV=" + dir + "/x", "SHELLOPTS=xtrace", "PS4=$(touch " + dir + "/owned)",
		"CDPATH=" + dir, "HOME=" + dir, "TMPDIR=" + dir, "TERMINFO=" + dir, "TERM=evil", "PYTHONPATH=" + dir, "PERL5OPT=-Mevil", "MALLOC_CHECK_=3",
		"GLIBC_TUNABLES=glibc.malloc.check=3", "GODEBUG=gctrace=1,madvdontneed=1", "GOTRACEBACK=crash", "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=1",
		"SOURCE_DATE_EPOCH=0", "BLKID_FILE=" + dir + "/x", "BLKID_CONF=" + dir + "/x", "BLKID_DEBUG=all", "LIBMOUNT_FSTAB=" + dir + "/x", "COLUMNS=1",
		"BASH_FUNC_mksquashfs%%=() { touch " + dir + "/owned; }", "=x", "no equals sign", "ANTIX_REMASTER_CALLER=0; id", "LC_ALL=C", "LC_ALL=evil", "PATH="}
	return append(env, "SUDO_UID=1000", "DISPLAY=:0; touch "+dir+"/owned")
}

// plant lays programs that would betray themselves where a careless search
// finds them.
func (v *victim) plant(dir string) {
	script := "#!/bin/sh\ntouch " + dir + "/owned\n"
	for _, name := range []string{"mksquashfs", "blkid", "mount", "sh", "x", "x.so", "losetup"} {
		v.write(dir+"/"+name, script, 0o755)
	}
}

// recordBlkid puts a script in the place of blkid, which lives too short to be
// looked at: it notes what it was given and goes on as the real one.
func (v *victim) recordBlkid() {
	real := v.Path("/usr/bin/blkid")
	must(v.t, os.Rename(real, real+".real"))
	v.write("/usr/bin/blkid", `#!/bin/sh
d=/tmp/blkid.$$
/bin/busybox mkdir $d
/bin/cat /proc/$$/environ >$d/environ
/bin/cat /proc/$$/status >$d/status
/bin/busybox readlink /proc/$$/cwd >$d/cwd
exec /usr/bin/blkid.real "$@"
`, 0o755)
}

// mksquashfsOf starts a build with this start of the helper, looks at its
// mksquashfs while it runs, and cancels.
func (v *victim) mksquashfsOf(s *session, c wire.Choices) child {
	v.t.Helper()
	var seen child
	e := s.hello().build(c, stage(wire.StagePack, func() {
		soon(v.t, "mksquashfs", func() bool {
			pids := v.processes("mksquashfs")
			if len(pids) == 0 {
				return false
			}
			c, err := childOf(pids[0])
			seen = c
			return err == nil && strings.Contains(c.argv, "-noappend")
		})
		s.send(wire.Request{Op: wire.OpCancel})
	}))
	if e.Code != wire.Cancelled {
		v.t.Errorf("the build ended with %s: %.500s", e.Code, s.last())
	}
	s.end()
	return seen
}

// TestPromiseS2 starts the helper from the worst of surroundings: what its
// children are given is what they always are given.
func TestPromiseS2(t *testing.T) {
	v := newVictim(t, livesys.Options{ToRAM: true, StickSize: 256 << 20})
	v.write("/opt/noise", noise(24<<20), 0o600)
	v.plant("/home/demo/evil")
	v.recordBlkid()
	env := hostileEnv("/home/demo/evil")
	signals := []int{int(syscall.SIGHUP), int(syscall.SIGINT), int(syscall.SIGQUIT), int(syscall.SIGPIPE), int(syscall.SIGTERM),
		int(syscall.SIGCHLD), int(syscall.SIGTSTP), int(syscall.SIGUSR1), int(syscall.SIGXFSZ), int(syscall.SIGALRM)}
	starts := []launch{
		{Argv: []string{"h"}, Env: []string{"A=b"}},
		{Argv: []string{"$(touch /tmp/owned)"}, Env: env},
		{Argv: []string{"h"}, Env: env, Dir: "/home/demo/evil", Umask: 0o777, Ignore: signals, Open: []int{3, 4, 9, 77, 255, 1000}},
		{Argv: []string{"h"}, Env: env, Dir: "/proc/self", Umask: 0, Ignore: signals, Open: []int{5, 63}, Close: []int{2}},
		{Argv: []string{"h"}, Env: slices.Repeat(env, 20), Dir: "/tmp", Umask: 0o077, Open: []int{500}},
	}
	want, broken := golden(), 0
	for i, l := range starts {
		got := v.mksquashfsOf(v.talkWith(v.launch(t.Context(), l)), slow())
		if i == 0 { // only what it is connected to is learned
			want.files, want.argv = got.files, got.argv
			if n := strings.Count(got.files, "="); n != 3 {
				t.Errorf("mksquashfs has %d descriptors: %s", n, got.files)
			}
		}
		if got != want {
			broken++
			t.Errorf("start %d gives its child\n%q\ninstead of\n%q", i, got, want)
		}
	}
	broken += v.blkidWas(want)
	if v.exists("/home/demo/evil/owned") || v.exists("/tmp/owned") {
		broken++
		t.Error("something of the attacker's was run")
	}
	figure.Record(t, "S2", fmt.Sprintf("starts with %d hostile variables, open descriptors, ignored signals, odd directories and umasks", len(env)), len(starts)-1, broken)
}

// blkidWas holds every recorded start of blkid against the golden one.
func (v *victim) blkidWas(want child) (broken int) {
	dirs, _ := filepath.Glob(v.Path("/tmp") + "/blkid.*")
	if len(dirs) < 5 {
		v.t.Errorf("blkid was started only %d times", len(dirs))
	}
	for _, dir := range dirs {
		env, _ := os.ReadFile(dir + "/environ")
		status, _ := os.ReadFile(dir + "/status")
		cwd, _ := os.ReadFile(dir + "/cwd")
		if string(env) != want.env || field(string(status), "Umask:") != want.umask || strings.TrimSpace(string(cwd)) != "/" {
			broken++
			v.t.Errorf("blkid was given %q, umask %s, directory %s", env, field(string(status), "Umask:"), cwd)
		}
	}
	return broken
}

// Closed standard descriptors: the helper ends, or says so, and what it opens
// never lands on one of them.
func TestPromiseS2Closed(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	before, broken := v.look(), 0
	for _, fds := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}} {
		o := v.started(launch{Argv: []string{"h"}, Env: []string{"A=b"}, Close: fds}, greeting+`{"op":"keep"}`+"\n")
		if o.status > 1 || o.status < 0 {
			broken++
			t.Errorf("without %v it ended with %d: %s", fds, o.status, o.stderr)
		}
	}
	for _, change := range before.changes(v.look()) {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S2", "starts with closed standard descriptors", 6, broken)
}

// TestPromiseS3 plants programs earlier in PATH and in the current directory,
// and gives patterns and titles that a shell would run.
func TestPromiseS3(t *testing.T) {
	v := newVictim(t, livesys.Options{ToRAM: true})
	v.write("/opt/noise", noise(24<<20), 0o600)
	v.plant("/home/demo/evil")
	l := launch{Argv: []string{"h"}, Env: hostileEnv("/home/demo/evil"), Dir: "/home/demo/evil"}
	broken := 0
	evil := []string{"$(touch /home/demo/evil/owned)", "`touch owned`", "; touch owned", "&& touch owned", "| touch owned", "> owned", "a b -comp gzip",
		"'", `"`, "#", "%s%n%x", "~", "$IFS", "{a,b}", "*", "--help-not", "\u202e", "é"}
	var patterns []string
	for _, text := range evil {
		patterns = append(patterns, "nowhere/"+strings.NewReplacer("(", "", ")", "", "|", "", "/", "").Replace(text))
	}
	p, err := plan.Patterns(patterns, nil, false)
	must(t, err)
	tried := 0
	for _, text := range evil[:often(5, len(evil))] {
		c := slow()
		c.Title, c.Exclude = text, patterns
		got := v.mksquashfsOf(v.talkWith(v.launch(t.Context(), l)), c)
		want := append([]string{"/usr/bin/mksquashfs", plan.View, plan.Output, "-noappend", "-no-recovery", "-comp", "xz", "-b", plan.BlockSize,
			"-processors", strconv.Itoa(c.Processors), "-mem", strconv.Itoa(c.MemoryMiB) + "M", "-wildcards", "-e"}, p...)
		tried++
		if got.argv != strings.Join(want, "\x00")+"\x00" || got.parent != helperPath {
			broken++
			t.Errorf("%q: %s started %q", text, got.parent, got.argv)
		}
	}
	for _, path := range []string{"/home/demo/evil/owned", "/owned", "/tmp/owned"} {
		if v.exists(path) {
			broken++
			t.Errorf("%s: something planted was run", path)
		}
	}
	figure.Record(t, "S3", "builds with planted programs and texts that a shell would run", tried, broken)
}
