package live

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"syscall"

	"github.com/moby/sys/mountinfo"
)

var archiveDir = regexp.MustCompile(`(^|/)archive/[0-9]{4,}$`)

// findImage finds the mounted squashfs and its file, which is the truth about
// what is running: a configured name may be stale, and a second stick may have
// the same UUID (contract §14, last paragraph).
func (r *reader) findImage() {
	place := r.tree.resolved(r.config["SQFS_MP"])
	if place == "" {
		place = r.Union.Lower // before 2016 the configuration does not tell
	}
	if place != "" {
		r.squashfs = r.mounts.at(place)
	}
	if r.squashfs == nil || r.squashfs.FSType != "squashfs" {
		r.squashfs = nil
		r.problem("the mounted linuxfs was not found")
		return
	}
	r.backing, r.deleted = r.tree.backing(r.squashfs)
	if r.backing == "" {
		r.problem("the file behind %s was not found", r.squashfs.Source)
	}
	toRAM := r.tree.resolved(r.config["TORAM_MP"])
	_, inRAM := below(r.backing, toRAM)
	r.ToRAM = r.config.True("DID_TORAM") || toRAM != "" && inRAM
}

// findBoot finds the boot device: by the mounted image, or when that is in
// memory by the UUID. The *_DEV values are only hints, because the initrd may
// mangle them (contract §1.2).
func (r *reader) findBoot() {
	c := r.config
	r.Boot = Boot{UUID: c["BOOT_UUID"], FSType: c["BOOT_FSTYPE"], ConfigMountpoint: c["BOOT_MP"]}
	place := r.tree.resolved(c["BOOT_MP"])
	var m *mountinfo.Info
	if r.backing != "" && !r.ToRAM {
		m = r.mounts.containing(r.backing)
	} else {
		m = r.bootByUUID(place)
	}
	if m == nil {
		r.Boot.Device = r.deviceOf(c["BOOT_UUID"], c["BOOT_DEV"])
	} else {
		r.mountedBoot(m)
	}
	r.nameImage(m, place)
	loop := m != nil && strings.HasPrefix(m.Source, "/dev/loop")
	r.FromISO = loop && (m.FSType == "iso9660" || m.FSType == "udf") || path.Base(c["BOOT_MP"]) == "iso-file"
	r.Encrypted = c.True("ENCRYPTED")
}

// bootByUUID returns where the device with the configured UUID is mounted. A
// mount at place of any other device is not the boot device: the stick may
// have been pulled and replaced (contract §8).
func (r *reader) bootByUUID(place string) *mountinfo.Info {
	there := r.mounts.at(place)
	dev := r.tree.number(r.tree.byUUID(r.config["BOOT_UUID"]))
	if dev == "" {
		if there != nil && r.config["BOOT_UUID"] != "" {
			r.problem("the device at %s cannot be told to be the boot device: no device has its UUID", place)
			return nil
		}
		return there
	}
	m := r.mounts.ofDevice(dev, place)
	if there != nil && (m == nil || m.Mountpoint != place) {
		r.problem("another device than the boot device is mounted at %s", place)
	}
	return m
}

// mountedBoot fills in what only a mount can tell.
func (r *reader) mountedBoot(m *mountinfo.Info) {
	b := &r.Boot
	b.Device, b.FSType, b.Mountpoint = m.Source, m.FSType, m.Mountpoint
	b.Major, b.Minor, b.ReadOnly = m.Major, m.Minor, readOnly(m)
	var st syscall.Statfs_t
	if err := syscall.Statfs(r.tree.root+m.Mountpoint, &st); err != nil {
		r.problem("cannot measure the space of %s: %v", m.Mountpoint, err)
		return
	}
	unit := uint64(st.Frsize)
	if unit == 0 {
		unit = uint64(st.Bsize)
	}
	b.Total, b.Free = st.Blocks*unit, st.Bfree*unit
}

// nameImage finds the directory and name of the linuxfs. place is where the
// configuration has the boot device mounted.
func (r *reader) nameImage(m *mountinfo.Info, place string) {
	dir := r.config["SQFILE_DIR"]
	rel, ok := below(dir, r.config["BOOT_MP"])
	if dir == "" || !ok {
		return
	}
	im := Image{Dir: dir, Path: rel, Name: r.config["SQFILE_NAME"]}
	if m != nil {
		im.Dir = path.Join(m.Mountpoint, rel)
		if m.Mountpoint != place && r.backing != "" && !r.ToRAM {
			im.Dir = path.Dir(r.backing)
			im.Path, _ = below(im.Dir, m.Mountpoint)
		}
		// A link on the stick must not lead to another device.
		if on := r.mounts.containing(r.tree.resolved(im.Dir)); on == nil || number(on) != number(m) {
			r.problem("%s leads away from the boot device", im.Dir)
			r.fail(fmt.Errorf("%s: %w", im.Dir, ErrOutsideBoot))
			return
		}
		im.LinkTarget = r.linkTarget(im)
	}
	r.Image, r.Plain = im, im
	r.FromArchive = archiveDir.MatchString(im.Dir)
	r.FromRescue = !r.FromArchive && UsualName(im.Name) != im.Name
	switch {
	case r.FromArchive:
		r.Plain = r.outOfArchive(im)
	case r.FromRescue:
		r.Plain.Name = UsualName(im.Name)
		r.Plain.LinkTarget = r.linkTarget(r.Plain)
	}
}

// UsualName is the name that an image had before a swap, or has after it:
// "linuxfs" for "linuxfs.old".
func UsualName(name string) string {
	for _, suffix := range []string{".old", ".bad", ".bak", ".new"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// outOfArchive tells what a boot without options starts when this one was
// started from an archive folder: the image two levels up, under the name that
// the archived file had before a swap renamed it.
func (r *reader) outOfArchive(im Image) Image {
	up := Image{Dir: path.Dir(path.Dir(im.Dir)), Path: path.Dir(path.Dir(im.Path)), Name: UsualName(im.Name)}
	if up.Path == "." {
		up.Path = ""
	}
	up.LinkTarget = r.linkTarget(up)
	return up
}

// linkTarget returns the name behind a linuxfs that is a link to a plain name
// in its directory (contract §6.6), else "".
func (r *reader) linkTarget(im Image) string {
	target, link := r.tree.readlink(path.Join(im.Dir, im.Name))
	if link && !plainName.MatchString(target) {
		r.problem("%s is a link that leaves its directory", im.Name)
		return ""
	}
	return target
}

// byUUID returns the device node of a file system, "" when there is none.
func (t tree) byUUID(uuid string) string {
	if uuid == "" {
		return ""
	}
	dev, err := t.resolve("/dev/disk/by-uuid/" + uuid)
	if err != nil {
		return ""
	}
	return dev
}

// number returns the "8:1" of a block device node, "" when it is none.
func (t tree) number(dev string) string {
	if dev == "" {
		return ""
	}
	return t.line("/sys/class/block/" + path.Base(dev) + "/dev")
}

// deviceOf finds a device by UUID, else takes the hint if it is a block device.
func (r *reader) deviceOf(uuid, hint string) string {
	if dev := r.tree.byUUID(uuid); dev != "" {
		return dev
	}
	if uuid != "" || !strings.HasPrefix(hint, "/dev/") {
		return ""
	}
	dev, err := r.tree.resolve(hint)
	if err != nil || r.tree.number(dev) == "" {
		return ""
	}
	return hint
}
