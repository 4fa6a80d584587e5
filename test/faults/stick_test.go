package faults

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
	"antix-remaster/test/livesys"
)

// TestPromiseP5DyingStick lets a stick fail for good: from one call on, while
// it is written, verified or armed, every call on it fails. When it works again
// one start puts everything right. Failing block devices (dm-flakey, dm-error)
// need another kernel: they belong to the tests in User-Mode-Linux.
func TestPromiseP5DyingStick(t *testing.T) {
	count := 20
	if full() {
		count = 1 << 20
	}
	var v verdicts
	tried := eachPoint(t, func(all []Point) []Point { return dyingPoints(all, count) }, func(w *world, i int, p Point) bool {
		trial := w.Strike(p, "errors=EIO")
		if trial.Struck && trial.Err == nil {
			v.lies.Add(1)
			t.Errorf("dead from %s on, and it reported success", p)
		}
		v.take(t, w, trial, i%5 == 0)
		return trial.Struck
	})
	v.record(t, "stick dead from a moment on", tried)
}

// dyingPoints are calls on the stick that must not fail, the last ones of all
// included.
func dyingPoints(all []Point, n int) (out []Point) {
	var on []Point
	for _, p := range all {
		stick := strings.HasPrefix(p.Target(), "/live/boot-dev/") || p.Target() == "/run/antix-remaster/image" && p.Engine()
		if stick && !goesOn(p, "EIO") {
			on = append(on, p)
		}
	}
	for i := range min(n, len(on)) {
		out = append(out, on[len(on)-1-i*len(on)/min(n, len(on))])
	}
	return out
}

// TestPromiseP5BrokenStick lets the device itself fail: its file lies on a file
// system without room, so that blocks it is to write are lost and the kernel
// reports errors.
func TestPromiseP5BrokenStick(t *testing.T) {
	rooms := []int64{256, 512, 1024, 1536}
	if full() {
		rooms = nil
		for room := int64(0); room <= 2048; room += 64 {
			rooms = append(rooms, room)
		}
	}
	tried, broken := 0, 0
	for _, room := range rooms {
		tried++
		if !brokenStick(t, room<<10) {
			broken++
		}
	}
	figure.Record(t, "P5", "device that loses blocks while it is written", tried, broken)
	figure.Record(t, "P1", "device that loses blocks while it is written", tried, broken)
}

// brokenStick builds on a stick whose device takes only room more bytes, and
// tells whether the promises held.
func brokenStick(t *testing.T, room int64) bool {
	t.Helper()
	dir := t.TempDir()
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1g"))
	defer unix.Unmount(dir, unix.MNT_DETACH) //nolint:errcheck // the directory fails to go then
	s, err := Start(t.Context(), programs, livesys.Options{NewStick: filepath.Join(dir, "stick.img"), StickSize: 96 << 20})
	must(t, err)
	defer s.Stop() //nolint:errcheck // the device is broken
	before, err := s.Look()
	must(t, err)
	syscall.Sync()
	var st unix.Stat_t
	must(t, unix.Stat(filepath.Join(dir, "stick.img"), &st))
	rest, err := os.Create(filepath.Join(dir, "rest"))
	must(t, err)
	must(t, useUp(rest, room))
	_, err = s.Build()
	armed := s.Armed()
	must(t, os.Remove(rest.Name()))
	t.Logf("a device that takes %d more bytes: %v", room, err)
	now, e := s.Look()
	must(t, e)
	linuxfs := same("the linuxfs", linesOf(before.stick, "/antiX/linuxfs "), linesOf(now.stick, "/antiX/linuxfs "), nil)
	if err == nil || armed || wire.AsError(err).Code == wire.Internal || linuxfs != nil {
		t.Errorf("a device that takes %d more bytes: %v; armed %v; %v", room, err, armed, linuxfs)
		return false
	}
	return true
}

func linesOf(list []string, prefix string) (out []string) {
	for _, line := range list {
		if strings.HasPrefix(line, prefix) {
			out = append(out, line)
		}
	}
	return out
}
