package figure

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The lines of docs/promises.md between which the table stands.
const (
	begin = "<!-- figures: written by scripts/test --full -->"
	end   = "<!-- end of the figures -->"
)

// Insert puts the table of the collected lines into the document. Of several
// runs of the same test the last counts.
func Insert(document, collected []byte) ([]byte, error) {
	lines, err := read(collected)
	if err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(document, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the document lacks the lines %q and %q", begin, end)
	}
	return slices.Concat(head, []byte(begin+"\n\n"+table(lines)+"\n"+end), tail), nil
}

func read(collected []byte) ([]Line, error) {
	last := map[[3]string]Line{}
	for i, text := range bytes.Split(bytes.TrimSpace(collected), []byte("\n")) {
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("line %d is no figure: %w", i+1, err)
		}
		last[[3]string{l.Promise, l.Test, l.What}] = l
	}
	var lines []Line
	for _, l := range last {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Promise[:1], b.Promise[:1]), cmp.Compare(number(a.Promise), number(b.Promise)),
			cmp.Compare(a.What, b.What), cmp.Compare(a.Test, b.Test))
	})
	return lines, nil
}

func number(promise string) int {
	n, _ := strconv.Atoi(promise[1:]) // others come first
	return n
}

func table(lines []Line) string {
	var b strings.Builder
	b.WriteString("| promise | what was tried | test | tried | violations | date |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s | %s | `%s` | %d | %d | %s |\n", l.Promise, l.What, l.Test, l.Tried, l.Violations, l.Date)
	}
	return b.String()
}
