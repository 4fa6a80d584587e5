package bootmenu

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Extra is an entry of ours: the base entry with other options.
type Extra struct {
	ID      string   // of small letters, digits and "-"; unique in the whole menu, so begin it with "antix-remaster"
	Title   string   // any text; menus show the beginning of it in one line
	Options []string // boot options, such as "sqext=old"
	Once    bool     // starts by itself, once, when it is in the environment block as next_entry (GRUB only)
}

// The first line of our file, and the second one when it is there to say that
// the user wants no entries.
const (
	head = "# Boot entries of antix-remaster, which writes this file anew at every change."
	off  = "# Switched off by the user."
)

// Limits. Old boot loaders take a line of at most 2048 bytes, and the rest of a
// longer one as a line of its own.
const (
	longest   = 2000
	longTitle = 4096 // bytes
	chunk     = 100  // bytes of a title in one comment; quoting makes at most four of one
	shown     = 72   // characters of a title in a menu
)

var (
	safeID     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	safeOption = regexp.MustCompile(`^[A-Za-z0-9_./=:,%+@!-]{1,255}$`)
)

// Encode makes the text of our file beside the menu f: an entry for each of
// extras, and kept in comments, for Kept. An error is an extra, a base or a text
// that cannot be written there. What was made is read again: nothing in a title or
// in the base can end an entry.
func Encode(f File, base Entry, extras []Extra, kept ...string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(head + "\n")
	keep(&b, kept)
	seen := map[string]bool{}
	for _, x := range extras {
		if err := x.check(); err != nil {
			return nil, err
		}
		if seen[x.ID] {
			return nil, fmt.Errorf("cannot make two boot entries %q", x.ID)
		}
		seen[x.ID] = true
		x.note(&b)
		if f.Kind == GRUB {
			x.grub(&b, base)
		} else {
			x.syslinux(&b, base)
		}
	}
	if err := prove(f.Kind, base, extras, b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// prove reads our file as the boot loader would.
func prove(kind Kind, base Entry, extras []Extra, text []byte) error {
	for l := range bytes.Lines(text) {
		if len(l) > longest {
			return fmt.Errorf("cannot make a boot entry: a line of it has %d bytes, more than boot loaders take", len(l))
		}
	}
	if len(extras) == 0 {
		return nil
	}
	m, err := Parse(kind, text)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(m.Entries, extras, func(e Entry, x Extra) bool {
		return e.ID == x.ID && e.Kernel == base.Kernel && slices.Equal(e.Initrd, base.Initrd) &&
			slices.Equal(e.Options, base.With(x.Options...)) && len(e.Menu) == 0
	})
	back, _, err := Decode(kind, text)
	if err == nil && (!same || base.Kernel == "" || !slices.EqualFunc(back, extras, Extra.same)) {
		err = fmt.Errorf("cannot make a boot entry like %q: it is not of a kind that can be repeated", base.Title)
	}
	return err
}

func (x Extra) same(y Extra) bool {
	return x.ID == y.ID && x.Title == y.Title && x.Once == y.Once && slices.Equal(x.Options, y.Options)
}

// ValidOption tells whether every boot loader reads a boot option as it stands.
func ValidOption(option string) bool { return safeOption.MatchString(option) }

func (x Extra) check() error {
	if !safeID.MatchString(x.ID) {
		return fmt.Errorf("cannot make a boot entry %q: only small letters, digits and - can be in its name", x.ID)
	}
	if len(x.Title) > longTitle {
		return fmt.Errorf("cannot make the boot entry %s: its title has %d bytes, more than %d", x.ID, len(x.Title), longTitle)
	}
	for _, o := range x.Options {
		if !ValidOption(o) {
			return fmt.Errorf("cannot make a boot entry with the option %q: a boot loader could misread it", o)
		}
	}
	return nil
}

// note writes down the extra in comments, for Decode.
func (x Extra) note(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n#: entry %s\n", x.ID)
	for part := range slices.Chunk([]byte(x.Title), chunk) {
		fmt.Fprintf(b, "#: title %s\n", strconv.QuoteToASCII(string(part)))
	}
	for _, o := range x.Options {
		fmt.Fprintf(b, "#: option %s\n", o)
	}
	if x.Once {
		b.WriteString("#: once\n")
	}
}

// grub writes the entry. It is the default only after next_entry was cleared on
// the medium: where that fails, the boot is a plain one, and not this entry for ever.
func (x Extra) grub(b *bytes.Buffer, base Entry) {
	words := append([]string{"menuentry", quote(Shown(x.Title))}, base.Args...)
	b.WriteString(strings.Join(words, " ") + " --id " + x.ID + " {\n")
	if base.Search != "" {
		b.WriteString(base.Search + "\n")
	}
	words = append([]string{base.Loader, base.Kernel}, base.With(x.Options...)...)
	b.WriteString(strings.Join(words, " ") + "\n")
	if len(base.Initrd) > 0 {
		b.WriteString("initrd" + strings.TrimPrefix(base.Loader, "linux") + " " + strings.Join(base.Initrd, " ") + "\n")
	}
	b.WriteString("}\n")
	if x.Once {
		fmt.Fprintf(b, once, x.ID, x.ID)
	}
}

// The variable antix_remaster is set by our section: the folder of this file.
const once = `if [ -s "$antix_remaster/grubenv" ]; then load_env -f "$antix_remaster/grubenv" next_entry; fi
if [ "$next_entry" = "%s" ]; then
set next_entry=
if save_env -f "$antix_remaster/grubenv" next_entry; then set default=%s; fi
fi
`

func (x Extra) syslinux(b *bytes.Buffer, base Entry) {
	options := base.With(x.Options...)
	initrd := strings.Join(base.Initrd, ",")
	if base.inAppend {
		options = append(options, "initrd="+initrd)
	} else if len(options) == 0 {
		options = []string{"-"} // else the APPEND before all entries would count
	}
	// A hot key mark cannot be escaped.
	fmt.Fprintf(b, "LABEL %s\n    MENU LABEL %s\n", x.ID, strings.ReplaceAll(Shown(x.Title), "^", "'"))
	fmt.Fprintf(b, "    %s %s\n    APPEND %s\n", strings.ToUpper(base.Loader), base.Kernel, strings.Join(options, " "))
	if initrd != "" && !base.inAppend {
		fmt.Fprintf(b, "    INITRD %s\n", initrd)
	}
}

// quote makes one word of GRUB's language, in which nothing has a meaning.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Shown is a title as menus show it: one line of at most 72 characters.
func Shown(title string) string {
	title = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(title, "?"))
	runes := []rune(strings.Join(strings.Fields(title), " "))
	if len(runes) == 0 {
		return "?"
	}
	if len(runes) > shown {
		runes = append(runes[:shown-1], '…')
	}
	return string(runes)
}

// Off makes a file that says that the user wants no entries; kept is as of Encode.
func Off(_ File, kept ...string) []byte {
	b := bytes.NewBufferString(head + "\n" + off + "\n")
	keep(b, kept)
	return b.Bytes()
}

const keptMark = "#: kept "

func keep(b *bytes.Buffer, kept []string) {
	for _, text := range kept {
		b.WriteString(keptMark + strconv.QuoteToASCII(text) + "\n")
	}
}

// Kept are the texts that a file of ours keeps, as anybody may have changed them.
func Kept(text []byte) (kept []string) {
	if !IsOurs(text) || len(text) > Limit {
		return nil
	}
	for l := range strings.Lines(string(text)) {
		if quoted, ok := strings.CutPrefix(strings.TrimSuffix(l, "\n"), keptMark); ok {
			one, err := strconv.Unquote(quoted)
			if err != nil {
				return nil
			}
			kept = append(kept, one)
		}
	}
	return kept
}

// IsOff tells whether a file says so.
func IsOff(text []byte) bool { return bytes.HasPrefix(text, []byte(head+"\n"+off+"\n")) }

// IsOurs tells whether this program wrote a file.
func IsOurs(text []byte) bool { return bytes.HasPrefix(text, []byte(head+"\n")) }

// Decode reads our file again. ours is false when it is another's; an empty
// file, which a power cut can leave, is nobody's and counts as ours. An error is
// one of ours that somebody changed, or that is too large.
func Decode(_ Kind, text []byte) (extras []Extra, ours bool, err error) {
	if len(text) == 0 {
		return nil, true, nil
	}
	if !IsOurs(text) {
		return nil, false, nil
	}
	if len(text) > Limit {
		return nil, true, fmt.Errorf("cannot read our boot entries: %d bytes are too many", len(text))
	}
	for l := range strings.Lines(string(text)) {
		note, ok := strings.CutPrefix(strings.TrimSuffix(l, "\n"), "#: ")
		if key, value, _ := strings.Cut(note, " "); ok {
			if extras, err = noted(extras, key, value); err != nil {
				return nil, true, err
			}
		}
	}
	for _, x := range extras {
		if err := x.check(); err != nil {
			return nil, true, err
		}
	}
	return extras, true, nil
}

// noted reads one line of what note wrote.
func noted(extras []Extra, key, value string) ([]Extra, error) {
	if key == "entry" {
		return append(extras, Extra{ID: value}), nil
	}
	if len(extras) == 0 {
		return nil, nil
	}
	x := &extras[len(extras)-1]
	switch key {
	case "title":
		part, err := strconv.Unquote(value)
		if err != nil || len(x.Title) > longTitle {
			return nil, fmt.Errorf("cannot read our boot entries: the title %s makes no sense", value)
		}
		x.Title += part
	case "option":
		x.Options = append(x.Options, value)
	case "once":
		x.Once = true
	}
	return extras, nil
}
