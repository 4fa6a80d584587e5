package gui

import (
	"maps"
	"os"
	"slices"
	"strings"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// menuLacks tells whether there is something to add to the boot menu.
func (m *model) menuLacks() bool { return m.menus.Missing() || m.menus.Unseen }

// firstMenu says that the next change of the versions extends the boot menu, ""
// when it does not.
func firstMenu(m history.Menus) string {
	switch {
	case m.First():
		return tr("The boot menu of the stick gets entries to go back, and for rescue. What is in it now stays as it is.")
	case m.Unseen:
		return tr("The boot menu of the stick gets entries to go back, and for rescue, if it has none yet and you did not take them out.")
	}
	return ""
}

func (m *model) menuState() string {
	switch {
	case !m.listed:
		return tr("The stick is being looked at …")
	case m.menus.Unseen:
		return tr("The boot menu cannot be looked at now, so it is not known whether these entries are in it:")
	case len(m.menus.Files) == 0:
		return tr("This stick has no boot menu that could get entries.")
	case !m.menus.Missing():
		return tr("The boot menu has these entries of this program:")
	case m.menus.First():
		return tr("The boot menu has no entries of this program yet. It gets these with the next new version, or now:")
	}
	return tr("You took the entries of this program out of the boot menu. These can come back:")
}

// menuFile says where the entries are, or why there are none.
func (m *model) menuFile() string {
	switch {
	case !m.listed || m.menuLacks():
		return ""
	case len(m.menus.Files) == 0:
		return tr("A frugal installation is started by the menu of another system, which is never changed. Where a version can be tried out, the list of versions shows what to type at the start.")
	}
	return trf("Only a few lines at the end of %[1]s are of this program. They read the entries from the file %[2]s beside it, which is brought up to date at every change.", m.menuFiles(), bootmenu.OwnName)
}

func (m *model) menuFiles() string {
	return words.Clean(wire.List(slices.Sorted(maps.Keys(m.menus.Files)), 5))
}

// menuRows are the entries that are in the menu, else those that would be.
func (m *model) menuRows() []row {
	entries := m.menus.Entries
	if m.menuLacks() {
		entries = history.MenuEntries(m.intent.Facts, m.versions, func(history.Version) bool { return false }, words.MenuTitles(os.Getenv, tr))
	}
	if !m.listed || len(m.menus.Files) == 0 && !m.menus.Unseen {
		return nil
	}
	var out []row
	for _, x := range entries {
		out = append(out, row{words.Clean(bootmenu.Shown(x.Title)), entryText(x)})
	}
	return out
}

// entryText says what a start with an entry does.
func entryText(x bootmenu.Extra) string {
	switch {
	case x.ID == history.EntryTry:
		return tr("Starts this version to have a look at it. Every other start is the usual one.")
	case x.ID == history.EntryRescue && slices.Contains(x.Options, "noremaster"):
		return tr("When a new version waits, and you want to start once more without it.")
	case x.ID == history.EntryRescue:
		return tr("When nothing else starts: this older version lies where no switch and no rollback touches it.")
	case x.ID == history.EntryBack:
		return tr("When a new version that you have not kept yet does not start: it is set aside, and the one before is back.")
	case x.ID == history.EntryLost:
		return tr("When the power failed in the middle of a switch, and the start finds no system.")
	}
	return ""
}

// menuChange says what is changed on the stick.
func (m *model) menuChange(on bool) []string {
	files := m.menuFiles()
	if files == "" {
		files = tr("the menu file")
	}
	if on {
		return []string{trf("A few lines are added at the end of %[1]s, and the file %[2]s is written beside it. Nothing else is changed: what starts by itself stays the same.", files, bootmenu.OwnName),
			tr("The entries are there at the next start, below the others. You can take them out again here.")}
	}
	return []string{trf("The lines of this program at the end of %[1]s become comments, which a start skips. Nothing else is changed.", files),
		tr("Without the entries, a version that does not start can only be left by typing the word rollback in the boot menu. You can add them again here.")}
}

// menuDone says what is in the boot menu by the word of the helper.
func menuDone(r wire.MenuResult) (title, text string) {
	if len(r.Entries) == 0 {
		return tr("The entries are out of the boot menu"), tr("You can add them again here.")
	}
	var lines []string
	for _, title := range r.Entries {
		lines = append(lines, "• "+words.Clean(bootmenu.Shown(title)))
	}
	return tr("The boot menu has these entries now"), strings.Join(lines, "\n")
}

func (m *model) menuButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Take the entries out")}
	if m.menuLacks() || len(m.menus.Files) == 0 {
		b.next = tr("_Add the entries")
	}
	err := preflight.Unchangeable(m.intent.Facts)
	switch {
	case m.busy != idle:
		b.why = m.readingText()
	case !m.listed:
		b.why = tr("The stick is being looked at …")
	case err != nil:
		b.why, _ = reasonOf(err)
	case len(m.menus.Files) == 0 && !m.menus.Unseen:
		b.why = describe(wire.Check{Code: wire.NoMenu}).Title + "."
	default:
		b.can, b.why = true, tr("You are asked once more before anything is changed.")
	}
	return b
}
