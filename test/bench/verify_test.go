package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
)

// imageSize is more than the 500 MB that the figure asks for.
const imageSize = 600 << 20

// stickSpeed is what a good USB 3 stick reads, in bytes a second.
const stickSpeed = 200e6

// BenchmarkVerify is the reading pass against dd past the cache, on an image
// on ext4, caches dropped, interleaved; and the comparing pass. The stick reads
// no faster than sticks do; the disk of this machine may be faster than one
// processor can make an md5.
func BenchmarkVerify(b *testing.B) {
	dir, device, tree := slowParts(b)
	image := filepath.Join(dir, "linuxfs")
	command(b, "mksquashfs", tree, image, "-noappend", "-no-progress", "-quiet", "-comp", "lz4", "-b", plan.BlockSize)
	f, err := os.Open(image)
	check(b, err)
	b.Cleanup(func() { f.Close() })
	st, err := f.Stat()
	check(b, err)
	if st.Size() < 500e6 {
		b.Fatalf("the image has only %d bytes", st.Size())
	}
	b.Run("disk", func(b *testing.B) { verifying(b, f, st.Size(), tree) })
	b.Run("stick", func(b *testing.B) {
		throttle(b, device)
		verifying(b, f, st.Size(), tree)
	})
}

// verifying measures all three in turn.
func verifying(b *testing.B, f *os.File, size int64, tree string) {
	var ours, theirs, compared []cost
	for i := range rounds {
		theirs = append(theirs, timed(b, func() { command(b, "dd", "if="+f.Name(), "of=/dev/null", "bs=1M", "iflag=direct", "status=none") }))
		ours = append(ours, timed(b, func() {
			d, err := verify.Digest(context.Background(), f, size, func(wire.Progress) {})
			check(b, err)
			if !d.FromMedium {
				b.Fatal("it was not read from the medium")
			}
		}))
		compared = append(compared, comparing(b, f, tree))
		fmt.Fprintf(os.Stderr, "round %d: dd %v, read %v, compare %v\n", i+1, theirs[i].wall, ours[i].wall, compared[i].wall)
	}
	speed := func(list []cost) float64 {
		return float64(size) / 1e6 / median(list, func(c cost) float64 { return c.wall.Seconds() })
	}
	b.ReportMetric(speed(theirs), "MB/s-dd")
	b.ReportMetric(speed(ours), "MB/s-read")
	b.ReportMetric(speed(ours)/speed(theirs), "read-ratio")
	b.ReportMetric(speed(compared), "MB/s-compare")
	b.ReportMetric(float64(peak(os.Getpid()))/(1<<20), "MiB-peak")
}

// throttle puts this process into a group that reads the device at the speed
// of a stick.
func throttle(b *testing.B, device string) {
	b.Helper()
	var st syscall.Stat_t
	check(b, syscall.Stat(device, &st))
	group := "/sys/fs/cgroup/blkio/antix-remaster-bench"
	check(b, os.MkdirAll(group, 0o755))
	limit := fmt.Sprintf("%d:%d %d", st.Rdev>>8&0xfff, st.Rdev&0xff, int64(stickSpeed))
	check(b, os.WriteFile(group+"/blkio.throttle.read_bps_device", []byte(limit), 0))
	pid := []byte(fmt.Sprint(os.Getpid()))
	check(b, os.WriteFile(group+"/cgroup.procs", pid, 0))
	b.Cleanup(func() {
		check(b, os.WriteFile("/sys/fs/cgroup/blkio/cgroup.procs", pid, 0))
		check(b, os.Remove(group))
	})
}

// treeBytes is what is packed: a fifth of every file shrinks to nothing.
const treeBytes = imageSize * 5 / 4

// slowParts makes an ext4 file system on a loop device that does not cache, and a
// tree to pack, in memory.
func slowParts(b *testing.B) (dir, device, tree string) {
	b.Helper()
	img := filepath.Join(b.TempDir(), "stick.img")
	check(b, os.WriteFile(img, nil, 0o600))
	check(b, os.Truncate(img, 2<<30))
	command(b, "mkfs.ext4", "-q", "-F", img)
	out, err := exec.Command("losetup", "--find", "--show", "--direct-io=on", img).Output()
	check(b, err)
	device = strings.TrimSpace(string(out))
	b.Cleanup(func() { exec.Command("losetup", "-d", device).Run() }) //nolint:errcheck // best effort
	dir = b.TempDir()
	command(b, "mount", device, dir)
	b.Cleanup(func() { check(b, sys.Unmount(dir)) })
	tree, err = os.MkdirTemp("/dev/shm", "tree-")
	check(b, err)
	b.Cleanup(func() { os.RemoveAll(tree) })
	noise := rand.NewChaCha8([32]byte{1})
	for i := range treeBytes >> 20 {
		block := make([]byte, 1<<20)
		_, _ = noise.Read(block[:len(block)*4/5]) // never fails
		check(b, os.WriteFile(fmt.Sprintf("%s/%04d", tree, i), block, 0o644))
	}
	return dir, device, tree
}

// comparing mounts the image as a build does and compares it with the tree.
func comparing(b *testing.B, f *os.File, tree string) cost {
	b.Helper()
	loop, err := sys.AttachLoop(f)
	check(b, err)
	at := b.TempDir()
	check(b, sys.MountDevice(loop.Name(), at, "squashfs", true, ""))
	check(b, loop.Close())
	defer func() { check(b, sys.Unmount(at)) }()
	scan, err := build.Count(context.Background(), tree, plan.Compile(nil), nil)
	check(b, err)
	return timed(b, func() {
		_, err := verify.Compare(context.Background(), verify.Trees{View: tree, Image: at, Scan: scan, Report: func(wire.Progress) {}})
		check(b, err)
	})
}

// timed drops all caches first.
func timed(b *testing.B, do func()) cost {
	b.Helper()
	syscall.Sync()
	check(b, os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0))
	debug.FreeOSMemory()
	begin := time.Now()
	do()
	return cost{wall: time.Since(begin)}
}

func command(b *testing.B, name string, args ...string) {
	b.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
