package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// noise is text that no compressor makes smaller.
func noise(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b) //nolint:errcheck // never fails
	return string(b)
}

// realJob is a run of the installed mksquashfs that packs dir, with as many
// arguments as the plan gives.
func realJob(t testing.TB, dir, compressor string) Job {
	t.Helper()
	out, err := os.Create(filepath.Join(memDir(t), "image"))
	must(t, err)
	t.Cleanup(func() { out.Close() })
	args := []string{dir, out.Name(), "-noappend", "-no-recovery", "-comp", compressor, "-b", "256K", "-processors", "1", "-mem", "64M", "-wildcards", "-e", "left/out"}
	return Job{Engine: realEngine(t), Args: args, Out: out, Room: 1 << 30, Dense: 1}
}

// behind is the same run, by a shell that prepares something and then becomes
// mksquashfs.
func behind(j Job, prepare string) Job {
	j.Args = append([]string{"-c", prepare + ` "$@"`, "sh", j.Engine.Path}, j.Args...)
	j.Engine = Engine{Path: "/bin/sh", Major: 4, Minor: 5}
	return j
}

// contents is path -> mode and digest.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		out[rel] = info.Mode().String()
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(p)
			out[rel] += fmt.Sprintf(" %x", sha256.Sum256(text))
			return err
		}
		return nil
	}))
	return out
}

func TestRunPacks(t *testing.T) {
	for _, compressor := range []string{"zstd", "xz", "gzip", "lz4"} {
		dir := memDir(t)
		put(t, dir, [2]string{"noise", noise(8 << 20)}, [2]string{"etc/os-release", "ID=antix\n"}, [2]string{"etc/link", "@os-release"}, [2]string{"empty/", ""}, [2]string{"left/out/x", "secret"})
		j := realJob(t, dir, compressor)
		var last wire.Progress
		j.Report = func(p wire.Progress) {
			if p.Stage == last.Stage && (p.Done < last.Done || p.Bytes < last.Bytes) || p.Stage == wire.StagePack && last.Stage == wire.StageWrite || p.Done > p.Total {
				t.Errorf("%+v after %+v", p, last)
			}
			last = p
		}
		packed, err := Run(t.Context(), j)
		must(t, err)
		st, err := j.Out.Stat()
		must(t, err)
		if want := (Packed{Size: st.Size()}); !reflect.DeepEqual(packed, want) || packed.Size < 8<<20 {
			t.Errorf("%s: %+v, want %+v", compressor, packed, want)
		}
		if want := (wire.Progress{Stage: wire.StageWrite, Done: packed.Size, Total: packed.Size, Bytes: packed.Size}); last != want {
			t.Errorf("%s: the last progress is %+v", compressor, last)
		}
		must(t, os.RemoveAll(filepath.Join(dir, "left/out")))
		back := filepath.Join(memDir(t), "back")
		if text, err := sys.Output(t.Context(), "/usr/bin/unsquashfs", "-quiet", "-no-progress", "-d", back, j.Out.Name()); err != nil {
			t.Fatalf("unsquashfs: %v\n%s", err, text)
		}
		if got, want := contents(t, back), contents(t, dir); !maps.Equal(got, want) {
			t.Errorf("%s: the image holds %v, want %v", compressor, got, want)
		}
	}
}

// What the installed version cannot read, it says so in words that are known.
// It runs as nobody, since root reads everything.
func TestRunUnreadable(t *testing.T) {
	dir := memDir(t)
	put(t, dir, [2]string{"good", "x"}, [2]string{"secret", "x"}, [2]string{"closed/x", ""})
	must(t, os.Chmod(filepath.Join(dir, "secret"), 0))
	must(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	j := realJob(t, dir, "gzip")
	must(t, j.Out.Chown(65534, 65534))
	_, err := Run(t.Context(), behind(j, "exec setpriv --reuid=65534 --regid=65534 --clear-groups"))
	if !isFail(err, wire.Unreadable, "2", fmt.Sprintf("%q, %q", dir+"/closed", dir+"/secret")) {
		t.Error(err)
	}
}

// squashfs has no room for access control lists: packed all the same, and told.
func TestRunLosesACLs(t *testing.T) {
	dir := memDir(t)
	put(t, dir, [2]string{"a", "x"}, [2]string{"b", "x"})
	// Version 2; owner, user 1000, group, mask and others, each tag, rights and id.
	acl := "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00\xff\xff\xff\xff" +
		"\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x04\x00\xff\xff\xff\xff"
	for _, name := range []string{"a", "b"} {
		if err := syscall.Setxattr(filepath.Join(dir, name), "system.posix_acl_access", []byte(acl), 0); err != nil {
			t.Fatalf("this test needs access control lists on /dev/shm: %v", err)
		}
	}
	packed, err := Run(t.Context(), realJob(t, dir, "gzip"))
	must(t, err)
	if want := []string{"system.posix_acl_access"}; !reflect.DeepEqual(packed.Lost, want) {
		t.Errorf("lost %q", packed.Lost)
	}
}

// A medium that fills up while it is written, told by a signal or by an error.
func TestRunFillsUp(t *testing.T) {
	dir := memDir(t)
	put(t, dir, [2]string{"noise", noise(4 << 20)})
	for _, prepare := range []string{"ulimit -f 64; exec", "trap '' XFSZ; ulimit -f 64; exec"} {
		packed, err := Run(t.Context(), behind(realJob(t, dir, "lz4"), prepare))
		if !isFail(err, wire.FilledUp) || !reflect.DeepEqual(packed, Packed{}) {
			t.Errorf("%s: %+v, %v", prepare, packed, err)
		}
	}
}

// Each of these ends a run that would take far longer.
func TestRunIsStopped(t *testing.T) {
	dir := memDir(t)
	put(t, dir, [2]string{"noise", noise(64 << 20)})
	packages := wire.Fail(wire.PackagesMoved, nil)
	for name, c := range map[string]struct {
		code   wire.Code
		change func(j *Job, cancel func())
	}{
		"cancel":    {wire.Cancelled, func(j *Job, cancel func()) { j.Report = func(wire.Progress) { cancel() } }},
		"no room":   {wire.FilledUp, func(j *Job, _ func()) { j.Room = 1 << 20 }},
		"the watch": {wire.PackagesMoved, func(j *Job, _ func()) { j.Watch = func() error { return packages } }},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		j := realJob(t, dir, "xz")
		c.change(&j, cancel)
		started := time.Now()
		packed, err := Run(ctx, j)
		cancel()
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != c.code || !reflect.DeepEqual(packed, Packed{}) {
			t.Errorf("%s: %+v, %v", name, packed, err)
		}
		st, err := j.Out.Stat()
		must(t, err)
		if st.Size() >= 64<<20 {
			t.Errorf("%s: it ran to its end, in %s", name, time.Since(started))
		}
	}
}
