package gui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/intent"
	"antix-remaster/core/live"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// tr translates; the window sets it to gettext.
var tr = func(msgid string) string { return msgid }

func trf(format string, args ...any) string { return fmt.Sprintf(tr(format), args...) }

// describe gives the texts of a check.
func describe(c wire.Check) wire.Message {
	m := words.Describe(c.Code, c.Args, tr)
	if hint := windowHint(c.Code); hint != "" {
		m.Hint = hint
	}
	return m
}

func describeError(e *wire.Error) wire.Message {
	return describe(wire.Check{Code: e.Code, Args: e.Args})
}

// sentences are all that a message says.
func sentences(m wire.Message) string {
	return strings.TrimSpace(m.Title + ". " + m.Text + " " + m.Hint)
}

func known(s string) string {
	if s == "" {
		return tr("unknown")
	}
	return words.Clean(s)
}

// titles of the pages; the last three are not in the list of steps.
func pageTitle(p pageName) string {
	switch p {
	case pageCheck:
		return tr("Check")
	case pageContent:
		return tr("What goes in")
	case pageHow:
		return tr("How")
	case pageSummary:
		return tr("Summary")
	case pageProgress:
		return tr("Progress")
	case pageDone:
		return tr("Done")
	case pageFailure:
		return tr("It did not work")
	case pageMenu:
		return tr("Boot menu of the stick")
	case pageVersions:
		return tr("Versions and rollback")
	case pageRoom:
		return tr("Make room on the stick")
	case pageSpace:
		return tr("What takes the space")
	case pageLiveCD, pageLiveCDWork, pageLiveCDDone:
		return liveCDTitle(p)
	}
	return tr("Live Remaster")
}

// runningText says what runs now.
func runningText(f live.Facts) string {
	v := f.Running
	if v == nil {
		v = f.Default
	}
	if v == nil {
		return trf("Kernel %[1]s", known(f.RunningKernel))
	}
	return trf("“%[1]s”, made %[2]s, kernel %[3]s", known(v.Title), known(v.Date), known(f.RunningKernel))
}

// stickText names the stick.
func stickText(f live.Facts) string {
	b := f.Boot
	if !b.Mounted() {
		return trf("%[1]s, not in use now", known(b.Device))
	}
	return trf("%[1]s, %[2]s: %[3]s of %[4]s are free", known(b.Device), known(b.FSType), words.Size(int64(b.Free)), words.Size(int64(b.Total)))
}

// roughText says what room a new version may need, before anything was measured.
func roughText(f live.Facts, rough int64) string {
	if rough == 0 || !f.Boot.Mounted() {
		return ""
	}
	return trf("Roughly %[1]s are needed for it, and %[2]s are free; that is measured when you begin.", words.Size(rough), words.Size(int64(f.Boot.Free)))
}

func segmentName(k segmentKind) string {
	return [...]string{tr("this system"), tr("other versions"), tr("saved changes"), tr("other files"), tr("new version, at most"), tr("free"), tr("the chosen version"), tr("too much"), tr("cannot be used for it")}[k]
}

// legend says in words what the bar shows.
func legend(s segment) string {
	if s.kind == segNew && s.soft > 0 {
		return trf("new version, %[1]s", words.About(s.bytes+s.over, s.soft, tr))
	}
	return segmentName(s.kind) + " " + words.Size(s.bytes)
}

// nextText says what the next start does; made: a new version was just put in
// place.
func nextText(f live.Facts, made bool) string {
	o := f.NextBoot()
	if o.Kind == live.OutcomeUnknown && made { // the stick is out of use again
		return tr("The new version takes over. The version from before is kept.")
	}
	if o.Kind == live.OutcomeBlocked {
		return trf("A new version waits, but %[1]s is in its way: the start would stop and wait for a key. File the earlier version away first.", words.Clean(o.Blocking))
	}
	return words.NextBoot(o, f, tr)
}

// group is one line of the check: what is fine, and which problems belong there.
type group struct {
	fine  string
	codes []wire.Code
}

func groups() []group {
	return []group{
		{tr("This system can be remastered"), []wire.Code{wire.NotLive, wire.ConfigDamaged, wire.ConfigOutside, wire.NotRemasterable, wire.FromISO,
			wire.BootMissing, wire.BootAmbiguous, wire.BootOther, wire.ToRAMAway, wire.ToRAMLocked, wire.ArchiveBoot, wire.RescueBoot,
			wire.ImageMissing, wire.ImageDamaged, wire.RootPersistence, wire.RootUnsaved, wire.RootElsewhere, wire.RootfsUnused, wire.RootfsAside,
			wire.AnnexShared, wire.AnnexStart, wire.AnnexFiled, wire.AnnexMismatch, wire.VersionMismatch, wire.NoRemaster}},
		{tr("The stick can be written to, and gives back what was written"), []wire.Code{wire.ReadOnlyMedium, wire.WriteCheck}},
		{tr("Nothing from an earlier change is in the way"), []wire.Code{wire.Pending, wire.Blocked, wire.SwapRemoves, wire.Unfinished, wire.NameTaken,
			wire.Healed, wire.LeftAlone}},
		{tr("There is room for the new version"), []wire.Code{wire.NoSpace, wire.TightSpace, wire.FATLimit, wire.AnnexSpace}},
		{tr("The new version will be able to start"), []wire.Code{wire.NoModules, wire.KernelUnknown, wire.Compressor, wire.NoXattrs}},
		{tr("Nothing on this computer disturbs the work"), []wire.Code{wire.EngineMissing, wire.EngineOld, wire.MkfsMissing, wire.Packages, wire.LowMemory, wire.Battery,
			wire.Busy, wire.AntixLock}},
	}
}

// checkRow is one line of the check page.
type checkRow struct {
	level       wire.Level // "" is fine
	title, text string
	action      task
	button      string
}

// checkRows sorts the checks into the groups; what fits nowhere comes last.
func checkRows(checks []wire.Check) []checkRow {
	var out []checkRow
	rest := slices.Clone(checks)
	for _, g := range groups() {
		mine := 0
		for _, c := range checks {
			if slices.Contains(g.codes, c.Code) {
				out, mine = append(out, rowOf(c)), mine+1
			}
		}
		rest = slices.DeleteFunc(rest, func(c wire.Check) bool { return slices.Contains(g.codes, c.Code) })
		if mine == 0 {
			out = append(out, checkRow{title: g.fine})
		}
	}
	for _, c := range rest {
		out = append(out, rowOf(c))
	}
	return out
}

func rowOf(c wire.Check) checkRow {
	m := describe(c)
	row := checkRow{level: c.Level, title: m.Title, text: strings.TrimSpace(m.Text + " " + m.Hint)}
	switch c.Code {
	case wire.Blocked, wire.SwapRemoves:
		row.action, row.button = keeping, tr("_File it away")
	case wire.Pending:
		row.action, row.button = disarming, tr("_Take it out")
	case wire.NoSpace, wire.TightSpace:
		row.action, row.button = browsing, tr("See the _versions")
	}
	return row
}

// homeText says what becomes of /home.
func homeText(f live.Facts, c *wire.CheckResult) string {
	switch {
	case f.Home.Kind == live.HomeFile:
		return tr("Your files in /home live in a file of their own on the stick (homefs). They stay there, untouched, and every version uses them.")
	case f.Home.Kind == live.HomeMount:
		return tr("Your files in /home live on another disk. They stay there, untouched.")
	case c != nil && c.Home > 0:
		return trf("The folder /home holds %[1]s: documents, pictures, and the settings of your programs.", words.Size(c.Home))
	}
	return tr("The folder /home holds documents, pictures, and the settings of your programs.")
}

// compressorText explains a compressor.
func compressorText(name string) (title, text string) {
	switch name {
	case "zstd":
		return tr("zstd: small, and quick to start from"), tr("The best choice for most computers.")
	case "xz":
		return tr("xz: the smallest"), tr("Takes the longest to make, and programs start a little slower.")
	case "gzip":
		return tr("gzip: the old standard"), tr("Neither the smallest nor the fastest, but every kernel can read it.")
	case "lz4":
		return tr("lz4: the fastest"), tr("Made in the shortest time, but needs the most room on the stick.")
	}
	return name, ""
}

// row is a line of the summary.
type row struct{ label, value string }

// summaryRows say what is going to be made.
func summaryRows(i intent.Intent, figures []row) []row {
	return append([]row{{tr("Title"), words.Clean(i.Plan.Title)}, {tr("Packed"), words.Packed(i.Facts.Home.Kind, i.Plan.LeaveHome, tr)},
		{tr("Compressor"), i.Plan.Compressor}}, figures...)
}

// whatWillBeDone in five lines or fewer.
func whatWillBeDone(f live.Facts, m history.Menus) []string {
	name := words.Clean(f.Plain.Name)
	lines := []string{
		trf("1. The system is packed into a new file on the stick. %[1]s, from which it runs, is not touched.", name),
		tr("2. The new file is read back from the stick and compared with this system, file by file."),
		tr("3. Only when all is right, it is put in place for the next start."),
		trf("4. At the next start it takes over; today's version stays on the stick as %[1]s.old.", name),
	}
	if say := firstMenu(m); say != "" {
		lines = append(lines, "5. "+say)
	}
	return lines
}

// progressText is the line below the bar.
func progressText(m *meter, now time.Time) string {
	parts := []string{trf("%[1]s elapsed", words.Clock(m.elapsed(now)))}
	if !m.paused.IsZero() {
		return strings.Join(append(parts, tr("paused")), " · ")
	}
	if left, ok := m.remaining(now); ok && left > 0 {
		parts = append(parts, trf("this step: about %[1]s more", words.Clock(left)))
	}
	if m.bytes > 0 {
		parts = append(parts, trf("%[1]s written", words.Size(m.bytes)))
	}
	if s := m.speed(now); s > 0 {
		parts = append(parts, trf("%[1]s a second", words.Size(s)))
	}
	return strings.Join(parts, " · ")
}

// doneRows say what was made.
func doneRows(r wire.BuildResult, c *wire.CheckResult) []row {
	size := words.Size(r.Size)
	if c != nil && c.Uncompressed > 0 {
		size = trf("%[1]s, packed from %[2]s with %[3]s", size, words.Size(c.Uncompressed), words.Clean(r.Compressor))
	}
	return []row{
		{tr("Title"), words.Clean(r.Title)}, {tr("Size"), size}, {tr("Verified"), words.Proof(r, tr)},
		{tr("Time"), words.Clock(time.Duration(r.Seconds * float64(time.Second)))},
	}
}

// goBack explains the rollback in one sentence.
func goBack() string {
	return tr("To go back: start this program again and choose the version from before under “Versions and rollback”. If the new one does not even start, add the word rollback to the boot options in the boot menu.")
}

// card is what can be printed and kept.
func card(r wire.BuildResult, f live.Facts) string {
	return strings.Join([]string{
		tr("How to go back to the version from before"), "",
		trf("New version: %[1]s", words.Clean(r.Title)),
		trf("Version before: %[1]s", runningText(f)), "",
		tr("If the new version starts: open Live Remaster, press Versions and rollback, and choose the version from before."), "",
		tr("If it does not:"),
		tr("1. Start the computer from the live stick."),
		tr("2. In the boot menu, add the word rollback to the boot options. (Press Tab or e to change them, or choose it in the menu of F-keys.)"),
		tr("3. Start. The version from before is back; the new one is kept beside it."), "",
		tr("The stick stays bootable all the time."), "",
	}, "\n")
}

// changedText says what a restart would lose.
func changedText(names []string, all int) string {
	return trf("Changed since the new version was made, and not in it (%[1]d): %[2]s", all, words.Clean(wire.List(names, 5)))
}

// logLine is a line of the log on the progress page.
func logLine(c wire.Check) string {
	return sentences(describe(c)) + "\n"
}
