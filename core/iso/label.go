package iso

import (
	"regexp"
	"strings"

	"antix-remaster/core/live"
)

// A volume label has at most 32 bytes (ECMA-119, 8.4.7). Only signs that every
// boot loader and boot option takes without quotes are let through.
var label = regexp.MustCompile(`^[A-Za-z0-9_.+-]{1,32}$`)

// ValidLabel tells whether an image can have this volume label.
func ValidLabel(s string) bool { return label.MatchString(s) }

// LabelOf is the volume label that an image of this stick has when nobody chose
// one: the name of the system, such as "MX-23.2".
func LabelOf(f live.Facts) string {
	name := f.Config["FULL_DISTRO"]
	if name == "" {
		name = f.Config["DISTRO"]
	}
	name, _, _ = strings.Cut(name, " ")
	if !ValidLabel(name) {
		return "antiX-live"
	}
	return name
}
