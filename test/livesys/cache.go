package livesys

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultCacheDir is where the base image lives and where systems work:
// $ANTIX_REMASTER_CACHE, else the user's cache directory.
func DefaultCacheDir() (string, error) {
	if dir := os.Getenv("ANTIX_REMASTER_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find a cache directory, set ANTIX_REMASTER_CACHE: %w", err)
	}
	return filepath.Join(dir, "antix-remaster"), nil
}

// lock takes the named lock of the cache and returns its release.
func lock(ctx context.Context, cacheDir, name string) (func(), error) {
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(cacheDir, name+".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// owner says which process a work directory belongs to. The start time tells
// a reused process id apart.
type owner struct {
	PID   int
	Start string
}

const ownerFile = "owner.json"

// NewWorkDir makes a directory that Sweep removes once this process is dead.
func NewWorkDir(cacheDir string) (string, error) {
	runs := filepath.Join(cacheDir, "run")
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return "", err
	}
	// Made under a name that Sweep ignores until the owner is written.
	tmp, err := os.MkdirTemp(runs, ".new-")
	if err != nil {
		return "", err
	}
	text, _ := json.Marshal(owner{os.Getpid(), startTime(os.Getpid())})
	if err := os.WriteFile(filepath.Join(tmp, ownerFile), text, 0o644); err != nil {
		return "", err
	}
	dir := filepath.Join(runs, strings.TrimPrefix(filepath.Base(tmp), ".new-"))
	return dir, os.Rename(tmp, dir)
}

// startTime is field 22 of /proc/PID/stat; "" when there is no such process.
func startTime(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The second field is in parentheses and may hold anything.
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 19 {
		return fields[19]
	}
	return ""
}

// Sweep removes what test processes that died left in the cache directory:
// their work directories and loop devices on files in these. Mounts and
// processes need no sweeping, they end with the process that made them.
func Sweep(cacheDir string) error {
	dirs, err := filepath.Glob(filepath.Join(cacheDir, "run", "*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if !abandoned(dir) {
			continue
		}
		if err := release(loopsBelow(dir), 5*time.Second); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("cannot sweep: %w", err)
		}
	}
	return nil
}

func abandoned(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, ownerFile))
	if err != nil {
		// A ".new-" directory, half made: old enough means its maker died.
		info, err := os.Stat(dir)
		return err == nil && time.Since(info.ModTime()) > time.Hour
	}
	var o owner
	if json.Unmarshal(text, &o) != nil {
		return false
	}
	return startTime(o.PID) != o.Start
}
