package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"antix-remaster/core/pause"
	"antix-remaster/core/sys"
)

// entry compares one entry of both trees; "" means that nothing differs, else
// it says what does.
func (c *comparer) entry(view, image *sys.Dir, name string, a, b sys.Node) string {
	if why := sameNode(a, b); why != "" {
		return why
	}
	if why := c.sameXattrs(view, image, name); why != "" {
		return why
	}
	switch {
	case a.IsLink():
		return sameLink(view, image, name)
	case a.IsRegular():
		if why := c.sameHardLink(a, b); why != "" {
			return why
		}
		return c.sameBytes(view, image, name)
	}
	return ""
}

// sameNode compares what lstat tells. A squashfs keeps whole seconds in 32
// bits.
func sameNode(a, b sys.Node) string {
	switch {
	case a.Type() != b.Type():
		return "has another type"
	case a.Mode != b.Mode:
		return fmt.Sprintf("has the mode %o instead of %o", b.Mode&0o7777, a.Mode&0o7777)
	case a.UID != b.UID || a.GID != b.GID:
		return fmt.Sprintf("belongs to %d:%d instead of %d:%d", b.UID, b.GID, a.UID, a.GID)
	case uint32(a.MTime) != uint32(b.MTime):
		return "has another time"
	case a.IsRegular() && a.Size != b.Size:
		return fmt.Sprintf("has %d bytes instead of %d", b.Size, a.Size)
	case a.IsDevice() && a.Rdev != b.Rdev:
		return "is another device"
	}
	return ""
}

// sameXattrs compares the attributes that a squashfs can hold: user, trusted
// and security ones. Those of the overlay itself belong to no file.
func (c *comparer) sameXattrs(view, image *sys.Dir, name string) string {
	if c.trees.NoXattrs {
		return ""
	}
	a, err := view.Xattrs(name)
	b, err2 := image.Xattrs(name)
	if err := errors.Join(err, err2); err != nil {
		return "has unreadable attributes: " + err.Error()
	}
	a = slices.DeleteFunc(a, func(x sys.Xattr) bool {
		kept := strings.HasPrefix(x.Name, "user.") || strings.HasPrefix(x.Name, "trusted.") || strings.HasPrefix(x.Name, "security.")
		return !kept || strings.HasPrefix(x.Name, "trusted.overlay.")
	})
	if !slices.Equal(a, b) {
		return "has other extended attributes"
	}
	return ""
}

func sameLink(view, image *sys.Dir, name string) string {
	a, err := view.Readlink(name)
	b, err2 := image.Readlink(name)
	if err != nil || err2 != nil || a != b {
		return "points elsewhere"
	}
	return ""
}

// sameHardLink holds that two names share an inode in the image exactly when
// they do in the view.
func (c *comparer) sameHardLink(a, b sys.Node) string {
	if a.Links < 2 && b.Links < 2 {
		return ""
	}
	key := [2]uint64{a.Dev, a.Ino}
	want, seen := c.links[key]
	from, seenBack := c.back[b.Ino]
	c.links[key], c.back[b.Ino] = b.Ino, key
	if seen && want != b.Ino || seenBack && from != key {
		return "is linked to another file"
	}
	return ""
}

func (c *comparer) sameBytes(view, image *sys.Dir, name string) string {
	a, err := view.OpenTree(name)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	defer a.Close()
	b, err := image.OpenTree(name)
	if err != nil {
		return "cannot be read in the image: " + err.Error()
	}
	defer b.Close()
	for c.ctx.Err() == nil {
		pause.Wait(c.ctx)
		n, errA := io.ReadFull(a, c.a)
		m, errB := io.ReadFull(b, c.b)
		if !bytes.Equal(c.a[:n], c.b[:m]) {
			return "has another content"
		}
		c.progress(n)
		if why, end := ended(errA, errB); end {
			return why
		}
	}
	return ""
}

func ended(errA, errB error) (string, bool) {
	for _, err := range []error{errA, errB} {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return "cannot be read to its end: " + err.Error(), true
		}
	}
	return "", errA != nil || errB != nil
}
