package umllive_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/test/livesys"
	"antix-remaster/test/tree"
	"antix-remaster/test/umllive"
)

// programs is the directory of the freshly built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(livesys.WithPrograms(func(dir string) int {
		programs = dir
		return m.Run()
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// full tells whether the long runs are wanted.
func full() bool { return os.Getenv("ANTIX_REMASTER_FULL") != "" }

// machine makes a machine with a tiny system; more, which may be nil, adds to
// its files.
func machine(t *testing.T, o umllive.Options, more func(root string) error) *umllive.Machine {
	t.Helper()
	mini, err := umllive.Mini(programs, more)
	must(t, err)
	o.Dir, o.Base, o.Companions = t.TempDir(), mini, true
	m, err := umllive.New(t.Context(), o)
	must(t, err)
	return m
}

// words are what the scripts inside are written with.
const words = `
set -u
cd /live/boot-dev/antiX
fail() { echo "FAILED: $*"; cat /tmp/out; exit 1; }
# expect STATUS COMMAND ... runs it and keeps what it says in /tmp/out
expect() {
	want=$1; shift; got=0
	"$@" >/tmp/out 2>&1 || got=$?
	[ $got = $want ] || fail "$* ended with $got instead of $want"
}
cli() {
	want=$1; shift
	read -r begin _ </proc/uptime
	expect $want antix-remaster-cli "$@" --json
	read -r end _ </proc/uptime
	echo "from $begin to $end s: $*"
}
says() { grep -q -- "$1" /tmp/out || fail "it does not say $1"; }
there() { for f; do [ -e "$f" ] || fail "no $f: $(ls)"; done; }
gone() { for f; do [ ! -e "$f" ] || fail "there is $f"; done; }
# quiet holds that nothing of ours runs, is mounted, locked or half done
quiet() {
	for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in *antix-remaster-helper | */mksquashfs) fail "running: $p" ;; esac
	done 2>/dev/null
	! grep -q antix-remaster /proc/mounts || fail "$(cat /proc/mounts)"
	gone /live/config/locked remaster.* *.part archive/*.part
}
`

// inside runs the script, which must come to its good end.
func inside(t *testing.T, m *umllive.Machine, script string) umllive.Result {
	t.Helper()
	r, err := m.Run(t.Context(), words+script)
	must(t, err)
	if r.Cut || r.Code != 0 {
		t.Fatalf("cut off: %v, exit status %d\n%s", r.Cut, r.Code, r.Output)
	}
	t.Logf("%.1f s; memory in KiB: %v, least available %d\n%s", r.Took.Seconds(), r.Memory.Programs, r.Memory.Available, r.Output)
	return r
}

// values reads the lines "name=value" that a script wrote.
func values(output string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(output) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			all[name] = value
		}
	}
	return all
}

// compare holds that the image, mounted on the host, has what the tree inside
// was described to have in the file of that name in the shared directory.
func compare(t *testing.T, m *umllive.Machine, described, image string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.Shared, described))
	must(t, err)
	union := map[string]string{}
	must(t, json.Unmarshal(text, &union))
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "squashfs", "-o", "loop,ro", filepath.Join(m.Shared, image), dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount the new image: %v\n%s", err, out)
	}
	defer func() { must(t, syscall.Unmount(dir, 0)) }()
	found, err := tree.Describe(dir)
	must(t, err)
	for _, wrong := range tree.Differences(union, found) {
		t.Error(wrong)
	}
	if len(found) < 50 {
		t.Errorf("only %d entries in the image", len(found))
	}
	t.Logf("%d entries compared", len(found))
}
