package inside

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Attach makes file a loop device that detaches itself when its last user is
// gone, so that a killed test leaves none behind. The caller closes the
// returned device once it is mounted.
func Attach(file string, readOnly bool) (*os.File, error) {
	mode, flags := os.O_RDWR, uint32(unix.LO_FLAGS_AUTOCLEAR)
	if readOnly {
		mode, flags = os.O_RDONLY, flags|unix.LO_FLAGS_READ_ONLY
	}
	backing, err := os.OpenFile(file, mode, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot attach: %w", err)
	}
	defer backing.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot attach %s: %w", file, err)
	}
	defer control.Close()
	for range 100 { // others may take the free device before us
		dev, err := tryAttach(control, backing, mode, flags)
		if errors.Is(err, unix.EBUSY) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot attach %s to a loop device: %w", file, err)
		}
		return dev, nil
	}
	return nil, fmt.Errorf("cannot attach %s: no free loop device", file)
}

func tryAttach(control, backing *os.File, mode int, flags uint32) (*os.File, error) {
	n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("/dev/loop%d", n)
	dev, err := os.OpenFile(name, mode, 0)
	if errors.Is(err, os.ErrNotExist) {
		// A container's /dev does not follow the kernel.
		if err = unix.Mknod(name, unix.S_IFBLK|0o660, int(unix.Mkdev(7, uint32(n)))); err == nil {
			dev, err = os.OpenFile(name, mode, 0)
		}
	}
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(backing.Fd())}
	config.Info.Flags = flags
	copy(config.Info.File_name[:len(config.Info.File_name)-1], backing.Name())
	if err := unix.IoctlLoopConfigure(int(dev.Fd()), &config); err != nil {
		dev.Close()
		return nil, err
	}
	return dev, nil
}
