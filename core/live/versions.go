package live

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"antix-remaster/core/squashfs"
)

const (
	defaultVIDFile = "/etc/live/version/linuxfs.ver" // §7
	maxVIDFile     = 1 << 20                         // bytes; an entry has about 200
)

// entry is the last entry of a version file.
type entry struct{ id, title, date, kernel, machine string }

// parseVersionFile returns the last entry of a version file. Its id is what
// follows the "=" of the last line that begins with "===" (contract §7).
func parseVersionFile(data []byte) entry {
	var e entry
	for line := range strings.Lines(strings.ToValidUTF8(string(data), "\uFFFD")) {
		line = strings.TrimRight(line, " \t\r\n")
		if strings.HasPrefix(line, "===") {
			e = entry{id: strings.TrimSpace(strings.TrimLeft(line, "="))}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || e.id == "" {
			continue
		}
		switch value = strings.TrimSpace(value); key {
		case "title":
			e.title = value
		case "creation date":
			e.date = value
		case "kernel":
			e.kernel = value
		case "machine":
			e.machine = value
		}
	}
	return e
}

// IDOf is the id of the last entry of a version file, "" when it has none.
func IDOf(text string) string { return parseVersionFile([]byte(text)).id }

func (v *Version) set(e entry) {
	v.ID, v.Title, v.Date, v.Kernel, v.Machine = e.id, e.title, e.date, e.kernel, e.machine
}

func (v *Version) problem(err error) {
	if v.Problem == "" {
		v.Problem = err.Error()
	}
}

// findVersions reads the running, the default and the armed version.
func (r *reader) findVersions() {
	if r.squashfs != nil {
		r.Running = r.runningVersion()
	}
	if !r.Boot.Mounted() || r.Plain.Dir == "" {
		return
	}
	r.Default = r.versionNamed(r.Plain.Name)
	r.Armed = r.versionNamed(r.Plain.Name + ".new")
}

// runningVersion reads the running version through its mount, which is cheaper
// than unpacking it and holds even if its file has gone.
func (r *reader) runningVersion() *Version {
	v := &Version{Path: r.backing, Name: path.Base(r.backing)}
	if v.Name == r.Image.LinkTarget {
		v.Name = r.Image.Name
	}
	switch {
	case r.deleted:
		v.problem(fmt.Errorf("the file of the running version was deleted"))
	case r.backing == "":
		v.Name = r.Image.Name
		v.problem(fmt.Errorf("the file of the running version is unknown"))
	default:
		if f, info, err := r.tree.open(r.backing); err != nil {
			v.problem(err)
		} else {
			r.file, v = info, v.describe(f, info)
			f.Close()
		}
	}
	inside := tree{r.tree.root + r.squashfs.Mountpoint}
	if b, err := inside.read(r.vidFile(), maxVIDFile); err == nil {
		v.set(parseVersionFile(b))
	} else if !errors.Is(err, fs.ErrNotExist) {
		r.problem("the running version: %v", err)
	}
	for _, dir := range []string{"/lib/modules", "/usr/lib/modules"} {
		if entries, err := inside.list(dir); err == nil {
			v.Modules = []string{}
			for _, e := range entries {
				v.Modules = append(v.Modules, e.Name())
			}
			break
		}
	}
	return v
}

// versionNamed reads the image of that name in Plain.Dir, nil when there is none.
func (r *reader) versionNamed(name string) *Version {
	kind, ok := r.Entries[name]
	if !ok || kind == KindDangling { // a dangling .new is ignored, §6.6
		return nil
	}
	return r.versionIn(r.Plain.Dir, name)
}

// versionIn reads the image of that name in a directory of the stick.
func (r *reader) versionIn(dir, name string) *Version {
	v := &Version{Name: name, Path: path.Join(dir, name)}
	target, link := r.tree.readlink(v.Path)
	if link {
		if !plainName.MatchString(target) {
			v.problem(fmt.Errorf("%s is a link that leaves its directory", name))
			return v
		}
		v.Path = path.Join(dir, target)
	}
	f, info, err := r.tree.open(v.Path)
	if err != nil {
		v.problem(err)
		return v
	}
	defer f.Close()
	if v.describe(f, info); r.file != nil && os.SameFile(r.file, info) && r.Running.ID != "" {
		v.ID, v.Title, v.Date, v.Kernel, v.Machine = r.Running.ID, r.Running.Title, r.Running.Date, r.Running.Kernel, r.Running.Machine
		v.Modules = r.Running.Modules
		return v
	}
	if v.Problem == "" {
		v.lookInside(f, r.vidFile())
	}
	return v
}

// describe fills in what the file and its superblock tell.
func (v *Version) describe(f *os.File, info fs.FileInfo) *Version {
	v.Size, v.MTime = info.Size(), info.ModTime().Unix()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		v.Inode = st.Ino
	}
	if head, err := HeadOf(f); err == nil {
		v.Head = head
	}
	s, err := squashfs.ReadSuper(f)
	if err != nil {
		v.problem(err)
		return v
	}
	v.Compressor, v.BlockSize, v.BytesUsed = s.Compressor, s.BlockSize, s.BytesUsed
	if s.BytesUsed > v.Size {
		v.problem(fmt.Errorf("the image is truncated: it has %d of %d bytes", v.Size, s.BytesUsed))
	}
	return v
}

// HeadOf is the SHA-256, in lower-case hex, of the first KiB or of what there is
// of it: with the size it tells an image from others.
func HeadOf(r io.ReaderAt) (string, error) {
	head := make([]byte, 1024)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	sum := sha256.Sum256(head[:n])
	return hex.EncodeToString(sum[:]), nil
}

// lookInside reads the version file and the kernel modules of an image that is
// not mounted. Without a version file it has no id, and boots (contract §7).
func (v *Version) lookInside(f *os.File, vidFile string) {
	im, err := squashfs.Open(f)
	if err != nil {
		v.problem(err)
		return
	}
	switch b, err := im.ReadFile(vidFile, maxVIDFile); {
	case err == nil:
		v.set(parseVersionFile(b))
	case !errors.Is(err, fs.ErrNotExist):
		v.problem(err)
	}
	if v.Modules, err = im.ReadDir("lib/modules"); err != nil {
		v.Modules, err = im.ReadDir("usr/lib/modules")
	}
	if err != nil {
		v.problem(err)
	} else if v.Modules == nil {
		v.Modules = []string{}
	}
}

// vidFile is the path of the version file inside an image.
func (r *reader) vidFile() string {
	if v := r.config["VID_FILE"]; v != "" {
		return v
	}
	return defaultVIDFile
}
