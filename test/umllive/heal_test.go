package umllive_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
)

// begin takes down what may never change, and puts foreign files there.
const begin = `
keep_sum() { { sha256sum linuxfs initrd.gz; cat linuxfs.tmp mine.new other.part; }; }
echo mine >linuxfs.tmp; echo mine >mine.new; echo mine >other.part
quiet() { # with foreign files
	gone /live/config/locked antix-remaster.* linuxfs*.part state.part xtra*.part deb.part archive/*.part *.new/*.part
	! grep -q antix-remaster /proc/mounts || fail "$(cat /proc/mounts)"
	keep_sum | cmp -s - /mnt/sum || fail "something changed: $(keep_sum)"
}
`

// killed kills the helper so many milliseconds into a stage of a build, and
// holds that the next start heals. A build that was faster, or whose answer was
// cut off, is taken out of the next boot.
const killed = `
killed() {
	got=0
	/mnt/agent kill $1 $2 antix-remaster-cli build --yes --json --compressor lz4 >/tmp/build || got=$?
	echo "killed=$1 + $2 ms, exit $got, $(grep -c '^killed 1' /tmp/build) killed, found $(ls | tr '\n' ' ')"
	case $got in 0 | 1) ;; *) cp /tmp/build /tmp/out; fail "the build ended with $got" ;; esac
	if [ -e linuxfs.new ]; then cli 0 disarm; else cli 3 disarm; says nothing_armed; fi
	gone linuxfs.new linuxfs.md5.new state.new xtra.new deb.new xtra.tgz.new
	quiet
	rm -rf archive
}
`

// TestPromiseP1P4FAT32Kill: the helper is killed at any stage of a build on a
// stick with FAT32, and the next start heals.
func TestPromiseP1P4FAT32Kill(t *testing.T) {
	t.Parallel()
	rounds := 1
	if full() {
		rounds = 15
	}
	m := machine(t, umllive.Options{Options: livesys.Options{StickSize: 512 << 20}, Timeout: 30 * time.Minute}, nil)
	script := begin + killed + "keep_sum >/mnt/sum\n"
	for range rounds {
		for _, stage := range []string{"scan", "prepare", "pack", "pack", "write_out", "read_back", "compare", "arm"} {
			script += fmt.Sprintf("killed %s %d\n", stage, rand.IntN(150))
		}
	}
	script += "rm linuxfs.tmp mine.new other.part; cli 0 build --yes --compressor lz4; there linuxfs.new state.new\n"
	r := inside(t, m, script)
	tried, hit := strings.Count(r.Output, "killed="), strings.Count(r.Output, ", 1 killed")
	if hit < tried/2 {
		t.Errorf("only %d of %d were killed", hit, tried)
	}
	figure.Record(t, "P1", "FAT32: the helper killed during a build", hit, 0)
	figure.Record(t, "P4", "FAT32: the helper killed during a build, healed by the next start, a retry succeeds", hit, 0)
	if b, err := boot.Boot(t.Context(), m.Stick, boot.Options{}); err != nil || !b.DidRemaster || b.Fatal != "" {
		t.Errorf("after the retry: swapped %v, fatal %q, %v", b.DidRemaster, b.Fatal, err)
	}
}

// dirty tells whether FAT32 says that the stick was not unmounted.
func dirty(t *testing.T, stick string) bool {
	t.Helper()
	f, err := os.Open(stick)
	must(t, err)
	defer f.Close()
	state := make([]byte, 1)
	_, err = f.ReadAt(state, 65)
	must(t, err)
	return state[0]&1 != 0
}

// TestPromiseP4FAT32Dirty: the machine stops during a build, which leaves FAT32
// marked as not unmounted. That is only a notice of the kernel: the stick boots,
// is mounted to be written, and the next start heals and builds.
func TestPromiseP4FAT32Dirty(t *testing.T) {
	t.Parallel()
	cuts := 3
	if full() {
		cuts = 30
	}
	m := machine(t, umllive.Options{Options: livesys.Options{StickSize: 512 << 20}}, nil)
	inside(t, m, begin+"keep_sum >/mnt/sum")
	if dirty(t, m.Stick) {
		t.Fatal("it is marked although it was unmounted")
	}
	for i := range cuts {
		delay := 0.5 + 5*(float64(i)+rand.Float64())/float64(cuts)
		cut, err := m.Run(t.Context(), words+fmt.Sprintf("antix-remaster-cli build --yes --compressor lz4 >/dev/null 2>&1 & sleep %.2f; poweroff -nf", delay))
		must(t, err)
		if !cut.Cut || !dirty(t, m.Stick) {
			t.Fatalf("cut off: %v, marked: %v\n%s", cut.Cut, dirty(t, m.Stick), cut.Output)
		}
		b, err := boot.Boot(t.Context(), m.Stick, boot.Options{Cmdline: []string{"noremaster"}})
		must(t, err)
		if b.Fatal != "" || !b.Userland || b.VID != m.VID {
			t.Fatalf("fatal %q, version %s\n%v", b.Fatal, b.VID, b.Names())
		}
		r := inside(t, m, begin+`
grep -q ' /live/boot-dev vfat rw' /proc/mounts || fail "$(cat /proc/mounts)"
echo "found=$(ls | tr '\n' ' ')"
expect 0 antix-remaster-cli status
if [ -e linuxfs.new ]; then cli 0 disarm; else cli 3 disarm; says nothing_armed; fi
quiet
rm linuxfs.tmp mine.new other.part
cli 0 build --yes --compressor lz4
there linuxfs.new state.new
cli 0 disarm
rm -r archive
`)
		t.Logf("cut off after %.2f s: %s", delay, values(r.Output)["found"])
	}
	figure.Record(t, "P4", "FAT32: the machine stopped during a build, stick marked as not unmounted", cuts, 0)
}
