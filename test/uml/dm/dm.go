// Package dm speaks to the device mapper by ioctl, without libdevmapper.
package dm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// struct dm_ioctl, 312 bytes.
const (
	headSize = 312
	specSize = 40
	bufSize  = 16 << 10
)

const (
	cmdVersion = iota
	cmdRemoveAll
	cmdListDevices
	cmdCreate
	cmdRemove
	cmdRename
	cmdSuspend // also resume: without flagSuspend
	cmdStatus
	cmdWait
	cmdLoad
	cmdClear
	cmdDeps
	cmdTableStatus
	cmdListVersions
	cmdMessage
)

const (
	flagReadOnly = 1 << 0
	flagSuspend  = 1 << 1
	flagTable    = 1 << 4 // STATUS_TABLE
	flagNoFlush  = 1 << 11
)

// Target is one line of a table.
type Target struct {
	Start, Sectors uint64
	Type, Params   string
}

func call(cmd uintptr, name string, flags uint32, count uint32, payload []byte) ([]byte, error) {
	ctl, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer ctl.Close()
	buf := make([]byte, max(bufSize, headSize+len(payload)))
	le := binary.LittleEndian
	le.PutUint32(buf[0:], 4) // interface version 4.0.0: every kernel accepts it
	le.PutUint32(buf[12:], uint32(len(buf)))
	le.PutUint32(buf[16:], headSize)
	le.PutUint32(buf[20:], count)
	le.PutUint32(buf[28:], flags)
	copy(buf[48:48+127], name)
	copy(buf[headSize:], payload)
	req := uintptr(3<<30 | headSize<<16 | 0xfd<<8 | cmd)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, ctl.Fd(), req, uintptr(unsafe.Pointer(&buf[0]))); e != 0 {
		return nil, fmt.Errorf("dm ioctl %d %s: %w", cmd, name, e)
	}
	return buf, nil
}

// Create makes the device name with the table and starts it. It gives the
// path of its node, which devtmpfs makes.
func Create(name string, table ...Target) (string, error) {
	buf, err := call(cmdCreate, name, 0, 0, nil)
	if err != nil {
		return "", err
	}
	minor := unix.Minor(binary.LittleEndian.Uint64(buf[40:]))
	if err := Load(name, table...); err != nil {
		Remove(name)
		return "", err
	}
	return fmt.Sprintf("/dev/dm-%d", minor), Resume(name)
}

// Load puts a table into the inactive slot; Resume makes it active.
func Load(name string, table ...Target) error {
	var p []byte
	for _, t := range table {
		n := (specSize + len(t.Params) + 1 + 7) &^ 7
		rec := make([]byte, n)
		binary.LittleEndian.PutUint64(rec[0:], t.Start)
		binary.LittleEndian.PutUint64(rec[8:], t.Sectors)
		binary.LittleEndian.PutUint32(rec[20:], uint32(n))
		copy(rec[24:39], t.Type)
		copy(rec[specSize:], t.Params)
		p = append(p, rec...)
	}
	_, err := call(cmdLoad, name, 0, uint32(len(table)), p)
	return err
}

func Resume(name string) error { _, err := call(cmdSuspend, name, 0, 0, nil); return err }

// Suspend stops the device; noflush does not wait for queued I/O to be written.
func Suspend(name string, noflush bool) error {
	f := uint32(flagSuspend)
	if noflush {
		f |= flagNoFlush
	}
	_, err := call(cmdSuspend, name, f, 0, nil)
	return err
}

// Swap replaces the table of a live, even mounted, device.
func Swap(name string, table ...Target) error {
	if err := Load(name, table...); err != nil {
		return err
	}
	return Resume(name) // loading then resuming suspends by itself
}

func Remove(name string) error { _, err := call(cmdRemove, name, 0, 0, nil); return err }

// Message sends text to the target at sector 0.
func Message(name, text string) error {
	_, err := call(cmdMessage, name, 0, 0, append(make([]byte, 8), append([]byte(text), 0)...))
	return err
}

// Status gives the status line of the first target.
func Status(name string) (string, error) {
	buf, err := call(cmdTableStatus, name, 0, 0, nil)
	if err != nil {
		return "", err
	}
	start := binary.LittleEndian.Uint32(buf[16:])
	text, _, _ := bytes.Cut(buf[start+specSize:], []byte{0})
	return string(text), nil
}

// Targets lists the target types the kernel has loaded.
func Targets() ([]string, error) {
	buf, err := call(cmdListVersions, "", 0, 0, nil)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	off := le.Uint32(buf[16:])
	var out []string
	for {
		next := le.Uint32(buf[off:])
		name, _, _ := bytes.Cut(buf[off+16:], []byte{0})
		out = append(out, fmt.Sprintf("%s %d.%d.%d", name, le.Uint32(buf[off+4:]), le.Uint32(buf[off+8:]), le.Uint32(buf[off+12:])))
		if next == 0 {
			return out, nil
		}
		off += next
	}
}

// Sectors is the size of a block device in units of 512 bytes.
func Sectors(path string) (uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := f.Seek(0, 2)
	return uint64(n) / 512, err
}
