package main

import (
	"slices"
	"strings"

	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// order is how the help lists the verbs.
var order = []string{"status", "estimate", "build", "disarm", "keep", "versions", "rollback", "note", "pin", "unpin", "verify", "delete", "prune", "diff", "browse", "try", "untry", "menu", "iso"}

var verbs map[string]verb

// called is how a version is named, for the help of all verbs that take one.
var called = wire.T("VERSION is running, default, armed, previous, the number of an archive, the first six or more digits of a version id, or a file as the list of versions shows it.")

// Filled in here, as the help itself goes through the table.
func init() {
	verbs = map[string]verb{
		"status": {do: (*app).status, text: wire.T("what runs, what speaks against a new version, what the next start does"),
			more: []string{wire.T("It only looks, and needs no password.")}},
		"estimate": {do: (*app).estimate, text: wire.T("how large a new version would be, how long it takes, and whether it fits"),
			more: []string{wire.T("It only looks, but needs the password, as only the administrator sees all files. It takes the options of build.")}},
		"build": {do: (*app).build, text: wire.T("make a new version of this system and put it in place for the next start"),
			more: []string{wire.T("The version you use now is kept. The boot option rollback brings it back.")}},
		"disarm": {do: (*app).disarm, text: wire.T("take a new version out of the next start; nothing is deleted"),
			more: []string{wire.T("A new version goes to the archive folder on the stick, one that was there already goes back to its place.")}},
		"keep": {do: (*app).keep, text: wire.T("be content with the version that runs now, and file the previous one away"),
			more: []string{wire.T("As long as the previous version is not filed away, there can be no further one.")}},
		"versions": {do: (*app).versions, text: wire.T("all versions on the stick, and what each of them is"),
			more: []string{wire.T("It only looks, and needs no password.")}},
		"rollback": {do: (*app).rollback, takes: "[VERSION]", max: 1, text: wire.T("make an earlier version the one that starts next; otherwise the previous one"),
			more: []string{called}},
		"note": {do: (*app).setNote, takes: "VERSION TEXT", min: 2, max: 2, text: wire.T("write down a line about a version; an empty one takes it away"),
			more: []string{called}},
		"pin":   {do: (*app).pin, takes: "VERSION", min: 1, max: 1, text: wire.T("keep a version from being deleted"), more: []string{called}},
		"unpin": {do: (*app).unpin, takes: "VERSION", min: 1, max: 1, text: wire.T("take the pin away again"), more: []string{called}},
		"verify": {do: (*app).verify, takes: "VERSION", min: 1, max: 1, text: wire.T("read all of a version from the stick, and tell whether it is whole"),
			more: []string{called}},
		"delete": {do: (*app).remove, takes: "VERSION", min: 1, max: 1, text: wire.T("delete a version for good, with what belongs to it"),
			more: []string{called, wire.T("Never what runs, what a plain start uses, what waits for the next start, or the last one that can be started. A pinned one needs: --confirm \"delete a pinned version\", that of the rescue entry: --confirm \"delete the rescue version\".")}},
		"prune": {do: (*app).prune, text: wire.T("delete old versions until no more than so many are left, or so much is free"),
			more: []string{wire.T("It says first what would go: what went out of use first, goes first. Never what runs, what a plain start uses, what waits for the next start, the last one that can be started, the previous one, what is pinned, or what is not known to be a whole version.")}},
		"diff": {do: (*app).diff, takes: "[VERSION [VERSION]]", max: 2, text: wire.T("what changes from the running version, or the first one named, to another"),
			more: []string{called}},
		"browse": {do: (*app).browse, takes: "VERSION [PATH]", min: 1, max: 2, text: wire.T("list a folder of a version, or copy a file out of it"),
			more: []string{called, wire.T("It only looks, and needs no password. Nothing is mounted, and no file is overwritten.")}},
		"try": {do: (*app).try, takes: "VERSION", min: 1, max: 1, text: wire.T("give a version an entry in the boot menu that starts it from where it lies"),
			more: []string{called, wire.T("Nothing is renamed: a start without that entry is the usual one. One version at a time can be tried.")}},
		"untry": {do: (*app).untry, takes: "VERSION", min: 1, max: 1, text: wire.T("take that entry away again"), more: []string{called}},
		"menu": {do: (*app).menu, takes: "on|off", min: 1, max: 1, text: wire.T("have entries for rescue in the boot menu of the stick, or none"),
			more: []string{wire.T("They are there after the first new version, and are brought up to date at every change. The menu itself is left as it is: a few lines at its end include them.")}},
		"iso": {do: (*app).iso, text: wire.T("make a LiveCD of a version, which starts by BIOS and UEFI"),
			more: []string{called, wire.T("It is written with your own rights and needs no password. Nothing on the stick is changed, and no file is overwritten. It holds all that the version holds, users and passwords too.")}},
	}
}

func verbNames() []string { return slices.Clone(order) }

var choices = []choice{
	{name: "type", value: "personal", of: "build", text: wire.T("keep the users and settings of this computer (the default)"),
		set: oneOf("--type", []string{"personal"}, func(o *options, v string) { o.choices.Type = v })},
	{name: "home", value: "keep|leave", of: "build", text: wire.T("pack /home (the default), or leave it empty"),
		set: oneOf("--home", []string{"keep", "leave"}, func(o *options, v string) { o.choices.Home = v })},
	{name: "compressor", value: strings.Join(plan.Compressors, "|"), of: "build", text: wire.T("how to compress; otherwise as now"),
		set: oneOf("--compressor", plan.Compressors, func(o *options, v string) { o.choices.Compressor = v })},
	{name: "level", value: "N", of: "build", text: wire.T("how hard to compress: zstd 1 to 22, gzip 1 to 9"),
		set: number("--level", func(o *options, n int) { o.choices.Level = n })},
	{name: "exclude", value: "PATTERN", many: true, of: "build", text: wire.T("leave these files out, for example home/*/Videos; may be repeated"), set: exclude},
	{name: "exclude-from", value: "FILE", many: true, of: "build", text: wire.T("leave out the patterns of this file, one a line"), set: excludeFrom},
	{name: "include", value: "PATTERN", many: true, of: "build", text: wire.T("pack something that is usually left out"), set: include},
	{name: "title", value: "TEXT", of: "build", text: wire.T("name of the new version"),
		set: text(func(o *options, v string) { o.choices.Title = v })},
	{name: "processors", value: "N", of: "build", text: wire.T("how many processors to use; otherwise all"),
		set: number("--processors", func(o *options, n int) { o.choices.Processors = n })},
	{name: "memory", value: "MIB", of: "build", text: wire.T("how much memory to use; otherwise a quarter of what is free"),
		set: number("--memory", func(o *options, n int) { o.choices.MemoryMiB = n })},
	{name: "confirm", value: "WORDS", of: "build", text: wire.T("agree to lose the files in /home with --home leave"), set: confirm},
	{name: "keep", value: "N", of: "prune", text: wire.T("how many old versions may be left"), set: keepAtMost},
	{name: "free", value: "MIB", of: "prune", text: wire.T("how much is to be free on the stick"),
		set: number("--free", func(o *options, n int) { o.free = n })},
	{name: "dry-run", of: "prune", text: wire.T("only show what would be deleted"), set: toggle(func(o *options) { o.dryRun = true })},
	{name: "output", value: "FILE", of: "browse", text: wire.T("copy the file of the version to this new file"),
		set: text(func(o *options, v string) { o.output = v })},
	{name: "method", value: "du|upper", of: "estimate", text: wire.T("estimate by a rule of thumb: of all files, or of the changed ones"),
		set: oneOf("--method", []string{"du", "upper"}, func(o *options, v string) { o.method = v })},
	{name: "output", value: "FILE", of: "iso", text: wire.T("the new file, for example /home/demo/my.iso"),
		set: text(func(o *options, v string) { o.output = v })},
	{name: "version", value: "VERSION", of: "iso", text: wire.T("which version; otherwise the running one"),
		set: text(func(o *options, v string) { o.of = v })},
	{name: "label", value: "TEXT", of: "iso", text: wire.T("volume label; otherwise the name of the system"),
		set: text(func(o *options, v string) { o.label = v })},
	{name: "yes", text: wire.T("do not ask"), set: toggle(func(o *options) { o.yes = true })},
	{name: "json", text: wire.T("answer with one JSON object a line, for scripts"), set: toggle(func(o *options) { o.json = true })},
	{name: "quiet", text: wire.T("say only what went wrong"), set: toggle(func(o *options) { o.quiet = true })},
	{name: "verbose", text: wire.T("say more, for reports of errors"), set: toggle(func(o *options) { o.verbose = true })},
	{name: "version", text: wire.T("print the version of this program"), set: toggle(func(o *options) { o.version = true })},
	{name: "help", text: wire.T("print this help"), set: toggle(func(o *options) { o.help = true })},
}
