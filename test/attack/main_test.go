// Package attack attacks the real root helper on throwaway live systems, rule
// by rule as docs/promises.md names them.
package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"antix-remaster/test/livesys"
)

const (
	helperPath  = "/usr/libexec/antix-remaster/antix-remaster-helper"
	hostilePath = "/usr/bin/hostile"
	stick       = "/live/boot-dev/antiX"
)

// programs is the directory of the freshly built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(livesys.WithPrograms(func(dir string) int {
		programs = dir
		return m.Run()
	}, "antix-remaster/test/attack/hostile"))
}

func full() bool { return os.Getenv("ANTIX_REMASTER_FULL") != "" }

// often is how many times something is tried: in CI, and with --full.
func often(ci, all int) int {
	if full() {
		return all
	}
	return ci
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// victim is a live system that is packed in a fraction of a second.
type victim struct {
	*livesys.System
	t *testing.T
}

func newVictim(t *testing.T, o livesys.Options) *victim {
	t.Helper()
	o.Mini, o.Log = true, os.Stderr
	if o.StickSize == 0 {
		o.StickSize = 256 << 20
	}
	s, err := livesys.New(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("cannot stop the live system: %v", err)
		}
	})
	v := &victim{s, t}
	must(t, s.InstallProgram(programs))
	must(t, s.CopyIn(filepath.Join(programs, "hostile"), hostilePath, 0o755))
	must(t, v.addTools("mksquashfs", "blkid"))
	var u unix.Utsname
	must(t, unix.Uname(&u))
	must(t, os.MkdirAll(s.Path("/lib/modules/"+unix.ByteSliceToString(u.Release[:])), 0o755))
	return v
}

// addTools puts programs of this machine with their libraries into the system.
func (v *victim) addTools(names ...string) error {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if err := v.CopyIn(path, "/usr/bin/"+name, 0o755); err != nil {
			return err
		}
		libraries, err := exec.Command("ldd", path).Output()
		if err != nil {
			return fmt.Errorf("ldd %s: %w", path, err)
		}
		unnamed, err := filepath.Glob("/lib/*/libgcc_s.so.1") // loaded when a thread ends
		if err != nil || len(unnamed) == 0 {
			return fmt.Errorf("cannot find libgcc_s.so.1: %w", err)
		}
		for _, word := range append(strings.Fields(string(libraries)), unnamed...) {
			if !strings.HasPrefix(word, "/") {
				continue
			}
			if err := v.CopyIn(word, word, 0o755); err != nil {
				return err
			}
		}
	}
	return nil
}

// write puts a file into the system, by its path inside.
func (v *victim) write(path, text string, mode os.FileMode) {
	v.t.Helper()
	must(v.t, os.MkdirAll(filepath.Dir(v.Path(path)), 0o755))
	must(v.t, os.WriteFile(v.Path(path), []byte(text), mode))
	must(v.t, os.Chmod(v.Path(path), mode))
}

func (v *victim) exists(path string) bool {
	_, err := os.Lstat(v.Path(path))
	return err == nil
}

// launch prepares a start of the helper by hostile.
func (v *victim) launch(ctx context.Context, l launch) *exec.Cmd {
	v.t.Helper()
	if l.Path == "" {
		l.Path = helperPath
	}
	text, err := json.Marshal(l)
	must(v.t, err)
	cmd := v.Command(ctx, hostilePath, "launch", string(text))
	if l.UID != 0 {
		cmd = v.CommandAs(ctx, l.UID, hostilePath, "launch", string(text))
		cmd.Dir = "/"
	}
	return cmd
}

// launch mirrors Launch of package hostile.
type launch struct {
	Path   string
	Argv   []string
	Env    []string
	Dir    string
	Umask  int
	Ignore []int
	Open   []int
	Close  []int
	UID    uint32 `json:"-"`
}

// outcome is how a program ended.
type outcome struct {
	status         int
	stdout, stderr string
}

// started runs the start to its end, with this input.
func (v *victim) started(l launch, input string) outcome {
	v.t.Helper()
	ctx, stop := context.WithTimeout(v.t.Context(), time.Minute)
	defer stop()
	cmd := v.launch(ctx, l)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	err := v.RunCommand(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		v.t.Fatalf("%+v: %v", l, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// noise does not compress, and is the same in every call.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(b) // never fails
	return string(b)
}
