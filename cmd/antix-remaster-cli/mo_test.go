package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/sys"
)

// compile makes a catalogue of a translation of this project and gives the
// directory to look in.
func compile(t *testing.T, lang string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, lang, "LC_MESSAGES"), 0o755); err != nil {
		t.Fatal(err)
	}
	tool(t, "msgfmt", "-c", "-o", filepath.Join(dir, lang, "LC_MESSAGES", domain+".mo"), top(t, "po/"+lang+".po"))
	return dir
}

func top(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tool runs a program that these tests cannot do without.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := sys.Program(name)
	if err != nil {
		t.Fatalf("%v (package gettext)", err)
	}
	out, err := sys.Output(t.Context(), path, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

func environment(vars ...string) func(string) string {
	return func(key string) string {
		for _, v := range vars {
			if value, ok := strings.CutPrefix(v, key+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestLanguages(t *testing.T) {
	for vars, want := range map[string][]string{
		"":                          nil,
		"LANG=C":                    nil,
		"LANG=C.UTF-8 LANGUAGE=de":  nil,
		"LANG=POSIX":                nil,
		"LANG=de_DE.UTF-8":          {"de_DE", "de_DE", "de", "de"},
		"LANG=de LC_ALL=C":          nil,
		"LANG=de LC_MESSAGES=fr":    {"fr", "fr", "fr", "fr"},
		"LANG=en LANGUAGE=pt_BR:de": {"pt_BR", "pt_BR", "pt", "pt", "de", "de", "de", "de", "en", "en", "en", "en"},
		"LANG=../../x":              nil,
		"LANG=sr@latin":             {"sr@latin", "sr", "sr@latin", "sr"},
	} {
		if got := languages(environment(strings.Fields(vars)...)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", vars, got, want)
		}
	}
}

func TestTranslator(t *testing.T) {
	dir := compile(t, "de")
	for vars, want := range map[string]string{
		"LANG=de_AT.UTF-8":      "Dieses System",
		"LANG=fr LANGUAGE=x:de": "Dieses System",
		"LANG=de LANGUAGE=en":   "This system", // en stands before de
		"LANG=C":                "This system",
		"LANG=it_IT":            "This system",
	} {
		tr := loadTranslator(environment(strings.Fields(vars)...), "/nowhere", dir)
		if got := tr("This system"); got != want {
			t.Errorf("%s: %q, want %q", vars, got, want)
		}
		if tr("no such text") != "no such text" {
			t.Errorf("%s: an unknown text was lost", vars)
		}
	}
}

// TestTranslationsAreWhole: each language has every text, with the same verbs.
func TestTranslationsAreWhole(t *testing.T) {
	linguas, err := os.ReadFile(top(t, "po/LINGUAS"))
	if err != nil {
		t.Fatal(err)
	}
	template := tool(t, "msgfmt", "-o", "-", "--statistics", top(t, "po/antix-remaster.pot"))
	verbs := regexp.MustCompile(`%(\[\d\])?[a-z%]`)
	for _, lang := range strings.Fields(string(linguas)) {
		c, err := readCatalogue(filepath.Join(compile(t, lang), lang, "LC_MESSAGES", domain+".mo"))
		if err != nil {
			t.Fatal(err)
		}
		if want := regexp.MustCompile(`(\d+) untranslated`).FindStringSubmatch(template); want == nil || len(c) != atoi(want[1]) {
			t.Errorf("%s has %d texts, the template: %v", lang, len(c), want)
		}
		for id, str := range c {
			a, b := verbs.FindAllString(id, -1), verbs.FindAllString(str, -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
				t.Errorf("%s: verbs of %q and %q", lang, id, str)
			}
		}
	}
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func TestTemplateIsFresh(t *testing.T) {
	want, err := os.ReadFile(top(t, "po/antix-remaster.pot"))
	if err != nil {
		t.Fatal(err)
	}
	tool(t, "xgettext", "--version")
	if got := tool(t, "sh", top(t, "po/update"), "--print"); got != string(want) {
		t.Error("po/antix-remaster.pot is stale: run po/update")
	}
}

// callOfText finds T() and tr() in Go source.
var callOfText = regexp.MustCompile(`\b(?:wire\.)?(?:T|tr)\((.)`)

// TestTextsCanBeExtracted: every file with texts is in POTFILES, and xgettext
// can read them: plain literals, or variables that hold a text marked elsewhere.
func TestTextsCanBeExtracted(t *testing.T) {
	list, err := os.ReadFile(top(t, "po/POTFILES"))
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(list))
	var files []string
	for _, dir := range []string{"cmd/*", "core/*"} {
		found, _ := filepath.Glob(top(t, dir) + "/*.go")
		files = append(files, found...)
	}
	for _, path := range files {
		name, _ := filepath.Rel(top(t, "."), path)
		text, err := os.ReadFile(path)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		literals := false
		for _, m := range callOfText.FindAllStringSubmatch(string(text), -1) {
			literals = literals || m[1] == `"`
			if m[1] == "`" {
				t.Errorf("%s: xgettext cannot read a raw string", name)
			}
		}
		if literals != slices.Contains(listed, name) {
			t.Errorf("%s: texts: %v, listed in po/POTFILES: %v", name, literals, !literals)
		}
	}
}

func FuzzCatalogue(f *testing.F) {
	f.Add("")
	f.Add("\xde\x12\x04\x95" + strings.Repeat("\x00", 24))
	f.Add("\x95\x04\x12\xde" + strings.Repeat("\xff", 40))
	f.Add("\xde\x12\x04\x95\x00\x00\x00\x00\x01\x00\x00\x00\x1c\x00\x00\x00\x24\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x00\x00\x00\x2c\x00\x00\x00\x01\x00\x00\x00\x2e\x00\x00\x00a\x00b\x00")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCatalogue(text)
		if err != nil {
			return
		}
		for id := range c {
			c.translate(id)
		}
	})
}
