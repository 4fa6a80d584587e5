package gui

import (
	"path"

	"antix-remaster/core/words"
)

// spacePart is a line on the page of what takes the space.
type spacePart struct {
	name, size string
	dir        bool
	share      float64 // of the heaviest beside it
}

func (s spacePart) title() string {
	if s.dir {
		return words.Clean(s.name) + " ›"
	}
	return words.Clean(s.name)
}

func (s spacePart) spoken() string {
	if s.dir {
		return trf("%[1]s, folder, %[2]s", words.Clean(s.name), s.size)
	}
	return words.Clean(s.name) + ", " + s.size
}

// spaceParts are what the directory holds that is open, and what it is called.
func (m *model) spaceParts() (where string, parts []spacePart) {
	e, within := m.gauge.figures(m.choices), m.gauge.within
	r, ok := rowFor(e, m.choices.Compressor)
	if !ok || e.Within != within {
		return "/" + words.Clean(within) + ": " + m.waitText(), nil
	}
	all := int64(0)
	for _, p := range e.Inside {
		all += p.Stored
		parts = append(parts, spacePart{p.Path, words.Size(p.Stored), p.Dir, float64(p.Stored) / float64(max(e.Inside[0].Stored, 1))})
	}
	if within == "" {
		return trf("The new version with %[1]s: %[2]s", r.Compressor, aboutText(r)), parts
	}
	return trf("/%[1]s: %[2]s", words.Clean(within), words.Size(all)), parts
}

// spaceWhy says below the list what it is.
func (m *model) spaceWhy() string {
	if m.busy != idle {
		return tr("Please wait, your system is being looked at.")
	}
	return tr("What each takes when it is packed, by samples. Open a folder to see what is in it.")
}

// above is the directory that holds one.
func above(within string) string {
	if dir := path.Dir(within); dir != "." {
		return dir
	}
	return ""
}
