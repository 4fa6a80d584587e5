package bootmenu

import (
	"bytes"
	"path"
	"strings"
)

const (
	begin = "### BEGIN antix-remaster ###"
	end   = "### END antix-remaster ###"
)

// Section is what Append puts behind a menu. It begins with a line end, which
// ends a last line that has none, and is an empty line otherwise.
//
// GRUB looks in the folder of the menu that it reads, which it keeps in
// config_directory (since 2.00). $prefix is where GRUB itself was installed, and
// that can be a memory disk or the EFI partition: it comes second. ($root) is
// changed by search lines of a menu, and no choice.
//
// Syslinux (3.70 or newer) gets the path from the root of the device: what a
// relative one belongs to differs. It goes on when the file is missing.
func Section(f File) []byte {
	body := "INCLUDE " + path.Join("/", f.Dir, OwnName)
	if f.Kind == GRUB {
		own := `"$antix_remaster/` + OwnName + `"`
		body = "set antix_remaster=\"$config_directory\"\n" +
			"if [ ! -s " + own + " ]; then set antix_remaster=\"$prefix\"; fi\n" +
			"if [ -s " + own + " ]; then source " + own + "; fi"
	}
	return []byte("\n" + begin + "\n" + body + "\n" + end + "\n")
}

// Append returns the menu with our section behind it, and as it is when that is
// there already. A section that says something else is replaced.
func Append(text []byte, f File) []byte {
	section := Section(f)
	if Includes(text, f) {
		return text
	}
	return append(Remove(text), section...)
}

// Remove returns the menu without our section: what it was before Append. A
// beginning or an end alone, as somebody may have left it, is just a comment.
func Remove(text []byte) []byte {
	without, _ := split(text)
	return without
}

// Mute returns the menu with comments in the place of our sections, each line of
// its length: so much can be written over the old text in its place.
func Mute(text []byte) []byte {
	out := bytes.Clone(text)
	from, at := -1, 0
	for l := range bytes.Lines(text) {
		content := string(bytes.TrimRight(l, "\r\n"))
		if content == begin {
			from = at
		}
		at += len(l)
		if content == end && from >= 0 {
			comment(out[from:at])
			from = -1
		}
	}
	return out
}

func comment(lines []byte) {
	for i, c := range lines {
		if c != '\n' && c != '\r' {
			lines[i] = '#'
		}
	}
}

// Includes tells whether the menu includes our file as Section says it.
func Includes(text []byte, f File) bool { return bytes.Contains(text, Section(f)) }

func hooked(text []byte) bool {
	_, found := split(text)
	return found
}

// split returns a copy of text without sections, and whether there were any.
func split(text []byte) (without []byte, found bool) {
	var begins []int // where in without a section may have begun
	var cut string   // the line end that was before a section
	for l := range bytes.Lines(text) {
		if cut != "" && len(without) > 0 && !bytes.HasSuffix(without, []byte("\n")) {
			without = append(without, cut...) // two lines are not joined
		}
		cut = ""
		content, ending := l, ""
		for _, e := range []string{"\n", "\r"} {
			if c, ok := bytes.CutSuffix(content, []byte(e)); ok {
				content, ending = c, e+ending
			}
		}
		switch last := len(begins) - 1; {
		case string(content) == end && last >= 0:
			without, cut = trimEnd(without[:begins[last]], ending)
			begins, found = begins[:last], true
			continue
		case string(content) == begin:
			begins = append(begins, len(without))
		}
		without = append(without, l...)
	}
	return without, found
}

// trimEnd cuts off the line end that belongs to a section: one as in the section.
func trimEnd(text []byte, ending string) (without []byte, cut string) {
	for _, e := range []string{"\n", "\r"} {
		if e == "\r" && (cut == "" || !strings.HasPrefix(ending, e)) {
			break
		}
		if t, ok := bytes.CutSuffix(text, []byte(e)); ok {
			text, cut = t, e+cut
		}
	}
	return text, cut
}
