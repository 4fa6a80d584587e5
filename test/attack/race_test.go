package attack

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// race mirrors Race of package hostile.
type race struct {
	Dir     string
	Names   []string
	Targets []string
	Linked  []string
	Devices bool
	Seed    uint64
}

// racedNames are all that the program uses beside the linuxfs.
func racedNames() []string {
	names := []string{"remaster.jnl", "remaster.jn_", "remaster.chk"}
	for _, base := range []string{"linuxfs", "linuxfs.md5", "state", "xtra", "xtra.tgz", "deb"} {
		names = append(names, base+".part", base+".new")
	}
	names = append(names, "linuxfs.old", "linuxfs.bad", "state.old", "archive")
	for n := 1; n < 4; n++ {
		dir := fmt.Sprintf("archive/%04d", n)
		names = append(names, dir, dir+"/linuxfs.ver", dir+"/linuxfs.ver.part", dir+"/linuxfs.new", dir+"/linuxfs.old")
	}
	return append(names, "state.part/general", "state.part/machine", "state.part/user", "xtra.part/usr", "deb.part/example_1.0_all.deb")
}

// canaries lie outside of the stick, and on its device but outside of the
// directory of the linuxfs, where "the same device" is no protection.
var canaries = []string{"/etc/canary", "/root/canary", "/etc/canaries/inside", "/live/boot-dev/canary", "/live/boot-dev/canaries/inside"}

func (v *victim) plantCanaries() {
	for i, path := range canaries {
		v.write(path, fmt.Sprintf("canary %d\n", i), 0o600)
	}
}

// racer starts an attacker; stop ends it and gives how often it acted.
func (v *victim) racer(uid uint32, r race) (stop func() int) {
	v.t.Helper()
	text, err := json.Marshal(r)
	must(v.t, err)
	cmd := v.CommandAs(v.t.Context(), uid, hostilePath, "race", string(text))
	cmd.Dir = "/"
	in, err := cmd.StdinPipe()
	must(v.t, err)
	var out strings.Builder
	cmd.Stdout = &out
	must(v.t, v.Start(cmd))
	v.t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // for a test that failed
	return func() int {
		in.Close() //nolint:errcheck // its end is what ends the attacker
		cmd.Wait() //nolint:errcheck // the number tells
		n, err := strconv.Atoi(strings.TrimSpace(out.String()))
		if err != nil || n == 0 {
			v.t.Errorf("an attacker of uid %d did nothing: %v", uid, err)
		}
		return n
	}
}

// TestPromiseS5 lets attackers who may write to the directory of the linuxfs
// plant and swap every name that the program uses, while it builds, disarms,
// keeps and heals: nothing outside of that directory changes, the running
// linuxfs stays, and the helper never hangs.
func TestPromiseS5(t *testing.T) {
	v := newVictim(t, livesys.Options{Companions: true})
	v.plantCanaries()
	if e := v.talk().hello().build(choices(), nil); e.Event != "result" {
		t.Fatalf("in peace a build does not succeed: %+v", e)
	}
	must(t, os.Chmod(v.StickPath("."), 0o777))
	sum, err := v.Sha("linuxfs")
	must(t, err)
	linuxfs := v.look()[stick+"/linuxfs"]
	before := v.look()
	targets := append([]string{"/etc", "/root", "/etc/canaries", "/live/boot-dev", "/live/boot-dev/canaries", "..", "../canary", "../canaries", "../new-canary", "/etc/new-canary"}, canaries...)
	r := race{Dir: stick, Names: racedNames(), Targets: targets, Linked: []string{"/live/boot-dev/canary", stick + "/linuxfs"}}
	root := r
	root.Devices = true
	root.Names = slices.DeleteFunc(racedNames(), func(name string) bool { return strings.Contains(name, "/") })
	stops := []func() int{v.racer(1000, r), v.racer(0, root)}
	runs := v.underFire(time.Duration(often(2, 10))*time.Second, 1)
	acts := 0
	for _, stop := range stops {
		acts += stop()
	}
	broken := 0
	for _, change := range before.changes(v.look(), stick) {
		broken++
		t.Error(change)
	}
	if now, err := v.Sha("linuxfs"); err != nil || now != sum || v.look()[stick+"/linuxfs"] != linuxfs {
		broken++
		t.Errorf("the running linuxfs changed: %v", err)
	}
	t.Logf("%d runs of the helper: %v", len(runs), count(runs))
	figure.Record(t, "S5", fmt.Sprintf("things planted or swapped in %d s, %d runs of the helper", often(2, 10), len(runs)), acts, broken)
	figure.Record(t, "S5", "runs of the helper under fire: none hangs or crashes", len(runs), crashes(t, runs))
}

// underFire works until the time is over: every operation in turn, now and
// then killed, and gives how each ended.
func (v *victim) underFire(d time.Duration, from int) []outcome {
	var all []outcome
	for end, i := time.Now().Add(d), from; time.Now().Before(end); i++ {
		s := v.talk().hello()
		var e wire.Event
		switch i % 5 {
		case 0, 1:
			e = s.build(choices(), nil)
		case 2:
			e = s.do(wire.Request{Op: wire.OpDisarm}, nil)
		case 3:
			e = s.do(wire.Request{Op: wire.OpKeep}, nil)
		case 4: // the next start has to heal
			stages := []wire.Stage{wire.StageScan, wire.StagePack, wire.StageRead, wire.StageCompare, wire.StageArm}
			e = s.build(choices(), stage(stages[i/5%5], func() { s.cmd.Process.Kill() })) //nolint:errcheck // it may be done
			e.Code = "killed"
		}
		o := outcome{status: s.end(), stderr: s.errs.String(), stdout: e.Event + " " + string(e.Code)}
		all = append(all, o)
	}
	return all
}

func count(all []outcome) map[string]int {
	out := map[string]int{}
	for _, o := range all {
		out[o.stdout]++
	}
	return out
}

func crashes(t *testing.T, all []outcome) (broken int) {
	for _, o := range all {
		if o.status > 1 || strings.Contains(o.stderr, "goroutine ") || o.stdout == " " {
			broken++
			t.Errorf("a run ended with %d: %s: %.2000s", o.status, o.stdout, o.stderr)
		}
	}
	return broken
}

// TestPromiseS5Planted plants one thing at one name at a time, before a run:
// every kind at every name.
func TestPromiseS5Planted(t *testing.T) {
	v := newVictim(t, livesys.Options{Companions: true})
	v.plantCanaries()
	before, broken, tried := v.look(), 0, 0
	kinds := []string{"link", "linkdir", "dangling", "up", "fifo", "socket", "device", "block", "dir", "hard", "linuxfs", "file"}
	for i, name := range racedNames() {
		for j, kind := range kinds {
			if strings.Contains(name, "/") && !strings.HasPrefix(name, "archive") || !full() && (i+j)%4 != 0 {
				continue
			}
			tried++
			if why := v.plantedAt(name, kind, tried); why != "" {
				broken++
				t.Errorf("%s as %s: %s", name, kind, why)
			}
		}
	}
	for _, change := range before.changes(v.look(), stick) {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S5", "things planted at names before a run", tried, broken)
}

// plantedAt plants, runs one operation, and clears everything away again.
func (v *victim) plantedAt(name, kind string, n int) string {
	at := stick + "/" + name
	script := map[string]string{"link": "ln -s /etc/canary $1", "linkdir": "ln -s /etc/canaries $1", "dangling": "ln -s /etc/new-canary $1", "up": "ln -s .. $1",
		"fifo": "busybox mkfifo $1", "socket": "busybox mknod $1 p", "device": "busybox mknod $1 c 1 3", "block": "busybox mknod $1 b 7 250",
		"dir": "busybox mkdir $1; ln -s /etc/canary $1/x; ln -s /etc/canaries $1/y", "hard": "ln /live/boot-dev/canary $1", "linuxfs": "ln " + stick + "/linuxfs $1", "file": "echo x >$1"}[kind]
	setup := `cd ` + stick + `; for d in archive archive/0001 archive/0002 archive/0003; do case $1 in ` + stick + `/$d/*) busybox mkdir -p $d; esac; done; ` + script
	if _, err := v.Output(v.t.Context(), "/bin/sh", "-ec", setup, "sh", at); err != nil {
		return err.Error()
	}
	s := v.talk().hello()
	switch n % 3 {
	case 0:
		s.do(wire.Request{Op: wire.OpKeep}, nil)
	default:
		if e := s.build(choices(), nil); e.Event == "result" {
			s.do(wire.Request{Op: wire.OpDisarm}, nil)
		}
	}
	status := s.end()
	clean := `cd ` + stick + `; for n in *; do case $n in *.part|*.new|*.old|*.bad|archive|remaster.*) rm -rf "$n";; esac; done`
	if _, err := v.Shell(v.t.Context(), clean); err != nil {
		return err.Error()
	}
	if status != 0 {
		return fmt.Sprintf("ended with %d: %.500s", status, s.errs)
	}
	return ""
}
