package livesys

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// loop is one use of a loop device. The kernel gives the number of a free
// device to the next who asks, maybe another test, so a name alone says
// nothing a moment later: seq counts the uses.
type loop struct {
	name      string // "/dev/loop3"
	seq       string
	backing   string // the file, as the kernel names it
	device    uint64 // of the file system of the file
	inode     uint64
	autoclear bool // detaches itself
}

// readLoop looks at a loop device; false when it is free.
func readLoop(name string) (loop, bool) {
	sys := "/sys/block/" + filepath.Base(name)
	backing, err := os.ReadFile(sys + "/loop/backing_file")
	if err != nil {
		return loop{}, false
	}
	seq, _ := os.ReadFile(sys + "/diskseq") // since Linux 5.15
	dev, err := os.Open(name)
	if err != nil {
		return loop{}, false
	}
	defer dev.Close()
	info, err := unix.IoctlLoopGetStatus64(int(dev.Fd()))
	if err != nil {
		return loop{}, false
	}
	file := strings.TrimSuffix(strings.TrimSuffix(string(backing), "\n"), " (deleted)")
	return loop{name, string(seq), file, info.Device, info.Inode, info.Flags&unix.LO_FLAGS_AUTOCLEAR != 0}, true
}

// usedLoops lists the loop devices in use that want accepts.
func usedLoops(want func(loop) bool) []loop {
	found, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	var loops []loop
	for _, path := range found {
		if l, ok := readLoop("/dev/" + strings.Split(path, "/")[3]); ok && want(l) {
			loops = append(loops, l)
		}
	}
	return loops
}

// LoopsOf names the loop devices on the host's file.
func LoopsOf(file string) []string {
	var names []string
	for _, l := range loopsOf(file) {
		names = append(names, l.name)
	}
	return names
}

func loopsOf(file string) []loop {
	return usedLoops(func(l loop) bool { return file != "" && l.backing == file })
}

// loopsBelow lists the loop devices on files below the host's directory.
func loopsBelow(dir string) []loop {
	return usedLoops(func(l loop) bool { return strings.HasPrefix(l.backing, dir+"/") })
}

// loopsWithin lists the loop devices whose files lie on file systems that
// only the process sees mounted, not we: those of the system and those that
// programs inside made and forgot. What BindIn shows it stays ours.
func loopsWithin(pid int) []loop {
	mounted, ours := mountedDevices(pid), mountedDevices(os.Getpid())
	return usedLoops(func(l loop) bool { return mounted[l.device] && !ours[l.device] })
}

// mountedDevices reads the device numbers of the process's mounts.
func mountedDevices(pid int) map[uint64]bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	devices := map[uint64]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var id, parent int
		var major, minor uint32
		if n, _ := fmt.Sscanf(lines.Text(), "%d %d %d:%d", &id, &parent, &major, &minor); n == 4 {
			devices[unix.Mkdev(major, minor)] = true
		}
	}
	return devices
}

// release waits until the loop devices have detached themselves, which is
// also the proof that the stick is unmounted. Those that do not do it by
// themselves, made by a program inside, are told to.
func release(loops []loop, timeout time.Duration) error {
	for _, l := range loops {
		if !l.autoclear && l.attached() {
			if err := l.detach(); err != nil {
				return err
			}
		}
	}
	var left []string
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		left = nil
		for _, l := range loops {
			if l.attached() {
				left = append(left, l.name)
			}
		}
		if left == nil {
			return nil
		}
	}
	return fmt.Errorf("cannot detach %s: still in use", strings.Join(left, ", "))
}

// attached tells whether this very use of the device goes on.
func (l loop) attached() bool {
	now, ok := readLoop(l.name)
	return ok && now.seq == l.seq && now.device == l.device && now.inode == l.inode
}

func (l loop) detach() error {
	dev, err := os.Open(l.name)
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := unix.IoctlSetInt(int(dev.Fd()), unix.LOOP_CLR_FD, 0); err != nil && err != unix.ENXIO {
		return fmt.Errorf("cannot detach %s: %w", l.name, err)
	}
	return nil
}
