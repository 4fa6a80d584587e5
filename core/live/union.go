package live

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// findUnion reads the mount of the root (contract §4).
func (r *reader) findUnion() {
	root := r.mounts.at("/")
	if root == nil {
		return
	}
	switch root.FSType {
	case "overlay":
		layers := strings.Split(option(root.VFSOptions, "lowerdir"), ":")
		r.Union = Union{
			Type:  "overlay",
			Lower: r.place(r.lowest(layers)),
			Upper: r.place(option(root.VFSOptions, "upperdir")),
		}
	case "aufs":
		r.Union = r.aufs(root.VFSOptions)
	}
}

// lowest picks the layer that is the linuxfs: the one at SQFS_MP, else the
// last, for "doxtra" puts its layer above.
func (r *reader) lowest(layers []string) string {
	want := r.tree.resolved(r.config["SQFS_MP"])
	for _, l := range layers {
		if want != "" && r.place(l) == want {
			return l
		}
	}
	return layers[len(layers)-1]
}

// aufs finds the branches: in the options, or where they only name an instance
// in sysfs; else the configuration has to do.
func (r *reader) aufs(options string) Union {
	branches := strings.Split(option(options, "br"), ":")
	if at := strings.Index(options, "br:"); at >= 0 {
		list, _, _ := strings.Cut(options[at+3:], ",")
		branches = strings.Split(list, ":")
	}
	if si := option(options, "si"); plainUUID.MatchString(si) {
		branches = nil
		for n := 0; ; n++ {
			b := r.tree.line(fmt.Sprintf("/sys/fs/aufs/si_%s/br%d", si, n))
			if b == "" {
				break
			}
			branches = append(branches, b)
		}
	}
	if len(branches) < 2 {
		upper := r.config["AUFS_RAM_MP"]
		if r.config.True("STATIC_ROOT") {
			upper = r.config["ROOTFS_MP"]
		}
		return Union{Type: "aufs", Lower: r.place(r.config["SQFS_MP"]), Upper: r.place(upper)}
	}
	for i, b := range branches { // "/live/linux=ro"
		branches[i], _, _ = strings.Cut(b, "=")
	}
	return Union{Type: "aufs", Lower: r.place(r.lowest(branches)), Upper: r.place(branches[0])}
}

// place turns a path of initrd time, which begins with /live, into one that
// exists now: through the link /live, or below LIVE_DIR (contract §4).
func (r *reader) place(name string) string {
	if !path.IsAbs(name) {
		return ""
	}
	if at, err := r.tree.resolve(name); err == nil {
		return at
	}
	rest, ok := below(name, "/live")
	if !ok || r.LiveDir == "" {
		return ""
	}
	at, err := r.tree.resolve(path.Join(r.LiveDir, rest))
	if err != nil {
		return ""
	}
	return at
}

// findPersistence tells how changes survive (contract §1.3, §4, §6.5).
func (r *reader) findPersistence() {
	c := r.config
	list := strings.FieldsFunc(c["PERSISTENCE"], func(c rune) bool { return c == ',' || c == ' ' })
	rootfs := r.tree.resolved(c["ROOTFS_MP"])
	_, upperThere := below(r.Union.Upper, rootfs)
	p := Persistence{Kind: PersistNone, Home: slices.Contains(list, "home")}
	switch {
	case c.True("STATIC_ROOT") || rootfs != "" && upperThere:
		p.Kind = PersistStatic
	case c["VID_ERROR"] != "": // §7: the initrd switched it off
	case slices.Contains(list, "root"):
		p.Kind = PersistDynamic
	}
	if slices.Contains(list, "root") || p.Kind == PersistStatic || c["VID_ERROR"] != "" {
		p.File = c["PERSIST_FILE"]
	}
	if p.File != "" || p.Home || p.Kind != PersistNone {
		p.Device = r.persistDevice()
		p.Elsewhere = c["PERSIST_UUID"] != "" && c["PERSIST_UUID"] != c["BOOT_UUID"] ||
			c["PERSIST_DIR"] != "" && r.tree.resolved(c["PERSIST_DIR"]) != r.tree.resolved(c["SQFILE_DIR"])
	}
	if p.Elsewhere && p.Wanted() {
		p.Annex = r.findAnnex()
	}
	r.Persistence = p
}

func (r *reader) persistDevice() string {
	if m := r.mounts.at(r.tree.resolved(r.config["PERSIST_MP"])); m != nil {
		return m.Source
	}
	return r.deviceOf(r.config["PERSIST_UUID"], r.config["PERSIST_DEV"])
}

// findHome tells where /home lives.
func (r *reader) findHome() {
	r.Home.Kind = HomeInSystem
	m := r.mounts.at("/home")
	if m == nil {
		return
	}
	r.Home.Kind = HomeMount
	if file, _ := r.tree.backing(m); path.Base(file) == "homefs" {
		r.Home.Kind = HomeFile
	}
}
