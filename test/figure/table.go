package figure

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The lines of docs/promises.md between which the table stands.
const (
	begin = "<!-- figures: written by scripts/test --full -->"
	end   = "<!-- end of the figures -->"
)

// Insert puts the collected lines into the table of the document. Of several
// runs of the same test the last counts; what was not run again stays, with the
// date it has.
func Insert(document, collected []byte) ([]byte, error) {
	head, rest, ok := bytes.Cut(document, []byte(begin))
	old, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the document lacks the lines %q and %q", begin, end)
	}
	lines, err := read(rows(old), collected)
	if err != nil {
		return nil, err
	}
	return slices.Concat(head, []byte(begin+"\n\n"+table(lines)+"\n"+end), tail), nil
}

var row = regexp.MustCompile("(?m)^\\| ([A-Z][0-9]+) \\| (.*) \\| `(.*)` \\| ([0-9]+) \\| ([0-9]+) \\| (.*) \\|$")

// rows reads a table back.
func rows(table []byte) (lines []Line) {
	for _, f := range row.FindAllStringSubmatch(string(table), -1) {
		tried, _ := strconv.Atoi(f[4])
		violations, _ := strconv.Atoi(f[5])
		lines = append(lines, Line{f[1], f[3], f[2], tried, violations, f[6]})
	}
	return lines
}

func read(before []Line, collected []byte) ([]Line, error) {
	last := map[[3]string]Line{}
	for _, l := range before {
		last[[3]string{l.Promise, l.Test, l.What}] = l
	}
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
