package bootmenu

import (
	"bytes"
	"path"
	"regexp"
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
// Syslinux gets the path from the root of the device: a relative one belongs to
// the folder of the configuration or to the root, as the version likes. All
// versions go on when the file is missing.
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

var (
	beginLine = regexp.MustCompile(`(?m)^` + begin + `\r?$`)
	endLine   = regexp.MustCompile(`(?m)^` + end + `\r?$`)
)

// find tells where a section is: the last beginning before an end. Others, as
// somebody may have left them, are just comments.
func find(text []byte) (from, to int, ok bool) {
	for _, e := range endLine.FindAllIndex(text, -1) {
		begins := beginLine.FindAllIndex(text[:e[0]], -1)
		if len(begins) > 0 {
			return begins[len(begins)-1][0], e[1], true
		}
	}
	return 0, 0, false
}

func hooked(text []byte) bool {
	_, _, ok := find(text)
	return ok
}

// Append returns the menu with our section behind it, and as it is when that is
// there already. A section that says something else is replaced.
func Append(text []byte, f File) []byte {
	section := Section(f)
	if bytes.Contains(text, section) {
		return text
	}
	return append(bytes.Clone(Remove(text)), section...)
}

// Remove returns the menu without our section: what it was before Append.
func Remove(text []byte) []byte {
	for {
		from, to, ok := find(text)
		if !ok {
			return text
		}
		text = cut(text, from, to)
	}
}

// cut takes out a section with the line end before and behind it; but lines
// that somebody wrote around it are not joined.
func cut(text []byte, from, to int) []byte {
	windows := text[to-1] == '\r'
	before, ok := bytes.CutSuffix(text[:from], []byte("\n"))
	if ok && windows {
		before = bytes.TrimSuffix(before, []byte("\r"))
	}
	after := bytes.TrimPrefix(text[to:], []byte("\n"))
	if len(before) > 0 && len(after) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		before = text[:from]
	}
	return append(bytes.Clone(before), after...)
}
