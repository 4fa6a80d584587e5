package main

import (
	"slices"
	"strings"

	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// order is how the help lists the verbs.
var order = []string{"status", "build", "disarm", "keep"}

var verbs map[string]verb

// Filled in here, as the help itself goes through the table.
func init() {
	verbs = map[string]verb{
		"status": {(*app).status, wire.T("what runs, what speaks against a new version, what the next start does"),
			wire.T("It only looks, and needs no password.")},
		"build": {(*app).build, wire.T("make a new version of this system and put it in place for the next start"),
			wire.T("The version you use now is kept. The boot option rollback brings it back.")},
		"disarm": {(*app).disarm, wire.T("take a new version out of the next start; nothing is deleted"),
			wire.T("The new version goes to the archive folder on the stick.")},
		"keep": {(*app).keep, wire.T("be content with the version that runs now, and file the previous one away"),
			wire.T("As long as the previous version is not filed away, there can be no further one.")},
	}
}

func verbNames() []string { return slices.Clone(order) }

var choices = []choice{
	{name: "type", value: "personal", build: true, text: wire.T("keep the users and settings of this computer (the default)"),
		set: oneOf("--type", []string{"personal"}, func(o *options, v string) { o.choices.Type = v })},
	{name: "home", value: "keep|leave", build: true, text: wire.T("pack /home (the default), or leave it empty"),
		set: oneOf("--home", []string{"keep", "leave"}, func(o *options, v string) { o.choices.Home = v })},
	{name: "compressor", value: strings.Join(plan.Compressors, "|"), build: true, text: wire.T("how to compress; otherwise as now"),
		set: oneOf("--compressor", plan.Compressors, func(o *options, v string) { o.choices.Compressor = v })},
	{name: "level", value: "N", build: true, text: wire.T("how hard to compress: zstd 1 to 22, gzip 1 to 9"),
		set: number("--level", func(o *options, n int) { o.choices.Level = n })},
	{name: "exclude", value: "PATTERN", many: true, build: true, text: wire.T("leave these files out, for example home/*/Videos; may be repeated"), set: exclude},
	{name: "exclude-from", value: "FILE", many: true, build: true, text: wire.T("leave out the patterns of this file, one a line"), set: excludeFrom},
	{name: "include", value: "PATTERN", many: true, build: true, text: wire.T("pack something that is usually left out"), set: include},
	{name: "title", value: "TEXT", build: true, text: wire.T("name of the new version"),
		set: text(func(o *options, v string) { o.choices.Title = v })},
	{name: "processors", value: "N", build: true, text: wire.T("how many processors to use; otherwise all"),
		set: number("--processors", func(o *options, n int) { o.choices.Processors = n })},
	{name: "memory", value: "MIB", build: true, text: wire.T("how much memory to use; otherwise a quarter of what is free"),
		set: number("--memory", func(o *options, n int) { o.choices.MemoryMiB = n })},
	{name: "confirm", value: "WORDS", build: true, text: wire.T("agree to lose the files in /home with --home leave"), set: confirm},
	{name: "yes", text: wire.T("do not ask"), set: toggle(func(o *options) { o.yes = true })},
	{name: "json", text: wire.T("answer with one JSON object a line, for scripts"), set: toggle(func(o *options) { o.json = true })},
	{name: "quiet", text: wire.T("say only what went wrong"), set: toggle(func(o *options) { o.quiet = true })},
	{name: "verbose", text: wire.T("say more, for reports of errors"), set: toggle(func(o *options) { o.verbose = true })},
	{name: "version", text: wire.T("print the version of this program"), set: toggle(func(o *options) { o.version = true })},
	{name: "help", text: wire.T("print this help"), set: toggle(func(o *options) { o.help = true })},
}
