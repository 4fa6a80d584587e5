// Package live reads the facts about the running live system: what the live
// initrd left behind, what is mounted, and what lies on the stick. It needs no
// privilege, writes nothing and trusts nothing it reads.
package live

// Generation tells which swap rules the live initrd of this system follows
// (contract §13).
type Generation int

const (
	Gen2016 Generation = 2016 // no state in the swap list
	Gen2023 Generation = 2023 // state is swapped; stale .old companions are removed first
)

// Facts is all that is known about the running live system. All paths are as
// seen from the root given to Read. Sizes are bytes.
type Facts struct {
	Live         bool       // the configuration of a live initrd was found
	ConfigPath   string     // where it was found; "" when not Live
	Config       Config     // its values
	Generation   Generation // which swap rules the initrd follows
	LiveDir      string     // LIVE_DIR: "/live" or "/run/initramfs"
	Remasterable bool       // contract §2
	Problems     []string   // what could not be read or makes no sense, in English, for the log
	ConfigError  error      `json:"-"` // wraps ErrConfigDamaged or ErrOutsideBoot; nil when Config can be used

	Boot        Boot  // the device that holds the linuxfs
	Loader      Boot  // the one that the boot loader has kernel and menus from: Boot, but with an encrypted stick a part outside of it (contract §8)
	Image       Image // directory and name of the linuxfs on it
	Plain       Image // what a boot without options starts; Image itself but on a try-once or rescue boot
	Union       Union // the union that is the root
	Home        Home  // where /home lives
	Persistence Persistence

	Running *Version // what this system runs from; nil when unknown
	Default *Version // what a plain boot starts; nil when there is no such file
	Armed   *Version // NAME.new, which the next boot swaps in; nil when absent

	Leftovers []Leftover // everything in Plain.Dir that a swap or a crash left
	Files     []string   // all names in Plain.Dir, sorted
	Entries   Dir        // the same names and what they are; nil when they cannot be seen
	Rootfs    int64      // bytes of the file rootfs in Plain.Dir, links followed; 0 when there is no such file

	ToRAM       bool   // the linuxfs was copied to memory
	Encrypted   bool   // the boot device is inside LUKS
	FromISO     bool   // the linuxfs lies inside an ISO file
	NoRemaster  bool   // "noremaster" on the kernel command line
	Rollback    bool   // "rollback" on the kernel command line
	DidRemaster bool   // this boot swapped
	DidRollback bool   // this boot rolled back
	VIDError    string // text of a version mismatch in this boot, any language
	FromArchive bool   // Image.Dir is an archive/NNNN directory ("try once" boot)
	FromRescue  bool   // Image.Name is one that a swap set aside or armed: "sqext=old"

	RunningKernel string // uname -r
	BootKernel    string // release of the vmlinuz a plain boot starts; "" when unknown
}

// Boot is the boot device.
type Boot struct {
	Device           string // "/dev/sdb1", as the mount table or by-uuid names it
	UUID             string // BOOT_UUID of the configuration
	FSType           string // "ext4", "vfat", ... of the mount, else BOOT_FSTYPE
	ConfigMountpoint string // BOOT_MP of the configuration
	Mountpoint       string // where it is mounted now; "" when it is not
	Major, Minor     int    // of the mount; 0, 0 when not mounted
	ReadOnly         bool   // the mount or its file system is read-only
	Total, Free      uint64 // statfs of the mount (Free: for root, f_bfree); 0 when not mounted
}

// Mounted tells whether the boot device is mounted now.
func (b Boot) Mounted() bool { return b.Mountpoint != "" }

// Image names the linuxfs on the boot device.
type Image struct {
	Dir        string // directory below the current mount point (or below ConfigMountpoint when unmounted)
	Path       string // directory relative to the boot device's root: "antiX"
	Name       string // plain name with sqname and sqext applied: "linuxfs", "linuxfs.e16"
	LinkTarget string // plain name when Dir/Name is a link in the same directory ("linuxfs.03"), else ""
}

// Union is the mounted root.
type Union struct {
	Type  string // "overlay", "aufs", or "" when the root is neither
	Lower string // where the lower image is mounted, resolved to a path that exists: "/live/linux"
	Upper string // the directory of the changes: "/live/aufs-ram/upper"; "" when it cannot be seen
}

// HomeKind tells where /home lives.
type HomeKind string

const (
	HomeInSystem HomeKind = "system" // a plain directory of the union
	HomeFile     HomeKind = "homefs" // the homefs file of home persistence
	HomeMount    HomeKind = "mount"  // another mount
)

// Home is where /home lives.
type Home struct{ Kind HomeKind }

// The kinds of root persistence.
const (
	PersistNone    = "none"
	PersistStatic  = "root-static"  // the rootfs file is the upper layer itself
	PersistDynamic = "root-dynamic" // the changes are in memory until they are saved
)

// Persistence tells how changes survive a restart.
type Persistence struct {
	Kind      string // PersistNone, PersistStatic or PersistDynamic
	Home      bool   // home persistence is on
	Device    string // device of the persistence files; "" when none
	File      string // the rootfs file, also when a version mismatch switched it off; "" when none
	Elsewhere bool   // on another device or in another directory than the linuxfs
	Annex     *Annex `json:",omitempty"` // that directory; nil when not Elsewhere, or when it cannot be seen
}

// Root tells whether changes of the root are kept in a rootfs file.
func (p Persistence) Root() bool { return p.Kind == PersistStatic || p.Kind == PersistDynamic }

// Wanted tells whether this start looked for saved changes of the root, also
// where it then refused them.
func (p Persistence) Wanted() bool { return p.File != "" || p.Root() }

// Version is one linuxfs image.
type Version struct {
	Path                string // the image file, links followed
	Name                string // its name in its directory as the initrd sees it: "linuxfs", "linuxfs.new"
	ID                  string // the last "==== " id of its version file; "" when it has none
	Title, Date, Kernel string // from the last entry of the version file; "" when absent
	Machine             string // from the same: "x86_64", "i686"; "" when absent
	Size                int64  // bytes of the file
	Inode               uint64
	Head                string   // SHA-256 of the first KiB of the file; "" when it cannot be read
	MTime               int64    // seconds
	Compressor          string   // "zstd", "xz", "gzip", "lz4", "lzo", "lzma"; "" when no squashfs
	BlockSize           uint32   // bytes
	BytesUsed           int64    // of the superblock; > Size means truncated
	Modules             []string // names below lib/modules; nil when they could not be read
	Problem             string   // why the image cannot be read, in English; "" when it can
}

// LeftoverKind tells what a file beside the linuxfs is.
type LeftoverKind string

const (
	LeftNew  LeftoverKind = "new"
	LeftOld  LeftoverKind = "old"
	LeftBad  LeftoverKind = "bad"
	LeftBak  LeftoverKind = "bak"
	LeftPart LeftoverKind = "part" // an unfinished file of this program
	LeftTmp  LeftoverKind = "tmp"  // an unfinished file of live-remaster
)

// Leftover is one file or directory in Plain.Dir that ends in .new, .old,
// .bad, .bak, .part or .tmp and belongs to the linuxfs or a companion.
type Leftover struct {
	Name string // "linuxfs.old", "state.old", "rootfs.bad"
	Base string // "linuxfs", "state", "rootfs"
	Kind LeftoverKind
	Size int64 // of a file; 0 for a directory
	Dir  bool
}
