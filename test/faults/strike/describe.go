package main

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kind says what a call works on.
type kind int

const (
	onFile    kind = iota // the descriptor of its first argument
	onWritten             // the same, when that is a file open for writing
	onRead                // the same, when it is what is packed or proved
	onPath                // a path, the first argument
	onTarget              // a path, the second argument
	onName                // a path, relative to a directory
	onOpen                // the same, when it is opened for writing
	onLoop                // the same as onFile, for the calls of loop devices
)

var calls = map[uint64]struct {
	name string
	kind kind
}{
	unix.SYS_OPENAT: {"openat", onOpen}, unix.SYS_CLOSE: {"close", onWritten},
	unix.SYS_WRITE: {"write", onFile}, unix.SYS_PWRITE64: {"pwrite64", onFile}, unix.SYS_WRITEV: {"writev", onFile},
	unix.SYS_FTRUNCATE: {"ftruncate", onFile}, unix.SYS_FALLOCATE: {"fallocate", onFile},
	unix.SYS_FSYNC: {"fsync", onFile}, unix.SYS_FDATASYNC: {"fdatasync", onFile}, unix.SYS_SYNCFS: {"syncfs", onFile},
	unix.SYS_SYNC_FILE_RANGE: {"sync_file_range", onFile}, unix.SYS_COPY_FILE_RANGE: {"copy_file_range", onFile},
	unix.SYS_READ: {"read", onRead}, unix.SYS_PREAD64: {"pread64", onRead}, unix.SYS_LSEEK: {"lseek", onRead},
	unix.SYS_RENAME: {"rename", onPath}, unix.SYS_RENAMEAT: {"renameat", onName}, unix.SYS_RENAMEAT2: {"renameat2", onName},
	unix.SYS_UNLINK: {"unlink", onPath}, unix.SYS_UNLINKAT: {"unlinkat", onName}, unix.SYS_MKDIR: {"mkdir", onPath},
	unix.SYS_MKDIRAT: {"mkdirat", onName}, unix.SYS_SYMLINKAT: {"symlinkat", onTarget},
	unix.SYS_FCHOWNAT: {"fchownat", onName}, unix.SYS_UTIMENSAT: {"utimensat", onName}, unix.SYS_FCHMODAT: {"fchmodat", onName},
	unix.SYS_MOUNT: {"mount", onTarget}, unix.SYS_UMOUNT2: {"umount2", onPath}, unix.SYS_IOCTL: {"ioctl", onLoop},
}

// describe gives "PROGRAM CALL TARGET" of a call that matters.
func (t *tracer) describe(c *call) (string, bool) {
	k, ok := calls[c.nr]
	if !ok {
		return "", false
	}
	program := t.names[t.group(c.tid)]
	fd := int(int32(c.args[0]))
	target, ok := "", true
	switch k.kind {
	case onFile:
		target = c.file(fd)
	case onWritten:
		target = c.file(fd)
		ok = strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "/dev/") && c.written(fd)
	case onRead:
		target = c.file(fd)
		ok = packed(program, target)
	case onPath:
		target = c.text(c.args[0])
	case onTarget:
		target = c.text(c.args[1])
	case onName:
		target = c.at(fd, c.text(c.args[1]))
	case onOpen:
		ok = c.args[2]&(unix.O_WRONLY|unix.O_RDWR|unix.O_CREAT) != 0
		target = c.at(fd, c.text(c.args[1]))
	case onLoop:
		ok = c.args[1]>>8 == 'L'
		target = fmt.Sprintf("%s#%x", c.file(fd), c.args[1])
	}
	if !ok || strings.HasPrefix(target, "anon_inode:") {
		return "", false
	}
	return program + " " + k.name + " " + numbers.ReplaceAllString(target, "$1"), true
}

// packed tells whether a read is one of what is packed, or of the image that
// is proved.
func packed(program, target string) bool {
	if program == "mksquashfs" {
		return strings.HasPrefix(target, "/run/antix-remaster/") || strings.HasPrefix(target, stick+"/")
	}
	return strings.HasPrefix(target, stick+"/") && strings.HasSuffix(target, ".part")
}

// numbers differ from run to run.
var numbers = regexp.MustCompile(`^(pipe:|socket:|/dev/loop|/dev/pts/|/proc/self/fd/|/proc/)[0-9\[\]]+`)

// file is the path of an open file.
func (c *call) file(fd int) string {
	target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.tid, fd))
	return target
}

func (c *call) written(fd int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", c.tid, fd))
	_, rest, _ := strings.Cut(string(text), "flags:\t")
	line, _, _ := strings.Cut(rest, "\n")
	flags, err := strconv.ParseUint(line, 8, 64)
	return err == nil && flags&(unix.O_WRONLY|unix.O_RDWR) != 0
}

// at is a name relative to an open directory.
func (c *call) at(fd int, name string) string {
	if path.IsAbs(name) || fd == unix.AT_FDCWD {
		return name
	}
	return path.Join(c.file(fd), name)
}

// text reads a string of the program.
func (c *call) text(address uint64) string {
	buf := make([]byte, 4096)
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", c.tid))
	if err != nil {
		return ""
	}
	defer f.Close()
	n, _ := f.ReadAt(buf, int64(address))
	if n == 0 { // at the end of what is mapped
		n, _ = f.ReadAt(buf[:4096-address%4096], int64(address))
	}
	text, _, _ := strings.Cut(string(buf[:n]), "\x00")
	return text
}
