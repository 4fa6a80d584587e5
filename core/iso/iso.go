// Package iso makes a LiveCD of a version on the stick: an ISO image that boots
// by BIOS and by UEFI, from a disc and from a stick it is copied to. The linuxfs
// goes in as it is; kernel, initrd and boot menus come from the stick, and what
// that lacks from Debian's packages. It needs no privilege and changes nothing on
// the stick (docs/decisions/0023).
//
//	p, err := iso.Make(ctx, facts, version, iso.Choices{Output: "my.iso"})
//	for _, c := range p.Notes { ... }   // what the user should know before
//	r, err := p.Write(ctx, report)      // stages iso and iso_read
package iso

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

// Choices is what the user decided.
type Choices struct {
	Output string // the new file; relative to the working directory
	Label  string // volume label; "" is LabelOf the stick
}

// The place of the linuxfs in every ISO image: where a live initrd looks that
// was told nothing else (contract §3).
const (
	liveDir  = "antiX"
	liveName = "linuxfs"

	imagePath  = liveDir + "/" + liveName
	sumPath    = imagePath + ".md5"
	kernelPath = liveDir + "/vmlinuz"
	initrdPath = liveDir + "/initrd.gz"
)

// Plan is what Write does. Make has checked all that can be known before.
type Plan struct {
	Output  string // absolute
	Label   string
	Version history.Version
	Kernel  string       // release of the kernel that goes in; "" when unknown
	Size    int64        // bytes that the image will have, about; Write asks xorriso
	Free    int64        // bytes that are free in the folder
	Notes   []wire.Check // what a user should know before it is made

	id    string // tells this image from every other one
	items []item
	own   *ownKernel // nil: the stick's
	boot  bootFiles
}

// item is one file of the image.
type item struct {
	to   string // path in it: "boot/grub/grub.cfg"
	from string // absolute path of the file; "" for text
	text []byte
	size int64 // bytes; 0 for text
}

func (i item) bytes() int64 { return max(i.size, int64(len(i.text))) }

// Result is what Write made.
type Result struct {
	Output     string  `json:"output"`
	Size       int64   `json:"size"` // bytes
	SHA256     string  `json:"sha256"`
	Label      string  `json:"label"`
	VersionID  string  `json:"version_id"`
	Kernel     string  `json:"kernel"`
	FromMedium bool    `json:"from_medium"` // read back past the cache
	Seconds    float64 `json:"seconds"`
}

// Make plans an ISO image of a version. It reads the stick and what the version
// holds, and writes nothing. Errors are wire errors: a version that is damaged
// or may not be read, no kernel for it, missing programs, a taken name, a folder
// without room. With the last two the plan tells size and room all the same.
func Make(ctx context.Context, f live.Facts, v history.Version, c Choices) (Plan, error) {
	p := Plan{Label: c.Label, Version: v, id: newID()}
	if p.Label == "" {
		p.Label = LabelOf(f)
	}
	var err error
	if p.Output, err = filepath.Abs(c.Output); err != nil {
		return p, wire.Fail(wire.ISONotSaved, err, c.Output, err.Error())
	}
	if !ValidLabel(p.Label) {
		return p, wire.Fail(wire.ISOLabel, nil, p.Label)
	}
	if err := p.choose(ctx, f); err != nil {
		return p, err
	}
	t, err := openTarget(p.Output)
	if err != nil {
		return p, err
	}
	defer t.close()
	if t.inMemory(f) {
		p.Notes = append(p.Notes, wire.Check{Level: wire.Warn, Code: wire.ISOInMemory, Args: []string{t.dir.Path()}})
	}
	p.Free, err = t.fits(p.Size, p.made())
	return p, err
}

// Usable tells why no image can be made of a version, wherever to; nil when one
// can. It may read a part of the version.
func Usable(ctx context.Context, f live.Facts, v history.Version) error {
	p := Plan{Label: LabelOf(f), Version: v, id: newID()}
	return p.choose(ctx, f)
}

// choose decides what goes into the image.
func (p *Plan) choose(ctx context.Context, f live.Facts) error {
	if err := readable(p.Version); err != nil {
		return err
	}
	s, err := look(f)
	if err != nil {
		return err
	}
	if err := p.chooseKernel(ctx, f, s); err != nil {
		return err
	}
	if err := p.chooseBoot(f, s, installed); err != nil {
		return err
	}
	p.add(item{to: imagePath, from: p.Version.Path, size: p.Version.Size},
		item{to: sumPath, text: placeholder},
		item{to: p.marker(), text: []byte(p.Version.ID + "\n")}, item{to: ".disk/info", text: []byte(p.Label + "\n")})
	p.Notes = append(p.Notes, wire.Check{Level: wire.Warn, Code: wire.ISOPersonal})
	if p.Version.Running {
		p.Notes = append(p.Notes, wire.Check{Level: wire.Note, Code: wire.ISOUnsaved})
	}
	p.Size = sizeOf(p.items)
	return nil
}

// made is how many bytes are made for the image in files beside it, which are gone
// when it is done.
func (p *Plan) made() int64 {
	sum := int64(spare)
	for _, i := range p.items {
		if i.from == "" {
			sum += max(i.bytes(), block)
		}
	}
	return sum
}

func (p *Plan) add(items ...item) { p.items = append(p.items, items...) }

// marker is a file by which a boot loader finds this image among other media.
func (p *Plan) marker() string { return ".disk/antix-remaster-" + p.id }

func newID() string {
	b := make([]byte, 8)
	rand.Read(b) //nolint:errcheck // never fails
	return hex.EncodeToString(b)
}

// readable holds that the version may be read, and is whole as far as its
// superblock tells.
func readable(v history.Version) error {
	f, err := live.Open("", v.Path)
	if errors.Is(err, fs.ErrPermission) {
		return wire.Fail(wire.ISOUnreadable, err, v.File())
	}
	if err == nil {
		err = f.Close()
	}
	switch {
	case v.Record.Damaged:
		return wire.Fail(wire.DamageKnown, nil, v.File())
	case v.Problem != "":
		return wire.Fail(wire.VersionDamaged, err, v.File(), v.Problem)
	case err != nil:
		return wire.Fail(wire.VersionDamaged, err, v.File(), plain(err))
	}
	return nil
}

const (
	block = 2048    // bytes, of ISO 9660
	frame = 4 << 20 // what the image has beside files, at most: tables, padding to a cylinder
	entry = 1024    // bytes of one file's entries in the three directory trees, about
)

// sizeOf is how large an image of these files gets, rather too large.
func sizeOf(items []item) int64 {
	sum := int64(frame)
	for _, i := range items {
		sum += (i.bytes()+block-1)/block*block + entry
	}
	return sum
}

// xorriso finds the program that makes ISO images.
func xorriso() (string, error) {
	program, err := sys.Program("xorriso")
	if err != nil {
		return "", wire.Fail(wire.ISOPackages, err, "xorriso")
	}
	return program, nil
}

// isFile tells whether there is a file of this name.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
