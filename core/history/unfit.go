package history

import (
	"slices"
	"strings"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// KernelOf is the release of the kernel that starts the versions of the stick;
// where that is unknown the running one stands for it.
func KernelOf(f live.Facts) string {
	if f.BootKernel != "" {
		return f.BootKernel
	}
	return f.RunningKernel
}

// unfit tells why the kernel on the stick cannot start a version: it is not
// whole, or it has no modules for it (contract §10). nil when it can.
func unfit(f live.Facts, v Version) *wire.Check {
	stop := func(code wire.Code, args ...string) *wire.Check {
		return &wire.Check{Level: wire.Stop, Code: code, Args: append([]string{v.File()}, args...)}
	}
	kernel := KernelOf(f)
	switch {
	case v.Problem != "":
		return stop(wire.VersionDamaged, v.Problem)
	case v.Compressor == "":
		return stop(wire.VersionDamaged, "nothing is known of it")
	case v.Record.Damaged:
		return stop(wire.DamageKnown)
	case kernel == "" || v.Modules == nil || slices.Contains(v.Modules, kernel):
		return nil
	case f.Running != nil && otherMachine(v.Machine, f.Running.Machine):
		return stop(wire.VersionMachine, v.Machine, f.Running.Machine)
	}
	return stop(wire.VersionModules, kernel, wire.List(v.Modules, 5))
}

// otherMachine compares what "uname -m" said when the versions were made.
func otherMachine(a, b string) bool {
	usual := func(m string) string {
		if len(m) == 4 && strings.HasPrefix(m, "i") && strings.HasSuffix(m, "86") {
			return "i686"
		}
		return m
	}
	return a != "" && b != "" && usual(a) != usual(b)
}
