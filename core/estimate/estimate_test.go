package estimate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
)

func engine(t testing.TB) build.Engine {
	t.Helper()
	e, err := build.FindEngine(t.Context())
	check(t, err)
	return e
}

// memory is a folder in memory: the trees here have many files.
func memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "estimate-test")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// put writes a file of a tree.
func put(t testing.TB, name string, data []byte) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o755))
	check(t, os.WriteFile(name, data, 0o644))
}

// prose is text that shrinks by about half, noise is not.
func prose(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "etaoin shrdlu\n"[rnd.IntN(14)]
	}
	return b
}

func noise(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// zoo has every kind of entry that costs something, or nothing, in an image.
func zoo(t testing.TB) string {
	t.Helper()
	dir, rnd := memory(t), rand.New(rand.NewPCG(1, 2))
	for i := range 600 {
		put(t, fmt.Sprintf("%s/usr/share/doc/p%02d/readme.%d", dir, i/40, i), prose(rnd, 100+rnd.IntN(6000)))
	}
	for i := range 12 {
		put(t, fmt.Sprintf("%s/usr/lib/lib%02d.so", dir, i), prose(rnd, 300_000+rnd.IntN(900_000)))
		put(t, fmt.Sprintf("%s/home/user/photo%02d.jpg", dir, i), noise(rnd, 200_000+rnd.IntN(400_000)))
	}
	twin := prose(rnd, 1_500_000)
	put(t, dir+"/home/user/copy.txt", twin)
	put(t, dir+"/usr/lib/original.txt", twin)
	put(t, dir+"/usr/lib/almost.txt", append(twin[:len(twin)-1:len(twin)-1], 'X'))
	for i := range 50 {
		put(t, fmt.Sprintf("%s/usr/share/same/copyright%d", dir, i), twin[:9000])
	}
	check(t, os.Link(dir+"/usr/lib/lib00.so", dir+"/usr/lib/lib00.so.1"))
	check(t, os.Symlink("lib00.so", dir+"/usr/lib/lib.so"))
	put(t, dir+"/var/empty", nil)
	check(t, unix.Mkfifo(dir+"/var/fifo", 0o644))
	check(t, unix.Mknod(dir+"/var/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	sparse(t, dir+"/var/disk.img", prose(rnd, 700_000))
	return dir
}

// sparse writes data behind a hole of 300 MiB, and a hole behind it.
func sparse(t testing.TB, name string, data []byte) {
	t.Helper()
	f, err := os.Create(name)
	check(t, err)
	_, err = f.WriteAt(data, 300<<20)
	check(t, errors.Join(err, f.Truncate(500<<20), f.Close()))
}

// truth packs a tree for real.
func truth(t testing.TB, dir, compressor string, patterns ...string) (path string, size int64) {
	t.Helper()
	var leave []string
	if len(patterns) > 0 {
		leave = append([]string{"-wildcards", "-e"}, patterns...)
	}
	out := squash(t, dir, compressor, plan.BlockSize, leave...)
	st, err := os.Stat(out)
	check(t, err)
	return out, st.Size()
}

// squash makes an image in blocks of any size.
func squash(t testing.TB, dir, compressor, block string, more ...string) string {
	t.Helper()
	out := filepath.Join(memory(t), "image")
	args := append([]string{dir, out, "-noappend", "-no-progress", "-quiet", "-comp", compressor, "-b", block}, more...)
	if msg, err := exec.Command("mksquashfs", args...).CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs: %v\n%s", err, msg)
	}
	return out
}

func hows(names ...string) (out []How) {
	for _, n := range names {
		out = append(out, How{Compressor: n, Processors: 2})
	}
	return out
}

func input(t testing.TB, dir string, compressors ...string) Input {
	t.Helper()
	return Input{Dir: dir, Choice: Choice{Hows: hows(compressors...), Room: -1}, Engine: engine(t), Temp: memory(t), Memory: 256 << 20, Urgent: true}
}

// last runs an estimate to its end.
func last(t testing.TB, r *Run) State {
	t.Helper()
	var s State
	for s = range r.States() {
	}
	check(t, r.Err())
	return s
}

// near holds that an estimate is within a share of the truth, and its bound not
// below it.
func near(t *testing.T, what string, r Row, size int64, share float64) {
	t.Helper()
	if off := float64(r.Estimate)/float64(size) - 1; off > share || off < -share {
		t.Errorf("%s: %d, which is %+.2f %% off %d", what, r.Estimate, off*100, size)
	}
	if r.Bound < size {
		t.Errorf("%s: the bound %d is below %d", what, r.Bound, size)
	}
}

// TestWhole: what is measured to the end comes out as mksquashfs has it, for
// every compressor, with links, twins, holes, devices and fifos.
func TestWhole(t *testing.T) {
	dir := zoo(t)
	in := input(t, dir, "lz4", "gzip", "zstd", "xz")
	in.Enough = 0
	s := last(t, Start(t.Context(), in))
	for i, h := range in.Hows {
		_, size := truth(t, dir, h.Compressor)
		near(t, h.Compressor, s.Rows[i], size, 0.004)
		if r := s.Rows[i]; !r.Whole || r.Error != 0 || r.Seconds <= 0 {
			t.Errorf("%s: %+v", h.Compressor, r)
		}
	}
	if want := int64(1_500_000 + 49*9000); s.Twins != want {
		t.Errorf("%d bytes of twins, want %d", s.Twins, want)
	}
	left, err := os.ReadDir(in.Temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestBlockSize: samples are as large as the blocks of the image.
func TestBlockSize(t *testing.T) {
	if plan.BlockSize != fmt.Sprintf("%dK", blockSize>>10) {
		t.Errorf("%d", blockSize)
	}
}
