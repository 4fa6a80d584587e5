package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const program = "antix-remaster-cli"

func (a *app) printVersion() error {
	fmt.Fprintln(a.out, program, version)
	return nil
}

// printHelp prints the help of the verb, or of the whole program.
func (a *app) printHelp() error {
	var b strings.Builder
	if v, ok := verbs[a.verb]; ok {
		fmt.Fprintf(&b, "%s: %s\n", strings.TrimRight(program+" "+a.verb+" "+v.takes, " "), tr(v.text))
		for _, more := range v.more {
			b.WriteString(wrap(tr(more), "", 79))
		}
	} else {
		fmt.Fprintf(&b, "%s\n\n", tr("Makes a new version of the running antiX or MX live system, with all you changed in it."))
		var rows [][2]string
		for _, name := range order {
			rows = append(rows, [2]string{strings.TrimRight(program+" "+name+" "+verbs[name].takes, " "), tr(verbs[name].text)})
		}
		b.WriteString(columns(rows))
	}
	for _, name := range order {
		if rows := flagRows(name); len(rows) > 0 && (a.verb == "" || a.verb == name || a.verb == "estimate" && name == "build") {
			fmt.Fprintf(&b, "\n%s\n%s", fmt.Sprintf(tr("Options of %[1]s:"), name), columns(rows))
		}
	}
	fmt.Fprintf(&b, "\n%s\n%s", tr("Options everywhere:"), columns(flagRows("")))
	if a.verb == "" {
		fmt.Fprintf(&b, "\n%s\n", tr("Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused by a check, 4 another run is in progress, 5 cancelled, 6 not authorised."))
	}
	fmt.Fprint(a.out, b.String())
	return nil
}

// flagRows are the options of a verb; those of "" are everywhere.
func flagRows(verb string) [][2]string {
	var rows [][2]string
	for _, c := range choices {
		if c.of == verb {
			rows = append(rows, [2]string{strings.TrimSpace("--" + c.name + " " + c.value), tr(c.text)})
		}
	}
	return rows
}

// columns sets two columns side by side.
func columns(rows [][2]string) string {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "  %s%s  %s\n", r[0], strings.Repeat(" ", width-utf8.RuneCountInString(r[0])), r[1])
	}
	return b.String()
}
