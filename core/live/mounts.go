package live

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
)

const maxMountinfo = 4 << 20 // bytes

// mounts is the mount table, in its order.
type mounts []*mountinfo.Info

func readMounts(t tree) (mounts, error) {
	data, err := t.read("/proc/self/mountinfo", maxMountinfo)
	if err != nil {
		return nil, err
	}
	return parseMounts(data)
}

// parseMounts reads the format of proc_pid_mountinfo(5).
func parseMounts(data []byte) (mounts, error) {
	m, err := mountinfo.GetMountsFromReader(bytes.NewReader(data), nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the mount table: %w", err)
	}
	return m, nil
}

// at returns the mount at a place, nil when there is none. Of several on top
// of each other the last is the one that is seen.
func (m mounts) at(place string) *mountinfo.Info {
	for i := len(m) - 1; i >= 0; i-- {
		if m[i].Mountpoint == place {
			return m[i]
		}
	}
	return nil
}

// containing returns the mount on which a path lies, nil when there is none.
func (m mounts) containing(name string) *mountinfo.Info {
	for ; ; name = path.Dir(name) {
		if found := m.at(name); found != nil {
			return found
		}
		if name == "/" || name == "." {
			return nil
		}
	}
}

// ofDevice returns the first mount of the whole of a device, preferably at place.
func (m mounts) ofDevice(dev, place string) *mountinfo.Info {
	var found *mountinfo.Info
	for _, i := range m {
		if number(i) != dev || i.Root != "/" {
			continue
		}
		if i.Mountpoint == place {
			return i
		}
		if found == nil {
			found = i
		}
	}
	return found
}

// number is the device number of a mount as sysfs writes it: "8:1".
func number(i *mountinfo.Info) string { return strconv.Itoa(i.Major) + ":" + strconv.Itoa(i.Minor) }

// option returns the value of one option of a mount, "" when it is not set.
func option(options, name string) string {
	for o := range strings.SplitSeq(options, ",") {
		if v, ok := strings.CutPrefix(o, name+"="); ok {
			return v
		}
	}
	return ""
}

// readOnly tells whether the mount or its file system refuses writes.
func readOnly(i *mountinfo.Info) bool {
	for o := range strings.SplitSeq(i.Options+","+i.VFSOptions, ",") {
		if o == "ro" {
			return true
		}
	}
	return false
}

// backing returns the file behind a mounted loop device, "" when it is none.
// The kernel follows renames of that file; gone tells that it was deleted.
func (t tree) backing(i *mountinfo.Info) (file string, gone bool) {
	name := path.Base(i.Source)
	if i.Source != "/dev/"+name || !strings.HasPrefix(name, "loop") {
		return "", false
	}
	file, gone = strings.CutSuffix(t.line("/sys/block/"+name+"/loop/backing_file"), " (deleted)")
	if !path.IsAbs(file) {
		return "", false
	}
	return path.Clean(file), gone
}
