// Package plan turns what the user chose and what is known about the live
// system into a Plan: exact names, arguments and companions. It is pure: the
// same facts and choices give the same plan, in a face and in the helper.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Places of the helper. Only root can enter WorkDir.
const (
	WorkDir = "/run/antix-remaster"
	View    = WorkDir + "/view"  // what is packed
	Output  = WorkDir + "/image" // mksquashfs writes here; it is the .part file on the stick
)

// BlockSize of new images: what the antiX tools use.
const BlockSize = "256K"

// JournalName is the journal of an unfinished action, beside the linuxfs. A
// short name of lower case needs one slot of a FAT directory, which cannot tear.
const JournalName = "remaster.jnl"

// Names are what a build makes beside the linuxfs: none may be there before.
func (p Plan) Names() []string {
	names := []string{p.Part}
	for _, c := range p.Companions {
		names = append(names, c.Name+".part", c.Name+".new")
	}
	return names
}

// Plan is what a build will do.
type Plan struct {
	BootUUID   string      `json:"boot_uuid"`
	Dir        string      `json:"dir"`  // of the linuxfs, relative to the boot device's root
	Name       string      `json:"name"` // of the linuxfs
	Default    Identity    `json:"default"`
	RunningID  string      `json:"running_id"`
	Part       string      `json:"part"` // unfinished image
	New        string      `json:"new"`  // armed image
	Companions []Companion `json:"companions"`
	Title      string      `json:"title"`
	Compressor string      `json:"compressor"`
	Args       []string    `json:"args"` // of mksquashfs
	Patterns   []string    `json:"patterns"`
	LeaveHome  bool        `json:"leave_home"`
	FAT        bool        `json:"fat"` // files of at most 4 GiB - 1
	Annex      *Annex      `json:"annex,omitempty"`
}

// Identity tells one file from another without reading it.
type Identity struct {
	Size  int64 `json:"size"`
	MTime int64 `json:"mtime"`
}

// Companion is a file or directory that the swap renames together with the
// linuxfs (contract §6.2) and that must exist as NAME.new to stay in service.
type Companion struct {
	Name  string `json:"name"`
	MD5   bool   `json:"md5"`             // written from the digest of the new image; without Fresh too: a copy
	Fresh int64  `json:"fresh,omitempty"` // bytes of the empty file system that it is made as
	Whole bool   `json:"whole,omitempty"` // of Fresh: it takes all of these bytes, as the stick has no sparse files
}

// Resolve fills what the user left open, so that face and helper make the
// same plan. now is a text for the title; available memory and the number of
// processors are those of this machine.
func Resolve(c wire.Choices, f live.Facts, now string, memAvailable int64, processors int) wire.Choices {
	if c.Type == "" {
		c.Type = "personal"
	}
	if c.Home == "" {
		c.Home = "keep"
	}
	if c.Compressor == "" {
		c.Compressor = defaultCompressor(f)
	}
	if c.Title == "" {
		c.Title = "Remaster of " + now
	}
	if c.Processors == 0 {
		c.Processors = processors
	}
	if c.MemoryMiB == 0 {
		c.MemoryMiB = max(int(memAvailable>>20)/4, MinMemoryMiB)
	}
	return c
}

// MinMemoryMiB is what mksquashfs needs for its queues with 256 KiB blocks.
const MinMemoryMiB = 32

func defaultCompressor(f live.Facts) string {
	for _, v := range []*live.Version{f.Running, f.Default} {
		if v != nil && slices.Contains(Compressors, v.Compressor) {
			return v.Compressor
		}
	}
	return "xz" // every live kernel reads it
}

// Compressors are those that a choice can name.
var Compressors = []string{"zstd", "xz", "gzip", "lz4"}

// Make makes the plan. Choices must be resolved. An error is a *wire.Error.
func Make(f live.Facts, c wire.Choices) (Plan, error) {
	if err := checkChoices(c); err != nil {
		return Plan{}, wire.Fail(wire.Usage, err, err.Error())
	}
	leave := c.Home == "leave" && f.Home.Kind == live.HomeInSystem
	patterns, err := Patterns(c.Exclude, c.Include, leave)
	if err != nil {
		return Plan{}, wire.Fail(wire.Usage, err, err.Error())
	}
	p := Plan{BootUUID: f.Boot.UUID, Dir: f.Image.Path, Name: f.Image.Name, Part: f.Image.Name + ".part", New: f.Image.Name + ".new",
		Companions: companions(f), Title: c.Title, Compressor: c.Compressor, Patterns: patterns,
		LeaveHome: leave, FAT: isFAT(f.Boot.FSType), Annex: MakeAnnex(f)}
	if f.Default != nil {
		p.Default = Identity{f.Default.Size, f.Default.MTime}
	}
	if f.Running != nil {
		p.RunningID = f.Running.ID
	}
	p.Args = arguments(c, patterns)
	return p, nil
}

func checkChoices(c wire.Choices) error {
	switch {
	case c.Type != "personal":
		return fmt.Errorf("the type %q is not available; only personal is", c.Type)
	case c.Home != "keep" && c.Home != "leave":
		return fmt.Errorf("--home is keep or leave, not %q", c.Home)
	case !slices.Contains(Compressors, c.Compressor):
		return fmt.Errorf("unknown compressor %q; there are %s", c.Compressor, strings.Join(Compressors, ", "))
	case c.Processors < 1 || c.Processors > 1024:
		return fmt.Errorf("the number of processors must be 1 to 1024")
	case c.MemoryMiB < MinMemoryMiB || c.MemoryMiB > 1<<20:
		return fmt.Errorf("the memory must be %d MiB or more", MinMemoryMiB)
	}
	if err := checkLevel(c); err != nil {
		return err
	}
	return checkTitle(c.Title)
}

func checkLevel(c wire.Choices) error {
	top := map[string]int{"zstd": 22, "gzip": 9}[c.Compressor]
	if c.Level < 0 || c.Level > top {
		if top == 0 {
			return fmt.Errorf("--level is for zstd and gzip only")
		}
		return fmt.Errorf("the level of %s is 1 to %d", c.Compressor, top)
	}
	return nil
}

// checkTitle keeps a title from forging another line of the version file.
func checkTitle(title string) error {
	if !utf8.ValidString(title) || len(title) > 200 {
		return fmt.Errorf("the title must be valid text of at most 200 bytes")
	}
	if strings.ContainsFunc(title, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return fmt.Errorf("the title must be one line")
	}
	return nil
}

// companions are those that the swap would take out of service. The md5 is
// rotated under its literal name only, whatever the linuxfs is called
// (contract §9), and rootfs needs a fresh file, not a copy.
func companions(f live.Facts) []Companion {
	var out []Companion
	for _, name := range live.Companions(f.Generation, f.Image.Name) {
		switch {
		case name == f.Image.Name:
		case name == "rootfs":
			out = append(out, rootfs(f)...)
		case name == "linuxfs.md5":
			if f.Image.Name == "linuxfs" {
				out = append(out, Companion{Name: name, MD5: true})
			}
		case slices.Contains(f.Files, name):
			out = append(out, Companion{Name: name})
		}
	}
	return out
}

func arguments(c wire.Choices, patterns []string) []string {
	args := []string{View, Output, "-noappend", "-no-recovery", "-comp", c.Compressor, "-b", BlockSize,
		"-processors", strconv.Itoa(c.Processors), "-mem", strconv.Itoa(c.MemoryMiB) + "M"}
	if c.Level > 0 {
		args = append(args, "-Xcompression-level", strconv.Itoa(c.Level))
	}
	args = append(args, "-wildcards", "-e")
	return append(args, patterns...)
}

// Hash names the plan: a face sends it, the helper compares it.
func (p Plan) Hash() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
