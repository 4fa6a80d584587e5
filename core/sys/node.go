package sys

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// Node is all that lstat tells of an entry of a tree.
type Node struct {
	Mode     uint32 // st_mode: type and permissions
	UID, GID uint32
	Dev, Ino uint64
	Links    uint64
	Size     int64  // bytes
	Blocks   int64  // bytes allocated
	Rdev     uint64 // of a device
	MTime    int64  // seconds
	Stamp    uint64 // changes whenever content or attributes change
}

// Type is the S_IFMT part of the mode.
func (n Node) Type() uint32 { return n.Mode & unix.S_IFMT }

// IsDir, IsRegular, IsLink and IsDevice tell the type.
func (n Node) IsDir() bool     { return n.Type() == unix.S_IFDIR }
func (n Node) IsRegular() bool { return n.Type() == unix.S_IFREG }
func (n Node) IsLink() bool    { return n.Type() == unix.S_IFLNK }
func (n Node) IsDevice() bool  { return n.Type() == unix.S_IFCHR || n.Type() == unix.S_IFBLK }

func nodeOf(st *unix.Stat_t) Node {
	n := Node{Mode: st.Mode, UID: st.Uid, GID: st.Gid, Dev: uint64(st.Dev), Ino: st.Ino, Links: uint64(st.Nlink),
		Size: st.Size, Blocks: st.Blocks * 512, Rdev: uint64(st.Rdev), MTime: int64(st.Mtim.Sec)}
	// The change time alone would do with a clock that never goes back.
	for _, v := range []uint64{uint64(st.Ctim.Sec), uint64(st.Ctim.Nsec), uint64(st.Mtim.Sec), uint64(st.Mtim.Nsec),
		uint64(st.Mode), uint64(st.Uid), uint64(st.Gid)} {
		n.Stamp = (n.Stamp ^ v) * 0x100000001b3
	}
	if !n.IsDir() {
		n.Stamp = (n.Stamp ^ uint64(st.Size)) * 0x100000001b3
	}
	return n
}

// Node describes name without following it.
func (d *Dir) Node(name string) (Node, error) {
	if err := d.check(name); err != nil {
		return Node{}, err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Node{}, d.wrap("stat", name, err)
	}
	return nodeOf(&st), nil
}

// Self describes the directory itself.
func (d *Dir) Self() (Node, error) { return FileNode(d.f) }

// FileNode describes the open file f.
func FileNode(f *os.File) (Node, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Node{}, fmt.Errorf("cannot stat %s: %w", f.Name(), err)
	}
	return nodeOf(&st), nil
}

// OpenTree opens the regular file name for reading, on whatever device: the
// files of an overlay are not on the device of their directory.
func (d *Dir) OpenTree(name string) (*os.File, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	fd, err := unix.Openat(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOATIME, 0)
	if errors.Is(err, unix.EPERM) {
		fd, err = unix.Openat(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, d.wrap("open", name, err)
	}
	return os.NewFile(uintptr(fd), d.Path()+"/"+name), nil
}

// Xattrs are the extended attributes of name ("" is the directory itself),
// names sorted, without following a link. A file system that has none gives none.
func (d *Dir) Xattrs(name string) ([]Xattr, error) {
	if name != "" {
		if err := d.check(name); err != nil {
			return nil, err
		}
	}
	path := fmt.Sprintf("/proc/self/fd/%d/%s", d.fd(), name)
	n, err := unix.Llistxattr(path, nil)
	if errors.Is(err, unix.ENOTSUP) || n == 0 {
		return nil, nil
	}
	list := make([]byte, 65536) // the kernel's limit of a list
	if err == nil {
		n, err = unix.Llistxattr(path, list)
	}
	if err != nil {
		return nil, d.wrap("list attributes of", name, err)
	}
	if n == 0 { // an overlay counts those that it then hides
		return nil, nil
	}
	var out []Xattr
	for _, key := range strings.Split(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		value, err := getXattr(path, key)
		if err != nil {
			return nil, d.wrap("read attribute "+key+" of", name, err)
		}
		out = append(out, Xattr{key, value})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// Xattr is one extended attribute.
type Xattr struct{ Name, Value string }

func getXattr(path, key string) (string, error) {
	n, err := unix.Lgetxattr(path, key, nil)
	if err != nil || n == 0 {
		return "", err
	}
	value := make([]byte, n)
	n, err = unix.Lgetxattr(path, key, value)
	return string(value[:max(n, 0)]), err
}
