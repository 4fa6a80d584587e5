package livesys

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Options describe the system to start. The zero value is a 2023 system with
// the 2016 layout of released MX-23 (LIVE_DIR=/live) without persistence.
type Options struct {
	CacheDir string    // "" means DefaultCacheDir
	Log      io.Writer // progress of long work; nil means none

	Generation int    // 2016 or 2023 (the default): which variables and which initrd
	LiveDir    string // "/live" (the default) or "/run/initramfs"
	BootDir    string // directory of the linuxfs on the stick; default "antiX"
	SqName     string // boot option sqname=: replaces "linuxfs"
	SqExt      string // boot option sqext=: appended after a dot
	LinkScheme string // "03" makes the linuxfs a link to linuxfs.03

	StaticRoot  bool // root,static persistence: the rootfs file is the upper layer
	DynamicRoot bool // root,dynamic persistence: it is copied to memory
	HomePersist bool // home persistence: the homefs file is mounted on /home

	PersistDisk bool   // the rootfs lies on a second disk
	RootfsSize  int64  // of the rootfs, bytes; default 400 MiB
	PersistDir  string // its directory there, or on the stick; default BootDir

	Leftovers  []string          // names to have beside the linuxfs: linuxfs.old, state.bad, rootfs.new, ...
	Companions bool              // state/, xtra/, deb/, xtra.tgz, linuxfs.md5
	ExtraFiles map[string]string // path on the stick -> host file to copy there

	ReadOnlyStick   bool   // mounted read-only; implies NotRemasterable
	NotRemasterable bool   // no marker, REMASTERABLE=""
	FromISO         bool   // variables of a boot from an ISO file; implies NotRemasterable
	ToRAM           bool   // runs from memory, the stick is plugged but not mounted
	Encrypted       bool   // kernel and menus lie on a second file system: see bios.go
	BIOSUnmounted   bool   // and the start has left that unmounted
	Cmdline         string // more words of the kernel command line: "noremaster"

	DidRemaster, DidRollback bool   // what the boot is to have done
	VIDError                 string // what the boot is to have complained about

	StickSize int64  // bytes, sparse; default 1.5 GiB
	StickFS   string // file system of the stick: "ext4" (the default); "vfat" only in a machine of test/umllive
	StickUUID string // default: a random one
	Stick     string // an existing stick image to start from; it is not removed by Stop
	NewStick  string // where to make the stick image; "" means in the work directory, removed by Stop

	Desktop   bool   // a base that can show a window: see package desktop
	Mini      bool   // use a tiny busybox system instead of the Debian base
	BaseImage string // a squashfs file to use instead of the Debian base

	Force    bool     // start even when this machine is a live system itself
	Cleanups []func() // run at the end of Stop
}

// withDefaults checks the options and fills in what is not set.
func (o Options) withDefaults() (Options, error) {
	defaultTo(&o.LiveDir, "/live")
	defaultTo(&o.BootDir, "antiX")
	defaultTo(&o.StickFS, "ext4")
	defaultTo(&o.PersistDir, o.BootDir)
	if o.Generation == 0 {
		o.Generation = 2023
	}
	if o.StickSize == 0 {
		o.StickSize = 3 << 29
	}
	if o.RootfsSize == 0 {
		o.RootfsSize = 400 << 20
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	o.NotRemasterable = o.NotRemasterable || o.ReadOnlyStick || o.FromISO
	var err error
	if o.CacheDir, err = cacheOrDefault(o.CacheDir); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o Options) check() error {
	switch {
	case hostIsLive() && !o.Force:
		return fmt.Errorf("this machine is itself a live system: a throwaway one beside it could touch its stick; use Force (--force) if you are sure")
	case o.Generation != 2016 && o.Generation != 2023:
		return fmt.Errorf("unknown generation %d: 2016 or 2023", o.Generation)
	case o.LiveDir != "/live" && o.LiveDir != "/run/initramfs":
		return fmt.Errorf("unknown live directory %q: /live or /run/initramfs", o.LiveDir)
	case o.StickFS != "ext4" && o.StickFS != "vfat":
		return fmt.Errorf("a stick with %s is not supported: only ext4 and vfat", o.StickFS)
	case o.Encrypted && (o.StickFS != "ext4" || o.Generation != 2023):
		return fmt.Errorf("an encrypted stick needs ext4 and the generation 2023")
	case o.StaticRoot && o.DynamicRoot:
		return fmt.Errorf("root persistence is static or dynamic, not both")
	case o.FromISO && o.ToRAM:
		return fmt.Errorf("fromiso and toram together are not supported")
	}
	if o.Stick != "" {
		if _, err := os.Stat(o.Stick); err != nil {
			return fmt.Errorf("cannot start from the stick: %w", err)
		}
	}
	return nil
}

func defaultTo(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// imageName is the name of the linuxfs by the name algebra of contract §3.
func (o Options) imageName() string {
	name := o.SqName
	defaultTo(&name, "linuxfs")
	if o.SqExt != "" {
		name += "." + o.SqExt
	}
	return name
}

// cmdline is what the boot loader would have passed.
func (o Options) cmdline() string {
	words := []string{"BOOT_IMAGE=/" + filepath.Join(o.BootDir, "vmlinuz"), "quiet", "nosplash"}
	if o.BootDir != "antiX" {
		words = append(words, "bdir="+o.BootDir)
	}
	if o.SqName != "" {
		words = append(words, "sqname="+o.SqName)
	}
	if o.SqExt != "" {
		words = append(words, "sqext="+o.SqExt)
	}
	if p := o.persistWord(); p != "" {
		words = append(words, "persist="+p)
	}
	if p := o.persistWord(); p != "" && o.PersistDir != o.BootDir {
		words = append(words, "pdir="+o.PersistDir)
	}
	if o.ToRAM {
		words = append(words, "toram=min")
	}
	if o.Cmdline != "" {
		words = append(words, o.Cmdline)
	}
	return strings.Join(words, " ")
}

// persistWord is the value of PERSISTENCE.
func (o Options) persistWord() string {
	var words []string
	switch {
	case o.StaticRoot:
		words = append(words, "root", "static")
	case o.DynamicRoot:
		words = append(words, "root", "dynamic")
	}
	if o.HomePersist {
		words = append(words, "home")
	}
	return strings.Join(words, ",")
}
