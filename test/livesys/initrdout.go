package livesys

import (
	"path/filepath"
)

// only2023 are the variables that 2016's initrd does not write.
var only2023 = map[string]bool{
	"BIOS_DEV": true, "BIOS_MP": true, "BIOS_UUID": true, "CRYPT_UUID": true, "DISTRO_BASE": true,
	"ENCRYPTED": true, "TORAM_STORE": true, "TORAM_ALL": true,
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// initrdOut lists the variables of initrd.out in the order of the real file
// (contract §1.3) with the values that are true for this system.
func (o Options) initrdOut(dev, uuid string, persist, bios disk) [][2]string {
	live := o.LiveDir
	bootMP, fstype, bootDev := live+"/boot-dev", o.StickFS, dev
	if o.FromISO {
		bootMP, fstype = live+"/boot-dev", "iso9660"
	}
	sqDir := filepath.Join(bootMP, o.BootDir)
	full := filepath.Join(sqDir, o.imageName())
	version, date := "8.30.14-x14", "Mon, 27 Feb 2023 07:46:20 -0500"
	if o.Generation == 2016 {
		version, date = "7.0.3-e16", "Sun, 12 Jun 2016 10:00:00 -0600"
	}
	crypt := ""
	if o.Encrypted {
		crypt = luksUUID
	}
	all := [][2]string{
		{"AUFS_MP", live + "/aufs"}, {"AUFS_RAM_MP", live + "/aufs-ram"},
		{"AUFS_VID_FILE", live + "/aufs" + versionFile},
		{"BIOS_DEV", bios.dev}, {"BIOS_MP", live + "/bios-dev"}, {"BIOS_UUID", bios.uuid},
		{"BOOT_DEV", bootDev}, {"BOOT_FSTYPE", fstype}, {"BOOT_MP", bootMP}, {"BOOT_UUID", uuid},
		{"CRYPT_UUID", crypt}, {"DF_ROOTFS", o.dfRootfs()},
		{"DID_REMASTER", yes(o.DidRemaster)}, {"DID_ROLLBACK", yes(o.DidRollback)}, {"DID_TORAM", yes(o.ToRAM)},
		{"DISTRO", "antiX"}, {"DISTRO_BASE", "antiX"}, {"DISTRO_CODENAME", "livesys"},
		{"DISTRO_VERSION", "23"}, {"ENCRYPTED", yes(o.Encrypted)}, {"FULL_DISTRO", "antiX-23"},
		{"INITRD_DATE", date}, {"INITRD_VERSION", version}, {"LIVE_DIR", live},
	}
	all = append(all, o.persistVars(persist)...)
	all = append(all, [][2]string{
		{"REMASTERABLE", yes(!o.NotRemasterable)}, {"ROOTFS_MP", live + "/persist-root"}, {"RW_MODE", o.rwMode()},
		{"SQFILE_DIR", sqDir}, {"SQFILE_FULL", full}, {"SQFILE_NAME", o.imageName()}, {"SQFILE_PATH", o.BootDir},
		{"SQFS_MP", live + "/linux"}, {"SQFS_VID_FILE", live + "/linux" + versionFile},
		{"STATIC_ROOT", yes(o.StaticRoot)}, {"TORAM_MP", live + "/to-ram"}, {"TORAM_STORE", ""}, {"TORAM_ALL", ""},
		{"USER_GID", "1000"}, {"USER_UID", "1000"}, {"VID_ERROR", o.VIDError}, {"VID_FILE", versionFile},
	}...)
	return o.ofGeneration(all)
}

func (o Options) persistVars(d disk) [][2]string {
	live := o.LiveDir
	if o.persistWord() == "" {
		return [][2]string{
			{"PERSISTENCE", ""}, {"PERSIST_DEV", ""}, {"PERSIST_DIR", ""}, {"PERSIST_FILE", ""},
			{"PERSIST_MP", live + "/persist-dev"}, {"PERSIST_PATH", o.BootDir}, {"PERSIST_UUID", ""},
		}
	}
	mp := live + "/boot-dev"
	if o.PersistDisk {
		mp = live + "/persist-dev"
	}
	dir, file := filepath.Join(mp, o.PersistDir), ""
	if o.StaticRoot || o.DynamicRoot {
		file = filepath.Join(dir, "rootfs")
	}
	return [][2]string{
		{"PERSISTENCE", o.persistWord()}, {"PERSIST_DEV", d.dev}, {"PERSIST_DIR", dir}, {"PERSIST_FILE", file},
		{"PERSIST_MP", mp}, {"PERSIST_PATH", o.PersistDir}, {"PERSIST_UUID", d.uuid},
	}
}

func (o Options) ofGeneration(all [][2]string) [][2]string {
	if o.Generation == 2023 {
		return all
	}
	var kept [][2]string
	for _, v := range all {
		if !only2023[v[0]] {
			kept = append(kept, v)
		}
	}
	return kept
}

func (o Options) rwMode() string {
	if o.ReadOnlyStick || o.FromISO {
		return "ro"
	}
	return "rw"
}

func (o Options) dfRootfs() string {
	if !o.StaticRoot && !o.DynamicRoot {
		return ""
	}
	return "/dev/loop1 " + "380 1 359 1% " + o.LiveDir + "/persist-root"
}

// markers are the files of LIVE/config that do not depend on the start.
func (o Options) markers(dev string) map[string]string {
	m := map[string]string{
		"boot-device": dev + "\n", "distro": "antiX\n", "lang": "en_US\n",
		"version": "antiX-livesys\n", "init-prog": "/sbin/init\n",
	}
	if o.Generation == 2023 {
		m["distro-base"] = "antiX\n"
	}
	if !o.NotRemasterable {
		m["remasterable"] = ""
	}
	if o.ToRAM {
		m["did-toram"] = ""
	}
	if o.Encrypted {
		m["encrypted"] = ""
	}
	return m
}
