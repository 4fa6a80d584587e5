// Package run is the helper's conductor: it finds and locks the stick, heals
// what an interrupted run left, and leads a build from the first check to the
// armed image.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/preflight"
	"antix-remaster/core/publish"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// station is the stick made ready for one operation. close undoes exactly what
// opening it did.
type station struct {
	facts  live.Facts
	dir    *sys.Dir // of the linuxfs
	medium *publish.Medium
	annex  *publish.Medium // of a rootfs that does not lie beside the linuxfs; nil when there is none, or it cannot be used
	log    *logFile
	out    *wire.Out
	undo   []func() error

	menuTold     bool            // that a boot menu was not brought up to date
	unprovenTold bool            // that the rescue entry starts what nobody verified
	found        map[string]bool // by the place of what was verified: whether it is whole
	named        map[string]bool // the places that the rescue entry started before it was written; nil when it was not

	annexDir *sys.Dir
	annexErr error             // why there is no annex, where one would have to go along
	versions []history.Version // as find found them
	filed    map[string]string // with an annex: suffix -> number of the archive directory that a version just went to
}

// openStation finds, mounts, locks and heals. Errors are wire errors.
func openStation(ctx context.Context, out *wire.Out) (*station, error) {
	return open(ctx, out, (*station).read, (*station).mountBoot, (*station).sameStick, (*station).makeWritable,
		(*station).openDir, (*station).lock, (*station).heal, (*station).openAnnex)
}

func open(ctx context.Context, out *wire.Out, steps ...func(*station, context.Context) error) (*station, error) {
	s := &station{log: openLog(), out: out}
	s.later(func() error { s.log.close(); return nil })
	for _, step := range steps {
		if err := step(s, ctx); err != nil {
			s.log.add("refused: %v", err)
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *station) later(undo func() error) { s.undo = append(s.undo, undo) }

func (s *station) close() error {
	var errs []error
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo())
	}
	s.undo = nil
	return errors.Join(errs...)
}

// end closes, after work that ended with err. When the work itself succeeded,
// what could not be put back is only told: the change on the stick stands.
func (s *station) end(err error) error {
	closeErr := s.close()
	if err == nil && closeErr != nil {
		s.out.Note(wire.Warn, wire.NotTidied, closeErr.Error())
		return nil
	}
	return errors.Join(err, closeErr)
}

func (s *station) read(ctx context.Context) (err error) {
	if err := sys.WorkDir(plan.WorkDir); err != nil {
		return err
	}
	s.later(func() error { return sys.Unmount(plan.WorkDir) })
	if s.facts, err = live.Read(ctx, ""); err != nil {
		return err
	}
	return preflight.Unchangeable(s.facts)
}

const bootMount = plan.WorkDir + "/boot-dev"

// mountBoot mounts the stick of a toram boot again, where nobody else sees it
// (contract §8). A stick that was exchanged, or that has a twin, is refused.
func (s *station) mountBoot(ctx context.Context) error {
	if s.facts.Boot.Mounted() {
		return nil
	}
	device, err := s.findDevice(ctx)
	if err != nil {
		return err
	}
	if err := s.mountAt(ctx, device, bootMount); err != nil {
		return err
	}
	if s.facts, err = live.Read(ctx, ""); err != nil {
		return err
	}
	if !s.facts.Boot.Mounted() {
		return wire.Fail(wire.BootMissing, fmt.Errorf("%s is mounted but was not recognised", device), device)
	}
	return nil
}

// mountAt mounts a file system where nobody else sees it, as the live initrd would.
func (s *station) mountAt(ctx context.Context, device, place string) error {
	fstype, err := blkid(ctx, "-o", "value", "-s", "TYPE", device)
	fstype = strings.TrimSpace(fstype)
	if err == nil {
		err = os.Mkdir(place, 0o700)
	}
	if err == nil {
		err = sys.MountDevice(device, place, fstype, false, s.mountOptions(fstype))
	}
	if err != nil {
		return wire.Fail(wire.BootMissing, err, device)
	}
	s.later(func() error { return sys.Unmount(place) })
	return nil
}

// sameStick holds that the stick is the one that a system in memory was started
// from, whoever mounted it: no mounted image tells there, and a copy of the
// stick has the same UUID (contract §8, §14).
func (s *station) sameStick(ctx context.Context) error {
	f := s.facts
	if !f.ToRAM {
		return nil
	}
	if _, err := s.findDevice(ctx); err != nil {
		return err
	}
	if d := f.Default; f.Running != nil && (d == nil || d.ID != f.Running.ID) {
		return wire.Fail(wire.BootOther, nil, f.Boot.Device)
	}
	return nil
}

// findDevice finds the device by its UUID, never by its name.
func (s *station) findDevice(ctx context.Context) (string, error) {
	f := s.facts
	if f.Boot.UUID == "" {
		return "", wire.Fail(wire.BootMissing, nil, f.Boot.Device)
	}
	device, err := deviceOf(ctx, f.Boot.UUID)
	switch {
	case device != "" || err != nil && wire.AsError(err).Code == wire.BootAmbiguous:
		return device, err
	case f.Encrypted:
		return "", wire.Fail(wire.ToRAMLocked, err)
	case f.ToRAM:
		return "", wire.Fail(wire.ToRAMAway, err, f.Boot.UUID)
	}
	return "", wire.Fail(wire.BootMissing, err, f.Boot.UUID)
}

// deviceOf finds the one device with a UUID; with several it is BootAmbiguous,
// and without one "".
func deviceOf(ctx context.Context, uuid string) (string, error) {
	text, err := blkid(ctx, "-o", "device", "-t", "UUID="+uuid)
	switch devices := strings.Fields(text); {
	case len(devices) > 1:
		return "", wire.Fail(wire.BootAmbiguous, nil, strings.Join(devices, ", "))
	case len(devices) == 1 && err == nil:
		return devices[0], nil
	}
	return "", err
}

// blkid probes afresh: its cache may know a stick that was pulled.
func blkid(ctx context.Context, args ...string) (string, error) {
	path, err := sys.Program("blkid")
	if err != nil {
		return "", err
	}
	return sys.Output(ctx, path, append([]string{"-c", "/dev/null"}, args...)...)
}

// mountOptions are those of the live initrd for file systems without owners
// (contract §8).
func (s *station) mountOptions(fstype string) string {
	if fstype != "vfat" {
		return ""
	}
	c := s.facts.Config
	return fmt.Sprintf("umask=000,dmask=002,fmask=113,shortname=winnt,uid=%s,gid=%s", number(c["USER_UID"]), number(c["USER_GID"]))
}

func number(text string) string {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return "0"
	}
	return text
}

// makeWritable takes a writable view of the stick where only the mount is
// read-only, and remounts it where the file system is.
func (s *station) makeWritable(context.Context) error {
	f := &s.facts
	if f.Boot.ReadOnly {
		if err := s.remount(f.Boot.Mountpoint); err != nil {
			return wire.Fail(wire.ReadOnlyMedium, err, f.Boot.Device)
		}
		f.Boot.ReadOnly = false
	}
	return nil
}

// openDir opens the directory of the linuxfs.
func (s *station) openDir(context.Context) error {
	f := s.facts
	dir, err := openBelow(f.Boot.Mountpoint, f.Image.Path)
	if err != nil {
		return wire.Fail(wire.ConfigOutside, err, f.ConfigPath)
	}
	s.dir = dir
	s.later(dir.Close)
	return nil
}

// openBelow opens a directory below a mount point, through no link and no
// other mount.
func openBelow(mountpoint, rel string) (*sys.Dir, error) {
	dir, err := sys.OpenDir(mountpoint)
	for _, name := range strings.Split(rel, "/") {
		if err == nil && name != "" {
			above := dir
			dir, err = above.Dir(name)
			above.Close()
		}
	}
	return dir, err
}

// remount prefers our own view: it changes nothing that others see.
func (s *station) remount(mountpoint string) error {
	if err := sys.BindWritable(mountpoint, mountpoint); err == nil {
		if !sys.ReadOnlyFS(mountpoint) {
			s.later(func() error { return sys.Unmount(mountpoint) })
			return nil
		}
		if err := sys.Unmount(mountpoint); err != nil {
			return err
		}
	}
	if err := sys.RemountWritable(mountpoint, true); err != nil {
		return err
	}
	s.later(func() error { return sys.RemountWritable(mountpoint, false) })
	return nil
}

func (s *station) lock(context.Context) error {
	if err := sys.Lock(s.dir.File()); err != nil {
		return wire.Fail(wire.Busy, err, fmt.Sprint(sys.LockHolder(s.dir.File())))
	}
	lock, err := takeAntixLock(s.facts.LiveDir)
	if err != nil {
		return err
	}
	s.later(lock.release)
	return nil
}

// heal puts right what an earlier run left, and reads the facts again.
func (s *station) heal(ctx context.Context) (err error) {
	f := &s.facts
	s.medium, err = publish.Open(s.dir, f.Boot.Device, f.Image.Name, f.Generation, protected(*f))
	if err != nil {
		return err
	}
	healed, left, err := s.medium.Heal()
	// A torn FAT makes the kernel write-protect it: once for each torn file.
	for try := 0; (err != nil || len(left) > 0) && try < 3 && sys.ReadOnlyFS(f.Boot.Mountpoint); try++ {
		if sys.RemountWritable(f.Boot.Mountpoint, true) != nil {
			break
		}
		healed, left, err = s.medium.Heal()
	}
	if err != nil {
		return wire.Fail(wire.WriteFailed, err, s.dir.Path())
	}
	for _, name := range left {
		s.note(wire.Warn, wire.LeftAlone, name)
	}
	if len(healed) == 0 {
		return nil
	}
	s.note(wire.Note, wire.Healed, wire.List(healed, 5))
	return s.reread(ctx)
}

// reread reads the facts again after a change on the stick.
func (s *station) reread(ctx context.Context) error {
	f, err := live.Read(ctx, "")
	if err != nil {
		return err
	}
	f.Boot.ReadOnly, f.Loader = s.facts.Boot.ReadOnly, s.facts.Loader
	s.facts = f
	return nil
}

func protected(f live.Facts) []uint64 {
	var inodes []uint64
	if f.Running != nil && !f.ToRAM { // a copy in memory has a number of another file system
		inodes = append(inodes, f.Running.Inode)
	}
	if f.Default != nil {
		inodes = append(inodes, f.Default.Inode)
	}
	return inodes
}

func (s *station) note(level wire.Level, code wire.Code, args ...string) {
	s.log.add("%s: %s %q", level, code, args)
	s.out.Note(level, code, args...)
}
