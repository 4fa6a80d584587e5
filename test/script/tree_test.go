package script

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys"
)

// left is what no image contains, written down here a second time on purpose:
// the test must not believe the program's own list.
var left = regexp.MustCompile(`^(dev|proc|sys|run|tmp|media|mnt|var/tmp)/.|^live(/|$)|^lost\+found$|^swapfile$|` +
	`^var/log/(\..*|samba/.*|[^/]*)$|^var/log/[^/]+/|^var/mail/.|^var/spool/mail/.|` +
	`^etc/(mtab|live/live-dir|live/protect/remaster|live/version/rootfs\.ver|fstab\..*|ioctl\.save|defaultdomain)$|` +
	`^etc/udev/rules\.d/.*-persistent-net\.rules$|^home/[^/]+/\.Xauthority$|^home/lost\+found$|` +
	`^root/\.(bash_history|dbus|gconf|gnome2)(/|$)|` +
	`^var/cache/apt/archives/(.*\.deb$|partial/.)|^var/cache/apt/.*\.bin$|^var/cache/debconf/.*-old$|^var/cache/lightdm/.|` +
	`^var/lib/apt/lists/(.*_.*$|partial/.)|^var/lib/dpkg/.*-old$|^var/lib/dbus/machine-id$|` +
	`^var/lib/(dhcp|lightdm-data|nfs/rpc_pipefs|sudo|udisks|urandom)/.|^var/lib/lightdm/\.Xauthority$`)

// TestPromiseWholeTree compares the union with the mounted new image, every
// entry: type, mode, owner, time, attributes, links, devices and content. Its
// comparison shares no code with the program's.
func TestPromiseWholeTree(t *testing.T) {
	sys, err := livesys.New(t.Context(), livesys.Options{Companions: true, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sys.Stop() })
	if err := sys.InstallProgram(programs); err != nil {
		t.Fatal(err)
	}
	if err := sys.MakeChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	union := tree(t, sys.Path("/live/aufs"))
	for _, compressor := range []string{"lz4", "gzip"} {
		if out, err := sys.Output(t.Context(), "antix-remaster-cli", "build", "--yes", "--quiet", "--compressor", compressor); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		image := mountImage(t, sys.StickPath("linuxfs.new"))
		compare(t, union, tree(t, image))
		if err := exec.Command("umount", image).Run(); err != nil {
			t.Error(err)
		}
		if _, err := sys.Output(t.Context(), "antix-remaster-cli", "disarm", "--quiet"); err != nil {
			t.Fatal(err)
		}
	}
}

func mountImage(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "squashfs", "-o", "loop,ro", file, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount the new image: %v\n%s", err, out)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func compare(t *testing.T, union, image map[string]string) {
	t.Helper()
	if len(image) < 5000 {
		t.Fatalf("only %d entries in the image", len(image))
	}
	for name, want := range union {
		got, there := image[name]
		switch {
		case left.MatchString(name):
			if there {
				t.Errorf("%q is in the image although it is always left out", name)
			}
		case name == "etc/live/version/linuxfs.ver" || name == "etc/live/version":
		case !there:
			t.Errorf("%q is missing in the image", name)
		case got != want:
			t.Errorf("%q differs:\n  %s\n  %s", name, want, got)
		}
	}
	for name := range image {
		if _, there := union[name]; !there {
			t.Errorf("%q is in the image but not in the system", name)
		}
	}
}

// tree describes every entry below root. Names that share an inode name the
// first of them.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out, first := map[string]string{}, map[uint64]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		var st syscall.Stat_t
		if err := syscall.Lstat(path, &st); err != nil {
			return err
		}
		desc := fmt.Sprintf("%o %d:%d %d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec)
		switch st.Mode & syscall.S_IFMT {
		case syscall.S_IFREG:
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			desc += fmt.Sprintf(" %d %x", st.Size, sha256.Sum256(text))
			if st.Nlink > 1 && !left.MatchString(name) {
				if first[st.Ino] == "" {
					first[st.Ino] = name
				}
				desc += " linked to " + first[st.Ino]
			}
		case syscall.S_IFLNK:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			desc += " -> " + target
		case syscall.S_IFCHR, syscall.S_IFBLK:
			desc += fmt.Sprintf(" device %d", st.Rdev)
		}
		out[name] = desc + attributes(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attributes are those that an image can hold.
func attributes(t *testing.T, path string) string {
	list := make([]byte, 65536)
	n, err := unix.Llistxattr(path, list)
	if errors.Is(err, unix.ENOTSUP) {
		return "" // links of a squashfs have none
	}
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	text := ""
	for _, key := range strings.Split(string(list[:n]), "\x00") {
		if !strings.HasPrefix(key, "user.") && !strings.HasPrefix(key, "security.") {
			continue
		}
		value := make([]byte, 65536)
		n, err := unix.Lgetxattr(path, key, value)
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		text += fmt.Sprintf(" %s=%x", key, value[:n])
	}
	return text
}
