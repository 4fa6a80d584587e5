package history

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"

	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

// Changes are what one version has, and another has not.
type Changes struct {
	Packages   bool // both have a list of packages; else the next four are empty
	Added      []Package
	Removed    []Package
	Upgraded   []Upgrade
	Downgraded []Upgrade
	Sizes      []SizeChange // of each directory in the root, by name; one for the files in the root itself: ""
}

// Package is an installed Debian package.
type Package struct {
	Name    string `json:"name"` // with its architecture where several are installed: "libc6:i386"
	Version string `json:"version"`
}

// Upgrade is a package whose version differs.
type Upgrade struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// SizeChange is what the files of a directory add up to, in bytes, unpacked.
type SizeChange struct {
	Dir    string `json:"dir"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

const (
	statusFile = "var/lib/dpkg/status"
	maxStatus  = 64 << 20 // bytes; a large system has six million
)

// Compare tells what changes from one version to another. Errors are wire errors,
// but for that of a context that ended.
func Compare(ctx context.Context, from, to Version) (Changes, error) {
	for _, v := range []Version{from, to} {
		if v.Problem != "" {
			return Changes{}, v.Unfit.Refusal()
		}
	}
	before, err := live.Open("", from.Path)
	if err != nil {
		return Changes{}, wire.Fail(wire.VersionDamaged, err, from.File(), err.Error())
	}
	defer before.Close()
	after, err := live.Open("", to.Path)
	if err != nil {
		return Changes{}, wire.Fail(wire.VersionDamaged, err, to.File(), err.Error())
	}
	defer after.Close()
	c, err := Diff(ctx, before, after)
	if err != nil && ctx.Err() == nil {
		err = wire.Fail(wire.VersionDamaged, err, from.File()+", "+to.File(), err.Error())
	}
	return c, err
}

// Diff compares two images, which need not be mounted. Errors are those of
// core/squashfs.
func Diff(ctx context.Context, before, after io.ReaderAt) (Changes, error) {
	a, err := look(ctx, before)
	if err != nil {
		return Changes{}, err
	}
	b, err := look(ctx, after)
	if err != nil {
		return Changes{}, err
	}
	c := Changes{Packages: a.packages != nil && b.packages != nil}
	if c.Packages {
		c.compare(a.packages, b.packages)
	}
	for _, dir := range slices.Sorted(maps.Keys(union(a.sizes, b.sizes))) {
		c.Sizes = append(c.Sizes, SizeChange{dir, a.sizes[dir], b.sizes[dir]})
	}
	return c, nil
}

type contents struct {
	packages map[string]map[string]string // nil when there is no list
	sizes    map[string]int64
}

func look(ctx context.Context, r io.ReaderAt) (contents, error) {
	im, err := squashfs.Open(r)
	if err != nil {
		return contents{}, err
	}
	c := contents{}
	status, err := im.ReadFile(statusFile, maxStatus)
	switch {
	case err == nil:
		c.packages = installed(status)
	case !errors.Is(err, fs.ErrNotExist):
		return contents{}, err
	}
	c.sizes, err = im.Sizes(ctx)
	return c, err
}

func (c *Changes) compare(before, after map[string]map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(union(before, after))) {
		a, b := before[name], after[name]
		if len(a) == 1 && len(b) == 1 { // be it of another architecture now
			c.one(name, first(a), first(b), true, true)
			continue
		}
		for _, arch := range slices.Sorted(maps.Keys(union(a, b))) {
			full := name
			if len(a) > 1 || len(b) > 1 {
				full += ":" + arch
			}
			from, was := a[arch]
			to, is := b[arch]
			c.one(full, from, to, was, is)
		}
	}
}

func (c *Changes) one(name, from, to string, was, is bool) {
	switch {
	case !was:
		c.Added = append(c.Added, Package{name, to})
	case !is:
		c.Removed = append(c.Removed, Package{name, from})
	case from == to:
	case compareDebian(from, to) > 0:
		c.Downgraded = append(c.Downgraded, Upgrade{name, from, to})
	default:
		c.Upgraded = append(c.Upgraded, Upgrade{name, from, to})
	}
}

func first(m map[string]string) string {
	return slices.MinFunc(slices.Collect(maps.Values(m)), cmp.Compare[string])
}

func union[V any](a, b map[string]V) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}
