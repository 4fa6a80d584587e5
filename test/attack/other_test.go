package attack

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// TestPromiseS11 has somebody else's mksquashfs run on the same system: it
// outlives a cancel, a kill and a failure of ours, and does its work.
func TestPromiseS11(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	v.write("/opt/noise", noise(8<<20), 0o600)
	foreign := v.Command(t.Context(), "/usr/bin/mksquashfs", "/opt", "/tmp/foreign", "-noappend", "-no-recovery", "-comp", "xz", "-processors", "1", "-read-queue", "1")
	foreign.Stdin = nil
	must(t, v.Start(foreign))
	must(t, foreign.Process.Signal(syscall.SIGSTOP)) // it is to last until the end
	t.Cleanup(func() { foreign.Process.Kill() })     //nolint:errcheck // mostly it has ended
	ends := map[string]func(*session){
		"cancel":  func(s *session) { s.send(wire.Request{Op: wire.OpCancel}) },
		"hang up": func(s *session) { s.in.Close() },                          //nolint:errcheck // the helper sees it
		"kill":    func(s *session) { s.cmd.Process.Kill() },                  //nolint:errcheck // it runs
		"term":    func(s *session) { s.cmd.Process.Signal(syscall.SIGTERM) }, //nolint:errcheck // it runs
		"failure": func(*session) {
			os.WriteFile(v.Path("/var/lib/dpkg/status"), []byte("x"), 0o644)      //nolint:errcheck // the build would go on
			os.WriteFile(v.Path("/var/lib/dpkg/info/x.list"), []byte("x"), 0o644) //nolint:errcheck // the build would go on
		},
	}
	must(t, os.MkdirAll(v.Path("/var/lib/dpkg/info"), 0o755))
	broken := 0
	for name, end := range ends {
		s := v.talk().hello()
		e := s.build(slow(), stage(wire.StagePack, func() { end(s) }))
		s.end()
		soon(t, "the end of our mksquashfs", func() bool { return len(v.processes("mksquashfs")) <= 1 })
		if state := processState(foreign.Process.Pid); e.Event == "result" || state != "T" {
			broken++
			t.Errorf("%s: ended with %.200q, the foreign one is %q", name, s.last(), state)
		}
	}
	must(t, foreign.Process.Signal(syscall.SIGCONT))
	if err := foreign.Wait(); err != nil {
		broken++
		t.Errorf("the foreign mksquashfs failed: %v", err)
	}
	figure.Record(t, "S11", "ends of a build beside a foreign mksquashfs", len(ends), broken)
}

func processState(pid int) string {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return strings.SplitN(field(string(status), "State:")+" ", " ", 2)[0]
}

// TestPromiseS13Logs plants secrets in files, lets builds succeed and fail in
// several ways, and looks for the secrets in all that is said and logged.
func TestPromiseS13Logs(t *testing.T) {
	v := newVictim(t, livesys.Options{Companions: true})
	v.write("/opt/noise", noise(8<<20), 0o600)
	secrets := map[string]string{"/home/demo/.ssh/id_ed25519": "canary-secret-1", "/etc/shadow": "root:canary-secret-2:1::::::\n", "/root/.netrc": "password canary-secret-3",
		"/etc/wpa.conf": strings.Repeat("psk=canary-secret-4\n", 5000), "/home/demo/secrets.zz": "canary-secret-5"}
	for path, text := range secrets {
		v.write(path, text, 0o600)
	}
	must(t, os.WriteFile(v.StickPath("state/secret"), []byte("canary-secret-6"), 0o600))
	ends := map[string]struct {
		at  wire.Stage
		act func()
	}{
		"success": {wire.StageArm, func() {}},
		"changed": {wire.StagePack, func() { v.write("/etc/wpa.conf", "canary-secret-7", 0o600) }},
		"vanish":  {wire.StagePack, func() { os.RemoveAll(v.Path("/root")) }}, //nolint:errcheck // the build would succeed
		"damage": {wire.StageRead, func() {
			f, err := os.OpenFile(v.StickPath("linuxfs.part"), os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteAt([]byte("canary-secret-8"), 1<<20)
			must(t, err)
			must(t, f.Close())
		}},
	}
	var all strings.Builder
	for _, end := range ends {
		s := v.talk().hello()
		e := s.build(choices(), stage(end.at, end.act))
		if e.Event == "result" {
			s.do(wire.Request{Op: wire.OpDisarm}, nil)
		}
		s.end()
		all.WriteString(strings.Join(s.all, "") + s.errs.String())
	}
	logs, err := filepath.Glob(v.Path("/var/log/live") + "/*")
	must(t, err)
	broken := 0
	for _, name := range logs {
		text, err := os.ReadFile(name)
		must(t, err)
		all.Write(text)
		st, err := os.Stat(name)
		must(t, err)
		if st.Mode().Perm() != 0o640 {
			broken++
			t.Errorf("%s has mode %v", filepath.Base(name), st.Mode())
		}
	}
	if i := strings.Index(all.String(), "canary-secret"); i >= 0 || len(logs) == 0 {
		broken++
		t.Errorf("%d logs; a secret was told: %.300q", len(logs), all.String()[max(i-100, 0):])
	}
	figure.Record(t, "S13", "secrets that could be told, in runs that succeed and fail", (len(secrets)+3)*len(ends), broken)
}

// TestPromiseS14 sends a line of 1 GiB, and lines of just 64 KiB.
func TestPromiseS14(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	s := v.talk()
	if e, _ := s.next(); e.Event != "ready" {
		t.Fatal("the helper is not ready")
	}
	peak := peakOf(v.processes("antix-remaster-helper")[0])
	block, sent := bytes.Repeat([]byte("x"), 1<<20), 0
	for ; sent < 1<<30; sent += len(block) {
		if _, err := s.in.Write(block); err != nil {
			break // it hung up, as it should
		}
	}
	e, _ := s.next()
	status := s.end()
	broken := 0
	if rss := peak(); e.Code != wire.BadRequest || status != 1 || rss > 64<<20 || rss == 0 {
		broken++
		t.Errorf("1 GiB: %.200q, status %d, %d MiB resident", s.last(), status, rss>>20)
	} else {
		t.Logf("the helper took less than %d KiB of the line; %d MiB resident", sent>>10+1024, rss>>20)
	}
	for _, n := range []int{wire.MaxLine - 1, wire.MaxLine, wire.MaxLine + 1, 10 * wire.MaxLine} {
		line := `{"op":"build","plan":"` + strings.Repeat("x", n-len(`{"op":"build","plan":""}`)) + `"}`
		s := v.talk().hello()
		s.write(line + "\n")
		e := s.answer(nil)
		long := strings.Contains(e.Detail, "longer than")
		if s.end(); e.Code != wire.BadRequest || long != (n >= wire.MaxLine) {
			broken++
			t.Errorf("a line of %d bytes: %.200q", n, s.last())
		}
	}
	figure.Record(t, "S14", "lines of 64 KiB to 1 GiB", 5, broken)
}

// TestPromiseS14Log has mksquashfs talk without end: the log and the memory
// stay bounded, and so do the lines to the face.
func TestPromiseS14Log(t *testing.T) {
	v := newVictim(t, livesys.Options{})
	must(t, os.Rename(v.Path("/usr/bin/mksquashfs"), v.Path("/usr/bin/mksquashfs.real")))
	v.write("/usr/bin/mksquashfs", `#!/bin/sh
case $1 in -version) exec /usr/bin/mksquashfs.real -version ;; esac
f=$(busybox printf '%2000s' x | busybox tr ' ' n)
busybox yes "File /run/antix-remaster/view/$f changed size while reading filesystem, attempting to re-read" | busybox head -c 60000000 >&2
busybox yes "Cannot stat dir/file /run/antix-remaster/view/$f, ignoring" | busybox head -c 1000000 >&2
busybox head -c 3000000 /dev/zero | busybox tr '\0' y >&2
`, 0o755)
	s := v.talk().hello()
	peak := peakOf(v.processes("antix-remaster-helper")[0])
	e := s.build(choices(), nil)
	status := s.end()
	st, err := os.Stat(v.Path("/var/log/live/antix-remaster.log"))
	must(t, err)
	rss := peak()
	broken := 0
	if e.Event != "error" || status != 0 || st.Size() > 16<<20 || rss > 64<<20 {
		broken++
		t.Errorf("status %d, log of %d MiB, %d MiB resident: %.200q", status, st.Size()>>20, rss>>20, s.last())
	}
	for _, line := range s.all {
		if len(line) > wire.MaxLine {
			broken++
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	t.Logf("log of %d KiB, %d MiB resident", st.Size()>>10, rss>>20)
	figure.Record(t, "S14", "runs with 64 MB of complaints: log, memory and lines bounded", 1, broken)
}

// peakOf watches a process until it ends, and then gives the most that it was
// resident, in bytes.
func peakOf(pid string) (wait func() int64) {
	look := func() (int64, bool) {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil || !strings.Contains(string(status), "VmHWM:") {
			return 0, false
		}
		kib, _ := strconv.ParseInt(strings.TrimSuffix(field(string(status), "VmHWM:"), " kB"), 10, 64)
		return kib << 10, true
	}
	peak := make(chan int64)
	most, alive := look() // here, as it may be gone before the goroutine begins
	go func() {
		for alive {
			time.Sleep(time.Millisecond)
			var now int64
			now, alive = look()
			most = max(most, now)
		}
		peak <- most
	}()
	return func() int64 { return <-peak }
}
