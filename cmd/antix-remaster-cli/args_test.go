package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"antix-remaster/core/wire"
)

func TestParse(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("# comment\n\nhome/*/Videos\r\n  var/big  \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]options{
		"status":                     {verb: "status"},
		"--json status":              {verb: "status", json: true},
		"status --yes --yes --quiet": {verb: "status", yes: true, quiet: true},
		"keep --verbose":             {verb: "keep", verbose: true},
		"--help":                     {help: true},
		"build -h":                   {verb: "build", help: true},
		"--version":                  {version: true},
		"-- disarm":                  {verb: "disarm"},
		"--level 19 build --yes --compressor=zstd":         {verb: "build", yes: true, choices: wire.Choices{Level: 19, Compressor: "zstd"}},
		"build --type personal --home keep":                {verb: "build", choices: wire.Choices{Type: "personal", Home: "keep"}},
		"build --title=a=b --memory 64 --processors 1":     {verb: "build", choices: wire.Choices{Title: "a=b", MemoryMiB: 64, Processors: 1}},
		"build --exclude a --exclude b/* --exclude-from L": {verb: "build", choices: wire.Choices{Exclude: []string{"a", "b/*", "home/*/Videos", "var/big"}}},
		"build --home leave --confirm W":                   {verb: "build", confirm: confirmation, choices: wire.Choices{Home: "leave"}},
		"rollback":                                         {verb: "rollback"},
		"rollback --yes 0003":                              {verb: "rollback", yes: true, words: []string{"0003"}},
		"diff armed -- -weird":                             {verb: "diff", words: []string{"armed", "-weird"}},
		"--confirm P delete 3":                             {verb: "delete", confirm: pinnedWords, words: []string{"3"}},
		"prune --keep 0 --free 4096 --dry-run":             {verb: "prune", most: new(int), free: 4096, dryRun: true},
		"browse 3 /etc/motd --output x":                    {verb: "browse", words: []string{"3", "/etc/motd"}, output: "x"},
		"delete 3 --confirm P":                             {verb: "delete", confirm: pinnedWords, words: []string{"3"}},
		"delete 3 --confirm R":                             {verb: "delete", confirm: rescueWords, words: []string{"3"}},
	} {
		args := strings.Fields(line)
		for i := range args {
			switch args[i] {
			case "L":
				args[i] = list
			case "W":
				args[i] = confirmation
			case "P":
				args[i] = pinnedWords
			case "R":
				args[i] = rescueWords
			}
		}
		if got, err := parse(args); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", line, got, err, want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, args := range map[string][]string{
		"nothing":                {},
		"absent verb":            {"frobnicate"},
		"prune without a policy": {"prune"},
		"prune a version":        {"prune", "3", "--keep", "1"},
		"keep fewer than none":   {"prune", "--keep", "-1"},
		"keep some":              {"prune", "--keep", "some"},
		"free nothing":           {"prune", "--free", "0"},
		"option of prune":        {"delete", "3", "--dry-run"},
		"option of browse":       {"prune", "--keep", "1", "--output", "x"},
		"browse nothing":         {"browse"},
		"output of no file":      {"browse", "3", "--output", "x"},
		"note without text":      {"note", "3"},
		"pin nothing":            {"pin"},
		"too many versions":      {"diff", "1", "2", "3"},
		"words of delete":        {"pin", "3", "--confirm", pinnedWords},
		"rescue words of delete": {"pin", "3", "--confirm", rescueWords},
		"words of build":         {"delete", "3", "--confirm", confirmation},
		"words of build first":   {"--confirm", confirmation, "delete", "3"},
		"verb of later":          {"review"},
		"two verbs":              {"status", "build"},
		"extra word":             {"keep", "it"},
		"word that looks a flag": {"keep", "--", "--yes"},
		"unknown flag":           {"status", "--fast"},
		"single dash":            {"status", "-json"},
		"lone dash":              {"status", "-"},
		"value for a switch":     {"build", "--yes=no"},
		"no value":               {"build", "--title"},
		"empty value":            {"build", "--title="},
		"not UTF-8":              {"build", "--title", "a\xff"},
		"twice":                  {"build", "--level", "1", "--level", "2"},
		"general":                {"build", "--type", "general"},
		"home":                   {"build", "--home", "lose"},
		"compressor":             {"build", "--compressor", "lzo"},
		"level zero":             {"build", "--level", "0"},
		"level word":             {"build", "--level", "best"},
		"level overflow":         {"build", "--level", "99999999999999999999"},
		"negative":               {"build", "--processors", "-1"},
		"choice of build":        {"status", "--title", "x"},
		"bad pattern":            {"build", "--exclude", "a/../b"},
		"pattern not UTF-8":      {"build", "--exclude", "\xff"},
		"include":                {"build", "--include", "proc"},
		"words":                  {"build", "--home", "leave", "--confirm", "yes"},
		"words alone":            {"build", "--confirm", confirmation},
		"list missing":           {"build", "--exclude-from", filepath.Join(dir, "none")},
		"list is a folder":       {"build", "--exclude-from", dir},
		"list too long":          {"build", "--exclude-from", file("long", strings.Repeat("a\n", maxList))},
		"list binary":            {"build", "--exclude-from", file("binary", "\xff\xfe\x00")},
		"list bad line":          {"build", "--exclude-from", file("bad", "good\n/../x\n")},
	} {
		_, err := parse(args)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if e := wire.AsError(err); e.Code != wire.Usage || wire.ExitStatus(e.Code) != 2 || strings.Contains(e.Args[0], "%!") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadListIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("ok\n-no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := parse([]string{"build", "--exclude-from", path})
	if text := wire.AsError(err).Args[0]; !strings.Contains(text, "Line 2") || !strings.Contains(text, path) {
		t.Errorf("%q", text)
	}
}
