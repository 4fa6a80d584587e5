package layers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The guide says what to do for every code that a user can meet, and for no
// code that there is not.
func TestGuideNamesEveryCode(t *testing.T) {
	source, err := os.ReadFile("../../core/wire/code.go")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bCode = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		codes[m[1]] = true
		if !strings.Contains(string(guide), "(`"+m[1]+"`)") {
			t.Errorf("docs/guide.md does not say what to do for %s", m[1])
		}
	}
	if len(codes) < 40 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, m := range regexp.MustCompile("\\(`([a-z_]+)`\\)").FindAllStringSubmatch(string(guide), -1) {
		if !codes[m[1]] {
			t.Errorf("docs/guide.md tells of %s, which is no code", m[1])
		}
	}
}

// docs/promises.md names only tests that there are.
func TestPromisesNameRealTests(t *testing.T) {
	text, err := os.ReadFile("../../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+|[a-z0-9-]+\\.txtar)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 20 {
		t.Fatalf("only %d tests are named", len(named))
	}
	there := allTests(t)
	for _, m := range named {
		if !there[m[1]] {
			t.Errorf("docs/promises.md names %s, which is no test of this tree", m[1])
		}
	}
}

// allTests finds the functions of all test files and the script files.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)\(`)
	err := filepath.WalkDir("../..", func(name string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "build"):
			if strings.Count(name, "/") == 2 { // at the top only: core/build is ours
				return filepath.SkipDir
			}
		case strings.HasSuffix(name, ".txtar"):
			found[d.Name()] = true
		case strings.HasSuffix(name, "_test.go"):
			source, err := os.ReadFile(name)
			for _, m := range function.FindAllStringSubmatch(string(source), -1) {
				found[m[1]] = true
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
