package iso

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// stick is what the boot loader of the stick reads: its files for starting, by
// their path on the device.
type stick struct {
	root  string          // where the device is mounted
	live  string          // the folder of kernel and initrd on it: "antiX"
	files map[string]item // all below boot and EFI, and a few others
	menus map[string][]byte
}

// mostFiles is more than any stick has below boot and EFI.
const mostFiles = 20000

// look reads the part of the stick that starts a computer; with an encrypted
// stick it is outside of what is encrypted (contract §8).
func look(f live.Facts) (stick, error) {
	s := stick{root: f.Loader.Mountpoint, live: f.Plain.Path, files: map[string]item{}, menus: map[string][]byte{}}
	if f.Encrypted {
		s.live = liveDir
	}
	if s.root == "" {
		return s, wire.Fail(wire.StickUnseen, nil, f.Loader.Device)
	}
	if real, err := filepath.EvalSymlinks(s.root); err == nil {
		s.root = real // as of a live directory that is a link (contract §1.1)
	}
	for _, top := range []string{"boot", "version", s.live} {
		if err := s.walk(top, top); err != nil {
			return s, err
		}
	}
	for _, top := range s.efiFolders() {
		if err := s.walk(top, efiFolder); err != nil {
			return s, err
		}
	}
	return s, nil
}

// efiFolders are the folders with boot loaders for UEFI. Firmware reads FAT,
// where EFI and efi are the same; on a stick with ext4 there may be both.
func (s *stick) efiFolders() []string {
	all, _ := os.ReadDir(s.root) // what cannot be read is told of boot
	var found []string
	for _, e := range all {
		if strings.EqualFold(e.Name(), efiFolder) {
			found = append(found, e.Name())
		}
	}
	return found
}

// walk notes the files below a name of the stick, under another name in the
// image; there need not be any.
func (s *stick) walk(from, top string) error {
	at := path.Join(s.root, from)
	return filepath.WalkDir(at, func(name string, d fs.DirEntry, err error) error {
		to := top + strings.TrimPrefix(name, at)
		switch {
		case os.IsNotExist(err) && to == top:
			return nil
		case err != nil:
			return unreadable(to, err)
		case d.IsDir() && top == s.live && to != top:
			return fs.SkipDir // archive, state and the like
		case d.IsDir() || top == s.live && !isKernelFile(d.Name()) || staysOut(to):
			return nil
		}
		return s.note(to, name)
	})
}

// note takes down a file, or what a link on the stick leads to there.
func (s *stick) note(to, name string) error {
	from, err := filepath.EvalSymlinks(name)
	if err != nil || !strings.HasPrefix(from, s.root+"/") {
		return nil //nolint:nilerr // a link to nothing, or to another place
	}
	info, err := os.Lstat(from)
	if err != nil {
		return unreadable(to, err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	// Neither xorriso's list of files nor ISO 9660 takes every name.
	if strings.ContainsAny(to+from, "\\\n\r\x00") || len(path.Base(to)) > 200 {
		return wire.Fail(wire.OddName, nil, to)
	}
	if len(s.files) >= mostFiles {
		return wire.Fail(wire.ISOFailed, nil, fmt.Sprintf("more than %d files below boot", mostFiles))
	}
	if s.hasFolded(to) {
		return nil
	}
	s.files[to] = item{to: to, from: from, size: info.Size()}
	if isMenuText(to) && info.Size() <= bootmenu.Limit {
		if s.menus[to], err = live.ReadFile("", from, bootmenu.Limit); err != nil {
			return unreadable(to, err)
		}
	}
	return nil
}

// hasFolded tells whether a file is there already under a name that FAT takes for
// the same: the EFI folder goes into a FAT image, too.
func (s *stick) hasFolded(to string) bool {
	if !strings.HasPrefix(to, efiFolder+"/") {
		return false
	}
	for name := range s.files {
		if strings.EqualFold(name, to) {
			return true
		}
	}
	return false
}

func unreadable(name string, err error) error { return wire.Fail(wire.ISOUnreadable, err, name) }

// isKernelFile tells what of the folder of the linuxfs starts it: vmlinuz,
// initrd.gz, and those with a number that menus can name.
func isKernelFile(name string) bool {
	for _, base := range []string{"vmlinuz", "initrd.gz", "initrd"} {
		rest, ok := strings.CutPrefix(name, base)
		if ok && (rest == "" || len(strings.TrimSuffix(rest, ".gz")) == 1 && rest[0] >= '1' && rest[0] <= '9') {
			return true
		}
	}
	return false
}

// staysOut tells what below boot is of this stick alone: saved boot options,
// the entries of this program, what a boot loader was installed with, backups.
func staysOut(name string) bool {
	base := path.Base(name)
	for _, own := range []string{bootmenu.OwnName, "grubenv", "grubenv.cfg", "ldlinux.sys", "boot.cat", "isolinux.cat", "gfxsave.cfg", "gfxsave.on"} {
		if base == own {
			return true
		}
	}
	for _, suffix := range []string{".part", ".tmp", ".bak", ".old"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	return false
}

// isMenuText tells the files that boot loaders read as text.
func isMenuText(name string) bool {
	ext := path.Ext(name)
	return strings.HasPrefix(name, "boot/") && (ext == ".cfg" || ext == ".conf" || ext == ".msg")
}

// below gives the files in a folder of the stick, deeper ones too.
func (s *stick) below(dir string) []item {
	var found []item
	for to, i := range s.files {
		if strings.HasPrefix(to, dir+"/") {
			found = append(found, i)
		}
	}
	return found
}

func (s *stick) has(name string) bool { _, ok := s.files[name]; return ok }
