package live

import (
	"maps"
	"path"
	"syscall"
)

// Annex is the directory of a rootfs that does not lie beside the linuxfs, on
// another device or on the same one. Only a start that swaps and wants the
// rootfs goes on there (contract §6.5).
type Annex struct {
	Dir        string // where it is now
	Path       string // the same relative to its device's root: "antiX"
	Mountpoint string // of its device
	Device     string
	UUID       string // PERSIST_UUID of the configuration, which the device has
	FSType     string
	ReadOnly   bool  // the mount or its file system
	Total      int64 // bytes of the file system
	Entries    Dir   // what is in the directory
	Rootfs     int64 // bytes of the file rootfs, links followed; 0 when there is no such file
}

// findAnnex looks at the directory of the rootfs. It is nil when that cannot be
// seen, or lies on another device than the one of this start: a disk may have
// been exchanged (contract §1.2, §8).
func (r *reader) findAnnex() *Annex {
	dir := r.tree.resolved(r.config["PERSIST_DIR"])
	m := r.mounts.containing(dir)
	if m == nil {
		r.problem("the place of the rootfs, %s, is not mounted", dir)
		return nil
	}
	uuid := r.config["PERSIST_UUID"]
	dev := r.tree.number(r.tree.byUUID(uuid))
	if same := r.mounts.ofDevice(dev, m.Mountpoint); dev == "" || same == nil || same.Mountpoint != m.Mountpoint {
		r.problem("what is mounted at %s is not the device %s", m.Mountpoint, uuid)
		return nil
	}
	entries, err := ReadDir(r.tree.root, dir)
	if err != nil {
		r.problem("%v", err)
		return nil
	}
	rel, _ := below(dir, m.Mountpoint)
	a := &Annex{Dir: dir, Path: rel, Mountpoint: m.Mountpoint, Device: m.Source, UUID: uuid, FSType: m.FSType, ReadOnly: readOnly(m),
		Entries: entries, Rootfs: r.tree.size(path.Join(dir, "rootfs"))}
	var st syscall.Statfs_t
	if err := syscall.Statfs(r.tree.root+m.Mountpoint, &st); err != nil {
		r.problem("cannot measure the space of %s: %v", m.Mountpoint, err)
		return a
	}
	a.Total = int64(st.Blocks) * int64(st.Bsize)
	return a
}

// elsewhere is what a boot that wants the rootfs does in its annex (contract
// §6.5): nothing is removed first, so mv overwrites.
var elsewhere = map[OutcomeKind][]action{
	OutcomeSwap: {
		{needs: []string{""}, from: "", to: ".old"},
		{needs: []string{".new"}, from: ".new", to: ""},
	},
	OutcomeRollback: {
		{needs: []string{""}, from: "", to: ".bad"},
		{needs: []string{".old"}, from: ".old", to: ""},
	},
}

// Annex tells what a boot of this outcome does to the annex, when it is one
// with root persistence; without, it leaves it as it is. The device is looked
// for by the file rootfs: where there is none, nothing happens either.
func (o Outcome) Annex(dir Dir) Outcome {
	out := Outcome{Kind: o.Kind}
	if !dir.exists("rootfs") {
		return out
	}
	now := maps.Clone(dir)
	for _, a := range elsewhere[o.Kind] {
		if now.all("rootfs", a.needs) {
			out.act(now, "rootfs", a)
		}
	}
	return out
}
