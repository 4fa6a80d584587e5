package gui

import (
	"cmp"
	"io/fs"
	"slices"
	"time"

	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
	"antix-remaster/core/words"
)

// insideRow is a file or folder in the window that looks inside a version.
type insideRow struct {
	name, size, date string
	path             string // in the version
	dir, file        bool   // it can be opened; it can be copied
	read             bool   // what is in the folder was asked for
}

// insideRows are what a folder shows: folders first.
func insideRows(folder string, entries []squashfs.Entry) []insideRow {
	var out []insideRow
	for _, e := range entries {
		r := insideRow{name: words.Clean(e.Name), date: time.Unix(e.MTime, 0).Format("2006-01-02 15:04"), path: folder + "/" + e.Name,
			dir: e.Mode.IsDir(), file: e.Mode.IsRegular() || e.Mode.Type() == fs.ModeSymlink}
		switch {
		case e.Mode.IsRegular():
			r.size = words.Size(e.Size)
		case e.Mode.IsDir():
			r.size = tr("folder")
		case e.Mode.Type() == fs.ModeSymlink:
			r.size = tr("link")
		default: // a device, a pipe
			r.size = tr("no file")
		}
		if e.Target != "" {
			r.name += " → " + words.Clean(e.Target)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b insideRow) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func rank(r insideRow) int {
	if r.dir {
		return 0
	}
	return 1
}

// plainError is an error in one line, without its title.
func plainError(err error) string {
	m := describeError(wire.AsError(err))
	return m.Text + " " + m.Hint
}
