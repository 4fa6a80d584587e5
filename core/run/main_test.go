package run

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/sys"
	"antix-remaster/test/private"
)

// TestMain runs the tests where their mounts are seen by nobody else, or, as
// the other process of a test, holds a record lock as dpkg does.
func TestMain(m *testing.M) {
	if path := os.Getenv("RUN_HOLD"); path != "" {
		if err := hold(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	private.Mounts()
	sys.Umask(0o022) // as the helper does
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cover hides a directory of the host below an empty one in memory, so that
// the tests can use its constant paths and leave no trace.
func cover(t *testing.T, path string) {
	t.Helper()
	must(t, unix.Mount("tmpfs", path, "tmpfs", 0, "size=64m,mode=755"))
	t.Cleanup(func() { must(t, unix.Unmount(path, unix.MNT_DETACH)) })
}

func hold(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// heldByAnother starts a process that holds the lock until release is called.
func heldByAnother(t *testing.T, path string) (pid int, release func()) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "RUN_HOLD="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	release = func() { in.Close(); _ = cmd.Wait() } // a second time does nothing
	t.Cleanup(release)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd.Process.Pid, release
}

// deadPID is a number that a process had a moment ago.
func deadPID(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("/bin/true")
	must(t, cmd.Run())
	return strconv.Itoa(cmd.Process.Pid)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

// lines of a text, without the last, empty one.
func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
