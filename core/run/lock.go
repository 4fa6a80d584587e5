package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// antixLock is the lock file that live-remaster and persist-save take with
// lockfile-create (contract §1.4). Such a lock goes stale when nobody touched
// it for five minutes, so ours is touched every minute.
type antixLock struct {
	path string
	stop chan struct{}
}

const (
	touchEvery = time.Minute
	staleAfter = 5 * time.Minute
)

// takeAntixLock takes the lock with our pid in it. Without the directory of a
// live initrd there is nobody to lock out.
func takeAntixLock(liveDir string) (*antixLock, error) {
	dir := filepath.Join(liveDir, "config")
	if st, err := os.Stat(dir); err != nil || !st.IsDir() || liveDir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, "locked")
	err := writeLock(path)
	if errors.Is(err, fs.ErrExist) && isStale(path) {
		if err = os.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			err = writeLock(path)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil, wire.Fail(wire.AntixLock, err, path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot take the lock of the antiX tools: %w", err)
	}
	l := &antixLock{path, make(chan struct{})}
	go l.touch()
	return l, nil
}

// writeLock makes the lock with its content in one step: a lock without a pid,
// left by a start that was killed or had no room, would count as held for long.
func writeLock(path string) error {
	return sys.CreateWhole(path, fmt.Sprintln(os.Getpid()))
}

// isStale tells whether the holder is gone: its pid is dead, or it wrote none
// and has not touched the file for long, whichever way the clock was set.
func isStale(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 0 {
		return !sys.Alive(pid)
	}
	st, err := os.Stat(path)
	return err == nil && time.Since(st.ModTime()).Abs() > staleAfter
}

func (l *antixLock) touch() {
	tick := time.NewTicker(touchEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			os.Chtimes(l.path, now, now) //nolint:errcheck // the flock is what really holds
		}
	}
}

func (l *antixLock) release() error {
	if l == nil {
		return nil
	}
	close(l.stop)
	text, err := os.ReadFile(l.path)
	if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		err = os.Remove(l.path) // else somebody took it from us, and it is theirs now
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
