package bootmenu

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// GRUB's environment block, grubenv beside grub.cfg: a first line, comments,
// lines NAME=VALUE, and "#" up to its size. GRUB writes into it in place, by
// the blocks of the file, and can neither make it nor let it grow.
const (
	envHead  = "# GRUB Environment Block\n"
	envSize  = 1024
	envLimit = 64 << 10 // no program makes one of another size, but GRUB takes it
)

// NextEntry is the variable that names the entry of the next boot alone.
const NextEntry = "next_entry"

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// EnvNew returns an empty environment block, 1024 bytes.
func EnvNew() []byte {
	return append([]byte(envHead), bytes.Repeat([]byte("#"), envSize-len(envHead))...)
}

// EnvGet returns the value of a variable; an error when block is none.
func EnvGet(block []byte, name string) (value string, ok bool, err error) {
	lines, err := envLines(block)
	if err != nil {
		return "", false, err
	}
	for _, l := range lines {
		if v, found := strings.CutPrefix(l, name+"="); found && envName.MatchString(name) {
			return unescape(v), true, nil
		}
	}
	return "", false, nil
}

// EnvSet returns the block, of the same size, with the variable set. An error is
// a block that is none or is full, or a name or value that cannot be in it.
func EnvSet(block []byte, name, value string) ([]byte, error) {
	lines, err := envLines(block)
	switch {
	case err != nil:
		return nil, err
	case !envName.MatchString(name):
		return nil, fmt.Errorf("cannot set %q in the environment block: not a name", name)
	case strings.ContainsRune(value, 0):
		return nil, fmt.Errorf("cannot set %s in the environment block: it holds a zero byte", name)
	}
	text, set := name+"="+escape(value), false
	for i, l := range lines {
		if strings.HasPrefix(l, name+"=") {
			lines[i], set = text, true
		}
	}
	if !set {
		lines = append(lines, text)
	}
	all := envHead
	for _, l := range lines {
		all += l + "\n"
	}
	if len(all) > len(block) {
		return nil, fmt.Errorf("cannot set %s in the environment block: its %d bytes are full", name, len(block))
	}
	return append([]byte(all), bytes.Repeat([]byte("#"), len(block)-len(all))...), nil
}

// envLines are the lines below the first one, comments too; a backslash takes a
// line end into the value.
func envLines(block []byte) ([]string, error) {
	rest, ok := strings.CutPrefix(string(block), envHead)
	if !ok || len(block) > envLimit {
		return nil, fmt.Errorf("cannot read the environment block: it does not begin like one")
	}
	var lines []string
	for start, i := 0, 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '\n':
			lines = append(lines, rest[start:i])
			start = i + 1
		}
	}
	return lines, nil
}

var escaper = strings.NewReplacer(`\`, `\\`, "\n", "\\\n")

func escape(value string) string { return escaper.Replace(value) }

func unescape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
