package sys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cached counts the pages of a file that are in the page cache, as mincore
// sees them.
func cached(t *testing.T, f *os.File, size int) (count int) {
	t.Helper()
	m, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	must(t, err)
	defer func() { must(t, unix.Munmap(m)) }()
	pages := make([]byte, (size+os.Getpagesize()-1)/os.Getpagesize())
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(size), uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		count += int(p & 1)
	}
	return count
}

func synced(t *testing.T, path string, size int) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.Write(bytes.Repeat([]byte("data"), size/4+1)[:size])
	must(t, err)
	must(t, f.Sync())
	return f
}

func TestDropCache(t *testing.T) {
	dir, _ := ext4Dir(t)
	for name, size := range map[string]int{"one": 1, "page": 4096, "odd": 4097, "big": 3<<20 + 5} {
		f := synced(t, filepath.Join(dir, name), size)
		if n := cached(t, f, size); n != (size+4095)/4096 {
			t.Fatalf("%s: %d pages are cached before", name, n)
		}
		if dropped, err := DropCache(f, int64(size)); err != nil || !dropped || cached(t, f, size) != 0 {
			t.Errorf("%s: dropped %v, %v, but %d pages are cached", name, dropped, err, cached(t, f, size))
		}
	}
	empty := synced(t, filepath.Join(dir, "empty"), 0)
	if dropped, err := DropCache(empty, 0); err != nil || !dropped {
		t.Errorf("an empty file: %v, %v", dropped, err)
	}
}

// A page that somebody has mapped stays, and so does all of a tmpfs: then it
// must not be called dropped.
func TestDropCacheDoesNotLie(t *testing.T) {
	dir, _ := ext4Dir(t)
	f := synced(t, filepath.Join(dir, "mapped"), 1<<20)
	m, err := unix.Mmap(int(f.Fd()), 512<<10, 4096, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	must(t, err)
	if dropped, err := DropCache(f, 1<<20); err != nil || dropped || cached(t, f, 1<<20) == 0 {
		t.Errorf("with a mapped page: %v, %v", dropped, err)
	}
	must(t, unix.Munmap(m))
	if dropped, err := DropCache(f, 1<<20); err != nil || !dropped {
		t.Errorf("mapped no more: %v, %v", dropped, err)
	}
	memory := t.TempDir()
	mountTmpfs(t, memory)
	g := synced(t, memory+"/file", 64<<10)
	if dropped, err := DropCache(g, 64<<10); err != nil || dropped {
		t.Errorf("in memory: %v, %v", dropped, err)
	}
}

// Reopen is the same file, whatever has its name now, and reads the medium.
func TestReopen(t *testing.T) {
	dir, _ := ext4Dir(t)
	f := synced(t, dir+"/file", 8192)
	must(t, os.Rename(dir+"/file", dir+"/moved"))
	must(t, os.WriteFile(dir+"/file", []byte("planted"), 0o644))
	for _, direct := range []bool{false, true} {
		g, err := Reopen(f, direct)
		must(t, err)
		a, err := f.Stat()
		must(t, err)
		if b, err := g.Stat(); err != nil || !os.SameFile(a, b) {
			t.Errorf("direct %v: another file was opened: %v", direct, err)
		}
		if flags, err := unix.FcntlInt(g.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_DIRECT != 0 != direct || flags&unix.O_ACCMODE != unix.O_RDONLY {
			t.Errorf("direct %v: the flags are %#x, %v", direct, flags, err)
		}
		g.Close()
	}
}

func TestSpace(t *testing.T) {
	dir := t.TempDir()
	mountTmpfs(t, dir)
	d := openDir(t, dir)
	s, err := FreeSpace(d.File())
	if err != nil || s.Total != 1<<20 || s.Free > s.Total || !s.StableInodes() {
		t.Errorf("%+v, %v", s, err)
	}
	synced(t, dir+"/file", 512<<10)
	if after, err := FreeSpace(d.File()); err != nil || s.Free-after.Free < 512<<10 {
		t.Errorf("512 KiB more: free was %d, is %d, %v", s.Free, after.Free, err)
	}
	must(t, os.WriteFile(dir+"/sparse", nil, 0o600))
	must(t, os.Truncate(dir+"/sparse", 1<<30))
	if size, allocated, err := Allocated(dir + "/sparse"); err != nil || size != 1<<30 || allocated != 0 {
		t.Errorf("a sparse file: %d, %d, %v", size, allocated, err)
	}
	if (Space{Type: 0x4d44}).StableInodes() || (Space{Type: 0x2011bab0}).StableInodes() {
		t.Error("FAT and exFAT make up inode numbers")
	}
}

// The device is read-only, shows the open file and goes away with its user.
func TestLoop(t *testing.T) {
	f := synced(t, t.TempDir()+"/image", 8192)
	dev, err := AttachLoop(f)
	must(t, err)
	got := make([]byte, 8192)
	if _, err := dev.ReadAt(got, 0); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("data"), 2048)) {
		t.Errorf("the device shows %.20q, %v", got, err)
	}
	sys := filepath.Join("/sys/block", filepath.Base(dev.Name()))
	if text, err := os.ReadFile(sys + "/ro"); err != nil || string(text) != "1\n" {
		t.Errorf("read-only: %q, %v", text, err)
	}
	mine := func() bool {
		text, err := os.ReadFile(sys + "/loop/backing_file")
		return err == nil && string(text) == f.Name()+"\n"
	}
	if !mine() {
		t.Errorf("%s is not of %s", dev.Name(), f.Name())
	}
	must(t, dev.Close())
	if !eventually(func() bool { return !mine() }) {
		t.Errorf("%s is still attached", dev.Name())
	}
}
