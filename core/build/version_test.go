package build

import (
	"regexp"
	"testing"
	"time"
)

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) || seen[id] {
			t.Fatalf("%q, or it was there before", id)
		}
		seen[id] = true
	}
}

// Contract §7: the history only grows.
func TestAppendEntry(t *testing.T) {
	const first = "==== aa\n\ntitle: old\ncreation date: 1 May 2020 10:00:00 UTC\nkernel: Linux 4.19\nmachine: i686\n"
	const added = "==== 0123456789abcdef0123456789abcdef\n\ntitle: Remaster of today\ncreation date: 3 February 2026 04:05:06 CET\n" +
		"kernel: Linux 6.1.0-37-amd64\nmachine: x86_64\n"
	e := Entry{ID: "0123456789abcdef0123456789abcdef", Title: "Remaster of today", Kernel: "6.1.0-37-amd64", Machine: "x86_64",
		Date: time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("CET", 3600))}
	for name, c := range map[string]struct{ old, want string }{
		"empty":             {"", added},
		"one":               {first, first + added},
		"no newline at end": {first[:len(first)-1], first + added},
		"a blank line":      {first + "\n", first + "\n" + added},
		"only a newline":    {"\n", "\n" + added},
		"CRLF":              {"==== aa\r\n", "==== aa\r\n" + added},
		"not a history":     {"\xff\x00", "\xff\x00\n" + added},
	} {
		if got := AppendEntry(c.old, e); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
