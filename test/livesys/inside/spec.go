// Package inside is the part of a throwaway live system that runs as its
// PID 1: it does what a live initrd does after it found the stick, then waits.
//
// The outside (package livesys) starts it in fresh mount, PID, UTS and IPC
// namespaces with two pipes: on the first it reads a Spec and then notices the
// death of its starter, on the second it answers with one Ready line.
package inside

// File descriptors that PID 1 is started with.
const (
	SpecFD  = 3 // JSON of a Spec; end of input afterwards means: die
	ReadyFD = 4 // one JSON line of a Ready
)

// The disks of a machine of User-Mode-Linux: its first one, and a mapped one.
const (
	UMLDisk    = "/dev/ubda"
	MappedDisk = "/dev/dm-0"
)

// Spec tells PID 1 what to mount where. Paths that begin with "live:" do not
// exist: everything below Live is derived from LiveDir.
type Spec struct {
	Stage    string // an empty host directory, becomes the first root
	BootDev  string // "/dev/loop3", already attached to the stick image
	FSType   string // file system of the stick
	ReadOnly bool   // mount the stick read-only
	LiveDir  string // "/live" or "/run/initramfs"
	SqPath   string // directory of the linuxfs on the stick: "antiX"
	SqName   string // its plain name: "linuxfs.e16"
	VIDFile  string // "/etc/live/version/linuxfs.ver"
	UUID     string // of the stick's file system
	Hostname string

	PersistPath string // directory of the rootfs, on the stick or on PersistDev
	PersistDev  string // "/dev/loop4" of a second disk, which has ext4; "" without
	PersistUUID string // of the file system there

	BIOSDev       string // the file system of kernel and menus beside an encrypted stick; "" without one
	BIOSUUID      string
	BIOSUnmounted bool

	StaticRoot  bool // the rootfs file is the upper layer
	DynamicRoot bool // the rootfs file is copied to the memory layer
	Home        bool // mount the homefs file on /home
	ToRAM       bool // run from a copy in memory, stick unmounted

	Markers map[string]string // files of LIVE/config beside initrd.out
	Config  [][2]string       // initrd.out, in order; LIVE values still to be replaced
	Cmdline string            // what /proc/cmdline shows inside
}

// Ready is PID 1's answer: an error, or what it found.
type Ready struct {
	Error    string // empty when the system is up
	VIDError string // persistence was refused: rootfs and linuxfs do not belong together
	VID      string // last id of the image that runs
}
