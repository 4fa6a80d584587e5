package verify

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"antix-remaster/core/build"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// system makes and packs a system of a few files; NAME@TARGET is a link, an
// empty text with a slash at the end a directory.
func system(t *testing.T, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name, target, isLink := strings.Cut(name, "@")
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch {
		case isLink:
			must(t, os.Symlink(target, path))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(path, 0o755))
		default:
			must(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	data, err := os.ReadFile(pack(t, dir, "xz", nil))
	must(t, err)
	return data
}

// whole is the least that makes sense, with a few files changed; "-" takes one away.
func whole(changes ...string) map[string]string {
	files := map[string]string{"sbin/init": "i", "etc/os-release": "o", "lib/modules/" + kernel + "/": "",
		build.VersionFile: "==== 0\n==== " + id + "\n\ntitle: x\n"}
	for i := 0; i < len(changes); i += 2 {
		delete(files, changes[i])
		if changes[i+1] != "-" {
			files[changes[i]] = changes[i+1]
		}
	}
	return files
}

func TestSense(t *testing.T) {
	merged := map[string]string{"sbin@usr/sbin": "", "lib@/usr/lib": "", "usr/sbin/init@/lib/systemd/systemd": "", "etc/os-release@../usr/lib/os-release": "",
		"usr/lib/os-release": "o", "usr/lib/modules/" + kernel + "/": "", build.VersionFile: "==== " + id + "\n"}
	for _, c := range []struct {
		what   string
		kernel string
		files  map[string]string
		lacks  string // "" when it makes sense
	}{
		{"whole", kernel, whole(), ""},
		{"merged, with links", kernel, merged, ""},
		{"init and os-release below /usr only", kernel, whole("sbin/init", "-", "usr/sbin/init", "i", "etc/os-release", "-", "usr/lib/os-release", "o"), ""},
		{"kernel unknown", "", whole("lib/modules/"+kernel+"/", "-"), ""},
		{"no init", kernel, whole("sbin/init", "-"), "/sbin/init"},
		{"init elsewhere", kernel, whole("sbin/init", "-", "bin/init", "i", "sbin/init2", "i"), "/sbin/init"},
		{"no os-release", kernel, whole("etc/os-release", "-"), "/etc/os-release"},
		{"no modules", kernel, whole("lib/modules/"+kernel+"/", "-"), "/lib/modules/" + kernel},
		{"modules of another kernel", kernel, whole("lib/modules/"+kernel+"/", "-", "lib/modules/6.1.0-antix2/", ""), "/lib/modules/" + kernel},
		{"no version file", kernel, whole(build.VersionFile, "-"), "/" + build.VersionFile},
		{"the version file is a directory", kernel, whole(build.VersionFile, "-", build.VersionFile+"/", ""), "/" + build.VersionFile},
		{"empty version file", kernel, whole(build.VersionFile, ""), "the new version id"},
		{"wrong id", kernel, whole(build.VersionFile, "==== fedcba9876543210fedcba9876543210\n"), "the new version id"},
		{"the id is not the last", kernel, whole(build.VersionFile, "==== "+id+"\n==== 0\n"), "the new version id"},
		{"the id is in a title", kernel, whole(build.VersionFile, "==== 0\ntitle: ==== "+id+"\n"), "the new version id"},
		{"nothing at all", kernel, nil, "/sbin/init"},
	} {
		refused(t, c.what, Sense(bytes.NewReader(system(t, c.files)), c.kernel, id), c.lacks)
	}
}

func refused(t *testing.T, what string, err error, lacks string) {
	t.Helper()
	if lacks == "" && err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if e := wire.AsError(err); lacks != "" && (e.Code != wire.NoSense || !slices.Equal(e.Args, []string{lacks})) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestSenseOfDamage(t *testing.T) {
	data := system(t, whole())
	for _, n := range []int{0, 1, 95} {
		refused(t, "only "+strconv.Itoa(n)+" bytes", Sense(bytes.NewReader(data[:n]), kernel, id), "a readable structure")
	}
	refused(t, "not an image", Sense(strings.NewReader(strings.Repeat("text", 1000)), kernel, id), "a readable structure")
	super, err := squashfs.ReadSuper(bytes.NewReader(data))
	must(t, err)
	for n := int64(96); n <= super.DirTable; n++ { // what is needed lies before and behind
		if err := Sense(bytes.NewReader(data[:n]), kernel, id); wire.AsError(err).Code != wire.NoSense {
			t.Errorf("only %d bytes: %v", n, err)
		}
	}
}

// TestSenseWithoutID: an image of old has no version file, and boots.
func TestSenseWithoutID(t *testing.T) {
	data := system(t, whole(build.VersionFile, "-"))
	if err := Sense(bytes.NewReader(data), kernel, ""); err != nil {
		t.Error(err)
	}
	if err := Sense(bytes.NewReader(data), kernel, id); wire.AsError(err).Code != wire.NoSense {
		t.Error(err)
	}
}
