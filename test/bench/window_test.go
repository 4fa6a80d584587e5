package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"antix-remaster/test/atspi"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// shown is what a window costs until it is drawn, and afterwards.
type shown struct {
	cpu, idle time.Duration // until it is drawn; in ten seconds in which nothing happens
	resident  float64       // MiB
}

// BenchmarkWindow is the wizard, until its first page has read the facts and
// can be used, against a bare window of gotk3, interleaved. Both are looked at
// through the accessibility bus, which costs both the same.
func BenchmarkWindow(b *testing.B) {
	d := startDesktop(b)
	var ours, theirs []shown
	for i := range rounds {
		theirs = append(theirs, show(b, d, "bare", "Bare"))
		ours = append(ours, show(b, d, "antix-remaster", "Remaster this system"))
		fmt.Fprintf(os.Stderr, "round %d: bare %+v, wizard %+v\n", i+1, theirs[i], ours[i])
	}
	cpu := func(s shown) float64 { return float64(s.cpu.Microseconds()) / 1000 }
	memory := func(s shown) float64 { return s.resident }
	b.ReportMetric(middle(ours, cpu)-middle(theirs, cpu), "ms-more")
	b.ReportMetric(middle(ours, memory)/middle(theirs, memory), "memory-ratio")
	b.ReportMetric(middle(ours, func(s shown) float64 { return float64(s.idle.Microseconds()) / 1000 }), "ms-idle")
}

// startDesktop is a live system with a screen and both windows.
func startDesktop(b *testing.B) *desktop.Desktop {
	b.Helper()
	dir := b.TempDir()
	check(b, livesys.BuildPrograms(dir, runtime.GOARCH))
	window := exec.Command("go", "build", "-o", dir, "antix-remaster/cmd/antix-remaster", "antix-remaster/test/bench/bare")
	if out, err := window.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	d, err := desktop.Start(b.Context(), desktop.Options{Options: livesys.Options{Log: os.Stderr}, Polkit: livesys.Authorised})
	check(b, err)
	b.Cleanup(func() { d.Stop() })
	check(b, d.Sys.InstallProgram(dir))
	check(b, d.Sys.InstallShare(b.Context()))
	check(b, d.Sys.CopyIn(filepath.Join(dir, "bare"), "/usr/bin/bare", 0o755))
	return d
}

// show starts a window, waits for its button, and ends it.
func show(b *testing.B, d *desktop.Desktop, program, button string) shown {
	b.Helper()
	p, err := d.Launch(b.Context(), "demo", nil, program)
	check(b, err)
	defer func() {
		p.Cmd.Process.Kill()
		<-p.Done
	}()
	_, err = p.Find(b.Context(), "button", button, atspi.Sensitive)
	check(b, err)
	time.Sleep(time.Second) // it is drawn, and at rest
	pid := p.Cmd.Process.Pid
	s := shown{cpu: processorTime(b, pid), resident: float64(p.Resident()) / 1024}
	time.Sleep(10 * time.Second)
	s.idle = processorTime(b, pid) - s.cpu
	return s
}

// processorTime adds up the threads, of which /proc/PID/schedstat is only the
// first; that of threads that have ended is lost.
func processorTime(b *testing.B, pid int) (all time.Duration) {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	check(b, err)
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		var ran time.Duration
		_, err = fmt.Sscan(string(text), &ran)
		check(b, err)
		all += ran
	}
	if all == 0 {
		b.Fatalf("no processor time of %d", pid)
	}
	return all
}
