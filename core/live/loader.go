package live

// findLoader finds what the boot loader reads: with an encrypted stick the part
// outside of it, which the live start may have left unmounted (contract §8).
func (r *reader) findLoader() {
	r.Loader = r.Boot
	if !r.Encrypted {
		return
	}
	c := r.config
	r.Loader = Boot{UUID: c["BIOS_UUID"], ConfigMountpoint: c["BIOS_MP"], Device: r.deviceOf(c["BIOS_UUID"], c["BIOS_DEV"])}
	dev := r.tree.number(r.tree.byUUID(c["BIOS_UUID"]))
	if dev == "" {
		return
	}
	if m := r.mounts.ofDevice(dev, r.tree.resolved(c["BIOS_MP"])); m != nil {
		l := &r.Loader
		l.Device, l.FSType, l.Mountpoint = m.Source, m.FSType, m.Mountpoint
		l.Major, l.Minor, l.ReadOnly = m.Major, m.Minor, readOnly(m)
	}
}
