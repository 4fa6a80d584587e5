package wire

import (
	"fmt"
	"strings"
)

const maxNamed = 300 // bytes of one name: a path can have 4096, and quoting four times that

// List names the first n of names, and says how many more there are.
func List(names []string, n int) string {
	var out []string
	for _, name := range names[:min(n, len(names))] {
		out = append(out, clip(name, maxNamed))
	}
	text := strings.Join(out, ", ")
	if len(names) > n {
		text += fmt.Sprintf(" … (+%d)", len(names)-n)
	}
	return text
}
