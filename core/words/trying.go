package words

import (
	"fmt"

	"antix-remaster/core/wire"
)

// Trying says how a version is tried out that has an entry in the boot menu
// now, a sentence a line.
func Trying(r wire.MenuResult, tr func(string) string) []string {
	lines := []string{fmt.Sprintf(tr("The boot menu has the entry “%[1]s” now."), Clean(r.Try))}
	if r.Once {
		lines = append(lines, tr("The next start may choose it by itself, once. If it does not, choose it in the menu at the start."))
	} else {
		lines = append(lines, tr("Restart, and choose it in the menu at the start."))
	}
	return append(lines, tr("In that start your saved files and settings are not there, and what you save in it is gone when you shut down."),
		tr("Every other start is the usual one. If you like the version, start as usual and go back to it from the list of versions."))
}
