package livesys_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/livesys"
)

// TestMain lets the test binary be the process that gets killed.
func TestMain(m *testing.M) {
	if os.Getenv("LIVESYS_TEST_VICTIM") != "" {
		victim()
	}
	os.Exit(m.Run())
}

// victim starts a system, tells where its stick is, and waits to be killed.
func victim() {
	sys, err := livesys.New(context.Background(), livesys.Options{Mini: true, CacheDir: os.Getenv("LIVESYS_TEST_VICTIM")})
	if err != nil {
		os.Stdout.WriteString("error: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(sys.Stick + "\n")
	select {}
}

// TestKilled kills the owner of a system: everything ends by itself, and the
// next start removes the work directory.
func TestKilled(t *testing.T) {
	cache := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "LIVESYS_TEST_VICTIM="+cache)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	cmd.Process.Kill()
	cmd.Wait()
	stick := strings.TrimSpace(line)
	if _, err := os.Stat(stick); err != nil {
		t.Fatalf("the victim did not start: %s", line)
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(livesys.LoopsOf(stick)) > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if loops := livesys.LoopsOf(stick); len(loops) > 0 {
		t.Errorf("loop devices outlive the owner: %v", loops)
	}
	if err := livesys.Sweep(cache); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(cache + "/run/*"); len(left) > 0 {
		t.Errorf("left after the sweep: %v", left)
	}
}
