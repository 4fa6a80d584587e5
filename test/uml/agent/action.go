package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/test/uml/power"
)

const (
	mountpoint = "/stick"
	dir        = mountpoint + "/antiX"
)

func mount(dev string, job power.Job, flags uintptr) error {
	options := ""
	if job.FS == "vfat" {
		options = "umask=000,dmask=002,fmask=113,shortname=winnt,uid=0,gid=0"
	}
	return unix.Mount(dev, mountpoint, job.FS, unix.MS_NOATIME|flags, options)
}

// name is the linuxfs of a layout.
func name(job power.Job) string {
	if job.Layout == "sqext" {
		return "linuxfs.e16"
	}
	return "linuxfs"
}

// content is decided by the seed alone.
func content(seed, size int64) io.Reader { return io.LimitReader(rand.New(rand.NewSource(seed)), size) }

func write(path string, seed, size int64) { writeFrom(path, content(seed, size)) }

func writeFrom(path string, r io.Reader) {
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	must(err)
	_, err = io.Copy(f, r)
	must(errors.Join(err, f.Close()))
}

// furnish writes a stick as it is before the action: ours, and foreign things
// with names like ours.
func furnish(job power.Job) {
	n := name(job)
	image := func(name string, seed, size int64) {
		if job.Layout != "links" || strings.Contains(name, "/") {
			writeImage(dir+"/"+name, seed, size)
			return
		}
		target := fmt.Sprintf("linuxfs.%02d", seed)
		writeImage(dir+"/"+target, seed, size)
		must(os.Symlink(target, dir+"/"+name))
	}
	image(n, 1, 200_000)
	write(dir+"/vmlinuz", 2, 20_000)
	write(dir+"/xtra.tgz", 3, 5000)
	write(dir+"/linuxfs.md5", 4, 42)
	write(dir+"/state/a", 5, 100)
	write(dir+"/state/b/c", 6, 9000)
	write(dir+"/deb.part", 7, 600)
	if job.Layout == "rootfs" { // in the place of another: on FAT it counts where a long name lies (docs/promises.md)
		write(dir+"/rootfs", 9, 30_000)
	} else {
		write(dir+"/notes.new", 8, 6000)
	}
	action := job.Action
	if action == "heal" {
		action = job.Of
	}
	if isMenu(job) {
		furnishMenus(job)
	}
	furnishSet(job, action, image)
	if action == "record" || action == "inplace" {
		writeFrom(dir+"/history.json", bytes.NewReader(recordText(1)))
	}
}

func open(job power.Job, device string) (*publish.Medium, *sys.Dir, error) {
	d, err := sys.OpenDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var protected []uint64
	if st, err := os.Stat(dir + "/" + name(job)); err == nil {
		protected = append(protected, st.Sys().(*syscall.Stat_t).Ino)
	}
	m, err := publish.Open(d, device, name(job), live.Gen2023, protected)
	return m, d, err
}

// act does the action of a job, as the conductor does it. It marks the begin of
// what is to be judged.
func act(job power.Job, device string, mark func(text string)) error {
	ready := func() { mark("begin") }
	if isMenu(job) {
		return actMenus(job, device, mark)
	}
	if slices.Contains([]string{"nodir", "once", "flusher"}, job.Action) {
		ready()
		return broken(job, device)
	}
	if slices.Contains([]string{"armfirst", "inplace"}, job.Action) {
		ready()
		return brokenSet(job, device)
	}
	m, d, err := open(job, device)
	if err != nil {
		return err
	}
	defer d.Close()
	if job.Action != "taken" {
		ready()
	}
	switch job.Action {
	case "keep", "disarm":
		suffix := map[string]string{"keep": "old", "disarm": "new"}[job.Action]
		_, err = m.File(context.Background(), suffix, "==== "+suffix+"\n", nil)
	case "heal":
		_, _, err = heal(job, device)
	case "build":
		err = build(m, job)
	case "taken":
		err = taken(m, job, device, ready)
	default:
		err = onSet(m, job)
	}
	return err
}

func begin(m *publish.Medium, job power.Job) (*publish.Build, error) {
	n := name(job)
	p := plan.Plan{Part: n + ".part", New: n + ".new", Companions: []plan.Companion{{Name: "xtra.tgz"}, {Name: "state"}}}
	if n == "linuxfs" {
		p.Companions = append(p.Companions, plan.Companion{Name: "linuxfs.md5", MD5: true})
	}
	if job.Layout == "rootfs" {
		p.Companions = append(p.Companions, plan.Companion{Name: "rootfs", Fresh: 3<<20 + 500, Whole: job.FS == "vfat"})
	}
	b, err := m.Begin(p)
	if err != nil {
		return nil, err
	}
	for src, at := content(21, job.Size), int64(0); err == nil; at += 1 << 20 {
		// Paced, as the engine's output is: dm-log-writes keeps what is not flushed.
		if _, err = io.CopyN(b.Image(), src, 1<<20); err == nil && at%(16<<20) == 0 {
			err = b.Image().Sync()
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	_, err = b.Companions(context.Background(), strings.Repeat("1", 32), fill)
	return b, err
}

func build(m *publish.Medium, job power.Job) error {
	b, err := begin(m, job)
	if err != nil {
		return err
	}
	return b.Arm()
}

// taken finds somebody else's new version under the name it wants.
func taken(m *publish.Medium, job power.Job, device string, ready func()) error {
	b, err := begin(m, job)
	if err != nil {
		return err
	}
	write(dir+"/"+name(job)+".new", 22, 4000)
	unix.Sync()
	must(sys.FlushDevice(device))
	ready()
	if err := b.Arm(); err == nil {
		return errors.New("armed although the name was taken")
	}
	b.Abort() //nolint:errcheck // tells of the foreign file
	return nil
}

// broken publishes an image in a way that is known to be wrong.
func broken(job power.Job, device string) error {
	part, final := dir+"/"+name(job)+".part", dir+"/"+name(job)+".new"
	write(part, 21, job.Size)
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	defer f.Close()
	must(f.Sync())
	must(os.Rename(part, final))
	if job.Action == "flusher" { // the kernel's write-back at the worst moment, then all that is right
		must(errors.Join(sys.FlushDevice(device), f.Sync()))
	}
	if job.Action != "nodir" { // the directory, but not the renamed file
		d, err := os.Open(dir)
		must(err)
		must(errors.Join(d.Sync(), d.Close()))
		return sys.FlushDevice(device)
	}
	if job.FS == "vfat" {
		return f.Sync()
	}
	return nil
}

// heal does what the next start does, remounting as it does when a torn FAT
// made the kernel write-protect it.
func heal(job power.Job, device string) (left, notes []string, err error) {
	for try := 0; ; try++ {
		var m *publish.Medium
		var d *sys.Dir
		if m, d, err = open(job, device); err == nil {
			_, left, err = m.Heal()
			d.Close()
		}
		if err == nil || try > 2 || !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EIO) {
			return left, notes, err
		}
		notes = append(notes, "remounted")
		unix.Mount("", mountpoint, "", unix.MS_REMOUNT|unix.MS_NOATIME, "") //nolint:errcheck // the next try tells
	}
}

// treeOf is what lies beside the linuxfs.
func treeOf() power.Tree {
	out := power.Tree{}
	filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error { //nolint:errcheck // told in the tree
		rel := strings.TrimPrefix(p, dir)
		switch {
		case err != nil:
			out[rel] = err.Error()
		case e.IsDir():
			out[rel] = "dir"
		case e.Type() == fs.ModeSymlink:
			out[rel], _ = os.Readlink(p)
		default:
			out[rel] = sum(p)
		}
		return nil
	})
	return out
}

func sum(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %x", n, h.Sum(nil)[:8])
}
