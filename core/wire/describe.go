package wire

import (
	"fmt"
	"maps"
	"slices"
)

// Describe gives the texts of a code; tr translates an English msgid. Missing
// arguments are shown as "?", so that a text never fails.
func Describe(code Code, args []string, tr func(string) string) Message {
	r, ok := table[code]
	if !ok {
		r = table[Internal]
	}
	return Message{tr(r.title), fill(tr(r.text), args), fill(tr(r.hint), args)}
}

// ExitStatus is the exit status of a run that ended with this code.
func ExitStatus(code Code) int {
	if r, ok := table[code]; ok {
		return r.exit
	}
	return ExitFailed
}

// Codes are all codes that there are, in no order.
func Codes() []Code { return slices.Collect(maps.Keys(table)) }

// fill puts args into the verbs %[1]s, %[2]s … of text.
func fill(text string, args []string) string {
	values := make([]any, 9)
	for i := range values {
		values[i] = "?"
		if i < len(args) {
			values[i] = args[i]
		}
	}
	return fmt.Sprintf(text+"%.0[9]s", values...)
}
