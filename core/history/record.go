package history

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

const (
	format     = plan.RecordFormat
	maxRecords = 1000 // in a file that is read
	maxKept    = 400  // in one that is written
)

// How a version was verified.
type How string

const (
	ByBuild  How = "build"  // compared with the system that was packed
	ByDigest How = "digest" // every byte is what it was when it was made, or put there
	ByRead   How = "read"   // it can be read to its end; how it was nobody knows
)

// Record is what was written down about one version.
type Record struct {
	Note     string `json:"note,omitempty"`     // one line of the user's
	Pinned   bool   `json:"pinned,omitempty"`   // is not to be deleted
	Verified int64  `json:"verified,omitempty"` // seconds since 1970; 0: never
	How      How    `json:"how,omitempty"`
	SHA256   string `json:"sha256,omitempty"`  // of the image, lower-case hex
	Damaged  bool   `json:"damaged,omitempty"` // the last verification found damage
	Try      bool   `json:"try,omitempty"`     // has an entry in the boot menu
	From     string `json:"from,omitempty"`    // where an armed version was taken from: wire.VersionRef.Place
}

// Records are the records by key.
type Records map[string]Record

// KeyOf tells an image from others: its size, and the SHA-256 of that of its
// first KiB, which holds the superblock with the time of making, and of its
// version id. FAT has no lasting inode numbers. It is "" for an image that
// cannot be read.
func KeyOf(v live.Version) string {
	if v.Head == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(v.Head + " " + v.ID))
	return fmt.Sprintf("%d-%x", v.Size, sum)
}

// Same tells whether an open file is the image of a version.
func Same(v live.Version, f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("cannot stat %s: %w", f.Name(), err)
	}
	head, err := live.HeadOf(f)
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", f.Name(), err)
	}
	return info.Size() == v.Size && head == v.Head, nil
}

// ReadRecords reads the record of the stick, by the rule of plan.Record: while it
// is replaced, one of two files is whole. There need not be one, and one that
// makes no sense is as none.
func ReadRecords(f live.Facts, root string) Records {
	if r, ok := ParseRecords(record(f, root)); ok {
		return r
	}
	return Records{}
}

// NewerRecord tells whether the record is one of a later version of this program:
// it is not read, and stays as it is.
func NewerRecord(f live.Facts, root string) bool { return plan.IsNewer(record(f, root)) }

func record(f live.Facts, root string) []byte {
	read := func(name string) []byte {
		text, err := live.ReadFile(root, path.Join(f.Plain.Dir, name), plan.MaxRecord+1)
		if err != nil {
			return nil
		}
		return text
	}
	return plan.Record(read(plan.RecordName), read(plan.RecordPart))
}

type file struct {
	Format   int                        `json:"format"`
	Versions map[string]json.RawMessage `json:"versions"`
}

// ParseRecords believes nothing: on FAT every user can write the file. ok is
// false for what is no record at all; an entry that makes no sense is left out.
func ParseRecords(text []byte) (r Records, ok bool) {
	var f file
	if !plan.IsRecord(text) || json.Unmarshal(text, &f) != nil || f.Format != format || len(f.Versions) > maxRecords {
		return nil, false
	}
	r = Records{}
	for key, raw := range f.Versions {
		var one Record
		if wire.ValidKey(key) && json.Unmarshal(raw, &one) == nil && one.valid() {
			r[key] = one
		}
	}
	return r, true
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

const farFuture = 1 << 38 // seconds; the year 10680

func (r Record) valid() bool {
	return wire.ValidNote(r.Note) && r.Verified >= 0 && r.Verified < farFuture &&
		(r.How == "" || r.How == ByBuild || r.How == ByDigest || r.How == ByRead) &&
		(r.SHA256 == "" || digest.MatchString(r.SHA256)) && (r.From == "" || wire.ValidPlace(r.From))
}

// Encode gives the text of the record. When it grows too long, entries of
// versions whose keys are not among here are left out.
func (r Records) Encode(here []string) ([]byte, error) {
	kept := maps.Clone(r)
	maps.DeleteFunc(kept, func(key string, one Record) bool { return one == Record{} || !wire.ValidKey(key) })
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		if len(kept) > maxKept && !slices.Contains(here, key) {
			delete(kept, key)
		}
	}
	text, err := json.MarshalIndent(struct {
		Format   int     `json:"format"`
		Versions Records `json:"versions"`
	}{format, kept}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("cannot write the record of the versions: %w", err)
	}
	return append(text, '\n'), nil
}
