package livesys

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// BuildPrograms builds the command line and the helper for the architecture
// into dir, as the package does, and more packages beside them.
func BuildPrograms(dir, arch string, more ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", dir + "/",
		"antix-remaster/cmd/antix-remaster-cli", "antix-remaster/cmd/antix-remaster-helper"}, more...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the programs: %w\n%s", err, out)
	}
	return nil
}

// WithPrograms is for TestMain: run gets a directory with what BuildPrograms
// builds, which is gone afterwards. It gives run's exit status.
func WithPrograms(run func(dir string) int, more ...string) int {
	dir, err := os.MkdirTemp("", "programs-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = BuildPrograms(dir, runtime.GOARCH, more...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run(dir)
}
