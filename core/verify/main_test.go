package verify

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
	"antix-remaster/test/private"
)

// TestMain runs the tests where their mounts are seen by nobody else.
func TestMain(m *testing.M) {
	private.Mounts()
	sys.Umask(0o022)
	if err := inMemory(); err != nil {
		fmt.Println("FAIL:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// inMemory lets the trees of the tests be made in memory, which is faster, when
// this kernel keeps all attributes there (Linux 6.6 or newer). The file system
// vanishes with this process.
func inMemory() error {
	if err := unix.Mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=512m,mode=1777"); err != nil {
		return err
	}
	if unix.Setxattr("/dev/shm", "user.a", nil, 0) != nil {
		return unix.Unmount("/dev/shm", 0)
	}
	return os.Setenv("TMPDIR", "/dev/shm")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	kernel = "6.1.0-antix"
	id     = "0123456789abcdef0123456789abcdef"
)

// allowNetRaw is the file capability of ping, as the kernel stores it.
const allowNetRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// noise is incompressible, and the same in every call.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b) // never fails
	return string(b)
}

// files of a small system: text that compresses, noise that does not, names
// that need care.
func files() map[string]string {
	f := map[string]string{
		"sbin/init": "init", "etc/os-release": "ID=antix\n", "lib/modules/" + kernel + "/modules.dep": "", "etc/text": "text\n",
		build.VersionFile: "==== 0\n\ntitle: old\n==== " + id + "\n\ntitle: new\n", "etc/shadow": "root:*\n", "etc/empty": "",
		"usr/ping": "ping", "usr/noise": noise(300 << 10), "usr/words": strings.Repeat("many words, many times\n", 20000),
		"usr/hard1": "linked", "usr/twin1": "equal", "usr/twin2": "equal", "home/user/new\nline": "n", "home/user/bad\xff\xfe": "b",
		"home/user/-rf *": "d", "home/user/ümläut": "u", "tmp/scratch": "left out",
	}
	for i := range 120 {
		f[fmt.Sprintf("usr/share/a rather long name of a small file number %03d", i)] = fmt.Sprint("content of ", i)
	}
	return f
}

// makeTree makes a system with an entry of every kind that a squashfs can hold.
func makeTree(t testing.TB, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range files() {
		must(t, os.MkdirAll(filepath.Dir(at(name)), 0o755))
		must(t, os.WriteFile(at(name), []byte(text), 0o644))
	}
	must(t, os.MkdirAll(at("dev/empty"), 0o755))
	for _, n := range []struct {
		name   string
		mode   uint32
		device uint64
	}{{"null", unix.S_IFCHR | 0o666, unix.Mkdev(1, 3)}, {"loop", unix.S_IFBLK | 0o660, unix.Mkdev(7, 300)}, {"fifo", unix.S_IFIFO | 0o600, 0}, {"socket", unix.S_IFSOCK | 0o755, 0}} {
		must(t, unix.Mknod(at("dev/"+n.name), n.mode, int(n.device)))
	}
	must(t, os.Symlink("os-release", at("etc/link")))
	must(t, os.Symlink("/none/\xff\n", at("etc/dangling")))
	must(t, os.Link(at("usr/hard1"), at("usr/hard2")))
	must(t, os.Link(at("usr/hard1"), at("home/user/hard3")))
	must(t, os.Truncate(at("etc/empty"), 1<<20)) // a hole
	for name, mode := range map[string]os.FileMode{"etc/shadow": 0o640, "usr/ping": 0o755 | os.ModeSetuid, "home/user": 0o700, "tmp": 0o777 | os.ModeSticky, "": 0o755} {
		must(t, os.Chmod(at(name), mode))
	}
	must(t, os.Lchown(at("etc/shadow"), 0, 42))
	must(t, os.Lchown(at("home/user"), 1000, 1000))
	must(t, os.Lchown(at("etc/dangling"), 1000, 100000))
	must(t, unix.Lsetxattr(at("usr/ping"), "security.capability", []byte(allowNetRaw), 0))
	must(t, unix.Lsetxattr(at("etc/text"), "user.note", []byte("a note"), 0))
	must(t, unix.Lsetxattr(at("etc/text"), "trusted.empty", nil, 0))
	must(t, unix.Lsetxattr(at("home/user"), "user.of", []byte("a directory"), 0))
	settle(t, dir)
}

// settle gives everything the same time, so that two trees are equal.
func settle(t testing.TB, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return setTime(p, 1700000000)
	}))
}

func setTime(path string, seconds int64) error {
	ts := unix.NsecToTimespec(seconds * 1e9)
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

func newTree(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "view")
	must(t, os.Mkdir(dir, 0o755))
	makeTree(t, dir)
	return dir
}

// leftOut are the patterns of the tests, and what they leave out.
var leftOut = []string{"tmp/*"}

// pack packs a tree as the real runs do; a nil leaveOut leaves nothing out.
func pack(t testing.TB, dir, compressor string, leaveOut []string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "linuxfs")
	args := []string{dir, image, "-noappend", "-no-recovery", "-comp", compressor, "-b", plan.BlockSize,
		"-processors", "2", "-mem", "64M", "-no-progress", "-quiet"}
	if leaveOut != nil {
		args = append(append(args, "-wildcards", "-e"), leaveOut...)
	}
	if out, err := exec.Command("mksquashfs", args...).CombinedOutput(); err != nil {
		t.Fatalf("these tests need mksquashfs: %v\n%s", err, out)
	}
	return image
}

// mount shows the image as a real run does; the caller unmounts.
func mount(image, at string) error {
	f, err := os.Open(image)
	if err != nil {
		return err
	}
	defer f.Close()
	loop, err := sys.AttachLoop(f)
	if err != nil {
		return err
	}
	defer loop.Close()
	return sys.MountDevice(loop.Name(), at, "squashfs", true, "")
}

func mounted(t testing.TB, image string) string {
	t.Helper()
	at := t.TempDir()
	must(t, mount(image, at))
	t.Cleanup(func() { must(t, sys.Unmount(at)) })
	return at
}

func scan(t testing.TB, view string) build.Scan {
	t.Helper()
	s, err := build.Count(context.Background(), view, plan.Compile(leftOut), nil)
	must(t, err)
	return s
}

func trees(view, image string, s build.Scan) Trees {
	return Trees{View: view, Image: image, Rules: plan.Compile(leftOut), Scan: s, Report: func(wire.Progress) {}}
}

// ext4Dir is the root of a real ext4 file system on a loop device.
func ext4Dir(t testing.TB) string {
	t.Helper()
	img := filepath.Join(t.TempDir(), "ext4.img")
	must(t, os.WriteFile(img, nil, 0o600))
	must(t, os.Truncate(img, 24<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", img).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", img, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount an ext4 image; this test needs loop devices and ext4 in the kernel: %v\n%s", err, out)
	}
	t.Cleanup(func() { must(t, sys.Unmount(dir)) })
	return dir
}

// synced is a file whose bytes have reached the medium.
func synced(t testing.TB, path string, data []byte) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = bytes.NewReader(data).WriteTo(f)
	must(t, err)
	must(t, f.Sync())
	return f
}
