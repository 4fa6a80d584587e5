package script

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/test/livesys"
)

func newLiveCD(t *testing.T) *livesys.System {
	t.Helper()
	s, err := livesys.New(t.Context(), livesys.Options{Companions: true, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.InstallProgram(programs); err != nil {
		t.Fatal(err)
	}
	if err := s.InstallLiveCDTools(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLiveCDCancelled cancels at twenty points, from the first sign of life on to
// the end of the proof: nothing is left, and soon.
func TestLiveCDCancelled(t *testing.T) {
	const points, atMost = 20, 30 * time.Second // promised: 3 s
	s := newLiveCD(t)
	cancelled := 0
	for i := range points {
		status, took := cancelAt(t, s, float64(i)/points)
		left, err := s.Shell(t.Context(), "ls -A /home/demo | grep x.iso || true; pgrep xorriso || true")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case status == 0: // it was done already
			if left != "x.iso\nx.iso.sha256\n" {
				t.Errorf("point %d: there is %q", i, left)
			}
			if _, err := s.Shell(t.Context(), "cd /home/demo; sha256sum -c --quiet x.iso.sha256; rm x.iso*"); err != nil {
				t.Errorf("point %d: %v", i, err)
			}
		case status != 5 || left != "" || took > atMost:
			t.Errorf("point %d: status %d after %v, left %q", i, status, took, left)
		default:
			cancelled++
		}
	}
	if cancelled < points*3/4 {
		t.Errorf("only %d of %d were cancelled", cancelled, points)
	}
}

// cancelAt presses Ctrl-C when that share of the work is done: a half is writing,
// a half reading back.
func cancelAt(t *testing.T, s *livesys.System, share float64) (status int, took time.Duration) {
	t.Helper()
	cmd := s.CommandAs(t.Context(), 1000, "antix-remaster-cli", "iso", "--output", "/home/demo/x.iso", "--yes", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(cmd); err != nil {
		t.Fatal(err)
	}
	var at time.Time
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var p struct {
			Event, Stage string
			Done, Total  float64
		}
		if json.Unmarshal(lines.Bytes(), &p) != nil || p.Event != "progress" {
			continue
		}
		done := p.Done / max(p.Total, 1) / 2
		if strings.HasPrefix(p.Stage, "iso_read") {
			done += 0.5
		}
		if at.IsZero() && done >= share {
			at = time.Now()
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // its status tells
	return cmd.ProcessState.ExitCode(), time.Since(at)
}

// TestPromiseS6 plants links at every name that a run uses, as root's errand for a
// user: none is followed, and nothing of root's is written to or read.
func TestPromiseS6(t *testing.T) {
	s := newLiveCD(t)
	const run = "cd /home/demo; SUDO_UID=1000 SUDO_GID=1000 antix-remaster-cli iso --output x.iso --yes --json"
	for _, planted := range []string{"x.iso", "x.iso.part", "x.iso.sha256", "x.iso.files"} {
		out, err := s.Shell(t.Context(), `
echo secret >/root/secret; chmod 600 /root/secret; chmod 700 /root
ln -s /root/secret /home/demo/`+planted+`
(`+run+`) || echo status $?
cat /root/secret; ls -A /root; rm /home/demo/x.iso*`)
		if err != nil || !strings.Contains(out, `"code":"output_taken"`) || !strings.Contains(out, "status 3\nsecret\n") {
			t.Errorf("%s: %v\n%s", planted, err, out)
		}
	}
	// A folder that the user may not write to stays shut, though root called.
	out, err := s.Shell(t.Context(), `mkdir -p /srv/root; ln -sfn /srv/root /home/demo/folder
(SUDO_UID=1000 antix-remaster-cli iso --output /home/demo/folder/x.iso --yes --json) || echo status $?; ls -A /srv/root`)
	if err != nil || !strings.Contains(out, `"code":"iso_not_saved"`) || !strings.HasSuffix(out, "status 1\n") {
		t.Errorf("%v\n%s", err, out)
	}
	// While it runs, no process of it has rights of root's.
	out, err = s.Shell(t.Context(), run+` >/dev/null & for i in $(seq 200); do
  p=$(pgrep xorriso) && s=$(cat /proc/$p/status) && up=$(cat /proc/$(echo "$s" | sed -n 's/^PPid:.//p')/status) &&
    { echo "$s" | grep -E "^(Uid|Gid|Groups):"; echo "$up" | grep -E "^(Uid|Gid|CapEff):"; break; } # else it has just ended: it is started more than once
  sleep 0.02
done; wait`)
	if err != nil || strings.Count(out, "1000\t1000\t1000\t1000") != 4 || !strings.Contains(out, "CapEff:\t0000000000000000") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLiveCDOver4GiB: a linuxfs of more than ISO 9660 has in one piece.
func TestLiveCDOver4GiB(t *testing.T) {
	if os.Getenv("ANTIX_REMASTER_FULL") == "" {
		t.Skip("it writes 5 GB: only with scripts/test --full")
	}
	s := newLiveCD(t)
	out, err := s.Shell(t.Context(), `cd `+s.LiveDir+`/boot-dev/antiX; mkdir -p archive/0001; cp linuxfs archive/0001/linuxfs.old
printf end | dd of=archive/0001/linuxfs.old bs=1 seek=4500000000 conv=notrunc status=none
antix-remaster-cli iso --version 1 --output /home/demo/big.iso --yes --quiet`)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	read := exec.Command("bsdtar", "xOf", s.Path("/home/demo/big.iso"), "antiX/linuxfs")
	cmp := exec.Command("cmp", "-", s.StickPath("archive/0001/linuxfs.old"))
	if cmp.Stdin, err = read.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read.Start(), cmp.Run(), read.Wait()); err != nil {
		t.Error(err)
	}
}
