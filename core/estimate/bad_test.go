package estimate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/build"
	"antix-remaster/core/plan"
)

// TestUnreadable: files that cannot be read count as if they did not shrink.
func TestUnreadable(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		put(t, fmt.Sprintf("%s/f%02d", dir, i), prose(rnd, 400_000))
		put(t, fmt.Sprintf("%s/small%02d", dir, i), prose(rnd, 4_000))
	}
	check(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"/f03", "/f04", "/small03"} {
		check(t, os.Chmod(dir+name, 0o600))
	}
	in := input(t, dir, "gzip")
	check(t, os.Chmod(in.Temp, 0o777))
	var s State
	asNobody(t, func() {
		r := &Run{in: in, states: make(chan State, 1), done: make(chan struct{})}
		r.run(t.Context()) // on this thread, as it is urgent
		s = last(t, r)
	})
	all := last(t, Start(t.Context(), in))
	hidden := int64(804_000)
	lost := s.Rows[0].Estimate - all.Rows[0].Estimate
	if lost < hidden/4 || lost > hidden || s.Rows[0].Bound < all.Rows[0].Estimate {
		t.Errorf("%d bytes more for %d that cannot be read", lost, hidden)
	}
}

// asNobody runs do with the file rights of nobody, on this thread.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with what it gave up
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
		}
		do()
	}()
	<-done
}

// TestVanishing: files that go, shrink, grow or become something else while it
// measures are no reason to stop.
func TestVanishing(t *testing.T) {
	dir, rnd := memory(t), rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		put(t, fmt.Sprintf("%s/d%d/f%02d", dir, i%6, i), prose(rnd, 500_000))
		put(t, fmt.Sprintf("%s/d%d/s%02d", dir, i%6, i), prose(rnd, 5_000))
	}
	in := input(t, dir, "zstd", "lz4")
	in.Walked = NewCensus(in.Memory)
	_, err := build.CountEach(t.Context(), dir, plan.Rules{}, nil, in.Walked.Visit)
	check(t, err)
	for i := range 10 {
		for _, kind := range []string{"f", "s"} {
			name := func(n int) string { return fmt.Sprintf("%s/d%d/%s%02d", dir, (i+n)%6, kind, i+n) }
			check(t, os.Remove(name(0)))
			check(t, os.Truncate(name(10), 1000))
			check(t, os.Truncate(name(20), 9_000_000))
			check(t, os.Remove(name(30)))
			check(t, unix.Mkfifo(name(30), 0o666))
			check(t, os.Remove(name(40)))
			check(t, os.Symlink("/etc/passwd", name(40)))
		}
	}
	check(t, os.RemoveAll(dir+"/d5"))
	s := last(t, Start(t.Context(), in))
	if r := s.Rows[0]; r.Estimate <= 0 || r.Bound < r.Estimate || !r.Whole {
		t.Errorf("%+v", r)
	}
}

// TestCancel: the end comes at once, wherever it is, and nothing is left.
func TestCancel(t *testing.T) {
	dir := zoo(t)
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		in := input(t, dir, "xz")
		ctx, stop := context.WithCancel(t.Context())
		r := Start(ctx, in)
		time.Sleep(after)
		begin := time.Now()
		stop()
		err := r.Err()
		// Ten times what is promised, for a busy machine.
		if took := time.Since(begin); took > 2*time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v, %v", after, took, err)
		}
		if left, _ := os.ReadDir(in.Temp); len(left) > 0 {
			t.Errorf("after %v: left behind %v", after, left)
		}
	}
}

// TestNoMemory: a tree that does not fit in memory is not estimated.
func TestNoMemory(t *testing.T) {
	in := input(t, zoo(t), "lz4")
	in.Memory = 100 * bytesPerEntry
	r := Start(t.Context(), in)
	for range r.States() {
	}
	if err := r.Err(); !errors.Is(err, ErrMemory) {
		t.Error(err)
	}
}

func TestEmpty(t *testing.T) {
	dir := memory(t)
	_, size := truth(t, dir, "zstd")
	if r := last(t, Start(t.Context(), input(t, dir, "zstd"))).Rows[0]; !r.Whole || r.Bound < size || r.Estimate > 20_000 {
		t.Errorf("%+v", r)
	}
	in := input(t, filepath.Join(dir, "nowhere"), "zstd")
	if err := Start(t.Context(), in).Err(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestEngineFails: without a compressor that works there is no figure.
func TestEngineFails(t *testing.T) {
	dir := zoo(t)
	in := input(t, dir, "zstd")
	in.Engine.Path = "/bin/false"
	if err := Start(t.Context(), in).Err(); err == nil {
		t.Error("it went on")
	}
	in = input(t, dir, "zstd")
	in.Temp = filepath.Join(dir, "none")
	if err := Start(t.Context(), in).Err(); err == nil {
		t.Error("it went on without a place")
	}
}

// TestLimits: work and time are kept to, and a verdict that was found ends it.
func TestLimits(t *testing.T) {
	dir := zoo(t)
	in := input(t, dir, "xz")
	in.Work = 300 * time.Millisecond
	if s := last(t, Start(t.Context(), in)); s.Rows[0].Whole || s.Work > 5*time.Second {
		t.Errorf("%v of work: %+v", s.Work, s.Rows[0])
	}
	in = input(t, dir, "xz")
	in.Wall = 300 * time.Millisecond
	if s := last(t, Start(t.Context(), in)); s.Rows[0].Whole {
		t.Errorf("%+v", s.Rows[0])
	}
	in = input(t, dir, "xz")
	in.Settle, in.Room = true, 1<<30
	if s := last(t, Start(t.Context(), in)); s.Rows[0].Whole || s.Rows[0].Verdict != Fits {
		t.Errorf("%+v", s.Rows[0])
	}
}
