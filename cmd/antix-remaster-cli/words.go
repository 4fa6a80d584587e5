package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"

	"antix-remaster/core/words"
)

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
	return words.Clean(err.Error())
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
