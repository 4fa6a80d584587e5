package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

func TestCompareAccepts(t *testing.T) {
	view := newTree(t)
	s := scan(t, view)
	want := int64(-2) // without the root and the file that is left out
	must(t, filepath.WalkDir(view, func(string, fs.DirEntry, error) error { want++; return nil }))
	for _, compressor := range []string{"zstd", "xz", "gzip", "lz4"} {
		in := trees(view, mounted(t, pack(t, view, compressor, leftOut)), s)
		last := wire.Progress{}
		in.Report = func(p wire.Progress) {
			if p.Stage != wire.StageCompare || p.Done < last.Done || p.Total != s.Read {
				t.Errorf("%s: progress went from %+v to %+v", compressor, last, p)
			}
			last = p
		}
		out, err := Compare(context.Background(), in)
		if err != nil || out.Entries != want || out.ChangedAll != 0 || len(out.Changed) != 0 {
			t.Errorf("%s: %+v, %v; there are %d entries", compressor, out, err, want)
		}
		if last.Done != s.Read {
			t.Errorf("%s: the progress ends at %d of %d", compressor, last.Done, s.Read)
		}
	}
}

// What the live system changed since the walk is listed, and is no damage.
func TestCompareListsWhatChangedSince(t *testing.T) {
	image := mounted(t, pack(t, newTree(t), "zstd", leftOut))
	for _, c := range []struct {
		what   string
		change func(view string) error
		want   []string
	}{
		{"nothing", func(string) error { return nil }, nil},
		{"what is left out", func(v string) error {
			return errors.Join(os.WriteFile(v+"/tmp/scratch", nil, 0o600), os.Symlink("x", v+"/tmp/new"), setTime(v+"/tmp", 1700000000))
		}, nil},
		{"content of the same length", func(v string) error { return os.WriteFile(v+"/etc/text", []byte("TEXT\n"), 0o644) }, []string{"/etc/text"}},
		{"content and the old time", func(v string) error {
			return errors.Join(os.WriteFile(v+"/etc/text", []byte("TEXT\n"), 0o644), setTime(v+"/etc/text", 1700000000))
		}, []string{"/etc/text"}},
		{"a longer file", func(v string) error { return os.WriteFile(v+"/etc/text", []byte("text\nand more\n"), 0o644) }, []string{"/etc/text"}},
		{"an odd name", func(v string) error { return os.WriteFile(v+"/home/user/new\nline", []byte("N"), 0o644) }, []string{"/home/user/new\nline"}},
		{"another odd name", func(v string) error { return os.WriteFile(v+"/home/user/bad\xff\xfe", []byte("B"), 0o644) }, []string{"/home/user/bad\xff\xfe"}},
		{"mode", func(v string) error { return os.Chmod(v+"/etc/shadow", 0o600) }, []string{"/etc/shadow"}},
		{"owner", func(v string) error { return os.Lchown(v+"/etc/link", 7, 8) }, []string{"/etc/link"}},
		{"time", func(v string) error { return setTime(v+"/dev/null", 1700000001) }, []string{"/dev/null"}},
		{"attribute", func(v string) error { return unix.Lsetxattr(v+"/etc/text", "user.note", []byte("other"), 0) }, []string{"/etc/text"}},
		{"capability", func(v string) error { return unix.Lremovexattr(v+"/usr/ping", "security.capability") }, []string{"/usr/ping"}},
		{"link target", func(v string) error {
			return errors.Join(os.Remove(v+"/etc/link"), os.Symlink("elsewhere", v+"/etc/link"))
		}, []string{"/etc", "/etc/link"}},
		{"removed", func(v string) error { return os.Remove(v + "/dev/fifo") }, []string{"/dev", "/dev/fifo"}},
		{"a removed directory", func(v string) error { return os.RemoveAll(v + "/usr/share") }, []string{"/usr", "/usr/share"}},
		{"new", func(v string) error { return os.WriteFile(v+"/home/user/a", nil, 0o600) }, []string{"/home/user", "/home/user/a"}},
		{"a new one in the root", func(v string) error { return os.WriteFile(v+"/a", nil, 0o600) }, []string{"/", "/a"}},
		{"type", func(v string) error { return errors.Join(os.Remove(v+"/etc/text"), os.Mkdir(v+"/etc/text", 0o644)) }, []string{"/etc", "/etc/text"}},
		{"directory became a file", func(v string) error {
			return errors.Join(os.RemoveAll(v+"/dev/empty"), os.WriteFile(v+"/dev/empty", nil, 0o755))
		}, []string{"/dev", "/dev/empty"}},
	} {
		view := newTree(t)
		s := scan(t, view)
		must(t, c.change(view))
		out, err := Compare(context.Background(), trees(view, image, s))
		want := []string{}
		for _, name := range c.want {
			want = append(want, fmt.Sprintf("%q", name))
		}
		if err != nil || !slices.Equal(out.Changed, want) || out.ChangedAll != len(want) {
			t.Errorf("%s: %v, changed are %q (%d), want %q", c.what, err, out.Changed, out.ChangedAll, want)
		}
	}
}

// What differs although the system did not change is damage, and is named.
func TestCompareRefusesWhatNothingExplains(t *testing.T) {
	view := newTree(t)
	s := scan(t, view)
	for _, c := range []struct {
		what    string
		change  func(dir string) error // of the tree that is packed instead
		differs string
	}{
		{"content", func(d string) error { return os.WriteFile(d+"/etc/text", []byte("tExt\n"), 0o644) }, `"/etc/text" has another content`},
		{"the last byte of many", func(d string) error { return os.WriteFile(d+"/usr/noise", []byte(noise(300<<10-1)+"!"), 0o644) }, `"/usr/noise" has another content`},
		{"data in a hole", func(d string) error { return writeAt(d+"/etc/empty", "x", 1<<19) }, `"/etc/empty" has another content`},
		{"an odd name", func(d string) error { return os.WriteFile(d+"/home/user/new\nline", []byte("N"), 0o644) }, `"/home/user/new\nline" has another content`},
		{"another odd name", func(d string) error { return os.WriteFile(d+"/home/user/bad\xff\xfe", []byte("B"), 0o644) }, `"/home/user/bad\xff\xfe" has another content`},
		{"shorter", func(d string) error { return os.Truncate(d+"/etc/text", 4) }, `"/etc/text" has 4 bytes instead of 5`},
		{"empty, as an unreadable file is packed", func(d string) error { return os.Truncate(d+"/usr/words", 0) }, `"/usr/words" has 0 bytes instead of 460000`},
		{"mode", func(d string) error { return os.Chmod(d+"/usr/ping", 0o755) }, `"/usr/ping" has the mode 755 instead of 4755`},
		{"mode of a directory", func(d string) error { return os.Chmod(d+"/tmp", 0o777) }, `"/tmp" has the mode 777 instead of 1777`},
		{"mode of the root", func(d string) error { return os.Chmod(d, 0o700) }, `"/" has the mode 700 instead of 755`},
		{"owner", func(d string) error { return os.Lchown(d+"/etc/dangling", 1001, 100000) }, `"/etc/dangling" belongs to 1001:100000 instead of 1000:100000`},
		{"group", func(d string) error { return os.Lchown(d+"/etc/shadow", 0, 0) }, `"/etc/shadow" belongs to 0:0 instead of 0:42`},
		{"attribute", func(d string) error { return unix.Lsetxattr(d+"/etc/text", "user.note", []byte("A note"), 0) }, `"/etc/text" has other extended attributes`},
		{"attribute of a directory", func(d string) error { return unix.Lremovexattr(d+"/home/user", "user.of") }, `"/home/user" has other extended attributes`},
		{"one attribute more", func(d string) error { return unix.Lsetxattr(d+"/dev/null", "trusted.x", nil, 0) }, `"/dev/null" has other extended attributes`},
		{"capability", func(d string) error { return unix.Lremovexattr(d+"/usr/ping", "security.capability") }, `"/usr/ping" has other extended attributes`},
		{"link target", func(d string) error {
			return errors.Join(os.Remove(d+"/etc/link"), os.Symlink("os-releasE", d+"/etc/link"))
		}, `"/etc/link" points elsewhere`},
		{"hard link broken", func(d string) error {
			return errors.Join(os.Remove(d+"/usr/hard2"), os.WriteFile(d+"/usr/hard2", []byte("linked"), 0o644))
		}, `"/usr/hard2" is linked to another file`},
		{"hard link made", func(d string) error {
			return errors.Join(os.Remove(d+"/usr/twin2"), os.Link(d+"/usr/twin1", d+"/usr/twin2"))
		}, `"/usr/twin2" is linked to another file`},
		{"device number", func(d string) error { return remake(d+"/dev/null", unix.S_IFCHR|0o666, unix.Mkdev(1, 5)) }, `"/dev/null" is another device`},
		{"kind of a device", func(d string) error { return remake(d+"/dev/loop", unix.S_IFCHR|0o660, unix.Mkdev(7, 300)) }, `"/dev/loop" has another type`},
		{"socket for a fifo", func(d string) error { return remake(d+"/dev/fifo", unix.S_IFSOCK|0o600, 0) }, `"/dev/fifo" has another type`},
		{"a file for a directory", func(d string) error {
			return errors.Join(os.Remove(d+"/dev/empty"), os.WriteFile(d+"/dev/empty", nil, 0o755))
		}, `"/dev/empty" has another type`},
		{"a link for a file", func(d string) error { return errors.Join(os.Remove(d+"/etc/text"), os.Symlink("x", d+"/etc/text")) }, `"/etc/text" has another type`},
		{"missing", func(d string) error { return os.Remove(d + "/sbin/init") }, `"/sbin/init" is missing in the image`},
		{"a missing directory", func(d string) error { return os.RemoveAll(d + "/usr/share") }, `"/usr/share" is missing in the image`},
		{"the last of a directory missing", func(d string) error { return os.Remove(d + "/usr/words") }, `"/usr/words" is missing in the image`},
		{"extra", func(d string) error { return os.WriteFile(d+"/etc/extra", nil, 0o644) }, `"/etc/extra" is in the image but not in the system`},
		{"an extra directory", func(d string) error { return os.MkdirAll(d+"/zoo/a/b", 0o755) }, `"/zoo" is in the image but not in the system`},
		{"time", func(d string) error { return setTime(d+"/etc/text", 1700000001) }, `"/etc/text" has another time`},
		{"time of the root", func(d string) error { return setTime(d, 1699999999) }, `"/" has another time`},
	} {
		other := newTree(t)
		must(t, c.change(other))
		if !strings.Contains(c.what, "time") {
			settle(t, other)
		}
		out, err := Compare(context.Background(), trees(view, mounted(t, pack(t, other, "gzip", leftOut)), s))
		e := wire.AsError(err)
		if e.Code != wire.Mismatch || !slices.Equal(e.Args, []string{"1", c.differs}) || out.ChangedAll != 0 {
			t.Errorf("%s: %v, changed %q", c.what, err, out.Changed)
		}
	}
}

func writeAt(path, text string, at int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), at)
	return errors.Join(err, f.Close())
}

func remake(path string, mode uint32, device uint64) error {
	return errors.Join(os.Remove(path), unix.Mknod(path, mode, int(device)))
}

// An excluded entry must not be in the image, whether the system has it or not.
func TestCompareRefusesWhatIsExcluded(t *testing.T) {
	view := newTree(t)
	image := mounted(t, pack(t, view, "zstd", nil))
	for _, there := range []bool{true, false} {
		if !there {
			must(t, os.Remove(view+"/tmp/scratch"))
		}
		_, err := Compare(context.Background(), trees(view, image, scan(t, view)))
		if e := wire.AsError(err); e.Code != wire.Mismatch || !strings.Contains(e.Args[1], `"/tmp/scratch" is in the image although it is excluded`) {
			t.Errorf("in the system: %v: %v", there, err)
		}
	}
}

// Many differences are all counted, and only some are named.
func TestCompareCounts(t *testing.T) {
	other, view := newTree(t), newTree(t)
	s := scan(t, view)
	for i := range 120 {
		must(t, os.Chmod(fmt.Sprintf("%s/usr/share/a rather long name of a small file number %03d", other, i), 0o600))
	}
	image := mounted(t, pack(t, other, "lz4", leftOut))
	_, err := Compare(context.Background(), trees(view, image, s))
	e := wire.AsError(err)
	if e.Code != wire.Mismatch || e.Args[0] != "120" || strings.Count(e.Args[1], "has the mode 600 instead of 644") != 5 {
		t.Errorf("%v", err)
	}
	must(t, filepath.WalkDir(view+"/usr/share", func(p string, _ fs.DirEntry, _ error) error { return os.Chmod(p, 0o755) }))
	out, err := Compare(context.Background(), trees(view, image, s))
	if err != nil || out.ChangedAll != 120 || len(out.Changed) != 100 {
		t.Errorf("%v, changed %d, named %d", err, out.ChangedAll, len(out.Changed))
	}
}

// A cancel ends it between two files and in the middle of one, even when a
// difference was found already.
func TestCompareCancel(t *testing.T) {
	view, other := newTree(t), newTree(t)
	must(t, os.Chmod(other+"/dev", 0o700))
	image := mounted(t, pack(t, other, "lz4", leftOut))
	for _, after := range []int64{0, 1, 700 << 10} {
		ctx, cancel := context.WithCancel(context.Background())
		in := trees(view, image, scan(t, view))
		if after == 0 {
			cancel()
		}
		in.Report = func(p wire.Progress) {
			if p.Done >= after {
				cancel()
			}
		}
		out, err := Compare(ctx, in)
		if e := wire.AsError(err); e.Code != wire.Cancelled || out.Entries > 100 {
			t.Errorf("after %d bytes: %v, %d entries", after, err, out.Entries)
		}
		cancel()
	}
	if _, err := Compare(context.Background(), trees(view+"/none", image, scan(t, view))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a view: %v", err)
	}
}

// A write through shared memory leaves no stamp (decision 0004): a file that
// was mapped so is believed to have changed. Nothing else can be mapped.
func TestCompareOfMappedFiles(t *testing.T) {
	view, other := newTree(t), newTree(t)
	s := scan(t, view)
	must(t, os.WriteFile(other+"/etc/text", []byte("tExt\n"), 0o644))
	must(t, os.Chmod(other+"/dev/null", 0o600))
	settle(t, other)
	in := trees(view, mounted(t, pack(t, other, "zstd", leftOut)), s)
	const device, text = `"/dev/null" has the mode 600 instead of 644`, `"/etc/text" has another content`
	for _, c := range []struct {
		mapped  sys.Mapped
		wrong   []string
		changed []string
	}{
		{nil, []string{"2", device + ", " + text}, []string{}},
		{sys.Mapped{"/etc/tex": true, "/etc": true, "etc/text": true}, []string{"2", device + ", " + text}, []string{}},
		{sys.Mapped{"/etc/text": true, "/dev/null": true}, []string{"1", device}, []string{`"/etc/text"`}},
	} {
		in.Mapped = c.mapped
		out, err := Compare(context.Background(), in)
		if e := wire.AsError(err); e.Code != wire.Mismatch || !slices.Equal(e.Args, c.wrong) || !slices.Equal(out.Changed, c.changed) {
			t.Errorf("%v: %v, changed %q", c.mapped, err, out.Changed)
		}
	}
}
