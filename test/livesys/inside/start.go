package inside

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// newRoot is where the union is mounted before it becomes the root.
const newRoot = "/newroot"

// builder carries the state of one start.
type builder struct {
	Spec
	ready Ready
}

// Start does what a live initrd does between finding the stick and starting
// init (contract §4): the mounts, in that order, and LIVE/config.
func Start(spec Spec) (Ready, error) {
	b := &builder{Spec: spec}
	steps := []func() error{
		b.stage, b.mountStick, b.mountImage, b.mountPersist, b.mountUpper, b.mountUnion,
		b.mountHome, b.moveMounts, b.enter, b.writeConfig, b.storage, b.finish,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return b.ready, err
		}
	}
	return b.ready, nil
}

// stage makes a small root like an initrd's: strings like "/live/linux" in
// the mount table are only right when the mounts were made from such a root.
func (b *builder) stage() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot make mounts private: %w", err)
	}
	var disk unix.Stat_t
	if err := unix.Stat(b.BootDev, &disk); err != nil {
		return fmt.Errorf("cannot find the stick's device: %w", err)
	}
	if err := tmpfs(b.Stage, "mode=755"); err != nil {
		return err
	}
	if err := enterRoot(b.Stage); err != nil {
		return err
	}
	if err := tmpfs("/dev", "mode=755,size=10m"); err != nil {
		return err
	}
	if err := devices("/dev"); err != nil {
		return err
	}
	if b.BootDev == UMLDisk || b.BootDev == MappedDisk {
		if err := mknod(b.BootDev, unix.S_IFBLK|0o660, unix.Major(disk.Rdev), unix.Minor(disk.Rdev)); err != nil {
			return err
		}
	}
	return tmpfs("/live", "size=102400k,mode=755")
}

func (b *builder) mountStick() error {
	flags := uintptr(unix.MS_NOATIME)
	if b.ReadOnly {
		flags |= unix.MS_RDONLY
	}
	data := ""
	if b.FSType == "vfat" { // contract §8
		data = "umask=000,dmask=002,fmask=113,shortname=winnt,uid=1000,gid=1000"
	}
	if err := mount(b.BootDev, "/live/boot-dev", b.FSType, flags, data); err != nil {
		return err
	}
	return b.mountBIOS()
}

// mountBIOS mounts the second file system, or sees to it that the device stays:
// it would detach itself when nobody has it open.
func (b *builder) mountBIOS() error {
	switch {
	case b.BIOSDev == "":
		return nil
	case b.BIOSUnmounted:
		_, err := unix.Open(b.BIOSDev, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	}
	return mount(b.BIOSDev, "/live/bios-dev", "ext4", unix.MS_NOATIME, "")
}

// mountPersist mounts the second disk where the start wants root persistence.
func (b *builder) mountPersist() error {
	if b.PersistDev == "" || !b.StaticRoot && !b.DynamicRoot {
		return nil
	}
	return mount(b.PersistDev, "/live/persist-dev", "ext4", unix.MS_NOATIME, "")
}

func (b *builder) persistDir() string {
	if b.PersistDev == "" {
		return filepath.Join("/live/boot-dev", b.PersistPath)
	}
	return filepath.Join("/live/persist-dev", b.PersistPath)
}

func (b *builder) stickDir() string { return filepath.Join("/live/boot-dev", b.SqPath) }

func (b *builder) mountImage() error {
	image := filepath.Join(b.stickDir(), b.SqName)
	if b.ToRAM {
		copied, err := b.copyToRAM(image)
		if err != nil {
			return err
		}
		image = copied
	}
	if err := mountLoop(image, "/live/linux", "squashfs", true, ""); err != nil {
		return err
	}
	b.ready.VID = lastVID("/live/linux" + b.VIDFile)
	return nil
}

// mountUpper provides the writable layer: memory, or the rootfs file.
func (b *builder) mountUpper() error {
	persist := b.StaticRoot || b.DynamicRoot
	if persist {
		if err := b.mountRootfs(); err != nil {
			return err
		}
	}
	if b.StaticRoot {
		return nil
	}
	if err := tmpfs("/live/aufs-ram", ""); err != nil {
		return err
	}
	if b.DynamicRoot {
		if err := b.copyUpper(); err != nil {
			return err
		}
	}
	return makeLayers("/live/aufs-ram")
}

func makeLayers(dir string) error {
	for _, name := range []string{"upper", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// mountRootfs mounts the persistence file; one that belongs to another
// version of the linuxfs is refused (contract §7).
func (b *builder) mountRootfs() error {
	const at = "/live/persist-root"
	if err := mountLoop(filepath.Join(b.persistDir(), "rootfs"), at, "ext4", false, ""); err != nil {
		return err
	}
	ver := filepath.Join(at, "upper/etc/live/version/rootfs.ver")
	if _, err := os.Stat(filepath.Join(at, "upper")); os.IsNotExist(err) {
		if err := copyFile("/live/linux"+b.VIDFile, ver); err != nil {
			return err
		}
	}
	if vid := lastVID(ver); vid != b.ready.VID {
		b.ready.VIDError = "Version ID mismatch: rootfs " + vid + ", linuxfs " + b.ready.VID
		b.StaticRoot, b.DynamicRoot = false, false
		return unix.Unmount(at, 0)
	}
	return makeLayers(at)
}

// copyUpper does the copy of dynamic root persistence with the cp of the
// image itself: there is no other here.
func (b *builder) copyUpper() error {
	const view = "/live/linux/mnt" // an image need not have a /live
	if err := bindRecursive("/live", view); err != nil {
		return err
	}
	cp := exec.Command("/bin/cp", "-a", "/mnt/persist-root/upper", "/mnt/aufs-ram/")
	cp.SysProcAttr = &unix.SysProcAttr{Chroot: "/live/linux"}
	if out, err := cp.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot copy the rootfs to memory: %w: %s", err, out)
	}
	if err := unix.Unmount(view, unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.Unmount("/live/persist-root", 0)
}

func bindRecursive(source, target string) error {
	return mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
}

func (b *builder) mountUnion() error {
	layer := "/live/aufs-ram"
	if b.StaticRoot {
		layer = "/live/persist-root"
	}
	options := fmt.Sprintf("lowerdir=/live/linux,upperdir=%s/upper,workdir=%s/work", layer, layer)
	return mount("overlay", newRoot, "overlay", 0, options)
}

func (b *builder) mountHome() error {
	if !b.Home {
		return nil
	}
	return mountLoop(filepath.Join(b.stickDir(), "homefs"), newRoot+"/home", "ext4", false, "")
}

// moveMounts brings /live, /dev and the kernel's file systems into the union.
func (b *builder) moveMounts() error {
	if b.LiveDir != "/live" {
		// The 2023 initrd leaves a link behind, after removing a directory.
		os.RemoveAll(newRoot + "/live")
		if err := os.Symlink(strings.TrimPrefix(b.LiveDir, "/"), newRoot+"/live"); err != nil {
			return err
		}
	}
	for _, m := range []struct{ at, options string }{
		{"/run", "size=1111m,mode=755"}, {"/tmp", "mode=1777"}, {"/media", "size=10m,mode=755"},
	} {
		if err := tmpfs(newRoot+m.at, m.options); err != nil {
			return err
		}
	}
	if err := move("/live", newRoot+b.LiveDir); err != nil {
		return err
	}
	if err := move("/dev", newRoot+"/dev"); err != nil {
		return err
	}
	if err := mount("proc", newRoot+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	return mount("sysfs", newRoot+"/sys", "sysfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

func (b *builder) enter() error {
	if err := enterRoot(newRoot); err != nil {
		return err
	}
	if err := bind("/", b.LiveDir+"/aufs"); err != nil {
		return err
	}
	return unix.Sethostname([]byte(b.Hostname))
}
