package sys

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// AttachLoop makes the open file f a read-only block device. The device goes
// away by itself when its last user (a mount, the returned file) is gone.
func AttachLoop(f *os.File) (*os.File, error) {
	ctl, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot ask for a loop device: %w", err)
	}
	defer ctl.Close()
	for range 50 { // another program may take the number first
		dev, err := attachFree(ctl, f)
		if !errors.Is(err, unix.EBUSY) {
			return dev, err
		}
	}
	return nil, errors.New("cannot get a free loop device")
}

func attachFree(ctl, f *os.File) (*os.File, error) {
	n, err := unix.IoctlRetInt(int(ctl.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return nil, fmt.Errorf("cannot get a free loop device: %w", err)
	}
	path := fmt.Sprintf("/dev/loop%d", n)
	dev, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	if err := setLoop(dev, f); err != nil {
		dev.Close()
		return nil, fmt.Errorf("cannot attach %s to %s: %w", f.Name(), path, err)
	}
	return dev, nil
}

// setLoop uses one call where the kernel has it (5.8) and two elsewhere.
func setLoop(dev, f *os.File) error {
	info := unix.LoopInfo64{Flags: unix.LO_FLAGS_READ_ONLY | unix.LO_FLAGS_AUTOCLEAR}
	config := unix.LoopConfig{Fd: uint32(f.Fd()), Info: info}
	err := unix.IoctlLoopConfigure(int(dev.Fd()), &config)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTTY) {
		return err
	}
	if err := unix.IoctlSetInt(int(dev.Fd()), unix.LOOP_SET_FD, int(f.Fd())); err != nil {
		return err
	}
	return unix.IoctlLoopSetStatus64(int(dev.Fd()), &info)
}
