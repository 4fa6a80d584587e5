// Package words is what the window and the command line say in the same words:
// sizes, times, the stages of the work, what the next boot does. A function
// that takes tr says it in the language that tr translates an English text to.
package words

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// Size is a number of bytes for people: "612.3 MiB". Always with one decimal,
// so that a size that grows does not jump about; go-humanize drops it from 10 on.
func Size(n int64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	v, unit := float64(n)/1024, units[0]
	for _, u := range units[1:] {
		if v < 1023.95 { // which would be printed as 1024.0
			break
		}
		v, unit = v/1024, u
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// Clock is a time span as 4:10 or 1:02:03.
func Clock(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Clean makes text of the stick or the helper harmless to show: one line,
// valid, without control characters.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Describe gives the texts of a code, its arguments cleaned.
func Describe(code wire.Code, args []string, tr func(string) string) wire.Message {
	safe := make([]string, len(args))
	for i, a := range args {
		safe[i] = Clean(a)
	}
	return wire.Describe(code, safe, func(msgid string) string {
		if msgid == "" { // which gettext answers with the header of its catalogue
			return ""
		}
		return tr(msgid)
	})
}

// Level is the headline of a check.
func Level(l wire.Level, tr func(string) string) string {
	switch l {
	case wire.Stop:
		return tr("Stop")
	case wire.Warn:
		return tr("Warning")
	}
	return tr("Note")
}

// Packed says what goes into a version.
func Packed(home live.HomeKind, leaveHome bool, tr func(string) string) string {
	switch {
	case home != live.HomeInSystem:
		return tr("the whole system; /home stays where it is")
	case leaveHome:
		return tr("the whole system, with an empty /home")
	}
	return tr("the whole system with /home")
}

// Proof says how a version was verified.
func Proof(r wire.BuildResult, tr func(string) string) string {
	if r.FromMedium {
		return fmt.Sprintf(tr("read back from the stick and compared with this system; entries: %[1]d"), r.Entries)
	}
	return fmt.Sprintf(tr("compared with this system, but not past the memory cache; entries: %[1]d"), r.Entries)
}
