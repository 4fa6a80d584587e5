package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"antix-remaster/core/build"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// Sense holds that the image could start: an init, os-release, the modules of
// the kernel that will boot (when kernel is not "") and the new version id
// (when versionID is not "": an image need not have one).
func Sense(r io.ReaderAt, kernel, versionID string) error {
	img, err := squashfs.Open(r)
	if err != nil {
		return wire.Fail(wire.NoSense, err, "a readable structure")
	}
	has := func(name string, dirs ...string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool {
			names, err := img.ReadDir(dir)
			return err == nil && slices.Contains(names, name)
		})
	}
	text, err := img.ReadFile(build.VersionFile, 1<<20)
	switch {
	case !has("init", "sbin", "usr/sbin"):
		return wire.Fail(wire.NoSense, nil, "/sbin/init")
	case !has("os-release", "etc", "usr/lib"):
		return wire.Fail(wire.NoSense, nil, "/etc/os-release")
	case kernel != "" && !has(kernel, "lib/modules", "usr/lib/modules"):
		return wire.Fail(wire.NoSense, nil, "/lib/modules/"+kernel)
	case versionID == "":
	case err != nil:
		return wire.Fail(wire.NoSense, err, "/"+build.VersionFile)
	case !strings.HasSuffix(lastID(string(text)), versionID):
		return wire.Fail(wire.NoSense, fmt.Errorf("last version id %q", lastID(string(text))), "the new version id")
	}
	return nil
}

// lastID is the last line that starts with "===", which the initrd takes for
// the version id (contract §7).
func lastID(text string) string {
	id := ""
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "===") {
			id = line
		}
	}
	return id
}
