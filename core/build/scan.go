package build

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"strings"

	"antix-remaster/core/pause"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// Scan is what one walk over the view found. Sizes are bytes as the tree uses
// them, hard links once, holes not at all.
type Scan struct {
	Entries int64
	Bytes   int64 // of regular files that compress
	Media   int64 // of files that are compressed already
	Home    int64 // of everything below /home, whether packed or not
	Read    int64 // bytes that reading every packed file gives: links and holes count each time
	Sizes   int64 // bytes of every packed file as its length says: holes count, links once
	stamps  map[uint64]uint64
}

// Dense is the share of the packed files' lengths that is data, not holes.
func (s Scan) Dense() float64 {
	if s.Sizes == 0 {
		return 1
	}
	return min(float64(s.Bytes+s.Media)/float64(s.Sizes), 1)
}

// Unchanged tells whether the entry at path still is as the walk saw it. It
// needs no clock, so setting the clock back does not deceive it.
func (s Scan) Unchanged(path string, n sys.Node) bool {
	stamp, ok := s.stamps[hashPath(path)]
	return ok && stamp == n.Stamp
}

// Known tells whether the walk saw the path at all.
func (s Scan) Known(path string) bool {
	_, ok := s.stamps[hashPath(path)]
	return ok
}

func hashPath(p string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(p)) //nolint:errcheck // never fails
	return h.Sum64()
}

// Count walks the tree at dir, excluded paths left out, and adds up. report
// gets the entries seen so far; it may be nil.
func Count(ctx context.Context, dir string, rules plan.Rules, report func(int64)) (Scan, error) {
	return CountEach(ctx, dir, rules, report, nil)
}

// Visit sees an entry that is packed: its name in the open directory d, and the
// path of that without a leading slash, "" for the root.
type Visit func(dir string, n sys.Node, d *sys.Dir, name string)

// CountEach is Count, and shows every entry that is packed to visit in the
// order in which mksquashfs packs them: by directory, names in byte order. The
// root itself is not shown.
func CountEach(ctx context.Context, dir string, rules plan.Rules, report func(int64), visit Visit) (Scan, error) {
	return walk(ctx, dir, rules, map[uint64]uint64{}, report, visit)
}

// Each shows every entry that is packed to visit, as CountEach does, and costs
// less: it keeps nothing for a later comparison.
func Each(ctx context.Context, dir string, rules plan.Rules, visit Visit) error {
	_, err := walk(ctx, dir, rules, nil, nil, visit)
	return err
}

func walk(ctx context.Context, dir string, rules plan.Rules, stamps map[uint64]uint64, report func(int64), visit Visit) (Scan, error) {
	root, err := sys.OpenDir(dir)
	if err != nil {
		return Scan{}, err
	}
	defer root.Close()
	w := counter{ctx: ctx, scan: Scan{stamps: stamps}, links: map[[2]uint64]bool{}, home: map[[2]uint64]bool{}, report: report, visit: visit}
	self, err := root.Self()
	if err != nil {
		return Scan{}, err
	}
	if !w.bare() {
		w.scan.stamps[hashPath("")] = self.Stamp
	}
	err = w.dir(root, "", rules)
	return w.scan, err
}

type counter struct {
	ctx    context.Context
	scan   Scan
	links  map[[2]uint64]bool // inodes that are counted, of what is packed
	home   map[[2]uint64]bool // and of all that is in /home
	report func(int64)
	visit  Visit
}

// bare tells that nothing is added up.
func (w *counter) bare() bool { return w.scan.stamps == nil }

func (w *counter) dir(d *sys.Dir, at string, rules plan.Rules) error {
	pause.Wait(w.ctx)
	if err := w.ctx.Err(); err != nil {
		return err
	}
	names, err := d.NamesOnce()
	if err != nil {
		return fmt.Errorf("cannot list /%s: %w", at, err)
	}
	for _, name := range names {
		below, excluded := rules.Enter(name)
		if excluded && (w.bare() || !ofHome(at, name)) {
			continue
		}
		if err := w.entry(d, at, name, below, excluded); err != nil {
			return err
		}
	}
	return nil
}

// ofHome tells whether an entry of the directory dir is /home or in it.
func ofHome(dir, name string) bool {
	return dir == "" && name == "home" || dir == "home" || strings.HasPrefix(dir, "home/")
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// entry counts one entry of the directory at a path. What vanished since it was
// listed is not there to be packed; what is excluded is only looked at for the
// size of /home.
func (w *counter) entry(d *sys.Dir, at, name string, rules plan.Rules, excluded bool) error {
	n, err := d.Node(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !w.bare() {
		w.add(join(at, name), n, excluded)
	}
	if w.visit != nil && !excluded {
		w.visit(at, n, d, name)
	}
	if !n.IsDir() {
		return nil
	}
	sub, err := d.Dir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer sub.Close()
	if excluded {
		return w.homeOnly(sub, join(at, name))
	}
	return w.dir(sub, join(at, name), rules)
}

// inInode is how much some file systems keep inside of the inode, without a block.
const inInode = 4096

func (w *counter) add(at string, n sys.Node, excluded bool) {
	size := int64(0)
	if n.IsRegular() {
		size = min(n.Size, n.Blocks)
		if n.Blocks == 0 && n.Size <= inInode {
			size = n.Size
		}
	}
	if strings.HasPrefix(at, "home/") && !seen(w.home, n) {
		w.scan.Home += size
	}
	if excluded {
		return
	}
	w.scan.Entries++
	w.scan.stamps[hashPath(at)] = n.Stamp
	if n.IsRegular() {
		w.packed(at, n, size)
	}
	if w.report != nil && w.scan.Entries%1024 == 0 {
		w.report(w.scan.Entries)
	}
}

// packed counts a file that is packed; of size bytes when it is not a hole.
func (w *counter) packed(at string, n sys.Node, size int64) {
	w.scan.Read += n.Size
	if seen(w.links, n) {
		return
	}
	w.scan.Sizes += n.Size
	if isMedia(at) {
		w.scan.Media += size
	} else {
		w.scan.Bytes += size
	}
}

// seen tells whether another name of the same file was counted before.
func seen(links map[[2]uint64]bool, n sys.Node) bool {
	if n.Links < 2 || n.IsDir() {
		return false
	}
	key := [2]uint64{n.Dev, n.Ino}
	before := links[key]
	links[key] = true
	return before
}

// homeOnly adds up a part of /home that is not packed.
func (w *counter) homeOnly(d *sys.Dir, at string) error {
	pause.Wait(w.ctx)
	if err := w.ctx.Err(); err != nil {
		return err
	}
	names, err := d.NamesOnce()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := w.entry(d, at, name, plan.Rules{}, true); err != nil {
			return err
		}
	}
	return nil
}

// media are the endings of files that do not get smaller.
var media = map[string]bool{}

func init() {
	for _, ext := range strings.Fields(`7z aac apk appimage avi br bz2 deb docx flac flatpak gif gz heic iso jar jpeg jpg
		lz4 lzma m4a m4v mkv mov mp3 mp4 mpeg mpg odp ods odt ogg ogv opus png pptx rar rpm sfs snap squashfs
		tgz webm webp wma wmv woff woff2 xlsx xpi xz zip zst`) {
		media["."+ext] = true
	}
}

func isMedia(p string) bool { return media[strings.ToLower(path.Ext(p))] }
