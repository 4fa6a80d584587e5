package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"antix-remaster/core/history"
	"antix-remaster/core/inside"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/words"
)

type browseLine struct {
	Event   string      `json:"event"`
	Version listedEntry `json:"version"`
	Path    string      `json:"path"`
	Entries []fileEntry `json:"entries"`
}

type fileEntry struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // "file", "dir", "link", "block", "char", "fifo", "socket"
	Mode   string `json:"mode"` // octal: "4755"
	Size   int64  `json:"size"` // bytes of a file, else 0
	MTime  int64  `json:"mtime"`
	Target string `json:"target,omitempty"`
}

type copyLine struct {
	Event  string `json:"event"`
	Path   string `json:"path"`
	Output string `json:"output"`
	Size   int64  `json:"size"`
}

// browse lists a folder of a version, or copies a file out of it.
func (a *app) browse(ctx context.Context) error {
	_, all, err := a.look(ctx)
	if err != nil {
		return err
	}
	v, err := history.Find(all, a.words[0])
	if err != nil {
		return err
	}
	i, err := inside.Open(v)
	if err != nil {
		return err
	}
	defer i.Close()
	at := "/"
	if len(a.words) > 1 {
		at = a.words[1]
	}
	if a.output != "" {
		return a.copyOut(ctx, i, at)
	}
	entries, _, err := i.List(at)
	if err != nil {
		return err
	}
	if a.json {
		line := browseLine{"result", listed(v), path.Join("/", at), []fileEntry{}}
		for _, e := range entries {
			line.Entries = append(line.Entries, fileEntry{e.Name, typeOf(e.Mode), fmt.Sprintf("%04o", unixMode(e.Mode)), e.Size, e.MTime, e.Target})
		}
		a.object(line)
		return nil
	}
	if !a.quiet {
		a.printAt(a.out, listing(entries))
	}
	return nil
}

func (a *app) copyOut(ctx context.Context, i *inside.Image, from string) error {
	n, err := i.CopyOut(ctx, from, a.output)
	switch {
	case err != nil:
		return err
	case a.json:
		a.object(copyLine{"result", path.Join("/", from), a.output, n})
	default:
		a.say("%s", fmt.Sprintf(tr("Copied to %[1]s: %[2]s."), words.Clean(a.output), words.Size(n)))
	}
	return nil
}

// listing is a folder as "ls -l" shows one.
func listing(entries []squashfs.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		size, name := "-", words.Clean(e.Name)
		if e.Mode.IsRegular() {
			size = words.Size(e.Size)
		}
		if e.Target != "" {
			name += " -> " + words.Clean(e.Target)
		}
		fmt.Fprintf(&b, "%s %11s %s %s\n", modeText(e.Mode), size, time.Unix(e.MTime, 0).Format("2006-01-02 15:04"), name)
	}
	return b.String()
}

var fileTypes = []struct {
	mode   fs.FileMode
	name   string
	letter byte
}{
	{fs.ModeDir, "dir", 'd'}, {fs.ModeSymlink, "link", 'l'}, {fs.ModeDevice | fs.ModeCharDevice, "char", 'c'}, {fs.ModeDevice, "block", 'b'},
	{fs.ModeNamedPipe, "fifo", 'p'}, {fs.ModeSocket, "socket", 's'}, {0, "file", '-'},
}

func typeOf(m fs.FileMode) string {
	for _, t := range fileTypes {
		if m.Type() == t.mode {
			return t.name
		}
	}
	return ""
}

// special are the bits beside the permissions: that of stat(2), and the letter
// that takes the place of an x.
var special = []struct {
	mode   fs.FileMode
	bit    uint32
	at     int
	letter byte
}{{fs.ModeSetuid, 0o4000, 3, 's'}, {fs.ModeSetgid, 0o2000, 6, 's'}, {fs.ModeSticky, 0o1000, 9, 't'}}

func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for _, s := range special {
		if m&s.mode != 0 {
			bits |= s.bit
		}
	}
	return bits
}

// modeText is a mode as ls(1) writes it, which is not quite as Go does.
func modeText(m fs.FileMode) string {
	text := []byte(m.Perm().String()) // "-rwxr-xr-x"
	for _, t := range fileTypes {
		if m.Type() == t.mode {
			text[0] = t.letter
		}
	}
	for _, s := range special {
		switch {
		case m&s.mode == 0:
		case text[s.at] == 'x':
			text[s.at] = s.letter
		default:
			text[s.at] = s.letter - 'a' + 'A'
		}
	}
	return string(text)
}
