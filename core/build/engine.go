package build

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Engine is the installed mksquashfs.
type Engine struct {
	Path         string
	Major, Minor int
}

var versionLine = regexp.MustCompile(`(?m)^mksquashfs version (\d+)\.(\d+)`)

// FindEngine finds mksquashfs and asks for its version. Errors are wire
// errors: missing, or a version that is not understood.
func FindEngine(ctx context.Context) (Engine, error) {
	path, err := sys.Program("mksquashfs")
	if err != nil {
		return Engine{}, wire.Fail(wire.EngineMissing, err)
	}
	// Some versions exit 1 after printing it.
	text, runErr := sys.Output(ctx, path, "-version")
	m := versionLine.FindStringSubmatch(text)
	if m == nil {
		err := errors.Join(fmt.Errorf("cannot read the version of %s", path), runErr)
		return Engine{}, wire.Fail(wire.EngineOld, err, "?", "-version")
	}
	e := Engine{Path: path}
	e.Major, _ = strconv.Atoi(m[1]) // digits by the pattern
	e.Minor, _ = strconv.Atoi(m[2])
	return e, nil
}

func (e Engine) atLeast(major, minor int) bool {
	return e.Major > major || e.Major == major && e.Minor >= minor
}

// Version is "4.5".
func (e Engine) Version() string { return fmt.Sprintf("%d.%d", e.Major, e.Minor) }

// Knows tells whether this version offers the compressor: xz, gzip and lz4
// came with 4.3 at the latest, zstd with 4.4.
func (e Engine) Knows(compressor string) bool {
	if compressor == "zstd" {
		return e.atLeast(4, 4)
	}
	return e.atLeast(4, 3)
}

// percentage tells whether -percentage exists: measured in 4.6.1, not in 4.5.1.
func (e Engine) percentage() bool { return e.atLeast(4, 6) }
