package gui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/preflight"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// chosen is the version that the page of versions shows: the one that was
// chosen, else the first.
func (m *model) chosen() (history.Version, bool) {
	for _, v := range m.versions {
		if v.Place == m.place {
			return v, true
		}
	}
	if len(m.versions) > 0 {
		return m.versions[0], true
	}
	return history.Version{}, false
}

// mayStage tells why the next start cannot use v.
func (m *model) mayStage(v history.Version) (why string, can bool) {
	err := history.Addressable(m.intent.Facts, v)
	if err == nil {
		err = history.Stageable(m.intent.Facts, m.versions, v)
	}
	return reasonOf(err)
}

// mayDelete tells whether v can be deleted; that one is pinned is asked about.
func (m *model) mayDelete(v history.Version) bool {
	err := history.Addressable(m.intent.Facts, v)
	return err == nil && history.Deletable(m.intent.Facts, m.versions, v, true) == nil
}

// heldText is the second question before v is deleted, "" when there is none. Where
// the boot menu cannot be seen, the rescue entry may start any version of the archive.
func (m *model) heldText(v history.Version) (title, text string) {
	why := history.Held(v)
	if m.menus.Unseen && v.Archive != "" {
		why = append(why, wire.Fail(wire.RescueUnseen, nil, v.File()))
	}
	for _, err := range why {
		e := wire.AsError(err)
		if e.Code != wire.RecordNewer { // whose argument is another file
			e.Args = []string{words.VersionName(v)}
		}
		d := describeError(e)
		title, text = cmp.Or(title, d.Title), text+d.Text+" "
	}
	if title == "" {
		return "", ""
	}
	return title, text + tr("Delete it all the same?")
}

// mayTry tells whether v can have an entry in the boot menu, or has one.
func (m *model) mayTry(v history.Version) bool {
	menu := len(m.menus.Files) > 0 || m.menus.Unseen
	return history.Addressable(m.intent.Facts, v) == nil && (v.Record.Try || menu && history.Tryable(v) == nil)
}

func reasonOf(err error) (string, bool) {
	if err == nil {
		return "", true
	}
	e := wire.AsError(err)
	d := describeError(e)
	if e.Code == wire.NothingToStage {
		return tr("The next start uses this version anyway."), false
	}
	return d.Title + ".", false
}

func (m *model) versionButtons() buttons {
	b := buttons{back: tr("_Back"), next: tr("_Go back to this version")}
	v, ok := m.chosen()
	switch {
	case m.restarts:
		b.why = tr("The computer restarts in a moment.")
	case m.busy != idle:
		b.back, b.why = tr("_Stop"), m.readingText()
	case !m.listed:
		b.why = tr("The stick is being looked at …")
	case !ok:
		b.why = m.noVersion()
	case v.State == history.Armed:
		b.next, b.can = tr("_Take it out of the next start"), preflight.Unchangeable(m.intent.Facts) == nil
		b.why = tr("It goes back to where it was, or is filed away. Nothing is deleted.")
	default:
		if b.why, b.can = m.mayStage(v); b.can {
			b.why = tr("You are told first what that means. Nothing is deleted.")
		}
	}
	if m.said != "" && m.busy == idle {
		b.why = m.said
	}
	return b
}

// noVersion says why there is none in the list.
func (m *model) noVersion() string {
	if !m.intent.Facts.Boot.Mounted() {
		return describe(wire.Check{Code: wire.StickUnseen, Args: []string{m.intent.Facts.Boot.UUID}}).Text
	}
	return tr("No version can be seen. Is the stick plugged in?")
}

// readingText is how far the work with a version is.
func (m *model) readingText() string {
	p := m.reading
	if p.Total <= 0 {
		return tr("Please wait. If asked, type the administrator's password.")
	}
	percent := int(100 * p.Done / p.Total)
	if p.Stage == wire.StageWalk {
		return trf("Every file in it is being read: %[1]d %%", percent)
	}
	return trf("%[1]s: %[2]d %%", words.Stage(p.Stage, tr), percent)
}

// lineOf is the second line of a version in the list.
func lineOf(v history.Version) string {
	parts := []string{words.Standing(v, tr)}
	if v.Unfit != nil {
		parts = append(parts, tr("cannot be started"))
	}
	if v.Size > 0 {
		parts = append(parts, words.Size(v.Size))
	}
	return strings.Join(parts, " · ")
}

// listText changes when the list does.
func listText(all []history.Version) string {
	var b strings.Builder
	for _, v := range all {
		fmt.Fprintf(&b, "%s\n%s\n%s\n", v.Place, words.VersionName(v), lineOf(v))
	}
	return b.String()
}

// versionRows say all about a version.
func versionRows(f live.Facts, v history.Version, m history.Menus) []row {
	if v.Place == "" {
		return nil
	}
	out := []row{{tr("Is"), words.Standing(v, tr)}, {tr("Made"), known(v.Date)}, {tr("Kernel"), known(v.Kernel)},
		{tr("Size"), trf("%[1]s, %[2]s", words.Size(v.Size), known(v.Compressor))}, {tr("Verified"), words.Verified(v.Record, tr)}}
	if v.Record.Note != "" {
		out = append(out, row{tr("Note"), words.Clean(v.Record.Note)})
	}
	if v.Rescue {
		out = append(out, row{tr("Rescue"), words.Rescue(v, tr)})
	}
	if len(v.Companions) > 0 {
		out = append(out, row{tr("With it"), words.Clean(wire.List(v.Companions, 6))})
	}
	out = append(out, row{tr("File"), words.Clean(v.File())})
	if try := history.TryOptions(f, v); try != "" && len(m.Files) == 0 { // else there is a button for it
		out = append(out, row{tr("To try it"), trf("type this in the boot menu, behind the other words: %[1]s", try)})
	}
	return out
}

func pinText(v history.Version) string {
	if v.Record.Pinned {
		return tr("Un_pin")
	}
	return tr("_Pin")
}

func tryText(v history.Version) string {
	if v.Record.Try {
		return tr("Stop _trying")
	}
	return tr("_Try it …")
}

func pinnedText(r wire.RecordResult) string {
	if r.Pinned {
		return tr("It is pinned: it is not deleted to make room, and you are asked twice before you delete it.")
	}
	return tr("It is not pinned any more.")
}

// tryingText says what trying a version out means.
func tryingText(m history.Menus) string {
	text := tr("The boot menu of the stick gets an entry that starts it from where it lies. Nothing is renamed or deleted, and every other start is the usual one. While you try it out, your saved files and settings are not there, what you save is gone when you shut down, and no new version can be made.")
	if m.Missing() {
		text += "\n" + tr("The other entries of this program, to go back and for rescue, come into the menu, too.")
	}
	return text
}

// stagingText says what going back to v means.
func stagingText(f live.Facts, v history.Version, m history.Menus) string {
	say := words.Staging(f, v, tr)
	if menu := firstMenu(m); menu != "" {
		say = append(say, menu)
	}
	if f.Persistence.Kind == live.PersistNone {
		say = append(say, tr("What you changed since the last start is in none of them: save your files on another disk first."))
	}
	return strings.Join(say, "\n")
}

// changesText says what the running version has, and another has not.
func changesText(c history.Changes) string {
	var say []string
	list := func(format string, names []string) {
		if len(names) > 0 {
			say = append(say, fmt.Sprintf(format, len(names), words.Clean(wire.List(names, 8))))
		}
	}
	packages := func(all []history.Package) (names []string) {
		for _, p := range all {
			names = append(names, p.Name)
		}
		return names
	}
	upgrades := func(all []history.Upgrade) (names []string) {
		for _, u := range all {
			names = append(names, u.Name+" "+u.To)
		}
		return names
	}
	list(tr("Programs only in it (%[1]d): %[2]s"), packages(c.Added))
	list(tr("Programs missing in it (%[1]d): %[2]s"), packages(c.Removed))
	list(tr("Newer in it (%[1]d): %[2]s"), upgrades(c.Upgraded))
	list(tr("Older in it (%[1]d): %[2]s"), upgrades(c.Downgraded))
	if c.Packages && len(say) == 0 {
		say = append(say, tr("Both have the same programs."))
	}
	return strings.Join(append(say, sizesText(c.Sizes)...), "\n")
}

// sizesText names the folders that differ most.
func sizesText(sizes []history.SizeChange) []string {
	differ := slices.DeleteFunc(slices.Clone(sizes), func(s history.SizeChange) bool { return s.Before == s.After || s.Dir == "" })
	slices.SortStableFunc(differ, func(a, b history.SizeChange) int {
		return int(min(max(abs(b.After-b.Before)-abs(a.After-a.Before), -1), 1))
	})
	var say []string
	for _, s := range differ[:min(len(differ), 4)] {
		say = append(say, trf("Folder /%[1]s: %[2]s here, %[3]s in it", words.Clean(s.Dir), words.Size(s.Before), words.Size(s.After)))
	}
	return say
}

func abs(n int64) int64 { return max(n, -n) }

// withChosen shows in the picture of the stick which part a version takes.
func withChosen(use []segment, v history.Version) []segment {
	if v.State == history.Default || v.Size == 0 {
		return use
	}
	var out []segment
	for _, s := range use {
		if s.kind == segVersions {
			part := min(v.Size, s.bytes)
			if s.bytes-part < 1<<20 { // what belongs to it
				part = s.bytes
			}
			out = append(out, segment{kind: segChosen, bytes: part})
			s.bytes -= part
		}
		out = append(out, s)
	}
	return out
}
