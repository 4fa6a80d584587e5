package squashfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
)

// small makes images of a few kilobytes, one for each compressor.
func small(t testing.TB) [][]byte {
	dir := t.TempDir()
	write(t, dir+"/etc/live/version/linuxfs.ver", []byte("==== 0123\n\ntitle: x\n"))
	write(t, dir+"/text", bytes.Repeat([]byte("some text "), 900))
	write(t, dir+"/usr/lib/modules/6.1.0/modules.dep", nil)
	link(t, "usr/lib", dir+"/lib")
	var out [][]byte
	for _, comp := range []string{"zstd", "xz", "gzip", "lz4"} {
		out = append(out,
			pack(t, dir, "-comp", comp, "-b", "4096", "-nopad"),
			pack(t, dir, "-comp", comp, "-b", "4096", "-nopad", "-noI", "-no-fragments"))
	}
	return out
}

// use does to an image all that this package can do.
func use(raw []byte) error {
	im, err := Open(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	_, err1 := im.ReadFile("etc/live/version/linuxfs.ver", 1<<16)
	_, err2 := im.ReadFile("text", 1<<16)
	_, err3 := im.ReadDir("lib/modules")
	_, err4 := im.ReadDir("")
	_, err5 := im.Sizes(context.Background())
	_, err6 := im.Stat("lib/modules/6.1.0", false)
	err7 := walkAll(im)
	err8 := im.Copy(context.Background(), "text", &sink{1 << 20})
	err9 := im.Tree(context.Background(), func(int, Node) error { return nil })
	_, err10 := im.FragmentBlocks()
	im.Level()
	return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10)
}

// walkAll lists twenty directories: a hostile image may have no end of them.
func walkAll(im *Image) (err error) {
	todo := []string{""}
	for i := 0; i < len(todo) && i < 20; i++ {
		all, lost := im.List(todo[i])
		err = errors.Join(err, lost)
		for _, e := range all {
			if !plain(e.Name) {
				panic("a name that leads elsewhere: " + e.Name)
			}
			if e.Mode.IsDir() {
				todo = append(todo, todo[i]+"/"+e.Name)
			}
		}
	}
	return err
}

// sink takes so many bytes: an image of a few KiB may hold endless holes.
type sink struct{ left int }

func (s *sink) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, errors.New("full")
	}
	return len(p), nil
}

func FuzzSuper(f *testing.F) {
	for _, raw := range small(f) {
		f.Add(raw[:superSize])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ReadSuper(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if s.Compressor == "" || s.BlockSize < minBlock || s.BlockSize > maxBlock || s.BytesUsed <= s.IDTable {
			t.Errorf("accepted %+v", s)
		}
	})
}

func FuzzImage(f *testing.F) {
	for _, raw := range small(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { use(raw) })
}

// allocated returns the bytes that fn allocates, freed or not.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDamageIsBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, raw := range small(t) {
		if err := use(raw); err != nil {
			t.Fatalf("whole image: %v", err)
		}
		for n := 0; n < len(raw)-1; n += 7 {
			if use(raw[:n]) == nil && n < superSize {
				t.Errorf("accepted %d bytes", n)
			}
		}
		for range 1500 {
			bad := bytes.Clone(raw)
			for range 1 + rnd.IntN(3) {
				bad[rnd.IntN(len(bad))] ^= 1 << rnd.IntN(8)
			}
			if got := allocated(func() { use(bad) }); got > 64<<20 {
				t.Errorf("a damaged image of %d bytes made it allocate %d", len(bad), got)
			}
		}
	}
}

func TestSuperRefusesNonsense(t *testing.T) {
	good := small(t)[0]
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		change func(b []byte)
		want   error
	}{
		"magic":           {func(b []byte) { b[0] = 0 }, ErrNotSquashfs},
		"version 3":       {func(b []byte) { b[28] = 3 }, ErrNotSquashfs},
		"version 4.1":     {func(b []byte) { b[30] = 1 }, ErrNotSquashfs},
		"compressor 7":    {func(b []byte) { b[20] = 7 }, ErrCorrupt},
		"compressor 0":    {func(b []byte) { b[20] = 0 }, ErrCorrupt},
		"block size 2K":   {func(b []byte) { le.PutUint32(b[12:], 2048); b[22] = 11 }, ErrCorrupt},
		"block size 2M":   {func(b []byte) { le.PutUint32(b[12:], 2<<20); b[22] = 21 }, ErrCorrupt},
		"block size 5000": {func(b []byte) { le.PutUint32(b[12:], 5000) }, ErrCorrupt},
		"block log":       {func(b []byte) { b[22]++ }, ErrCorrupt},
		"negative size":   {func(b []byte) { b[47] = 0x80 }, ErrCorrupt},
		"no inodes":       {func(b []byte) { le.PutUint32(b[4:], 0) }, ErrCorrupt},
		"table order":     {func(b []byte) { copy(b[64:72], b[72:80]) }, ErrCorrupt},
		"table beyond":    {func(b []byte) { b[53] = 1 }, ErrCorrupt},
		"root inode":      {func(b []byte) { le.PutUint64(b[32:], 1<<47) }, ErrCorrupt},
	} {
		bad := bytes.Clone(good)
		c.change(bad)
		if _, err := ReadSuper(bytes.NewReader(bad)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := ReadSuper(bytes.NewReader(good[:95])); !errors.Is(err, ErrNotSquashfs) {
		t.Errorf("95 bytes: %v", err)
	}
}
