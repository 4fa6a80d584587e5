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
		lines = append(lines, tr("The next start chooses it by itself where the menu is one of GRUB. With another menu, choose it yourself."))
	} else {
		lines = append(lines, tr("Restart, and choose it in the menu at the start."))
	}
	return append(lines, tr("Nothing is renamed: every other start is the usual one. To stay with it, come back and go back to that version."))
}
