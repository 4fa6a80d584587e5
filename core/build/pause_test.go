package build

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// isStopped tells whether the process is, as proc_pid_stat(5) has it.
func isStopped(t testing.TB, pid int) bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[0] == 'T'
}

// soon waits until it is so; the kernel takes a moment.
func soon(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// Two reasons stop mksquashfs, and neither lets go what the other holds.
func TestHoldForTwoReasons(t *testing.T) {
	w := newWatched(t, 1<<30)
	ctx, s := pause.With(w.ctx)
	p, err := sys.Start(sys.Spec{Path: "/bin/sleep", Args: []string{"60"}})
	must(t, err)
	defer p.Wait() //nolint:errcheck // killed
	defer p.Signal(syscall.SIGKILL)
	for i, c := range []struct {
		size, written int64 // MiB
		paused, stop  bool
	}{
		{0, 0, false, false},
		{64, 0, false, true}, // far ahead of the stick
		{64, 0, true, true},
		{64, 64, true, true}, // all is written, but the pause goes on
		{64, 64, false, false},
		{65, 64, true, true},
		{96, 64, true, true},
		{96, 64, false, true}, // the pause is over, but too much is outstanding
		{96, 93, false, true}, // too much still, until half is written
		{96, 95, false, false},
	} {
		must(t, w.job.Out.Truncate(c.size<<20))
		w.flushed.Store(c.written << 20)
		if s.Resume(); c.paused {
			s.Pause()
		}
		w.hold(ctx, p)
		soon(t, fmt.Sprintf("step %d: stopped %v", i, c.stop), func() bool { return isStopped(t, p.PID()) == c.stop })
	}
}

// grows writes a byte every now and then, by a child.
const grows = `i=0; while [ $i -lt 60 ]; do i=$((i+1)); printf x >>"$0"; sleep 0.02; done`

func TestRunPauses(t *testing.T) {
	j := played(t, grows)
	size := func() int64 {
		st, err := j.Out.Stat()
		must(t, err)
		return st.Size()
	}
	ctx, s := pause.With(t.Context())
	ended := make(chan error, 1)
	var packed Packed
	go func() {
		var err error
		packed, err = Run(ctx, j)
		ended <- err
	}()
	soon(t, "it began", func() bool { return size() > 2 })
	s.Pause()
	time.Sleep(500 * time.Millisecond)
	before := size()
	time.Sleep(time.Second)
	if after := size(); after != before || before >= 60 {
		t.Errorf("it grew from %d to %d while it was paused", before, after)
	}
	s.Resume()
	if err := <-ended; err != nil || packed.Size != 60 {
		t.Errorf("%v, %+v", err, packed)
	}
}

func TestRunStopsWhilePaused(t *testing.T) {
	packages := wire.Fail(wire.PackagesMoved, nil)
	for name, c := range map[string]struct {
		script string
		watch  func() error
		cancel bool
		want   wire.Code
	}{
		"cancelled":            {takesLong, nil, true, wire.Cancelled},
		"cancelled at the end": {`truncate -s 10M "$0"`, nil, true, wire.Cancelled},
		"the watch":            {takesLong, func() error { return packages }, false, wire.PackagesMoved},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ctx, s := pause.With(ctx)
			j := played(t, c.script)
			j.Watch = c.watch
			s.Pause()
			if c.cancel {
				time.AfterFunc(500*time.Millisecond, cancel)
			}
			begin := time.Now()
			if _, err := Run(ctx, j); wire.AsError(err).Code != c.want {
				t.Error(err)
			}
			if took := time.Since(begin); took > 30*time.Second || took < 400*time.Millisecond {
				t.Errorf("after %v", took)
			}
		})
	}
}
