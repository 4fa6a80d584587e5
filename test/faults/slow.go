package faults

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// SlowSpeed is that of a slow stick, in bytes a second.
const SlowSpeed = 5 << 20

// Slow lets the stick write no faster than SlowSpeed until undo.
func (s *System) Slow() (undo func() error, err error) {
	number, err := s.deviceNumber()
	if err != nil {
		return nil, err
	}
	const v1, v2 = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device", "/sys/fs/cgroup/cgroup.controllers"
	if _, err := os.Stat(v1); err == nil {
		set := func(speed int) error { return os.WriteFile(v1, fmt.Appendf(nil, "%s %d", number, speed), 0o644) }
		return func() error { return set(0) }, set(SlowSpeed)
	}
	if _, err := os.Stat(v2); err == nil {
		return slowGroup(number)
	}
	return nil, errors.New("cannot slow the stick down: no cgroup controller for block devices is mounted in /sys/fs/cgroup")
}

// slowGroup moves this process, and so all that it starts from now on, into a
// group of its own: version 2 limits only groups below the topmost.
func slowGroup(number string) (undo func() error, err error) {
	const top, dir = "/sys/fs/cgroup", "/sys/fs/cgroup/antix-remaster-test"
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	err = os.WriteFile(top+"/cgroup.subtree_control", []byte("+io"), 0o644)
	if e := os.Mkdir(dir, 0o755); e != nil && !errors.Is(e, os.ErrExist) {
		err = errors.Join(err, e)
	}
	pid := fmt.Append(nil, os.Getpid())
	err = errors.Join(err, os.WriteFile(dir+"/io.max", fmt.Appendf(nil, "%s wbps=%d", number, SlowSpeed), 0o644),
		os.WriteFile(dir+"/cgroup.procs", pid, 0o644))
	return func() error {
		_, path, _ := strings.Cut(strings.TrimSpace(string(own)), "::")
		return errors.Join(os.WriteFile(dir+"/io.max", fmt.Appendf(nil, "%s wbps=max", number), 0o644),
			os.WriteFile(filepath.Join(top, path, "cgroup.procs"), pid, 0o644))
	}, err
}

// deviceNumber is "7:3".
func (s *System) deviceNumber() (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(s.BootDev, &st); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%d", unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))), nil
}

// Outstanding watches how many bytes that were written are not yet on the
// stick, until stop, which gives the most there were.
func (s *System) Outstanding() (stop func() int64, err error) {
	number, err := s.deviceNumber()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "debug-")
	if err != nil {
		return nil, err
	}
	if err := unix.Mount("debugfs", dir, "debugfs", 0, ""); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot see what the stick has still to write: %w", err), os.Remove(dir))
	}
	file := filepath.Join(dir, "bdi", number, "stats")
	var most atomic.Int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			most.Store(max(most.Load(), unwritten(file)))
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(end)
		<-ended
		_ = unix.Unmount(dir, unix.MNT_DETACH)
		_ = os.Remove(dir)
		return most.Load()
	}, nil
}

// unwritten adds up what is dirty and what is being written, in bytes.
func unwritten(file string) (sum int64) {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		name, value, _ := strings.Cut(lines.Text(), ":")
		if name == "BdiWriteback" || name == "BdiReclaimable" {
			fmt.Sscan(value, &kib)
			sum += kib << 10
		}
	}
	return sum
}
