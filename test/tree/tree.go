// Package tree describes whole trees of files and compares them, to judge an
// image without sharing any code with the program.
package tree

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Left is what no image contains, written down here a second time on purpose:
// the tests must not believe the program's own list.
var Left = regexp.MustCompile(`^(dev|proc|sys|run|tmp|media|mnt|var/tmp)/.|^live(/|$)|^lost\+found$|^swapfile$|` +
	`^var/log/(\..*|samba/.*|[^/]*)$|^var/log/[^/]+/|^var/mail/.|^var/spool/mail/.|` +
	`^etc/(mtab|live/live-dir|live/protect/remaster|live/version/rootfs\.ver|fstab\..*|ioctl\.save|defaultdomain)$|` +
	`^etc/udev/rules\.d/.*-persistent-net\.rules$|^home/[^/]+/\.Xauthority$|^home/lost\+found$|` +
	`^root/\.(bash_history|dbus|gconf|gnome2)(/|$)|` +
	`^var/cache/apt/archives/(.*\.deb$|partial/.)|^var/cache/apt/.*\.bin$|^var/cache/debconf/.*-old$|^var/cache/lightdm/.|` +
	`^var/lib/apt/lists/(.*_.*$|partial/.)|^var/lib/dpkg/.*-old$|^var/lib/dbus/machine-id$|` +
	`^var/lib/(dhcp|lightdm-data|nfs/rpc_pipefs|sudo|udisks|urandom)/.|^var/lib/lightdm/\.Xauthority$`)

// Describe describes every entry below root, by its path. Names that share an
// inode name the first of them.
func Describe(root string) (map[string]string, error) {
	out, first := map[string]string{}, map[uint64]string{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			out[name], err = describe(path, name, first)
		}
		return err
	})
	return out, err
}

func describe(path, name string, first map[uint64]string) (string, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return "", err
	}
	desc := fmt.Sprintf("%o %d:%d %d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec)
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		desc += fmt.Sprintf(" %d %x", st.Size, sha256.Sum256(text))
		if st.Nlink > 1 && !Left.MatchString(name) {
			if first[st.Ino] == "" {
				first[st.Ino] = name
			}
			desc += " linked to " + first[st.Ino]
		}
	case syscall.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		desc += " -> " + target
	case syscall.S_IFCHR, syscall.S_IFBLK:
		desc += fmt.Sprintf(" device %d", st.Rdev)
	}
	more, err := attributes(path)
	return desc + more, err
}

// attributes are those that an image can hold.
func attributes(path string) (string, error) {
	list := make([]byte, 65536)
	n, err := unix.Llistxattr(path, list)
	if errors.Is(err, unix.ENOTSUP) {
		return "", nil // links of a squashfs have none
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w", path, err)
	}
	text := ""
	for _, key := range strings.Split(string(list[:n]), "\x00") {
		if !strings.HasPrefix(key, "user.") && !strings.HasPrefix(key, "security.") {
			continue
		}
		value := make([]byte, 65536)
		n, err := unix.Lgetxattr(path, key, value)
		if err != nil {
			return "", fmt.Errorf("%q: %w", path, err)
		}
		text += fmt.Sprintf(" %s=%x", key, value[:n])
	}
	return text, nil
}

// Differences tells what is wrong with an image that was made of the union.
func Differences(union, image map[string]string) []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for name, want := range union {
		got, there := image[name]
		switch {
		case Left.MatchString(name):
			if there {
				add("%q is in the image although it is always left out", name)
			}
		case name == "etc/live/version/linuxfs.ver" || name == "etc/live/version":
		case !there:
			add("%q is missing in the image", name)
		case got != want:
			add("%q differs:\n  %s\n  %s", name, want, got)
		}
	}
	for name := range image {
		if _, there := union[name]; !there {
			add("%q is in the image but not in the system", name)
		}
	}
	slices.Sort(wrong)
	return wrong
}
