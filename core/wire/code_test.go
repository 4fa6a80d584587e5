package wire

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// constants reads the Code constants from the source, which no table can
// forget.
func constants(t *testing.T) map[string]Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "Code" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out[v.Names[0].Name] = Code(text)
		}
		return true
	})
	if len(out) < 50 {
		t.Fatalf("only %d constants found", len(out))
	}
	return out
}

func TestEveryCodeHasATextAndViceVersa(t *testing.T) {
	seen := map[Code]string{}
	for name, code := range constants(t) {
		if other, ok := seen[code]; ok {
			t.Errorf("%s and %s are both %q", name, other, code)
		}
		seen[code] = name
		if _, ok := table[code]; !ok {
			t.Errorf("%s has no texts", name)
		}
		if !regexp.MustCompile(`^[a-z_]+$`).MatchString(string(code)) {
			t.Errorf("%s is %q", name, code)
		}
	}
	for code := range table {
		if _, ok := seen[code]; !ok {
			t.Errorf("texts of %q, which is no constant", code)
		}
	}
}

// onlyNotes are told with a version that was made all the same: nothing is
// left to do.
var onlyNotes = []Code{HomeElsewhere, NotFromMedium, ChangedSince, LostACLs, Healed}

var (
	verbs    = regexp.MustCompile(`%(\[[1-9]\]s|%)`)
	rawErrno = regexp.MustCompile(`\bE[A-Z]{3,}\b|(?i:errno|no such file|permission denied|input/output)`)
)

func TestTextsAreWellFormed(t *testing.T) {
	for code, r := range table {
		if r.title == "" || r.text == "" {
			t.Errorf("%s: empty title or text", code)
		}
		if r.hint == "" && !slices.Contains(onlyNotes, code) {
			t.Errorf("%s: no hint, so what is the user to do?", code)
		}
		if strings.Contains(r.title, "%") || rawErrno.MatchString(r.title) || strings.HasSuffix(r.title, ".") {
			t.Errorf("%s: title %q", code, r.title)
		}
		for _, text := range []string{r.text, r.hint} {
			if rest := verbs.ReplaceAllString(text, ""); strings.Contains(rest, "%") {
				t.Errorf("%s: verbs of %q", code, text)
			}
			if got := fill(text, nil); strings.Contains(got, "%!") {
				t.Errorf("%s: %q", code, got)
			}
		}
		if r.exit < ExitFailed || r.exit > ExitNotAllowed {
			t.Errorf("%s: exit status %d", code, r.exit)
		}
	}
}

func TestDescribe(t *testing.T) {
	upper := func(s string) string { return strings.ReplaceAll(s, "Process", "PROZESS") }
	m := Describe(Busy, []string{"42"}, upper)
	if want := "PROZESS 42 is working on this live system. Two at once would spoil each other."; m.Text != want {
		t.Errorf("text %q, want %q", m.Text, want)
	}
	if m := Describe(Busy, nil, upper); !strings.HasPrefix(m.Text, "PROZESS ? is") {
		t.Errorf("missing argument: %q", m.Text)
	}
	if m := Describe("from the future", []string{"%s"}, upper); m.Title != table[Internal].title {
		t.Errorf("unknown code: %q", m.Title)
	}
	if m := Describe(Battery, []string{"20"}, upper); !strings.HasPrefix(m.Text, "20 % are left") {
		t.Errorf("percent sign: %q", m.Text)
	}
	if ExitStatus("from the future") != ExitFailed || ExitStatus(Pending) != ExitRefused {
		t.Error("exit statuses")
	}
}

func TestAsError(t *testing.T) {
	deep := fmt.Errorf("cannot do it: %w", Fail(NoSpace, nil, "1 GiB"))
	if e := AsError(deep); e.Code != NoSpace || e.Args[0] != "1 GiB" {
		t.Errorf("%+v", e)
	}
	if e := AsError(fmt.Errorf("walking: %w", context.Canceled)); e.Code != Cancelled {
		t.Errorf("cancelled: %v", e.Code)
	}
	if e := AsError(context.DeadlineExceeded); e.Code != Internal || e.Unwrap() == nil {
		t.Errorf("unknown: %+v", e)
	}
}
