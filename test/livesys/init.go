package livesys

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys/inside"
)

// initArg makes the livesys command be PID 1.
const initArg = "pid1"

// startInit starts PID 1 in new namespaces and waits until the system is up.
func (s *System) startInit(ctx context.Context, spec inside.Spec) (inside.Ready, error) {
	program, err := initProgram(ctx, s.CacheDir)
	if err != nil {
		return inside.Ready{}, err
	}
	specR, specW, err := os.Pipe()
	if err != nil {
		return inside.Ready{}, err
	}
	readyR, readyW, err := os.Pipe()
	if err != nil {
		return inside.Ready{}, err
	}
	defer readyR.Close()
	s.log.Reset()
	cmd := exec.Command(program, initArg)
	cmd.ExtraFiles = []*os.File{specR, readyW} // SpecFD, ReadyFD
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: s.namespaces(),
		Pdeathsig:  unix.SIGKILL,
		Setsid:     true, // a Ctrl-C on the terminal is for us, not for PID 1
	}
	s.init, err = StartOwned(cmd)
	specR.Close()
	readyW.Close()
	if err != nil {
		specW.Close()
		return inside.Ready{}, fmt.Errorf("cannot start PID 1: %w", err)
	}
	s.spare = specW
	return s.handshake(ctx, spec, specW, readyR)
}

// namespaces are those that PID 1 gets. A window shares memory with the X
// server by numbers, which must mean the same to both.
func (s *System) namespaces() uintptr {
	const always = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS
	if s.Desktop {
		return always
	}
	return always | unix.CLONE_NEWIPC
}

func (s *System) handshake(ctx context.Context, spec inside.Spec, w io.Writer, r io.Reader) (inside.Ready, error) {
	stop := context.AfterFunc(ctx, func() { s.init.Cmd.Process.Kill() })
	defer stop()
	var ready inside.Ready
	if err := json.NewEncoder(w).Encode(spec); err != nil {
		return ready, fmt.Errorf("cannot talk to PID 1: %w", err)
	}
	err := json.NewDecoder(r).Decode(&ready)
	switch {
	case ctx.Err() != nil:
		return ready, ctx.Err()
	case err != nil:
		<-s.init.Done // its output is complete
		return ready, fmt.Errorf("PID 1 died: %s", strings.TrimSpace(s.log.String()))
	case ready.Error != "":
		return ready, fmt.Errorf("%s", ready.Error)
	}
	return ready, nil
}

var builtInit struct {
	sync.Mutex
	path string
}

// initProgram is the livesys command: ourselves, or built on the spot when we
// are a test binary.
func initProgram(ctx context.Context, cacheDir string) (string, error) {
	if self, err := os.Executable(); err == nil && filepath.Base(self) == "livesys" {
		return "/proc/self/exe", nil
	}
	builtInit.Lock()
	defer builtInit.Unlock()
	if builtInit.path != "" {
		return builtInit.path, nil
	}
	path, err := buildInit(ctx, cacheDir)
	builtInit.path = path
	return path, err
}

func buildInit(ctx context.Context, cacheDir string) (string, error) {
	unlock, err := lock(ctx, cacheDir, "init")
	if err != nil {
		return "", err
	}
	defer unlock()
	// The tests of another clone must not exchange it between two starts.
	dir := filepath.Join(cacheDir, "bin", fmt.Sprintf("%x", sha256.Sum256([]byte(moduleDir())))[:8])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "livesys")
	next := path + ".next"
	// Root may not read the version of a tree that is somebody else's.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", next, "antix-remaster/test/livesys/cmd/livesys")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	cmd.Dir = moduleDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build the livesys command: %w\n%s", err, bytes.TrimSpace(out))
	}
	// Renamed: another test may run the old one right now.
	return path, os.Rename(next, path)
}

// moduleDir is the root of the source tree: from where this file was
// compiled, so that tests may run anywhere; with -trimpath that is unknown and
// the current directory must be inside the tree. "" when it cannot be found.
func moduleDir() string {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	if !filepath.IsAbs(dir) {
		dir, _ = os.Getwd()
	}
	for ; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	return ""
}
