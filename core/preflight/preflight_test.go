package preflight

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/build"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

const release = "6.1.0-37-amd64"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, root, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(root+name), 0o755))
	must(t, os.WriteFile(root+name, []byte(text), 0o644))
}

const kernelConfig = "# CONFIG_SQUASHFS_LZ4 is not set\nCONFIG_SQUASHFS=m\nCONFIG_SQUASHFS_ZSTD=y\nCONFIG_SQUASHFS_XZ=y\nCONFIG_SQUASHFS_ZLIB=m\nCONFIG_SQUASHFS_XATTR=y\n"

// good is a live system of which nothing at all is to be said.
func good(t testing.TB) Input {
	t.Helper()
	root := t.TempDir()
	put(t, root, "/lib/modules/"+release+"/modules.dep", "")
	put(t, root, "/boot/config-"+release, kernelConfig)
	version := live.Version{Name: "linuxfs", ID: "aa", Size: 1000 << 20, BytesUsed: 1000 << 20, Compressor: "zstd"}
	running := version
	return Input{
		Root: root,
		Facts: live.Facts{Live: true, ConfigPath: "/live/config/initrd.out", Remasterable: true, Generation: live.Gen2023,
			Boot:    live.Boot{Device: "/dev/sdb1", UUID: "1234-ABCD", FSType: "ext4", Mountpoint: "/live/boot-dev"},
			Image:   live.Image{Dir: "/live/boot-dev/antiX", Path: "antiX", Name: "linuxfs"},
			Union:   live.Union{Type: "overlay", Lower: "/live/linux", Upper: "/live/aufs-ram/upper"},
			Home:    live.Home{Kind: live.HomeInSystem},
			Running: &running, Default: &version, Persistence: live.Persistence{Kind: live.PersistNone},
			Plain: live.Image{Dir: "/live/boot-dev/antiX", Path: "antiX", Name: "linuxfs"}, Files: []string{"linuxfs", "linuxfs.md5", "vmlinuz"},
			Entries: live.Dir{"linuxfs": live.KindFile, "linuxfs.md5": live.KindFile, "vmlinuz": live.KindFile}, RunningKernel: release, BootKernel: release},
		Choices: wire.Choices{Type: "personal", Home: "keep"},
		Plan:    plan.Plan{Name: "linuxfs", Part: "linuxfs.part", New: "linuxfs.new", Compressor: "zstd", Companions: []plan.Companion{{Name: "linuxfs.md5", MD5: true}}},
		Engine:  build.Engine{Path: "/usr/bin/mksquashfs", Major: 4, Minor: 5},
		Memory:  1 << 30,
		Measured: &Measured{Scan: build.Scan{Bytes: 1000 << 20, Media: 100 << 20, Home: 50 << 20}, Upper: build.Scan{Bytes: 100 << 20, Media: 10 << 20},
			Free: 8 << 30},
	}
}

// row is one change to the good system, and everything that is then said.
type row struct {
	name   string
	change func(in *Input)
	want   string
}

// said is "level code args", a line for each check.
func said(checks []wire.Check) string {
	var out []string
	for _, c := range checks {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Level, c.Code, strings.Join(c.Args, "|"))))
	}
	return strings.Join(out, "\n")
}

func toRAM(in *Input) {
	in.Facts.ToRAM = true
	in.Facts.Boot.Mountpoint = ""
}

func leftover(base string, kind live.LeftoverKind) func(*Input) {
	return func(in *Input) {
		name := base + "." + string(kind)
		in.Facts.Leftovers = append(in.Facts.Leftovers, live.Leftover{Name: name, Base: base, Kind: kind})
		in.Facts.Files = append(in.Facts.Files, name)
		in.Facts.Entries[name] = live.KindFile
	}
}

// rewrite puts another text into the kernel's configuration.
func rewrite(old, text string) func(*Input) {
	return func(in *Input) {
		err := os.WriteFile(in.Root+"/boot/config-"+release, []byte(strings.ReplaceAll(kernelConfig, old, text)), 0o644)
		if err != nil {
			panic(err)
		}
	}
}

var rows = []row{
	{"nothing", func(*Input) {}, ""},

	{"no live system", func(in *Input) { in.Facts = live.Facts{} }, "stop not_live"},
	{"no union", func(in *Input) { in.Facts.Union = live.Union{} }, "stop not_live"},
	{"damaged", func(in *Input) { in.Facts.ConfigError = live.ErrConfigDamaged }, "stop config_damaged /live/config/initrd.out|" + live.ErrConfigDamaged.Error()},
	{"outside", func(in *Input) { in.Facts.ConfigError = fmt.Errorf("x: %w", live.ErrOutsideBoot) }, "stop config_outside /live/config/initrd.out"},

	{"ISO file", func(in *Input) { in.Facts.FromISO, in.Facts.Remasterable = true, false }, "stop from_iso"},
	{"archive", func(in *Input) { in.Facts.FromArchive, in.Facts.Image.Dir = true, "/b/antiX/archive/0003" }, "stop archive_boot /b/antiX/archive/0003"},
	{"rescue", func(in *Input) { in.Facts.FromRescue, in.Facts.Image.Name = true, "linuxfs.old" }, "stop rescue_boot linuxfs.old|linuxfs"},
	{"CD", func(in *Input) { in.Facts.Remasterable = false }, "stop not_remasterable"},
	{"toram, encrypted", func(in *Input) { toRAM(in); in.Facts.Encrypted = true }, "stop toram_locked"},
	{"toram, pulled", func(in *Input) { toRAM(in); in.Facts.Boot.Device = "" }, "stop toram_away 1234-ABCD"},
	{"toram, plugged", toRAM, ""},
	{"toram, unplugged and no image", func(in *Input) { toRAM(in); in.Facts.Default = nil; in.Measured = nil }, ""},
	{"pulled", func(in *Input) { in.Facts.Boot.Mountpoint, in.Facts.Boot.Device = "", "" }, "stop boot_missing 1234-ABCD"},
	{"encrypted", func(in *Input) { in.Facts.Encrypted = true }, ""},

	{"read-only", func(in *Input) { in.Facts.Boot.ReadOnly = true }, "stop read_only_medium /dev/sdb1"},
	{"read-only, not tried", func(in *Input) { in.Facts.Boot.ReadOnly, in.Measured = true, nil }, "warn read_only_medium /dev/sdb1"},

	{"no image", func(in *Input) { in.Facts.Default = nil }, "stop image_missing linuxfs"},
	{"no squashfs", func(in *Input) { in.Facts.Default.Compressor, in.Facts.Default.Problem = "", "why" }, "stop image_damaged linuxfs|why"},
	{"cut off", func(in *Input) { in.Facts.Default.BytesUsed++ }, "stop image_damaged linuxfs|"},
	{"another stick", func(in *Input) { in.Facts.ToRAM, in.Facts.Default.ID = true, "bb" }, "stop boot_other /dev/sdb1"},
	{"swapped since", func(in *Input) { in.Facts.Default.ID = "bb" }, ""},
	{"running unknown", func(in *Input) { in.Facts.ToRAM, in.Facts.Running = true, nil }, ""},

	{"armed", leftover("linuxfs", live.LeftNew), "stop pending linuxfs.new"},
	{"old", leftover("linuxfs", live.LeftOld), "stop blocked linuxfs.old"},
	{"bad", leftover("linuxfs", live.LeftBad), "stop blocked linuxfs.bad"},
	{"bak", leftover("linuxfs", live.LeftBak), ""},
	{"dangling", func(in *Input) {
		leftover("linuxfs", live.LeftOld)(in)
		in.Facts.Entries["linuxfs.old"] = live.KindDangling
	}, ""},
	{"old of a companion", leftover("state", live.LeftOld), ""},
	{"old beside a companion, 2023", func(in *Input) { leftover("state", live.LeftOld)(in); in.Facts.Entries["state"] = live.KindDir },
		"warn swap_removes state.old"},
	{"old beside a companion, 2016", func(in *Input) {
		leftover("deb", live.LeftOld)(in)
		in.Facts.Generation, in.Facts.Entries["deb"], in.Facts.Entries["deb.old"] = live.Gen2016, live.KindDir, live.KindDir
	}, "warn swap_removes deb.old"},
	{"new of a companion", leftover("state", live.LeftNew), ""},
	{"live-remaster's", leftover("linuxfs", live.LeftTmp), "note unfinished linuxfs.tmp"},
	{"two", func(in *Input) { leftover("linuxfs", live.LeftOld)(in); leftover("linuxfs", live.LeftBad)(in) }, "stop blocked linuxfs.old\nstop blocked linuxfs.bad"},
	{"part", leftover("linuxfs", live.LeftPart), "stop name_taken linuxfs.part"},
	{"new of ours", leftover("linuxfs.md5", live.LeftNew), "stop name_taken linuxfs.md5.new"},
	{"part of ours", leftover("linuxfs.md5", live.LeftPart), "stop name_taken linuxfs.md5.part"},
	{"a journal", func(in *Input) {
		leftover("linuxfs", live.LeftPart)(in)
		in.Facts.Files = append(in.Facts.Files, plan.JournalName)
	}, ""},

	{"no modules", func(in *Input) { in.Facts.BootKernel = "6.2" }, "stop no_modules 6.2"},
	{"no modules, only a file", func(in *Input) {
		in.Facts.BootKernel = "file"
		_ = os.WriteFile(in.Root+"/lib/modules/file", nil, 0o644)
	}, "stop no_modules file"},
	{"kernel unknown", func(in *Input) { in.Facts.BootKernel = "" }, "warn kernel_unknown " + release},
	{"kernel unknown, no modules", func(in *Input) { in.Facts.BootKernel, in.Facts.RunningKernel = "", "6.2" }, "warn kernel_unknown 6.2\nstop no_modules 6.2"},
	{"running without modules", func(in *Input) { in.Facts.RunningKernel = "6.2" }, ""},
	{"lz4 unset", func(in *Input) { in.Plan.Compressor = "lz4" }, "stop compressor lz4|" + release},
	{"gzip is zlib", func(in *Input) { in.Plan.Compressor = "gzip" }, ""},
	{"zlib missing", func(in *Input) { in.Plan.Compressor = "gzip"; rewrite("_ZLIB", "_X")(in) }, "stop compressor gzip|" + release},
	{"explicitly no", rewrite("ZSTD=y", "ZSTD=n"), "stop compressor zstd|" + release},
	{"the running kernel cannot", func(in *Input) {
		in.Facts.RunningKernel = "old"
		_ = os.WriteFile(in.Root+"/boot/config-old", []byte("CONFIG_SQUASHFS_XZ=y\nCONFIG_SQUASHFS_XATTR=y\n"), 0o644)
	}, "stop compressor zstd|old"},
	{"no configuration", func(in *Input) { _ = os.Remove(in.Root + "/boot/config-" + release) }, ""},
	{"attributes hidden", rewrite("CONFIG_SQUASHFS_XATTR=y", ""), "warn no_xattrs"},

	{"no engine", func(in *Input) { in.EngineErr = wire.Fail(wire.EngineMissing, os.ErrNotExist) }, "stop engine_missing"},
	{"unknown engine", func(in *Input) { in.EngineErr = wire.Fail(wire.EngineOld, nil, "?", "-version") }, "stop engine_old ?|-version"},
	{"old engine", func(in *Input) { in.Engine.Minor = 3 }, "stop engine_old 4.3|zstd"},
	{"old engine, xz", func(in *Input) { in.Engine.Minor, in.Plan.Compressor = 3, "xz" }, ""},

	{"dynamic", persists(live.PersistDynamic), "note root_persistence /b/rootfs\nwarn root_unsaved /b/rootfs"},
	{"static", persists(live.PersistStatic), "note root_persistence /b/rootfs"},
	{"dynamic, its file is gone", func(in *Input) { persists(live.PersistDynamic)(in); in.Plan.Companions = nil }, "stop root_elsewhere /b/rootfs"},
	{"static, the stick is away", func(in *Input) {
		persists(live.PersistStatic)(in)
		in.Plan.Companions, in.Facts.Entries, in.Facts.Files = nil, nil, nil
	}, "note root_persistence /b/rootfs"},
	{"no mkfs.ext4", func(in *Input) {
		persists(live.PersistStatic)(in)
		in.MkfsErr = wire.Fail(wire.MkfsMissing, nil, "mkfs.ext4")
	}, "note root_persistence /b/rootfs\nstop mkfs_missing mkfs.ext4"},
	{"no mkfs.ext4, no rootfs", func(in *Input) { in.MkfsErr = wire.Fail(wire.MkfsMissing, nil, "mkfs.ext4") }, ""},
	{"rootfs not in use", func(in *Input) { persists(live.PersistNone)(in) }, "warn rootfs_unused rootfs|2.0 GiB"},
	{"a rootfs.new of another tool", func(in *Input) {
		persists(live.PersistStatic)(in)
		in.Facts.Files = append(in.Facts.Files, "rootfs.new")
	}, "stop name_taken rootfs.new\nnote root_persistence /b/rootfs"},
	{"rootfs aside", func(in *Input) { in.Facts.Files = append(in.Facts.Files, "rootfs") }, "warn rootfs_aside rootfs"},
	{"mismatch", func(in *Input) { in.Facts.VIDError = "text"; in.Facts.Files = append(in.Facts.Files, "rootfs") }, "warn version_mismatch text\nwarn rootfs_aside rootfs"},

	{"homefs", func(in *Input) { in.Facts.Home.Kind, in.Choices.Home = live.HomeFile, "leave" }, "note home_elsewhere homefs"},
	{"home mounted", func(in *Input) { in.Facts.Home.Kind = live.HomeMount }, "note home_elsewhere mount"},
	{"leave home", func(in *Input) { in.Choices.Home = "leave" }, "stop home_leave 50 MiB"},
	{"leave home, not walked", func(in *Input) { in.Choices.Home, in.Measured = "leave", nil }, "stop home_leave ?"},
	{"leave home, confirmed", func(in *Input) { in.Choices.Home, in.Choices.HomeLoss = "leave", true }, "warn home_left 50 MiB"},
	{"leave home, confirmed, not walked", func(in *Input) { in.Choices.Home, in.Choices.HomeLoss, in.Measured = "leave", true, nil }, "warn home_left ?"},
	{"leave an empty home", func(in *Input) { in.Choices.Home, in.Measured.Scan.Home = "leave", 0 }, ""},

	{"noremaster", func(in *Input) { in.Facts.NoRemaster = true }, "warn no_remaster"},
	{"64 MiB", func(in *Input) { in.Memory = 64 << 20 }, "warn low_memory 64 MiB|160 MiB"},
	{"below 64 MiB", func(in *Input) { in.Memory = 32 << 20 }, "stop low_memory 32 MiB|64 MiB"},
	{"160 MiB", func(in *Input) { in.Memory = 160 << 20 }, ""},
	{"battery low", func(in *Input) { in.OnBattery, in.Battery = true, 29 }, "warn battery 29"},
	{"battery", func(in *Input) { in.OnBattery, in.Battery = true, 30 }, ""},
	{"mains", func(in *Input) { in.Battery = 0 }, ""},
	{"apt", func(in *Input) { in.Measured.PackagePID = 42 }, "stop packages 42"},

	{"no space", func(in *Input) { in.Measured.Free = 1 << 30 }, "stop no_space 1.0 GiB|1008 MiB|/dev/sdb1|57 MiB"},
	{"tight", func(in *Input) { in.Measured.Free = 1100 << 20 }, "warn tight_space 19 MiB"},
	{"FAT", func(in *Input) { in.Plan.FAT, in.Facts.Default.Size = true, 4<<30 }, "stop fat_limit 4.1 GiB"},

	{"a little of all, the most basic first", func(in *Input) {
		in.Facts.FromISO, in.Facts.NoRemaster, in.Measured.PackagePID = true, true, 7
		leftover("linuxfs", live.LeftNew)(in)
	}, "stop from_iso\nstop pending linuxfs.new\nwarn no_remaster\nstop packages 7"},
}

// persists is root persistence of a kind, with a rootfs of which a fresh one is made.
func persists(kind string) func(*Input) {
	return func(in *Input) {
		in.Facts.Persistence = live.Persistence{Kind: kind, File: "/b/rootfs"}
		in.Facts.Files = append(in.Facts.Files, "rootfs")
		in.Facts.Entries["rootfs"] = live.KindFile
		in.Plan.Companions = append(in.Plan.Companions, plan.Companion{Name: "rootfs", Fresh: 2 << 30})
	}
}

func TestFindMkfs(t *testing.T) {
	if err := FindMkfs(); err != nil {
		t.Error(err) // they are needed to run these tests at all
	}
}

func TestChecks(t *testing.T) {
	for _, r := range rows {
		in := good(t)
		r.change(&in)
		checks := Run(in)
		if checks == nil {
			t.Errorf("%s: null is no list", r.name)
		}
		if got := said(checks); got != r.want {
			t.Errorf("%s:\n%s\nwant\n%s", r.name, got, r.want)
		}
		stop := FirstStop(checks)
		if i := slices.IndexFunc(checks, func(c wire.Check) bool { return c.Level == wire.Stop }); (i < 0) != (stop == nil) || i >= 0 && !reflect.DeepEqual(*stop, checks[i]) {
			t.Errorf("%s: the first stop is %v", r.name, stop)
		}
		for _, c := range checks {
			if m := wire.Describe(c.Code, c.Args, wire.T); strings.Contains(m.Text+m.Hint, "?") && !slices.Contains(c.Args, "?") {
				t.Errorf("%s: a text lacks an argument: %+v", r.name, m)
			}
		}
	}
}

// No check may be forgotten here.
func TestEveryCodeIsTried(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		for line := range strings.Lines(r.want) {
			seen[strings.Fields(line)[1]] = true
		}
	}
	codes := regexp.MustCompile(`"([a-z_]+)"`)
	source, err := os.ReadFile("../wire/code.go")
	must(t, err)
	used := map[string]bool{}
	for _, name := range []string{"preflight.go", "space.go", "persistence.go", "annex.go"} {
		text, err := os.ReadFile(name)
		must(t, err)
		for _, m := range regexp.MustCompile(`wire\.([A-Z]\w+)`).FindAllStringSubmatch(string(text), -1) {
			line := regexp.MustCompile(`(?m)^\t` + m[1] + ` +Code = .*$`).FindString(string(source))
			if line == "" {
				continue // a type, a level or a function
			}
			code := codes.FindStringSubmatch(line)[1]
			used[code] = true
			if !seen[code] {
				t.Errorf("%s may say %s, which no row tries", name, code)
			}
		}
	}
	if len(used) < 25 {
		t.Errorf("only %d codes found in the source", len(used))
	}
}

func TestNoXattrs(t *testing.T) {
	in := good(t)
	if NoXattrs(in.Root, release) || NoXattrs(in.Root, "unknown") {
		t.Error("hidden, although they are not")
	}
	rewrite("CONFIG_SQUASHFS_XATTR=y", "# CONFIG_SQUASHFS_XATTR is not set")(&in)
	if !NoXattrs(in.Root, release) {
		t.Error("not hidden")
	}
}

// A face sees the error of the engine as it was told.
func TestEngineErrorOfAnyKind(t *testing.T) {
	in := good(t)
	in.EngineErr = errors.New("odd")
	if got := said(Run(in)); got != "stop internal" {
		t.Error(got)
	}
}
