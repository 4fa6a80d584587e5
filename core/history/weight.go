package history

import (
	"os"
	"path"
	"strings"
	"syscall"

	"antix-remaster/core/live"
)

// Weight is what a version takes on the stick.
type Weight struct {
	Bytes  int64  // of the image and what belongs to it, as they are stored: they are free when it is deleted
	Shared string // another name of the same image, "?" when it is not known; "" when there is none
}

// Weights are those of versions, by place.
type Weights map[string]Weight

// Weigh looks at the files of the versions. root is that of live.Read.
func Weigh(f live.Facts, root string, all []Version) Weights {
	out := Weights{}
	for _, v := range all {
		if v.Name == "" { // a place that cannot be read
			continue
		}
		w := Weight{Bytes: live.Allocated(root, v.Path), Shared: shared(f, root, all, v)}
		for _, name := range v.Companions {
			w.Bytes += live.Allocated(root, path.Join(path.Dir(v.Path), name))
		}
		out[v.Place] = w
	}
	return out
}

// shared finds another name of an image: another version, a link beside a link,
// or a hard link anywhere.
func shared(f live.Facts, root string, all []Version, v Version) string {
	for _, o := range all {
		if o.Place != v.Place && o.Path == v.Path {
			return o.File()
		}
	}
	if v.Archive == "" {
		for name, kind := range f.Entries {
			at := root + path.Join(f.Plain.Dir, name)
			if text, err := os.Readlink(at); err == nil && kind == live.KindLink && name != v.Name && path.Clean(text) == path.Base(v.Path) {
				return name
			}
		}
	}
	return hardLink(root, all, v)
}

func hardLink(root string, all []Version, v Version) string {
	info, err := os.Lstat(strings.TrimRight(root, "/") + v.Path)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Nlink < 2 || !info.Mode().IsRegular() {
		return ""
	}
	for _, o := range all {
		if o.Place != v.Place && o.Inode == v.Inode {
			return o.File()
		}
	}
	return "?"
}
