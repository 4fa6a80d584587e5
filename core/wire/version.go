package wire

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// VersionRef names a version on the stick. The helper looks for it itself, and
// refuses when another image is there by now.
type VersionRef struct {
	// Place is "default", "new", "old", "bad" or "bak" for the images of the
	// linuxfs, "archive/0003/linuxfs.old" for an archived one, else the name of
	// a file beside the linuxfs. It is only ever compared.
	Place string `json:"place"`
	Key   string `json:"key"` // size in bytes, "-", a SHA-256 that tells it from others: history.KeyOf
}

// PlaceDefault is the place of what a plain boot starts.
const PlaceDefault = "default"

const maxNote = 200 // bytes

var (
	place = regexp.MustCompile(`^(archive/[0-9]{4,9}/)?[\pL\pN_][\pL\pN._+@=,~:%-]{0,200}$`)
	key   = regexp.MustCompile(`^[0-9]{1,18}-[0-9a-f]{64}$`)
)

// ValidPlace tells whether text can be the place of a version.
func ValidPlace(text string) bool { return place.MatchString(text) }

// ValidKey tells whether text can be the key of a version.
func ValidKey(text string) bool { return key.MatchString(text) }

// ValidNote tells whether text can be a note: one line of at most 200 bytes.
func ValidNote(text string) bool {
	return len(text) <= maxNote && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// aboutVersion are the operations that work on one version.
var aboutVersion = map[Op]bool{OpStage: true, OpNote: true, OpPin: true, OpUnpin: true, OpVerify: true, OpDelete: true,
	OpTry: true, OpUntry: true}

// check refuses what no face of ours sends: a version where none belongs, none
// where one does, a place or note that is not like one.
func (r Request) check() error {
	switch {
	case aboutVersion[r.Op] != (r.Version != nil):
		return errors.New("a version, and only with an operation on one")
	case r.Version != nil && !(ValidPlace(r.Version.Place) && ValidKey(r.Version.Key)):
		return errors.New("that is no version")
	case r.Note != "" && (r.Op != OpNote || !ValidNote(r.Note)):
		return errors.New("that is no note")
	case (r.Op == OpMenu) != (r.Menu == MenuOn || r.Menu == MenuOff) || r.Op != OpMenu && r.Menu != "":
		return errors.New("on or off, and only for the menus")
	case r.Seconds < 0 || r.Seconds > 0 && r.Op != OpEstimate:
		return errors.New("no such time")
	case r.Titles != nil && r.Op != OpHello:
		return errors.New("titles belong to the greeting")
	case r.Within != "" && (r.Op != OpEstimate && r.Op != OpChoose || !fs.ValidPath(r.Within)):
		return errors.New("no such directory")
	case r.Number != 0 && r.Op != OpEstimate && r.Op != OpChoose:
		return errors.New("a number belongs to an estimate")
	case r.Confirmed && r.Op != OpDelete:
		return errors.New("nothing to confirm")
	}
	return nil
}

// What Request.Menu may be.
const (
	MenuOn  = "on"
	MenuOff = "off"
)

// MenuResult is the result of OpTry, OpUntry and OpMenu.
type MenuResult struct {
	Menus   []string `json:"menus"`   // the boot menus of the stick that were looked at: "boot/grub/grub.cfg"
	Entries []string `json:"entries"` // titles of ours in them now
	Try     string   `json:"try"`     // the title of the entry that tries a version; "" when there is none
	Once    bool     `json:"once"`    // the next boot chooses that one by itself, when GRUB shows the menu
}

// StageResult is the result of OpStage.
type StageResult struct {
	Name      string   `json:"name"`       // of the armed file: "linuxfs.new"
	From      string   `json:"from"`       // place where it was
	VersionID string   `json:"version_id"` // "" when it has none
	Title     string   `json:"title"`
	Files     []string `json:"files"`    // what belongs to it, as it is called now
	Archives  []string `json:"archives"` // where versions went that were in the way
}

// RecordResult is the result of OpNote, OpPin and OpUnpin.
type RecordResult struct {
	Place  string `json:"place"`
	Note   string `json:"note"`
	Pinned bool   `json:"pinned"`
}

// VerifyResult is the result of OpVerify: the version is whole. Damage is an
// error.
type VerifyResult struct {
	Place      string   `json:"place"`
	SHA256     string   `json:"sha256"`
	Size       int64    `json:"size"`        // bytes of the image
	Entries    int64    `json:"entries"`     // read, in the image
	Bytes      int64    `json:"bytes"`       // of all files in it
	FromMedium bool     `json:"from_medium"` // read past the cache
	Against    []string `json:"against"`     // what its digests were compared with: "sha256" of our record, "md5" of the file beside it
}

// DeleteResult is the result of OpDelete.
type DeleteResult struct {
	Place string   `json:"place"`
	Files []string `json:"files"` // what was deleted
	Freed int64    `json:"freed"` // bytes of the image
}
