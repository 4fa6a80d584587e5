package attack

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

const workDir = "/run/antix-remaster"

// TestPromiseS7 has somebody else make the work directory first: refused, or
// it does no harm.
func TestPromiseS7(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	v.plantCanaries()
	prepared := []struct {
		script string
		safe   bool // a run may go on
	}{
		{"mkdir W; chown 1000:1000 W; chmod 700 W", false},
		{"mkdir W; chown 1000:1000 W; chmod 777 W; ln -s /etc/canary W/image; ln -s /etc W/view", false},
		{"mkdir -m 777 W", false},
		{"mkdir -m 1777 W", false},
		{"mkdir -m 710 W", false},
		{"mkdir -m 2755 W", false},
		{"ln -s /tmp W", false},
		{"ln -s /etc W", false},
		{"ln -s /root W", false},
		{"ln -s /run/nowhere W", false},
		{"echo x >W", false},
		{"mkfifo W", false},
		{"mknod W c 1 3", false},
		{"mkdir -m 700 W; mount -t tmpfs -o mode=777 tmpfs W", false},
		{"mkdir -m 700 W; mount -t tmpfs -o mode=700,uid=1000 tmpfs W", false},
		{"mkdir -m 700 W; mount -o bind /etc W", false},
		{"mkdir -m 700 W; ln -s /etc/canary W/image; ln -s /etc W/view; ln -s /etc W/proof; ln -s /etc W/boot-dev; echo x >W/linuxfs.ver", true},
		{"mkdir -m 700 W; mount -t tmpfs -o mode=700,size=4k tmpfs W", true},
	}
	broken := 0
	for _, p := range prepared {
		if _, err := v.Shell(t.Context(), strings.ReplaceAll("for c in mkdir chown chmod mkfifo mknod mount umount rmdir; do eval \"$c() { busybox $c \\\"\\$@\\\"; }\"; done; "+p.script, "W", workDir)); err != nil {
			t.Fatal(p.script, err)
		}
		before := v.look()
		s := v.talk().hello()
		e := s.build(choices(), nil)
		if p.safe && e.Event == "result" {
			s.do(wire.Request{Op: wire.OpDisarm}, nil)
			must(t, os.RemoveAll(v.StickPath("archive")))
		}
		status := s.end()
		var allowed []string
		if p.safe {
			allowed = []string{stick + "/history.json"} // of the version that was made
		}
		changed := before.changes(v.look(), allowed...)
		if (e.Event == "result") != p.safe || status != 0 || len(changed) > 0 {
			broken++
			t.Errorf("%s: %d %.300q, changed %q", p.script, status, s.last(), changed)
		}
		if _, err := v.Shell(t.Context(), strings.ReplaceAll("busybox umount W 2>/dev/null || true; rm -rf W", "W", workDir)); err != nil {
			t.Fatal(err)
		}
	}
	figure.Record(t, "S7", "work directories made by somebody else", len(prepared), broken)
}

// TestPromiseS8 puts what a shell would run into every variable of the live
// configuration, then asks for the status, the checks and a build.
func TestPromiseS8(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	v.plantCanaries()
	good, err := os.ReadFile(v.Path("/live/config/initrd.out"))
	must(t, err)
	names := regexp.MustCompile(`(?m)^([A-Z_0-9]+)=`).FindAllStringSubmatch(string(good), -1)
	payloads := []string{"$(touch /tmp/owned)", "`touch /tmp/owned`", "; touch /tmp/owned;", "\"; touch /tmp/owned; \"", "a\ntouch /tmp/owned\n",
		"$(touch /tmp/owned)\"`touch /tmp/owned`\";touch /tmp/owned\n\ttouch /tmp/owned", "../../../etc", "/etc", "%s%n", "-o suid,dev,exec"}
	before, tried, broken := v.look(), 0, 0
	for i, name := range names {
		for j, payload := range payloads {
			if !full() && (i+j)%10 != 0 {
				continue
			}
			tried++
			line := regexp.MustCompile(`(?m)^` + name[1] + `=.*$`)
			must(t, os.WriteFile(v.Path("/live/config/initrd.out"), line.ReplaceAllLiteral(good, []byte(name[1]+`="`+payload+`"`)), 0o644))
			if why := v.inert(j%5 == 0); why != "" {
				broken++
				t.Errorf("%s=%q: %s", name[1], payload, why)
			}
		}
	}
	must(t, os.WriteFile(v.Path("/live/config/initrd.out"), good, 0o644))
	for _, change := range before.changes(v.look(), "/live/config/initrd.out", stick+"/history.json") {
		broken++
		t.Error(change)
	}
	figure.Record(t, "S8", fmt.Sprintf("hostile values in %d variables of initrd.out", len(names)), tried, broken)
}

// inert runs both programs on the configuration as it is.
func (v *victim) inert(build bool) string {
	v.t.Helper()
	if _, err := v.Output(v.t.Context(), "antix-remaster-cli", "status", "--json"); err != nil && strings.Contains(err.Error(), "goroutine ") {
		return err.Error()
	}
	c := choices()
	s := v.talk().hello()
	e := s.do(wire.Request{Op: wire.OpCheck, Choices: &c}, nil)
	if build && e.Event == "result" {
		if s.build(c, nil).Event == "result" {
			s.do(wire.Request{Op: wire.OpDisarm}, nil)
			if err := os.RemoveAll(v.StickPath("archive")); err != nil {
				return err.Error()
			}
		}
	}
	status := s.end()
	switch {
	case status != 0:
		return fmt.Sprintf("ended with %d: %.500s", status, s.errs)
	case v.exists("/tmp/owned"):
		return "it was run"
	}
	return ""
}

// TestPromiseS9 looks at the mounts of the helper at every stage: they are
// its own, all hardened, and gone when it is killed.
func TestPromiseS9(t *testing.T) {
	mounts, kills, broken := 0, 0, 0
	for i, how := range []string{"", "", "remount,ro", "remount,bind,ro"} {
		v := newVictim(t, livesys.Options{ToRAM: i == 1})
		v.write("/opt/noise", noise(8<<20), 0o600)
		if how != "" { // the helper makes the stick writable for itself
			must(t, v.addTools("mount"))
			_, err := v.Output(t.Context(), "/usr/bin/mount", "-o", how, "/live/boot-dev")
			must(t, err)
		}
		table := v.mounts
		if how == "remount,ro" {
			// A file system that was read-only as a whole stays writable
			// below its read-only mounts: nobody is left to undo that.
			table = func() string { return regexp.MustCompile(`(?m) - .*$`).ReplaceAllString(v.mounts(), "") }
		}
		before, loops := table(), len(livesys.LoopsOf(v.Stick))
		for _, at := range []wire.Stage{wire.StageScan, wire.StagePack, wire.StageRead, wire.StageCompare, wire.StageArm} {
			s := v.talk().hello()
			s.build(choices(), stage(at, func() {
				n, weak := v.ownMounts(at)
				mounts += n
				broken += weak
				s.cmd.Process.Kill() //nolint:errcheck // it may be done
			}))
			s.end()
			kills++
			soon(t, "the end of all children", func() bool { return len(v.processes("mksquashfs")) == 0 })
			if now := table(); now != before || len(livesys.LoopsOf(v.Stick)) != loops {
				broken++
				t.Errorf("after a kill at %s the mounts are\n%s\ninstead of\n%s", at, now, before)
			}
		}
	}
	figure.Record(t, "S9", fmt.Sprintf("mounts of the helper looked at, %d kills", kills), mounts, broken)
}

// ownMounts counts the mounts of the helper that the system does not have,
// and those among them that lack a flag.
func (v *victim) ownMounts(at wire.Stage) (n, weak int) {
	pids := v.processes("antix-remaster-helper")
	if len(pids) != 1 || mountsOf(v.t, pids[0]) == mountsOf(v.t, fmt.Sprint(v.PID())) {
		v.t.Errorf("%s: %d helpers, or not in a namespace of its own", at, len(pids))
		return 0, 1
	}
	text, err := os.ReadFile("/proc/" + pids[0] + "/mountinfo")
	must(v.t, err)
	system := strings.Split(v.mountPoints(fmt.Sprint(v.PID())), "\n")
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		w := strings.Fields(line)
		if i := slices.Index(system, w[2]+w[3]+w[4]); i >= 0 {
			system = slices.Delete(system, i, i+1)
			continue
		}
		n++
		for _, flag := range []string{"nosuid", "nodev", "noexec"} {
			if !slices.Contains(strings.Split(w[5], ","), flag) {
				weak++
				v.t.Errorf("%s: %s lacks %s: %s", at, w[4], flag, line)
			}
		}
	}
	return n, weak
}

func (v *victim) mountPoints(pid string) string {
	text, err := os.ReadFile("/proc/" + pid + "/mountinfo")
	must(v.t, err)
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		w := strings.Fields(line)
		out = append(out, w[2]+w[3]+w[4])
	}
	return strings.Join(out, "\n")
}
