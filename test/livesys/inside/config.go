package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// writeConfig writes LIVE/config as contract §1.3 and §1.4 describe it.
func (b *builder) writeConfig() error {
	dir := filepath.Join(b.LiveDir, "config")
	for _, d := range []string{dir, filepath.Join(b.LiveDir, "bin")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if b.LiveDir != "/live" {
		if err := os.Symlink(".", filepath.Join(b.LiveDir, "live")); err != nil {
			return err
		}
	}
	b.markers()
	for name, text := range b.Markers {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	out := "# Created by the live initrd\n\n"
	for _, v := range b.Config {
		out += fmt.Sprintf("%s=\"%s\"\n", v[0], b.value(v[0], v[1]))
	}
	if err := os.WriteFile(filepath.Join(dir, "initrd.out"), []byte(out), 0o644); err != nil {
		return err
	}
	for _, name := range []string{"config", "bin"} {
		if err := bind(filepath.Join(b.LiveDir, name), filepath.Join("/etc/live", name)); err != nil {
			return err
		}
	}
	return os.WriteFile("/etc/live/live-dir", []byte(b.LiveDir+"\n"), 0o644)
}

// markers adds the files that depend on what really was mounted.
func (b *builder) markers() {
	b.Markers["proc-cmdline"] = b.Cmdline + "\n"
	b.Markers["cmdline"] = b.Cmdline + "\n"
	if b.StaticRoot || b.DynamicRoot {
		b.Markers["persist-root"] = ""
	}
	if b.StaticRoot {
		b.Markers["static-root"] = ""
	}
	if b.DynamicRoot {
		b.Markers["save-persist"] = ""
	}
}

// value corrects what only the start could find out.
func (b *builder) value(name, value string) string {
	switch {
	case name == "VID_ERROR" && value == "":
		return b.ready.VIDError
	case name == "STATIC_ROOT" && !b.StaticRoot:
		return ""
	case name == "PERSISTENCE" && b.ready.VIDError != "":
		return ""
	}
	return value
}

// storage binds the users' Live-usb-storage, as the live tools do.
func (b *builder) storage() error {
	if b.ToRAM {
		// The late unmount of a system that runs from memory. The device
		// would detach itself then: a plugged stick stays, so the descriptor
		// is never closed.
		if _, err := unix.Open(b.BootDev, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Unmount(filepath.Join(b.LiveDir, "boot-dev"), 0)
	}
	for user, home := range map[string]string{"root": "/root", "demo": "/home/demo"} {
		source := filepath.Join(b.LiveDir, "boot-dev/Live-usb-storage", user)
		if _, err := os.Stat(source); err != nil {
			continue
		}
		if _, err := os.Stat(home); err != nil {
			continue
		}
		if err := bind(source, filepath.Join(home, "Live-usb-storage")); err != nil {
			return err
		}
	}
	return nil
}

// finish adds the traces that other early programs leave.
func (b *builder) finish() error {
	byUUID := "/dev/disk/by-uuid"
	if err := os.MkdirAll(byUUID, 0o755); err != nil {
		return err
	}
	for uuid, dev := range map[string]string{b.UUID: b.BootDev, b.PersistUUID: b.PersistDev, b.BIOSUUID: b.BIOSDev} {
		if dev == "" {
			continue
		}
		if err := os.Symlink("../../"+filepath.Base(dev), filepath.Join(byUUID, uuid)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll("/run/lock", 0o1777); err != nil {
		return err
	}
	// The host's command line is none of the guest's business.
	return unix.Mount(filepath.Join(b.LiveDir, "config/proc-cmdline"), "/proc/cmdline", "", unix.MS_BIND, "")
}

// copyToRAM copies the linuxfs as "toram" does and tells where it is.
func (b *builder) copyToRAM(image string) (string, error) {
	if err := tmpfs("/live/to-ram", ""); err != nil {
		return "", err
	}
	target := filepath.Join("/live/to-ram", b.SqPath, b.SqName)
	return target, copyFile(image, target)
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := out.ReadFrom(in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// lastVID returns the version id as the initrd finds it: the last line that
// begins with "===", whole.
func lastVID(file string) string {
	text, _ := os.ReadFile(file)
	vid := ""
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "===") {
			vid = strings.TrimRight(line, "\n")
		}
	}
	return strings.TrimLeft(vid, "= ")
}
