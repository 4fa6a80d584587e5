package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/test/private"
	"antix-remaster/test/superblock"
)

// init keeps a child's action on the main thread, the only one that is traced.
func init() {
	if os.Getenv("PUBLISH_ACTION") != "" {
		runtime.LockOSThread()
	}
}

// TestMain runs the tests where their mounts are seen by nobody else, or, as a
// child of a crash test, one action on one directory.
func TestMain(m *testing.M) {
	if action := os.Getenv("PUBLISH_ACTION"); action != "" {
		if err := act(action, os.Getenv("PUBLISH_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	private.Mounts()
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memDir is a directory in memory, where a sync costs nothing.
func memDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "publish")
	if err != nil {
		t.Fatalf("these tests need a tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// ext4Dir is the root of a real ext4 file system on a loop device.
func ext4Dir(t testing.TB) (dir, device string) {
	t.Helper()
	img := filepath.Join(t.TempDir(), "ext4.img")
	f, err := os.Create(img)
	must(t, err)
	must(t, f.Truncate(24<<20))
	must(t, f.Close())
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", img).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", img, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot mount an ext4 image; this test needs loop devices and ext4 in the kernel: %v\n%s", err, out)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	must(t, os.Remove(filepath.Join(dir, "lost+found")))
	text, err := exec.Command("findmnt", "-n", "-o", "SOURCE", dir).Output()
	must(t, err)
	return dir, strings.TrimSpace(string(text))
}

// put writes files: NAME/ is a directory, NAME@TARGET a link, else a file of
// that content.
func put(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, strings.TrimSuffix(name, "/"))
		if n, target, isLink := strings.Cut(name, "@"); isLink {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, n)), 0o755))
			must(t, os.Symlink(target, filepath.Join(dir, n)))
			continue
		}
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// tree is a whole directory: path -> type, mode, owner, size and content.
type tree map[string]string

func treeOf(t testing.TB, dir string) tree {
	t.Helper()
	return treeWith(t, dir, false)
}

// exactTree knows inodes and change times, too: equal ones were never touched.
func exactTree(t testing.TB, dir string) tree {
	t.Helper()
	return treeWith(t, dir, true)
}

func treeWith(t testing.TB, dir string, exact bool) tree {
	t.Helper()
	out := tree{}
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Lstat(p, &st); err != nil {
			return err
		}
		what := fmt.Sprintf("%o %d:%d", st.Mode, st.Uid, st.Gid)
		switch {
		case d.Type().IsRegular():
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %d %x", st.Size, sha256.Sum256(text))
		case d.Type() == fs.ModeSymlink:
			target, _ := os.Readlink(p)
			what += " -> " + target
		}
		if exact {
			what += fmt.Sprintf(" #%d %d.%d", st.Ino, st.Mtim.Sec, st.Mtim.Nsec)
			if !d.IsDir() { // a directory changes with its names
				what += fmt.Sprintf(" %d.%d", st.Ctim.Sec, st.Ctim.Nsec)
			}
		}
		rel, _ := filepath.Rel(dir, p)
		out[rel] = what
		return nil
	}))
	return out
}

// diff says what differs; "" when nothing does.
func (got tree) diff(want tree) string {
	var b strings.Builder
	for name, w := range want {
		if g, ok := got[name]; !ok {
			fmt.Fprintf(&b, "missing %q (%s)\n", name, w)
		} else if g != w {
			fmt.Fprintf(&b, "%q is %s\n   not %s\n", name, g, w)
		}
	}
	for name, g := range got {
		if _, ok := want[name]; !ok {
			fmt.Fprintf(&b, "unexpected %q (%s)\n", name, g)
		}
	}
	return b.String()
}

func (got tree) without(names ...string) tree {
	out := tree{}
	for name, what := range got {
		keep := true
		for _, n := range names {
			keep = keep && name != n && !strings.HasPrefix(name, n+"/")
		}
		if keep {
			out[name] = what
		}
	}
	return out
}

// medium opens dir as a medium whose default linuxfs is protected.
func medium(t testing.TB, dir, name string) *Medium {
	t.Helper()
	m, err := openMedium(dir, name, "/dev/no-such-device")
	must(t, err)
	t.Cleanup(func() { m.dir.Close() })
	return m
}

func openMedium(path, name, device string) (*Medium, error) {
	dir, err := sys.OpenDir(path)
	if err != nil {
		return nil, err
	}
	var protected []uint64
	if st, err := os.Stat(filepath.Join(path, name)); err == nil {
		protected = append(protected, st.Sys().(*syscall.Stat_t).Ino)
	}
	return Open(dir, device, name, live.Gen2023, protected)
}

// image is a small file that tells whether it is whole.
func image(id string) string {
	text := id + strings.Repeat(" data of "+id, 300) + " end\n"
	return superblock.Of(superblock.Size+int64(len(text))) + text
}

// isImage tells which image a text is, "" when it is not a whole one.
func isImage(text string) string {
	id, _, _ := strings.Cut(text[min(superblock.Size, len(text)):], " ")
	if text != image(id) {
		return ""
	}
	return id
}

const md5Text = "0123456789abcdef0123456789abcdef"

// stickFiles is what lies on a stick: ours to copy, and foreign things with
// names that look like ours.
func stickFiles() map[string]string {
	return map[string]string{
		"linuxfs": image("first"), "linuxfs.md5": "ffff  linuxfs\n", "vmlinuz": "kernel", "initrd.gz": "initrd",
		"state/": "", "state/random": "seed", "state/general/var/x": "text", "state/empty/": "", "state/link@../gone": "",
		"xtra.tgz": "archive", "homefs": "mine",
		"rootfs.new": "of another tool", "linuxfs.tmp": "of live-remaster", "deb.part": "foreign", "deb.new/": "", "deb.new/a": "foreign",
		"notes.new": "mine", "linuxfs.new.part": "foreign",
	}
}

func thePlan() plan.Plan {
	return plan.Plan{Part: "linuxfs.part", New: "linuxfs.new",
		Companions: []plan.Companion{{Name: "xtra.tgz"}, {Name: "linuxfs.md5", MD5: true}, {Name: "state"}}}
}

// rootfsPlan makes a fresh rootfs too.
func rootfsPlan() plan.Plan {
	p := thePlan()
	p.Companions = append(p.Companions, plan.Companion{Name: "rootfs", Fresh: 12345})
	return p
}

// fillTest makes what every test can compare, in steps as mkfs.ext4 does.
func fillTest(_ context.Context, f *os.File, c plan.Companion, sync func() error) error {
	err := errors.Join(f.Truncate(c.Fresh), sync())
	if err == nil {
		_, err = f.WriteAt([]byte("a file system"), 1024)
	}
	return errors.Join(err, sync())
}

// build does what the conductor does.
func build(m *Medium, p plan.Plan, text string) error {
	b, err := m.Begin(p)
	if err != nil {
		return err
	}
	_, err = b.Image().WriteString(text)
	if err == nil {
		_, err = b.Companions(context.Background(), md5Text, fillTest)
	}
	if err == nil {
		err = b.Arm()
	}
	if err != nil {
		return fmt.Errorf("%w; abort: %v", err, b.Abort())
	}
	return nil
}
