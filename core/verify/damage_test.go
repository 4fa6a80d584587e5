package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/build"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/sys"
)

// TestPromiseP6Damage flips single bits and truncates at random, behind the
// cache: what neither the structure nor the comparison of every entry and byte
// detects (Sense, mount, Compare) must be nothing that a reader sees. That is
// decided without the code under test.
//
// Usually damage is found before, without any mount: TestPromiseP6Medium. For
// a damaged image can crash the kernel that mounts it: in about 12,000 tries
// Linux 6.18 once died in squashfs_readahead and left a read that never ended.
func TestPromiseP6Damage(t *testing.T) {
	if os.Getenv("ANTIX_REMASTER_FULL") == "" {
		t.Skip("mounts damaged images, which can crash this kernel: only with --full")
	}
	tries, seed := 1000, uint64(time.Now().UnixNano())
	if text := os.Getenv("ANTIX_REMASTER_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	t.Logf("ANTIX_REMASTER_SEED=%d repeats this run", seed)
	fmt.Printf("P6: ANTIX_REMASTER_SEED=%d\n", seed) // a kernel that hangs lets no log be printed
	view := newTree(t)
	want, err := seen(view)
	must(t, err)
	delete(want, "tmp/scratch")
	for i, compressor := range []string{"zstd", "xz", "gzip", "lz4"} {
		t.Run(compressor, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for the end of a loop device
			d := damager{view: view, scan: scan(t, view), want: want, mount: t.TempDir(), file: filepath.Join(t.TempDir(), "linuxfs"),
				random: rand.New(rand.NewPCG(seed, uint64(i)))}
			var err error
			d.image, err = os.ReadFile(pack(t, view, compressor, leftOut))
			must(t, err)
			d.super, err = squashfs.ReadSuper(bytes.NewReader(d.image))
			must(t, err)
			if changed, found := d.try(t, d.image); found != nil || changed != "" {
				t.Fatalf("the good image: %v, %s", found, changed)
			}
			d.run(t, "bit flips", tries, d.flip)
			d.run(t, "truncations", tries, d.truncate)
		})
	}
}

// damager has a good image, what a reader sees of it, and a place for bad ones.
type damager struct {
	view        string
	scan        build.Scan
	want        map[string]string
	image       []byte
	super       squashfs.Super
	mount, file string
	random      *rand.Rand
}

// flip changes one bit: anywhere, or, every other time, in the little that is
// not data of files.
func (d *damager) flip(i int) ([]byte, string) {
	at := d.random.Int64N(int64(len(d.image)))
	if i%2 == 1 {
		at = d.random.Int64N(d.super.BytesUsed - d.super.InodeTable + superblock)
		if at >= superblock {
			at += d.super.InodeTable - superblock
		}
	}
	bit := d.random.IntN(8)
	bad := bytes.Clone(d.image)
	bad[at] ^= 1 << bit
	return bad, fmt.Sprintf("bit %d of byte %d of %d", bit, at, len(bad))
}

const superblock = 96 // bytes

func (d *damager) truncate(int) ([]byte, string) {
	n := d.random.IntN(len(d.image))
	return d.image[:n], fmt.Sprintf("only %d of %d bytes", n, len(d.image))
}

func (d *damager) run(t *testing.T, what string, tries int, damage func(int) ([]byte, string)) {
	t.Helper()
	detected, harmless := 0, 0
	for i := range tries {
		bad, how := damage(i)
		changed, found := d.try(t, bad)
		switch {
		case found != nil:
			detected++
		case changed == "":
			harmless++
		default:
			t.Errorf("%s: not detected, but a reader sees %s", how, changed)
		}
	}
	t.Logf("%s: of %d %s %d were detected, %d changed nothing that a reader sees", filepath.Base(t.Name()), tries, what, detected, harmless)
	if detected < tries/2 {
		t.Errorf("only %d of %d %s were detected: does this test damage anything?", detected, tries, what)
	}
}

// try tells what a real run finds in an image, and, when that is nothing, what
// a reader sees changed. Each image is a new file on a new device.
func (d *damager) try(t *testing.T, image []byte) (changed string, found error) {
	t.Helper()
	must(t, os.WriteFile(d.file, image, 0o600))
	defer func() { must(t, os.Remove(d.file)) }()
	f, err := os.Open(d.file)
	must(t, err)
	defer f.Close()
	if err := Sense(f, kernel, id); err != nil {
		return "", err
	}
	if err := mount(d.file, d.mount); err != nil {
		return "", err
	}
	defer func() { must(t, sys.Unmount(d.mount)) }()
	if _, err := Compare(context.Background(), trees(d.view, d.mount, d.scan)); err != nil {
		return "", err
	}
	got, err := seen(d.mount)
	if err != nil {
		return err.Error(), nil
	}
	return difference(got, d.want), nil
}

func difference(got, want map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			return fmt.Sprintf("%q as %s, not %s", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			return fmt.Sprintf("%q, which is not there", name)
		}
	}
	return ""
}

// seen is all that a reader sees of a tree: path -> type, mode, owner, time,
// size, device, attributes, content, and the first name of the same file. The
// type beside a name in a listing is not looked at, nor is it by Compare.
func seen(dir string) (map[string]string, error) {
	out, first := map[string]string{}, map[uint64]string{}
	return out, see(dir, ".", out, first)
}

func see(dir, rel string, out map[string]string, first map[uint64]string) error {
	p := filepath.Join(dir, rel)
	var st unix.Stat_t
	if err := unix.Lstat(p, &st); err != nil {
		return err
	}
	what, err := describe(p, &st)
	if err != nil {
		return err
	}
	if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		if first[st.Ino] == "" {
			first[st.Ino] = rel
		}
		what += fmt.Sprintf(" is %q", first[st.Ino])
	}
	out[rel] = what
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil
	}
	f, err := os.Open(p)
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	err = errors.Join(err, f.Close())
	slices.Sort(names)
	for _, name := range names {
		err = errors.Join(err, see(dir, filepath.Join(rel, name), out, first))
	}
	return err
}

func describe(p string, st *unix.Stat_t) (string, error) {
	what := fmt.Sprintf("%o %d:%d @%d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec)
	var more string
	var err error
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		more, err = content(p)
		more = fmt.Sprintf("%d bytes %s", st.Size, more)
	case unix.S_IFLNK:
		more, err = os.Readlink(p)
		more = fmt.Sprintf("-> %q", more)
	case unix.S_IFCHR, unix.S_IFBLK:
		more = fmt.Sprintf("device %d:%d", unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev)))
	}
	if err != nil {
		return "", err
	}
	attributes, err := attributes(p)
	return what + " " + more + attributes, err
}

func content(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), err
}

func attributes(path string) (string, error) {
	list := make([]byte, 4096)
	n, err := unix.Llistxattr(path, list)
	if err != nil {
		return "", err
	}
	names := bytes.Split(bytes.TrimRight(list[:n], "\x00"), []byte{0})
	slices.SortFunc(names, bytes.Compare)
	out := ""
	for _, name := range names {
		if len(name) == 0 {
			continue
		}
		value := make([]byte, 4096)
		n, err := unix.Lgetxattr(path, string(name), value)
		if err != nil {
			return "", err
		}
		out += fmt.Sprintf(" %s=%q", name, value[:n])
	}
	return out, nil
}
