package history

import (
	"cmp"
	"strings"
)

// installed reads a dpkg status file: the version of each installed package by
// name, and by architecture. Text that is no status file gives nothing.
func installed(status []byte) map[string]map[string]string {
	all := map[string]map[string]string{}
	for stanza := range strings.SplitSeq(strings.ToValidUTF8(string(status), "\uFFFD"), "\n\n") {
		var name, arch, version string
		there := false
		for line := range strings.Lines(stanza) {
			key, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); key {
			case "Package":
				name = value
			case "Architecture":
				arch = value
			case "Version":
				version = value
			case "Status": // dpkg(1): want, error flag, state
				there = strings.HasSuffix(value, " installed")
			}
		}
		if there && name != "" {
			if all[name] == nil {
				all[name] = map[string]string{}
			}
			all[name][arch] = version
		}
	}
	return all
}

// compareDebian orders two version numbers as dpkg does: deb-version(7).
func compareDebian(a, b string) int {
	epochA, restA := epoch(a)
	epochB, restB := epoch(b)
	upA, revA := revision(restA)
	upB, revB := revision(restB)
	return cmp.Or(compareParts(epochA, epochB), compareParts(upA, upB), compareParts(revA, revB))
}

func epoch(v string) (epoch, rest string) {
	if before, after, ok := strings.Cut(v, ":"); ok {
		return before, after
	}
	return "", v
}

func revision(v string) (upstream, revision string) {
	if at := strings.LastIndexByte(v, '-'); at >= 0 {
		return v[:at], v[at+1:]
	}
	return v, ""
}

// compareParts compares by turns the text without digits and the digits in
// front.
func compareParts(a, b string) int {
	for a != "" || b != "" {
		textA, textB := prefix(a, false), prefix(b, false)
		if c := compareText(textA, textB); c != 0 {
			return c
		}
		a, b = a[len(textA):], b[len(textB):]
		numberA, numberB := prefix(a, true), prefix(b, true)
		if c := compareNumbers(numberA, numberB); c != 0 {
			return c
		}
		a, b = a[len(numberA):], b[len(numberB):]
	}
	return 0
}

// prefix is what s begins with: its digits, or what stands before them.
func prefix(s string, digits bool) string {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9') == digits {
		n++
	}
	return s[:n]
}

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareText sorts "~" before the end, and letters before all else.
func compareText(a, b string) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(weight(a, i), weight(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z':
		return int(s[i])
	}
	return int(s[i]) + 256
}
