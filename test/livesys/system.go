package livesys

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"antix-remaster/test/livesys/inside"
)

// System is one running throwaway live system.
type System struct {
	Options            // as given, with defaults filled in
	Base     BaseImage // what the stick was made from
	Stick    string    // the stick image file
	Persist  string    // the image file of the second disk, "" without
	UUID     string    // of the file system on the stick
	BootDev  string    // the loop device of the stick
	VID      string    // version id of the image that runs
	VIDError string    // why persistence was refused; usually ""

	persist disk // the second one
	bios    disk // that of kernel and menus beside an encrypted stick

	dir   string // the work directory, ours alone
	own   bool   // Stop removes the work directory
	init  *Owned
	spare *os.File // closed: PID 1 dies
	log   bytes.Buffer

	stopOnce sync.Once
	stopErr  error
}

// New makes a stick and starts a live system from it. The caller must Stop
// it. A cancelled ctx ends the start, not a system that is up.
func New(ctx context.Context, o Options) (*System, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := CheckHost(); err != nil {
		return nil, err
	}
	if err := Sweep(o.CacheDir); err != nil {
		return nil, err
	}
	s := &System{Options: o, own: true, UUID: o.StickUUID}
	if s.dir, err = NewWorkDir(o.CacheDir); err != nil {
		return nil, err
	}
	if err = s.prepare(ctx); err == nil {
		err = s.start(ctx)
	}
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("cannot start the live system: %w", err)
	}
	return s, nil
}

// prepare provides the base and the stick.
func (s *System) prepare(ctx context.Context) (err error) {
	if s.Base, err = s.base(ctx); err != nil {
		return err
	}
	if s.Options.Stick != "" {
		s.Stick = s.Options.Stick
		s.UUID, err = ext4UUID(s.Stick)
		return err
	}
	s.Stick = s.NewStick
	if s.Stick == "" {
		s.Stick = filepath.Join(s.dir, "stick.img")
	}
	if s.Stick, err = filepath.Abs(s.Stick); err != nil {
		return err
	}
	s.UUID, err = makeStick(ctx, s.Options, s.Base, s.dir, s.Stick)
	if err == nil && s.PersistDisk {
		err = s.makePersist(ctx)
	}
	return err
}

// base chooses the image to start from.
func (s *System) base(ctx context.Context) (BaseImage, error) {
	switch {
	case s.Options.Stick != "":
		return BaseImage{}, nil
	case s.BaseImage != "":
		return BaseImage{Squashfs: s.BaseImage}, nil
	case s.Mini:
		base := BaseImage{Squashfs: filepath.Join(s.dir, "mini"), Release: "6.1.0-mini"}
		var err error
		base.VID, err = MiniImage(ctx, base.Squashfs, Mini{Title: "Fresh install", Release: base.Release})
		return base, err
	case s.Desktop:
		return DesktopBase(ctx, s.CacheDir, s.Log)
	}
	return Base(ctx, s.CacheDir, s.Log)
}

// start attaches the stick and starts PID 1.
func (s *System) start(ctx context.Context) error {
	dev, err := inside.Attach(s.Stick, s.ReadOnlyStick)
	if err != nil {
		return err
	}
	// PID 1 has it mounted when we let go; before, a failure detaches it.
	defer dev.Close()
	s.BootDev = dev.Name()
	for _, second := range []struct {
		wanted bool
		image  string
		disk   *disk
	}{{s.PersistDisk, s.Persist, &s.persist}, {s.Encrypted, s.BIOSImage(), &s.bios}} {
		if !second.wanted {
			continue
		}
		dev, err := inside.Attach(second.image, false)
		if err != nil {
			return err
		}
		defer dev.Close()
		second.disk.dev = dev.Name()
		if second.disk.uuid, err = ext4UUID(second.image); err != nil {
			return err
		}
	}
	stage := filepath.Join(s.dir, "stage")
	if err := os.MkdirAll(stage, 0o755); err != nil {
		return err
	}
	ready, err := s.startInit(ctx, s.spec(stage))
	if err != nil {
		return err
	}
	s.VID, s.VIDError = ready.VID, ready.VIDError
	return nil
}

func (s *System) spec(stage string) inside.Spec {
	return inside.Spec{
		Stage: stage, BootDev: s.BootDev, FSType: s.StickFS, ReadOnly: s.ReadOnlyStick || s.FromISO,
		LiveDir: s.LiveDir, SqPath: s.BootDir, SqName: s.imageName(), VIDFile: versionFile,
		UUID: s.UUID, Hostname: "livesys",
		PersistPath: s.PersistDir, PersistDev: s.persist.dev, PersistUUID: s.persist.uuid,
		BIOSDev: s.bios.dev, BIOSUUID: s.bios.uuid, BIOSUnmounted: s.BIOSUnmounted,
		StaticRoot: s.StaticRoot, DynamicRoot: s.DynamicRoot, Home: s.HomePersist, ToRAM: s.ToRAM,
		Markers: s.markers(s.BootDev), Config: s.initrdOut(s.BootDev, s.UUID, s.persistence(), s.bios), Cmdline: s.cmdline(),
	}
}

// PID is the process id of the system's PID 1 as the host sees it.
func (s *System) PID() int { return s.init.Cmd.Process.Pid }

// Done is closed when the system has ended, by Stop or because a program
// inside restarted it.
func (s *System) Done() <-chan struct{} { return s.init.Done }

// Root is the host's path to the system's root, for direct access to files.
// Do not follow absolute symbolic links there: they would lead into the host.
func (s *System) Root() string { return fmt.Sprintf("/proc/%d/root", s.PID()) }

// Stop ends the system at once, as pulling the plug of a computer whose disk
// has flushed: every process dies, everything is unmounted, loop devices are
// detached, the work directory is removed (with the stick image, unless it
// was given or asked for by name). Calling it again does nothing.
func (s *System) Stop() error {
	s.stopOnce.Do(func() { s.stopErr = s.stop() })
	return s.stopErr
}

func (s *System) stop() error {
	err := s.halt()
	if s.own {
		err = firstError(err, os.RemoveAll(s.dir))
	}
	for _, cleanup := range s.Cleanups {
		cleanup()
	}
	return err
}

// halt ends the processes and waits until the stick is unmounted.
func (s *System) halt() error {
	var loops []loop
	if s.init != nil {
		loops = loopsWithin(s.PID())
		s.spare.Close()
		s.init.Kill()
	}
	loops = append(append(loops, loopsOf(s.Stick)...), loopsOf(s.Persist)...)
	return release(append(loops, loopsOf(s.BIOSImage())...), time.Minute)
}

// Shutdown ends the system but keeps the stick image, for boots. Stop removes
// it later; so does the end of this process followed by a Sweep.
func (s *System) Shutdown() error { return s.halt() }

// Restart starts a system again from the stick of one that was Shutdown (or
// still runs). change, which may be nil, says what the boot in between did:
// it may set DidRemaster, DidRollback, VIDError, and also SqExt, BootDir and
// the like to start another image of the stick.
func (s *System) Restart(ctx context.Context, change func(*Options)) error {
	if err := s.halt(); err != nil {
		return err
	}
	s.Options.DidRemaster, s.Options.DidRollback, s.Options.VIDError = false, false, ""
	if change != nil {
		change(&s.Options)
	}
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("cannot start the live system again: %w", err)
	}
	return nil
}

// ext4UUID reads the file system id of an image.
func ext4UUID(image string) (string, error) {
	f, err := os.Open(image)
	if err != nil {
		return "", err
	}
	defer f.Close()
	super := make([]byte, 136)
	if _, err := f.ReadAt(super, 1024); err != nil {
		return "", fmt.Errorf("cannot read %s: %w", image, err)
	}
	if super[56] != 0x53 || super[57] != 0xef {
		return "", fmt.Errorf("no ext4 stick image: %s", image)
	}
	h := fmt.Sprintf("%x", super[104:120])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
