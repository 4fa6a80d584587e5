package umllive_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"antix-remaster/test/boot"
	"antix-remaster/test/livesys"
	"antix-remaster/test/umllive"
	"antix-remaster/test/umllive/peak"
)

// grown adds files to a system until it holds so many bytes more: 99 small
// ones for one of 8 MiB, half of each shrinks and half does not.
func grown(size int64) func(root string) error {
	return func(root string) error {
		random := rand.NewChaCha8([32]byte{})
		for n := 0; size > 0; n++ {
			length := 2000 + n*7919%60000
			if n%100 == 0 {
				length = 8 << 20
			}
			text := bytes.Repeat([]byte(fmt.Sprintf("file %d of many; ", n)), length/16+1)[:length]
			if _, err := random.Read(text[:length/2]); err != nil {
				return err
			}
			dir := filepath.Join(root, "opt/grown", fmt.Sprint(n/100))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), text, 0o644); err != nil {
				return err
			}
			size -= int64(length)
		}
		return nil
	}
}

// TestPromiseSmallMachine: a tree that is larger than the memory is built,
// verified and armed, on a FAT32 stick.
func TestPromiseSmallMachine(t *testing.T) {
	t.Parallel()
	t.Run("100 MB on 160M", func(t *testing.T) { small(t, 100e6, "160M", "lz4") })
	for _, compressor := range []string{"lz4", "zstd"} {
		t.Run("1 GB on 512M "+compressor, func(t *testing.T) {
			if !full() {
				t.Skip("many minutes: only with scripts/test --full")
			}
			small(t, 1e9, "512M", compressor)
		})
	}
}

func small(t *testing.T, size int64, mem, compressor string) {
	o := umllive.Options{Mem: mem, Timeout: 90 * time.Minute, Options: livesys.Options{StickSize: 4 * size}}
	m := machine(t, o, grown(size))
	r := inside(t, m, `
[ "$(du -sk /opt/grown | cut -f1)" -ge `+fmt.Sprint(size/1000*95/100)+` ] || fail "too small: $(du -sk /opt/grown)"
echo small >/etc/motd
cli 0 build --yes --compressor `+compressor+`
says '"from_medium":true'; says '"changed_all":0'
there linuxfs.new
quiet
grep '"result"' /tmp/out
`)
	helper, engine := r.Memory.Programs["antix-remaster-helper"], r.Memory.Programs["mksquashfs"]
	if helper == 0 || engine == 0 {
		t.Fatalf("the programs were not seen: %v", r.Memory)
	}
	t.Logf("%d MB on %s, %s, %.0f s: peak of the helper %.1f MiB, of mksquashfs %.1f MiB, least available %.1f MiB",
		size/1e6, mem, compressor, r.Took.Seconds(), mib(helper), mib(engine), mib(r.Memory.Available))
	if mib(helper) > 64 {
		t.Errorf("the helper took %.1f MiB", mib(helper))
	}
	b, err := boot.Boot(t.Context(), m.Stick, boot.Options{Mem: mem, Show: []string{"/etc/motd"}})
	must(t, err)
	if !b.DidRemaster || b.Fatal != "" || strings.TrimSpace(b.Files["/etc/motd"]) != "small" {
		t.Errorf("it does not boot: %q\n%v", b.Fatal, b.Names())
	}
}

func mib(kib int64) float64 { return float64(kib) / 1024 }

// TestPromiseHelper386: the programs for 32 bit build, verify and arm. They run
// on the host's kernel, as User-Mode-Linux runs none.
func TestPromiseHelper386(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, livesys.BuildPrograms(dir, "386"))
	sys, err := livesys.New(t.Context(), livesys.Options{Companions: true, Log: os.Stderr})
	must(t, err)
	t.Cleanup(func() { sys.Stop() })
	must(t, sys.InstallProgram(dir))
	must(t, sys.MakeChanges(t.Context()))
	if kind, err := elf.Open(sys.Path("/usr/libexec/antix-remaster/antix-remaster-helper")); err != nil || kind.Class != elf.ELFCLASS32 {
		t.Fatalf("the helper is not of 32 bit: %v", err)
	}
	stop := peak.Watch(sys.Path("/proc"), "antix-remaster-helper", "mksquashfs")
	out, err := sys.Output(t.Context(), "antix-remaster-cli", "build", "--yes", "--json", "--compressor", "lz4")
	memory := stop()
	if err != nil || !strings.Contains(out, `"from_medium":true`) {
		t.Fatalf("%v\n%s", err, out)
	}
	if memory.Programs["antix-remaster-helper"] == 0 {
		t.Errorf("the helper was not seen: %v", memory)
	}
	t.Logf("GOARCH=386: peak of the helper %.1f MiB, of mksquashfs %.1f MiB",
		mib(memory.Programs["antix-remaster-helper"]), mib(memory.Programs["mksquashfs"]))
	r, err := sys.Reboot(t.Context(), boot.Options{Mem: "512M", Show: []string{"/etc/motd"}})
	must(t, err)
	if !r.DidRemaster || !strings.Contains(r.Files["/etc/motd"], "edited by the user") {
		t.Errorf("the new version does not run: %v", r.Names())
	}
}

// TestFAT32Limit: what would become larger than FAT can hold is refused before
// anything is written. The film repeats itself after 72 KiB: zstd makes little of
// that, so it has room on the stick, and lz4, which looks back 64 KiB, nothing.
func TestFAT32Limit(t *testing.T) {
	t.Parallel()
	mini, err := umllive.Mini(programs, nil)
	must(t, err)
	const film = `f=$(mktemp); head -c 73728 /dev/urandom >$f; for i in $(seq 1000); do cat $f; done >$f.2; for i in $(seq 63); do cat $f.2; done; rm $f $f.2`
	mini.Options = []string{"-comp", "zstd", "-Xcompression-level", "1", "-b", "1M", "-p", "home/demo/film.mp4 f 644 1000 1000 " + film}
	m, err := umllive.New(t.Context(), umllive.Options{Dir: t.TempDir(), Base: mini, Options: livesys.Options{StickSize: 6 << 30}})
	must(t, err)
	inside(t, m, `
[ $(stat -c %s linuxfs) -lt 500000000 ] || fail "too large for a stick: $(ls -l)"
ls -la >/tmp/before
cli 3 build --yes --compressor lz4
says '"code":"fat_limit"'; says '4.[0-9].GiB'
ls -la | cmp -s - /tmp/before || fail "the stick changed"
quiet
cli 0 build --yes --compressor lz4 --home leave --confirm 'leave my files out'
says '"from_medium":true'
`)
}
