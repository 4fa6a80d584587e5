package live

import (
	"path"
	"slices"
	"strings"
)

var leftoverKinds = []LeftoverKind{LeftNew, LeftOld, LeftBad, LeftBak, LeftPart, LeftTmp}

// findNames lists the boot directory and what a swap or a crash left in it.
func (r *reader) findNames() {
	if !r.Boot.Mounted() || r.Plain.Dir == "" {
		return
	}
	entries, err := r.tree.list(r.Plain.Dir)
	if err != nil {
		r.problem("%v", err)
		return
	}
	r.Entries = Dir{}
	r.Rootfs = r.tree.size(path.Join(r.Plain.Dir, "rootfs"))
	owned := append(Companions(Gen2023, r.Plain.Name), r.Plain.Name+".md5", r.Plain.Name+".info", "homefs")
	for _, e := range entries {
		r.Files = append(r.Files, e.Name())
		r.Entries[e.Name()] = r.tree.kind(path.Join(r.Plain.Dir, e.Name()))
		base, kind := leftover(e.Name())
		if kind == "" || !slices.Contains(owned, base) {
			continue
		}
		l := Leftover{Name: e.Name(), Base: base, Kind: kind, Dir: e.IsDir()}
		if info, err := e.Info(); err == nil && !l.Dir {
			l.Size = info.Size()
		}
		r.Leftovers = append(r.Leftovers, l)
	}
}

// leftover splits "state.old" into "state" and the kind. An unfinished
// "linuxfs.new.part" belongs to "linuxfs".
func leftover(name string) (base string, kind LeftoverKind) {
	for _, k := range leftoverKinds {
		b, ok := strings.CutSuffix(name, "."+string(k))
		if !ok || b == "" {
			continue
		}
		if k == LeftPart || k == LeftTmp {
			b = strings.TrimSuffix(b, ".new")
		}
		return b, k
	}
	return "", ""
}
