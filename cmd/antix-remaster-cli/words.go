package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"antix-remaster/core/wire"
)

// size is a number of bytes for people.
func size(n int64) string {
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

// clock is a time span as 4:10 or 1:02:03.
func clock(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// clean makes text of the stick or the helper harmless for a terminal: one
// line, valid, without control characters.
func clean(s string) string {
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

// describe gives the texts of a code in the user's language.
func describe(code wire.Code, args []string) wire.Message {
	safe := make([]string, len(args))
	for i, a := range args {
		safe[i] = clean(a)
	}
	return wire.Describe(code, safe, translate)
}

// translate is tr that leaves an absent text absent.
func translate(msgid string) string {
	if msgid == "" {
		return ""
	}
	return tr(msgid)
}

func levelWord(l wire.Level) string {
	switch l {
	case wire.Stop:
		return tr("Stop")
	case wire.Warn:
		return tr("Warning")
	}
	return tr("Note")
}

// reason says in words why a file cannot be read.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tr("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return tr("you may not read it")
	case errors.Is(err, syscall.EISDIR):
		return tr("it is a folder")
	case errors.Is(err, errTooLong):
		return tr("it is too long")
	}
	return clean(err.Error())
}

// wrap breaks text into lines of at most width columns, each after indent.
// Width 0 does not break.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			b.WriteString(indent)
			column = utf8.RuneCountInString(indent)
		case width > 0 && column+1+n > width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	if column > 0 {
		b.WriteString("\n")
	}
	return b.String()
}
