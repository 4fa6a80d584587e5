package plan

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed exclude.list
var shippedList string

// ErrPattern says that a pattern cannot be used.
var ErrPattern = errors.New("not a usable pattern")

// Rules are patterns of paths that are not packed, compiled for a walk. The
// zero value excludes nothing.
type Rules struct{ active [][]string } // the components still to be matched

// Shipped gives the patterns of the shipped list in its two parts: those that
// always hold and those that a user may take out.
func Shipped() (always, usually []string) {
	part := &always
	for _, line := range strings.Split(shippedList, "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "[usually]":
			part = &usually
		case line != "" && line != "[always]" && !strings.HasPrefix(line, "#"):
			*part = append(*part, line)
		}
	}
	return always, usually
}

// Patterns puts the shipped list and the user's wishes together. Every
// include must be a line of the part that may be taken out.
func Patterns(exclude, include []string, leaveHome bool) ([]string, error) {
	always, usually := Shipped()
	for _, p := range include {
		i := slices.Index(usually, strings.TrimPrefix(p, "/"))
		if i < 0 {
			return nil, fmt.Errorf("%q is not in the list of what is usually left out: %w", p, ErrPattern)
		}
		usually = slices.Delete(usually, i, i+1)
	}
	patterns := append(always, usually...)
	if leaveHome {
		patterns = append(patterns, "home/*", "home/.*")
	}
	for _, p := range exclude {
		p = strings.Trim(p, "/")
		if err := checkPattern(p); err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// checkPattern keeps to what mksquashfs and Match understand alike.
func checkPattern(p string) error {
	if p == "" || len(p) > 1024 || strings.TrimSpace(p) != p || strings.HasPrefix(p, "-") {
		return fmt.Errorf("%q: %w", p, ErrPattern)
	}
	for _, c := range p {
		if c < ' ' || c == '\\' || c == 0x7f {
			return fmt.Errorf("%q holds a character that cannot be used: %w", p, ErrPattern)
		}
	}
	for _, part := range strings.Split(p, "/") {
		if err := checkPart(part); err != nil {
			return fmt.Errorf("%q: %w", p, err)
		}
	}
	return nil
}

func checkPart(part string) error {
	if part == "" || part == "." || part == ".." {
		return ErrPattern
	}
	if names, ok := negated(part); ok {
		for _, n := range names {
			if n == "" || strings.ContainsAny(n, "*?[]()!+@|") {
				return ErrPattern
			}
		}
		return nil
	}
	if strings.ContainsAny(part, "()|") || strings.HasPrefix(part, "... ") {
		return ErrPattern
	}
	for {
		i := strings.IndexAny(part, "[]")
		if i < 0 {
			return nil
		}
		n := setLen(part[i:])
		if n == 0 {
			return ErrPattern
		}
		part = part[i+n:]
	}
}

// setLen is the length of the set [abc], [a-z] or [^a-z] that s starts with;
// 0 when it does not, or with one that not everybody reads alike.
func setLen(s string) int {
	end := strings.IndexByte(s, ']')
	if end < 0 || s[0] != '[' {
		return 0
	}
	inner := strings.TrimPrefix(s[1:end], "^")
	if inner == "" || strings.ContainsAny(inner, "[!^") {
		return 0
	}
	for inner != "" {
		if inner[0] == '-' || inner[0] >= utf8.RuneSelf {
			return 0
		}
		lo, hi, rest := nextRange(inner)
		if lo > hi || hi >= utf8.RuneSelf {
			return 0
		}
		inner = rest
	}
	return end + 1
}

// nextRange takes "a" or "a-z" from the inside of a set.
func nextRange(inner string) (lo, hi byte, rest string) {
	if len(inner) > 2 && inner[1] == '-' {
		return inner[0], inner[2], inner[3:]
	}
	return inner[0], inner[0], inner[1:]
}

// negated takes !(a|b) apart.
func negated(part string) ([]string, bool) {
	inner, ok := strings.CutPrefix(part, "!(")
	if !ok || !strings.HasSuffix(inner, ")") {
		return nil, false
	}
	return strings.Split(strings.TrimSuffix(inner, ")"), "|"), true
}

// Compile makes rules of patterns that Patterns accepted.
func Compile(patterns []string) Rules {
	var r Rules
	for _, p := range patterns {
		r.active = append(r.active, strings.Split(p, "/"))
	}
	return r
}

// Enter tells whether name, an entry of the directory that r stands for, is
// excluded, and gives the rules for what is below it.
func (r Rules) Enter(name string) (below Rules, excluded bool) {
	for _, parts := range r.active {
		if !matchPart(parts[0], name) {
			continue
		}
		if len(parts) == 1 {
			return Rules{}, true
		}
		below.active = append(below.active, parts[1:])
	}
	return below, false
}

// Empty tells whether the rules exclude nothing.
func (r Rules) Empty() bool { return len(r.active) == 0 }

// Match tells whether the path, relative to /, or a directory above it is
// excluded.
func (r Rules) Match(p string) bool {
	for _, name := range strings.Split(p, "/") {
		var excluded bool
		if r, excluded = r.Enter(name); excluded {
			return true
		}
	}
	return false
}

// matchPart is fnmatch with FNM_PERIOD and FNM_EXTMATCH in the C locale, as
// mksquashfs calls it: byte by byte, and a wildcard never matches a leading dot.
func matchPart(part, name string) bool {
	if names, ok := negated(part); ok {
		return !slices.Contains(names, name)
	}
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
		return false
	}
	return match(part, name)
}

// match goes back to the last star only, so it takes no more than the product
// of both lengths.
func match(part, name string) bool {
	star, starName := "", ""
	starred := false
	for part != "" || name != "" {
		if part != "" && part[0] == '*' {
			part = part[1:]
			star, starName, starred = part, name, true
			continue
		}
		if n := matchOne(part, name); n > 0 {
			part, name = part[n:], name[1:]
			continue
		}
		if !starred || starName == "" {
			return false
		}
		starName = starName[1:]
		part, name = star, starName
	}
	return true
}

// matchOne is the length of what matches the first byte of name; 0 when that
// does not.
func matchOne(part, name string) int {
	switch {
	case part == "" || name == "":
		return 0
	case part[0] == '[':
		n := setLen(part)
		if n > 0 && inSet(part[1:n-1], name[0]) {
			return n
		}
		return 0
	case part[0] == '?' || part[0] == name[0]:
		return 1
	}
	return 0
}

func inSet(inner string, c byte) bool {
	inner, negated := strings.CutPrefix(inner, "^")
	for inner != "" {
		var lo, hi byte
		if lo, hi, inner = nextRange(inner); lo <= c && c <= hi {
			return !negated
		}
	}
	return negated
}
