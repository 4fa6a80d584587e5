package live

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func TestKernelRelease(t *testing.T) {
	good := bzImage("6.1.0-37-amd64")
	far := slices.Clone(good)
	far[0x20f] = 0xff
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"amd64":           {good, "6.1.0-37-amd64"},
		"antiX":           {bzImage("4.4.10-antix.1-486-smp"), "4.4.10-antix.1-486-smp"},
		"empty":           {nil, ""},
		"short":           {good[:0x20f], ""},
		"cut off":         {good[:0x2205], ""},
		"offset beyond":   {far, ""},
		"not x86":         {[]byte("MZ" + strings.Repeat("\x00", 0x1000)), ""},
		"escape sequence": {bzImage("\x1b[31m6.1"), ""},
		"path":            {bzImage("6.1/../../etc"), ""},
		"no string":       {bzImage(""), ""},
	} {
		if got := kernelRelease(c.data); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBootWords(t *testing.T) {
	for line, want := range map[string][2]bool{
		"":                                     {},
		"quiet noremaster\n":                   {true, false},
		"rollback":                             {false, true},
		"noremaster rollback":                  {true, true},
		"norollback title=rollback rollback=1": {},
		"Rollback no-remaster":                 {},
	} {
		if a, b := bootWords(line); [2]bool{a, b} != want {
			t.Errorf("%q: %v %v", line, a, b)
		}
	}
}

func TestParseVersionFile(t *testing.T) {
	const old = "==== aa\n\ntitle: old\ncreation date: 2020\nkernel: Linux 4\n"
	for name, c := range map[string]struct {
		text string
		want entry
	}{
		"empty":                 {"", entry{}},
		"one":                   {old, entry{"aa", "old", "2020", "Linux 4", ""}},
		"last wins, §7":         {old + "\n==== bb\n\ntitle: a: b\nmachine: x86_64\n", entry{id: "bb", title: "a: b", machine: "x86_64"}},
		"64 digits, §7":         {"==== " + strings.Repeat("0f", 32) + "\n", entry{id: strings.Repeat("0f", 32)}},
		"three signs, I23:5029": {"=== cc\n", entry{id: "cc"}},
		"two signs":             {"== cc\n", entry{}},
		"CRLF":                  {"==== dd\r\ntitle: x\r\n", entry{id: "dd", title: "x"}},
		"text before":           {"title: none\n", entry{}},
	} {
		if got := parseVersionFile([]byte(c.text)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestLeftoverNames(t *testing.T) {
	for name, want := range map[string]Leftover{
		"linuxfs.old":      {Base: "linuxfs", Kind: LeftOld},
		"linuxfs.e16.bak":  {Base: "linuxfs.e16", Kind: LeftBak},
		"linuxfs.new.part": {Base: "linuxfs", Kind: LeftPart},
		"state.part":       {Base: "state", Kind: LeftPart},
		"linuxfs.tmp":      {Base: "linuxfs", Kind: LeftTmp},
		"xtra.tgz.new":     {Base: "xtra.tgz", Kind: LeftNew},
		".new":             {},
		"linuxfs":          {},
		"linuxfs.older":    {},
	} {
		if base, kind := leftover(name); base != want.Base || kind != want.Kind {
			t.Errorf("%s: %q %q", name, base, kind)
		}
	}
}

func TestMountsOnTopOfEachOther(t *testing.T) {
	m, err := parseMounts([]byte(`20 1 8:1 / / rw - ext4 /dev/sda1 rw
21 20 0:5 / /a\040b rw shared:1 master:2 - tmpfs tmpfs rw
22 20 8:2 /sub /a\040b ro - ext4 /dev/sda2 rw
23 20 8:2 / /c rw - ext4 /dev/sda2 rw,errors=ro
`))
	must(t, err)
	if got := m.containing("/a b/x/y"); got.ID != 22 || !readOnly(got) {
		t.Errorf("containing: %+v", got)
	}
	if got := m.containing("/elsewhere"); got.ID != 20 || readOnly(got) {
		t.Errorf("the root: %+v", got)
	}
	if got := m.ofDevice("8:2", "/c"); got.ID != 23 || readOnly(got) {
		t.Errorf("ofDevice: %+v", got)
	}
	if _, err := parseMounts([]byte("20 1 8:1 /\n")); err == nil {
		t.Error("accepted half a line")
	}
}

// TestOddFilesInBootDirectory puts what is no image where images are.
func TestOddFilesInBootDirectory(t *testing.T) {
	root := fixture(t, "mx23")
	dir := filepath.Join(root, "live/boot-dev/antiX")
	must(t, syscall.Mkfifo(filepath.Join(dir, "linuxfs.new"), 0o644))
	must(t, os.Mkdir(filepath.Join(dir, "linuxfs.bak"), 0o755))
	must(t, os.Truncate(filepath.Join(dir, "linuxfs"), 0))
	must(t, os.Remove(filepath.Join(root, "live/linux/etc/live/version/linuxfs.ver")))
	f, err := Read(context.Background(), root)
	must(t, err)
	if f.Armed == nil || !strings.Contains(f.Armed.Problem, "not a regular file") {
		t.Errorf("armed: %+v", f.Armed)
	}
	if f.Running == nil || !strings.Contains(f.Running.Problem, "not a squashfs") || f.Running.ID != "" {
		t.Errorf("running: %+v", f.Running)
	}
	if f.Default == nil || f.Default.Problem == "" {
		t.Errorf("default: %+v", f.Default)
	}
}

// TestReadIsCheap holds Read far below what status may use (50 ms), with
// tenfold slack for a busy machine.
func TestReadIsCheap(t *testing.T) {
	root := fixture(t, "run2023")
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, err := Read(context.Background(), root)
		must(t, err)
		best = min(best, time.Since(start))
	}
	if best > 200*time.Millisecond {
		t.Errorf("Read took %v", best)
	}
}

func BenchmarkRead(b *testing.B) {
	root := fixture(b, "run2023")
	for b.Loop() {
		if _, err := Read(context.Background(), root); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCmdline(f *testing.F) {
	f.Add("BOOT_IMAGE=/antiX/vmlinuz quiet noremaster rollback\n")
	f.Add("title=rollback\tnoremaster=1")
	f.Fuzz(func(t *testing.T, line string) {
		a, b := bootWords(line)
		if a && !strings.Contains(line, "noremaster") || b && !strings.Contains(line, "rollback") {
			t.Errorf("%q: %v %v", line, a, b)
		}
	})
}

func FuzzVersionFile(f *testing.F) {
	f.Add([]byte("==== 0123\n\ntitle: x\ncreation date: y\nkernel: Linux 6\n"))
	f.Add([]byte("===\r\n=\xff:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e := parseVersionFile(data)
		for _, s := range []string{e.id, e.title, e.date, e.kernel} {
			if strings.Contains(s, "\n") || !utf8.ValidString(s) {
				t.Errorf("%q gives %q", data, s)
			}
		}
	})
}

func FuzzMountinfo(f *testing.F) {
	f.Add([]byte("31 1 0:24 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c\n27 31 7:0 / /live/linux ro - squashfs /dev/loop0 ro\n"))
	f.Add([]byte("20 1 0:20 / / rw - aufs aufs rw,si=4cd5,br:/a=rw:/b=ro\n"))
	f.Add([]byte("20 1 x:y / /\\04 rw - a b c\n"))
	empty := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMounts(data)
		if err != nil {
			return
		}
		r := &reader{Facts: &Facts{}, tree: tree{empty}, config: Config{"SQFS_MP": "/live/linux"}, mounts: m}
		r.findUnion()
		r.findHome()
		r.findImage()
		r.findBoot()
		r.findPersistence()
		if r.Boot.Mounted() && r.Image.Dir != "" {
			t.Errorf("an image without a configuration: %+v", r.Image)
		}
	})
}
