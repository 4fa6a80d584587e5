package attack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/verify"
	"antix-remaster/core/wire"
	"antix-remaster/test/figure"
)

// TestPromiseS10 swaps the unfinished image against another file, at every
// moment between writing and the end of arming: what is armed is what was
// verified, or nothing is.
func TestPromiseS10(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "swap-")
	if err != nil {
		t.Fatalf("this test needs a tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tries, armed, broken := often(400, 10000), 0, 0
	for n := range tries {
		at := filepath.Join(dir, fmt.Sprint(n))
		must(t, os.MkdirAll(at+"/antiX", 0o755))
		ok, err := swapped(at, uint64(n))
		if ok {
			armed++
		}
		if err != nil {
			broken++
			t.Errorf("try %d: %v", n, err)
		}
		must(t, os.RemoveAll(at))
	}
	if armed == 0 || armed == tries {
		t.Errorf("%d of %d were armed: the swaps came at no interesting moment", armed, tries)
	}
	figure.Record(t, "S10", fmt.Sprintf("images swapped between verify and publish, %d armed all the same", armed), tries, broken)
}

// swapped makes one build under a swapper, and tells whether it was armed and
// what is wrong with that.
func swapped(at string, seed uint64) (armed bool, err error) {
	dir, err := sys.OpenDir(at + "/antiX")
	if err != nil {
		return false, err
	}
	defer dir.Close()
	m, err := publish.Open(dir, "/dev/no-such-device", "linuxfs", live.Gen2023, nil)
	if err != nil {
		return false, err
	}
	b, err := m.Begin(plan.Plan{Part: "linuxfs.part", New: "linuxfs.new"})
	if err != nil {
		return false, err
	}
	text := bytes.Repeat(fmt.Appendf(nil, "image %d ", seed), 3000)
	if _, err := b.Image().Write(text); err != nil {
		return false, err
	}
	stop := swapper(at, seed)
	d, err := verify.Digest(context.Background(), b.Image(), int64(len(text)), func(wire.Progress) {})
	if err != nil {
		stop()
		return false, err
	}
	armErr := b.Arm()
	stop()
	got, err := os.ReadFile(at + "/antiX/linuxfs.new")
	switch {
	case armErr == nil && fmt.Sprintf("%x", sha256.Sum256(got)) != d.SHA256:
		return true, fmt.Errorf("armed is %.20q, which was not verified (%v)", got, err)
	case armErr != nil && err == nil:
		return false, fmt.Errorf("arming failed (%v), and %.20q is armed all the same", armErr, got)
	}
	return armErr == nil, nil
}

// swapper exchanges linuxfs.part with a file of its own from a random moment
// on, once, twice, or until it is stopped.
func swapper(at string, seed uint64) (stop func()) {
	r := rand.New(rand.NewPCG(seed, 10))
	delay, times := time.Duration(r.IntN(600))*time.Microsecond, []int{1, 2, 3, 1 << 30}[r.IntN(4)]
	mine, part := at+"/mine", at+"/antiX/linuxfs.part"
	os.WriteFile(mine, []byte("of the attacker"), 0o644) //nolint:errcheck // seen by the exchange
	var over atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		for end := time.Now().Add(delay); time.Now().Before(end); {
		}
		for i := 0; i < times && !over.Load(); i++ {
			unix.Renameat2(unix.AT_FDCWD, mine, unix.AT_FDCWD, part, unix.RENAME_EXCHANGE) //nolint:errcheck // mostly too late
		}
	})
	return func() {
		over.Store(true)
		running.Wait()
	}
}
