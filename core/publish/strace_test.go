package publish

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// crashMark is opened by the child just before its action: what it calls
// after that is counted.
const crashMark = "/crash-mark"

// act is what a child of a crash test does.
func act(action, dir string) error {
	if menu, ok := strings.CutPrefix(action, "menu "); ok {
		return actMenu(menu, dir)
	}
	action, name, _ := strings.Cut(action, ":")
	m, err := openMedium(dir, name, "/dev/no-such-device")
	if err != nil {
		return err
	}
	if rest, fat := strings.CutPrefix(action, "fat "); fat {
		action, m.stable, m.fat = rest, false, true
	}
	if rest, annexed := strings.CutPrefix(action, "annex "); annexed {
		return actAnnex(m, dir, rest)
	}
	os.Open(crashMark) //nolint:errcheck // it is not there
	switch action {
	case "build":
		return build(m, thePlan(), image("second"))
	case "build rootfs":
		return build(m, rootfsPlan(), image("second"))
	case "old", "new", "bad":
		_, err = m.File(context.Background(), action, "==== "+action+"\n", nil)
	case "md5":
		err = m.WriteMD5(md5Text)
	case "heal":
		_, _, err = m.Heal()
	case "record":
		err = m.WriteRecord([]byte(`{"format":1,"versions":{"new":2}}`))
	default:
		verb, set, _ := strings.Cut(action, " ")
		err = doSet(m, verb, setAt(set))
	}
	return err
}

// setAt is the set of "0003/linuxfs.old" or "linuxfs.old".
func setAt(path string) Set {
	archive, image, ok := strings.Cut(path, "/")
	if !ok {
		return Set{"", path}
	}
	return Set{archive, image}
}

// point is one system call of an action, the n-th of its kind.
type point struct {
	call    string
	n       int
	changes bool // the names or contents of the directory
}

func (p point) String() string { return fmt.Sprintf("%s#%d", p.call, p.n) }

var (
	callLine   = regexp.MustCompile(`^(?:\d+ +)?(\w+)\(`)
	eventWrite = regexp.MustCompile(`^(?:\d+ +)?write\(\d+, "\\1\\0\\0\\0\\0\\0\\0\\0", 8\)`)
)

const (
	changingCalls = "openat,mkdirat,symlinkat,renameat2,unlinkat,write,pwrite64,ftruncate,fallocate,copy_file_range,sendfile"
	otherCalls    = "fsync,syncfs,fchownat,fchmodat,utimensat"
)

// mayKill leaves out the points between which a kill changes nothing.
func mayKill(_, _ int, p point) bool { return p.changes }

// mayFail takes every change, the end of the action whole, and of the rest a
// part unless the long tests are wanted; of FAT with its many fillers a part of
// all. Go itself goes on after a failed copy_file_range, with read and write.
func (c crashCase) mayFail(i, all int, p point) bool {
	full := os.Getenv("ANTIX_REMASTER_FULL") != ""
	if p.call == "copy_file_range" || c.fat() && !full && i%3 != 0 {
		return false
	}
	return full || p.changes && p.call != "write" || i > all-15 || i%8 == 0
}

// points lists the calls of an action on dir, in order, by running it.
func points(t testing.TB, action, dir string) []point {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	if out, err := child(action, dir, "-o", log, "-e", "trace="+changingCalls+","+otherCalls).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (this test needs strace and the right to trace)\n%s", action, err, out)
	}
	text, err := os.ReadFile(log)
	must(t, err)
	count := map[string]int{}
	var out []point
	marked := false
	for line := range strings.Lines(string(text)) {
		match := callLine.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		count[match[1]]++
		if strings.Contains(line, crashMark) {
			marked = true
		} else if marked && !eventWrite.MatchString(line) {
			changes := strings.Contains(changingCalls, match[1]) && (match[1] != "openat" || strings.Contains(line, "O_CREAT"))
			out = append(out, point{match[1], count[match[1]], changes})
		}
	}
	if len(out) < 5 {
		t.Fatalf("%s: only %d calls were seen:\n%s", action, len(out), text)
	}
	return out
}

// child runs an action under strace. Only the main thread is traced: the
// action never leaves it.
func child(action, dir string, options ...string) *exec.Cmd {
	cmd := exec.Command("strace", append(options, "--", "/proc/self/exe")...)
	if exe, err := os.Executable(); err == nil {
		cmd.Args[len(cmd.Args)-1] = exe
	}
	// The race detector would sleep a second at every exit.
	cmd.Env = append(os.Environ(), "PUBLISH_ACTION="+action, "PUBLISH_DIR="+dir, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// strike runs the action with something happening at point p: "signal=KILL"
// or "error=EIO". It tells whether the action reported success.
func strike(action, dir string, p point, what string) (success bool, text string) {
	out, err := child(action, dir, "-o", os.DevNull, "-e", "trace="+p.call,
		"-e", fmt.Sprintf("inject=%s:%s:when=%d", p.call, what, p.n)).CombinedOutput()
	return err == nil, string(bytes.TrimSpace(out))
}
