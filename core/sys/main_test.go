package sys

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain runs the tests where their mounts are seen by nobody else, or, as
// the other process of a test, one role.
func TestMain(m *testing.M) {
	if role := os.Getenv("SYS_ROLE"); role != "" {
		if err := play(role, os.Getenv("SYS_FILE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("SYS_PRIVATE") == "" {
		if err := PrivateMounts(append(os.Environ(), "SYS_PRIVATE=1")); err != nil {
			fmt.Println("FAIL: these tests mount file systems; they need root and a kernel with mount namespaces:", err)
			os.Exit(1)
		}
	}
	Umask(0o022) // as the helper does
	os.Exit(m.Run())
}

// play says a number when the role is taken, and keeps it until its input ends.
func play(role, path string) error {
	said := os.Getpid()
	switch role {
	case "parent":
		p, err := Start(Spec{Path: "/bin/sleep", Args: []string{"300"}})
		if err != nil {
			return err
		}
		said = p.PID()
	case "flock":
		dir, err := os.Open(path)
		if err == nil {
			err = Lock(dir)
		}
		if err != nil {
			return err
		}
		defer dir.Close()
	case "fcntl":
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		}
		if err != nil {
			return err
		}
		defer f.Close()
	}
	fmt.Println(said)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// other starts this program again in a role; end makes it leave.
func other(t *testing.T, role, path string) (cmd *exec.Cmd, said int, end func()) {
	t.Helper()
	cmd = exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "SYS_ROLE="+role, "SYS_FILE="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	end = func() {
		in.Close()
		_ = cmd.Wait() // some tests kill it
	}
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	said, err = strconv.Atoi(strings.TrimSpace(line))
	must(t, err)
	return cmd, said, end
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openDir opens a directory of the test.
func openDir(t testing.TB, path string) *Dir {
	t.Helper()
	d, err := OpenDir(path)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// mountTmpfs covers the directory path with a file system of its own.
func mountTmpfs(t testing.TB, path string) {
	t.Helper()
	must(t, unix.Mount("tmpfs", path, "tmpfs", 0, "size=1m"))
	t.Cleanup(func() { _ = unix.Unmount(path, unix.MNT_DETACH) }) // some tests have done it
}

// ext4Dir is the root of a real ext4 file system on a loop device.
// With smaller blocks mincore does not count the last page of a fresh file.
func ext4Dir(t testing.TB) (dir, device string) {
	t.Helper()
	img := filepath.Join(t.TempDir(), "ext4.img")
	must(t, os.WriteFile(img, nil, 0o600))
	must(t, os.Truncate(img, 24<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-b", "4096", img).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", img, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount an ext4 image; this test needs loop devices and ext4 in the kernel: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	text, err := exec.Command("findmnt", "-n", "-o", "SOURCE", dir).Output()
	must(t, err)
	return dir, strings.TrimSpace(string(text))
}

// snapshot describes a whole tree so closely that equal ones were never
// touched: inode, mode, owner, times and content of everything in it.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	var lines []string
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		content := ""
		switch {
		case d.Type().IsRegular():
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			content = string(text)
		case d.Type() == fs.ModeSymlink:
			content, _ = os.Readlink(p)
		}
		rel, _ := filepath.Rel(dir, p)
		line := fmt.Sprintf("%q %o %d:%d #%d links %d %d.%d", rel, st.Mode, st.Uid, st.Gid, st.Ino, st.Nlink, st.Mtim.Sec, st.Mtim.Nsec)
		lines = append(lines, fmt.Sprintf("%s %d.%d %q\n", line, st.Ctim.Sec, st.Ctim.Nsec, content))
		return nil
	}))
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// gone waits until a process has ended; one that nobody waited for is a zombie.
func gone(pid int) bool {
	for range 500 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(text), ") Z ") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// sleeper starts a program that waits.
func sleeper(t *testing.T, s Spec) *Process {
	t.Helper()
	s.Path, s.Args = "/bin/sleep", []string{"300"}
	p, err := Start(s)
	must(t, err)
	t.Cleanup(func() {
		p.Signal(syscall.SIGKILL)
		_ = p.Wait() // killed by us
	})
	return p
}
