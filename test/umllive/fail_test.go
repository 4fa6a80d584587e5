package umllive_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"antix-remaster/test/boot"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
)

// failure is how a stick fails, from when to when.
type failure struct {
	way, from, until string
	late             int // milliseconds after the stage's begin, at most
}

func (f failure) String() string { return fmt.Sprintf("%s from %s until %s", f.way, f.from, f.until) }

// failures of every kind in every stage that touches the stick. "-" is the end
// of the build. A stick that loses writes without a word is found by reading it
// back; one that begins to do so afterwards could be found by nobody. Whether a
// build that reported success told the truth is seen after the next start.
var failures = []failure{
	{"dead", "pack", "-", 300}, {"written", "pack", "-", 300}, {"loses", "pack", "read_back", 100}, {"shaky", "pack", "-", 300},
	{"dead", "write_out", "-", 0}, {"written", "write_out", "-", 0},
	{"dead", "read_back", "-", 0}, {"shaky", "read_back", "-", 0}, {"dead", "compare", "-", 50},
	{"dead", "arm", "-", 20}, {"written", "arm", "-", 0}, {"shaky", "arm", "-", 0},
}

// struck runs a build on a stick that fails. What it says, and what it armed,
// is looked at after the next start: the machine stops without writing more.
const struck = `
struck() {
	got=0
	/mnt/agent fail $1 $2 $3 $4 antix-remaster-cli build --yes --json --compressor lz4 >/tmp/build || got=$?
	grep '^the stick' /tmp/build; grep '"event":"\(error\|result\)"' /tmp/build
	case $got in 0 | 1 | 3) ;; *) cp /tmp/build /tmp/out; fail "the build ended with $got" ;; esac
	sed -n 's/.*"sha256":"\([0-9a-f]*\)".*/\1/p' /tmp/build >/mnt/armed
	echo "exit=$got"
	poweroff -nf
}
# healed holds what must hold after the start that follows
healed() {
	if [ -s /mnt/armed ]; then
		there linuxfs.new
		[ "$(cat /mnt/armed)" = "$(sha256sum linuxfs.new | cut -d' ' -f1)" ] || fail "it said that it armed another image"
	fi
	if [ -e linuxfs.new ]; then cli 0 disarm; else cli 3 disarm; says nothing_armed; fi
	gone linuxfs.new linuxfs.md5.new state.new xtra.new deb.new xtra.tgz.new
	quiet
	rm -rf archive
}
`

// TestPromiseP5FailingStick: the device under the stick fails while the image
// is written, verified or armed: dead, read-only, losing writes, or every other
// second. It never says that it armed what is not there, the running version
// stays as it is, and the next start heals.
func TestPromiseP5FailingStick(t *testing.T) {
	for _, fs := range []string{"ext4", "vfat"} {
		t.Run(fs, func(t *testing.T) {
			t.Parallel()
			failingStick(t, fs)
		})
	}
}

func failingStick(t *testing.T, fs string) {
	chosen := failures
	if full() {
		for range 4 {
			chosen = append(chosen, failures...)
		}
	}
	m := machine(t, umllive.Options{Options: livesys.Options{StickFS: fs, StickSize: 512 << 20}, Mapped: true}, nil)
	script, failed := begin+struck+"keep_sum >/mnt/sum\n: >/mnt/armed\n", 0
	for _, f := range chosen {
		r, err := m.Run(t.Context(), words+script+fmt.Sprintf("struck %s %s %d %s\n", f.way, f.from, rand.IntN(f.late+1), f.until))
		must(t, err)
		end := values(r.Output)["exit"]
		t.Logf("%s: exit %s\n%s", f, end, r.Output)
		switch {
		case !r.Cut || end == "" || !strings.Contains(r.Output, "the stick fails"):
			t.Fatalf("%s: it went another way", f)
		case end != "0":
			failed++
		}
		script = begin + struck + "healed\n"
	}
	inside(t, m, script+"rm linuxfs.tmp mine.new other.part; cli 0 build --yes --compressor lz4; there linuxfs.new state.new\n")
	if failed < len(chosen)/2 {
		t.Errorf("only %d of %d builds failed", failed, len(chosen))
	}
	figure.Record(t, "P1", fs+": device that fails while writing, verifying or arming", len(chosen), 0)
	figure.Record(t, "P4", fs+": device that fails, healed by the next start, a retry succeeds", len(chosen), 0)
	figure.Record(t, "P5", fs+": device that fails while writing, verifying or arming", len(chosen), 0)
	if b, err := boot.Boot(t.Context(), m.Stick, boot.Options{}); err != nil || !b.DidRemaster || b.Fatal != "" {
		t.Errorf("after the retry: swapped %v, fatal %q, %v", b.DidRemaster, b.Fatal, err)
	}
}
