package inside

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// packed is a small image with a file of 300,000 bytes that do not shrink.
func packed(t testing.TB) (name string, noise []byte) {
	t.Helper()
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(5, 6))
	noise = make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	must(t, os.MkdirAll(dir+"/etc/empty", 0o755))
	must(t, os.WriteFile(dir+"/etc/noise", noise, 0o644))
	must(t, os.WriteFile(dir+"/etc/secret", []byte("s"), 0o600))
	must(t, os.WriteFile(dir+"/etc/tool", []byte("t"), 0o755))
	must(t, os.Symlink("etc/noise", dir+"/link"))
	must(t, os.Symlink("gone", dir+"/dangling"))
	name = filepath.Join(t.TempDir(), "linuxfs")
	if out, err := exec.Command("mksquashfs", dir, name, "-quiet", "-no-progress", "-all-root").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name, noise
}

func open(t testing.TB, name string) *Image {
	t.Helper()
	i, err := Open(history.Version{Version: live.Version{Name: "linuxfs", Path: name}})
	must(t, err)
	t.Cleanup(func() { i.Close() })
	return i
}

func TestList(t *testing.T) {
	name, _ := packed(t)
	i := open(t, name)
	for _, c := range []struct {
		path  string
		names []string
		dir   bool
		want  wire.Code
	}{
		{"", []string{"dangling", "etc", "link"}, true, ""}, {"/etc/empty", nil, true, ""}, {"etc/tool", []string{"tool"}, false, ""},
		{"link", []string{"link"}, false, ""}, {"dangling", []string{"dangling"}, false, ""}, {"none", nil, false, wire.NotInside},
		{"etc/tool/x", nil, false, wire.NotInside},
	} {
		all, dir, err := i.List(c.path)
		var names []string
		for _, e := range all {
			names = append(names, e.Name)
		}
		if !slices.Equal(names, c.names) || dir != c.dir || (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want {
			t.Errorf("%s: %q, %v, %v", c.path, names, dir, err)
		}
	}
}

func TestCopyOut(t *testing.T) {
	name, noise := packed(t)
	i, to := open(t, name), t.TempDir()
	must(t, os.WriteFile(to+"/taken", []byte("mine"), 0o644))
	must(t, os.Symlink("nowhere", to+"/taken-too"))
	must(t, os.WriteFile(to+"/half.part", []byte("mine"), 0o644))
	must(t, os.Symlink(to, to+"/here"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx          context.Context
		path, output string
		want         wire.Code
	}{
		{t.Context(), "etc/noise", "noise", ""}, {t.Context(), "/link", "here/linked", ""}, {t.Context(), "etc/secret", "secret", ""}, {t.Context(), "etc/tool", "tool", ""},
		{t.Context(), "etc/noise", "taken", wire.OutputTaken}, {t.Context(), "etc/noise", "taken-too", wire.OutputTaken}, {t.Context(), "etc/noise", "half", wire.OutputTaken},
		{t.Context(), "etc/noise", "none/x", wire.NotSaved}, {t.Context(), "etc/noise", strings.Repeat("x", 300), wire.NotSaved}, {t.Context(), "etc/noise", ".", wire.OutputTaken},
		{t.Context(), "etc", "etc", wire.NotInside}, {t.Context(), "none", "none", wire.NotInside}, {t.Context(), "dangling", "d", wire.NotInside},
		{ended, "etc/noise", "ended", wire.Cancelled},
	} {
		n, err := i.CopyOut(c.ctx, c.path, filepath.Join(to, c.output))
		if (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want || err == nil && n == 0 {
			t.Errorf("%s to %s: %d, %v", c.path, c.output, n, err)
		}
	}
	for name, want := range map[string][]byte{"noise": noise, "linked": noise, "taken": []byte("mine"), "half.part": []byte("mine")} {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	for name, want := range map[string]os.FileMode{"noise": 0o644, "secret": 0o600, "tool": 0o744} {
		info, err := os.Stat(filepath.Join(to, name))
		must(t, err)
		if got := info.Mode().Perm(); got&0o077&^want != 0 || got&0o100 != want&0o100 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if left, _ := filepath.Glob(to + "/*.part"); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

// TestCopyIsDurable: the bytes are on the medium before the name, and both before
// it says so.
func TestCopyIsDurable(t *testing.T) {
	if to := os.Getenv("INSIDE_COPY"); to != "" {
		_, err := open(t, os.Getenv("INSIDE_IMAGE")).CopyOut(t.Context(), "etc/noise", to)
		must(t, err)
		return
	}
	name, _ := packed(t)
	to, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	cmd := exec.Command("strace", "-f", "-y", "-qq", "-e", "trace=fsync,renameat2", "-o", log, "/proc/self/exe", "-test.run=^TestCopyIsDurable$")
	cmd.Args[len(cmd.Args)-2], _ = os.Executable()
	cmd.Env = append(os.Environ(), "INSIDE_IMAGE="+name, "INSIDE_COPY="+to+"/out")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	must(t, err)
	var got []string
	for _, call := range regexp.MustCompile(`(fsync|renameat2)\(\d+<`+regexp.QuoteMeta(to)+`(/[a-z.]+)?`).FindAllStringSubmatch(string(text), -1) {
		got = append(got, call[1]+call[2])
	}
	if want := []string{"fsync/out.part", "renameat2", "fsync/out", "fsync"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q\n%s", got, want, text)
	}
}

// TestDamaged: no prefix and no flipped bit of an image makes it crash, and what
// is copied out of one that can be opened is the file or an error.
func TestDamaged(t *testing.T) {
	name, noise := packed(t)
	whole, err := os.ReadFile(name)
	must(t, err)
	rnd := rand.New(rand.NewPCG(7, 8))
	errors, to := 0, t.TempDir()
	for n := range 300 {
		bad := bytes.Clone(whole)
		if n%2 == 0 {
			bad = bad[:rnd.IntN(len(bad))]
		} else {
			bad[rnd.IntN(len(bad))] ^= 1 << rnd.IntN(8)
		}
		file := filepath.Join(to, "image")
		must(t, os.WriteFile(file, bad, 0o644))
		i, err := Open(history.Version{Version: live.Version{Name: "linuxfs", Path: file}})
		if err == nil {
			_, _, _ = i.List("etc")
			_, err = i.CopyOut(t.Context(), "etc/noise", to+"/copy")
			must(t, i.Close())
		}
		copied, missing := os.ReadFile(to + "/copy")
		switch code := wire.AsError(err).Code; {
		case err == nil && len(copied) != len(noise):
			t.Errorf("%d: %d bytes", n, len(copied))
		case err != nil && (missing == nil || code != wire.VersionDamaged && code != wire.NotInside):
			t.Errorf("%d: %v, a copy: %v", n, err, missing == nil)
		}
		if err != nil {
			errors++
		}
		must(t, os.RemoveAll(to+"/copy"))
	}
	if errors < 100 {
		t.Errorf("only %d of 300 were errors", errors)
	}
}

func TestSeveralReaders(t *testing.T) {
	name, noise := packed(t)
	i, to := open(t, name), t.TempDir()
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			out := filepath.Join(to, string(rune('a'+n)))
			_, _, err1 := i.List("etc")
			_, err2 := i.CopyOut(t.Context(), "link", out)
			if got, err := os.ReadFile(out); err1 != nil || err2 != nil || err != nil || !bytes.Equal(got, noise) {
				t.Error(err1, err2, err)
			}
		})
	}
	all.Wait()
}
