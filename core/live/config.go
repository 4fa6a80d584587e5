package live

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

var (
	// ErrConfigDamaged says that the configuration of the live initrd is
	// oversized, binary, truncated or lacks what every initrd writes.
	ErrConfigDamaged = errors.New("the live configuration is damaged")
	// ErrOutsideBoot says that the configuration names a linuxfs that does not
	// lie on the boot device.
	ErrOutsideBoot = errors.New("the live configuration points outside the boot device")
)

// Config holds the values of the live initrd by the names of contract §1.3.
// Values that name a path are absolute and clean, those that name a file are
// plain; what was not so is absent.
type Config map[string]string

// True tells whether a flag is set. The initrd writes "true" or nothing.
func (c Config) True(name string) bool { return c[name] == "true" }

const maxConfig = 1 << 20 // bytes; real ones have two thousand

// The names of the files the generations write (contract §1).
const (
	initrdOut     = "initrd.out"
	liveConf      = "remaster-live.conf"
	oldConfigPath = "/live-config/remaster.conf"
)

var (
	assignment = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*)="(.*)"\s*$`)
	plainName  = regexp.MustCompile(`^[\pL\pN_][\pL\pN._+@=,~:%-]{0,200}$`)
	plainUUID  = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

var (
	absolutePaths = []string{
		"AUFS_MP", "AUFS_RAM_MP", "AUFS_VID_FILE", "BIOS_MP", "BOOT_MP", "LIVE_DIR", "PERSIST_DIR", "PERSIST_FILE",
		"PERSIST_MP", "ROOTFS_MP", "SQFILE_DIR", "SQFILE_FULL", "SQFS_MP", "SQFS_VID_FILE", "TORAM_MP", "VID_FILE",
	}
	relativePaths = []string{"PERSIST_PATH", "SQFILE_PATH"}
	uuids         = []string{"BIOS_UUID", "BOOT_UUID", "CRYPT_UUID", "PERSIST_UUID"}

	// everyConfig is what all generations write; initrd.out ends with VID_FILE,
	// so a file that was cut off between two lines lacks it.
	everyConfig = []string{"BOOT_MP", "SQFILE_DIR", "SQFILE_NAME"}
	everyInitrd = []string{"SQFILE_FULL", "SQFS_MP", "VID_FILE"}

	// since2023 are the variables that contract §1.3 marks "*": the 2016 initrd
	// writes none of them, the 2023 one all, be they empty.
	since2023 = []string{
		"BIOS_DEV", "BIOS_MP", "BIOS_UUID", "CRYPT_UUID", "DISTRO_BASE", "ENCRYPTED", "TORAM_ALL", "TORAM_STORE",
	}
)

// configPaths lists where the configuration may be, best first (contract §1).
func configPaths(t tree) []string {
	paths := []string{"/live/config/" + initrdOut, "/etc/live/config/" + initrdOut}
	if dir := t.line("/etc/live/live-dir"); path.IsAbs(dir) {
		paths = append(paths, path.Join(dir, "config", initrdOut))
	}
	return append(paths, "/live/config/linuxrc.out", "/live/config/"+liveConf, oldConfigPath)
}

// readConfig reads the first configuration there is. Without one, at is "".
// What is wrong with single values is in problems, what makes the whole
// unusable in err.
func readConfig(t tree) (at string, c Config, problems []string, err error) {
	for _, at := range configPaths(t) {
		data, err := t.read(at, maxConfig+1)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err != nil {
			return at, Config{}, nil, fmt.Errorf("%w: %w", ErrConfigDamaged, err)
		}
		c, problems, err := parseConfig(data)
		if err == nil {
			var more []string
			more, err = c.check(path.Base(at) == initrdOut)
			problems = append(problems, more...)
		}
		if err != nil {
			err = fmt.Errorf("cannot use %s: %w", at, err)
		}
		return at, c, problems, err
	}
	return "", Config{}, nil, nil
}

// parseConfig reads NAME="value" lines. Nothing in a value has a meaning
// (contract §1: no escapes are ever written). The last value of a name wins.
func parseConfig(data []byte) (Config, []string, error) {
	c, problems := Config{}, []string(nil)
	switch {
	case len(data) > maxConfig:
		return c, nil, fmt.Errorf("%w: more than %d bytes", ErrConfigDamaged, maxConfig)
	case bytes.IndexByte(data, 0) >= 0:
		return c, nil, fmt.Errorf("%w: it holds binary data", ErrConfigDamaged)
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		if t := strings.TrimSpace(line); t == "" || t[0] == '#' {
			continue
		}
		if m := assignment.FindStringSubmatch(line); m != nil {
			// The text of VID_ERROR may be in any old encoding.
			c[m[1]] = strings.ToValidUTF8(m[2], string(utf8.RuneError))
			continue
		}
		if i == len(lines)-1 { // no newline either: the writer was interrupted
			return c, problems, fmt.Errorf("%w: its last line is cut off", ErrConfigDamaged)
		}
		problems = append(problems, fmt.Sprintf("line %d of the live configuration is no assignment and was ignored", i+1))
	}
	return c, problems, nil
}

// check removes the values that are not what their names say, and says what is
// missing or leads away from the boot device. initrd tells that the file is an
// initrd.out, which holds more than its predecessors.
func (c Config) check(initrd bool) (problems []string, err error) {
	outside := c.outside()
	for _, name := range absolutePaths {
		if v, ok := cleanPath(c[name]); ok {
			c.set(name, v)
		} else {
			problems = append(problems, c.drop(name, "a clean absolute path"))
		}
	}
	for _, name := range relativePaths {
		if v, ok := cleanPath("/" + c[name]); ok {
			c.set(name, strings.TrimPrefix(v, "/"))
		} else {
			problems = append(problems, c.drop(name, "a clean relative path"))
		}
	}
	for _, name := range uuids {
		if c[name] != "" && !plainUUID.MatchString(c[name]) {
			problems = append(problems, c.drop(name, "a UUID"))
		}
	}
	if n := c["SQFILE_NAME"]; n != "" && !plainName.MatchString(n) {
		problems = append(problems, c.drop("SQFILE_NAME", "a plain name"))
	}
	if outside != "" {
		delete(c, "SQFILE_DIR")
		delete(c, "SQFILE_FULL")
		return problems, fmt.Errorf("%s: %w", outside, ErrOutsideBoot)
	}
	return problems, c.complete(initrd)
}

// outside names the first SQFILE value that leads away from BOOT_MP, be it by
// way of "..".
func (c Config) outside() string {
	for _, name := range []string{"SQFILE_DIR", "SQFILE_FULL"} {
		v := c[name]
		if !path.IsAbs(v) || !path.IsAbs(c["BOOT_MP"]) {
			continue
		}
		if _, ok := below(path.Clean(v), path.Clean(c["BOOT_MP"])); !ok {
			return name
		}
	}
	return ""
}

// complete reports what is missing or contradicts itself.
func (c Config) complete(initrd bool) error {
	need := everyConfig
	if initrd {
		need = slices.Concat(everyConfig, everyInitrd)
	}
	for _, name := range need {
		if c[name] == "" {
			return fmt.Errorf("%w: it has no usable %s", ErrConfigDamaged, name)
		}
	}
	full := path.Join(c["SQFILE_DIR"], c["SQFILE_NAME"])
	if c["SQFILE_FULL"] == "" {
		c["SQFILE_FULL"] = full
	}
	if c["SQFILE_FULL"] != full {
		return fmt.Errorf("%w: SQFILE_FULL is not SQFILE_DIR/SQFILE_NAME", ErrConfigDamaged)
	}
	return nil
}

// set changes a value that exists; absence tells the generation.
func (c Config) set(name, value string) {
	if _, ok := c[name]; ok {
		c[name] = value
	}
}

func (c Config) drop(name, want string) string {
	delete(c, name)
	return fmt.Sprintf("%s of the live configuration is not %s and was ignored", name, want)
}

// generation tells which initrd wrote the configuration. One variable that the
// 2016 initrd does not know is proof enough; the version and the moved live
// directory serve for files that hold only a few values.
func (c Config) generation() Generation {
	major, _, _ := strings.Cut(c["INITRD_VERSION"], ".")
	version, _ := strconv.Atoi(major)
	known := slices.ContainsFunc(slices.Collect(maps.Keys(c)), func(name string) bool {
		return slices.Contains(since2023, name)
	})
	if known || version >= 8 || c["LIVE_DIR"] == "/run/initramfs" {
		return Gen2023
	}
	return Gen2016
}

// cleanPath accepts an empty value and an absolute path without "." and "..".
// Doubled slashes come from empty parts that the initrd joins, and mean nothing.
func cleanPath(v string) (string, bool) {
	if v == "" {
		return "", true
	}
	strange := func(r rune) bool { return unicode.IsControl(r) || r == '"' || r == utf8.RuneError }
	if !path.IsAbs(v) || len(v) > 4096 || strings.ContainsFunc(v, strange) {
		return "", false
	}
	for part := range strings.SplitSeq(v, "/") {
		if part == "." || part == ".." {
			return "", false
		}
	}
	return path.Clean(v), true
}

// below returns name relative to dir, and whether it is dir or lies in it.
func below(name, dir string) (string, bool) {
	if name == dir {
		return "", true
	}
	return strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}
