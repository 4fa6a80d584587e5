package layers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// trees hold all Go files of the project; build/ may hold anything.
var trees = []string{"assets", "cmd", "core", "gui", "test"}

// list asks the go command, so that what is checked is what is built.
func list(t *testing.T, env ...string) []Package {
	t.Helper()
	args := []string{"list", "-e", "-json"} // -e: what needs cgo may be empty without it
	for _, dir := range trees {
		args = append(args, module+"/"+dir+"/...")
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v", err)
	}
	all, err := parse(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLayers(t *testing.T) {
	all := list(t)
	for _, want := range []string{"core/sys", "core/plan", "core/publish", "core/wire", "core/intent", "core/words"} {
		if !slices.ContainsFunc(all, func(p Package) bool { return p.name() == want }) {
			t.Errorf("the rules would check nothing: there is no package %s", want)
		}
	}
	for _, p := range all {
		for _, v := range Violations(p) {
			t.Error(v)
		}
	}
}

// The same for a build without cgo, where other files are chosen.
func TestLayersWithoutCgo(t *testing.T) {
	for _, p := range list(t, "CGO_ENABLED=0", "GOARCH=386") {
		for _, v := range Violations(p) {
			t.Error(v)
		}
	}
}

func TestViolationsAreSeen(t *testing.T) {
	pkg := func(name string, imports ...string) Package {
		return Package{ImportPath: module + "/" + name, Imports: imports, Deps: imports}
	}
	cgo := pkg("core/sys")
	cgo.CgoFiles = []string{"sync.go"}
	deep := pkg("core/live")
	deep.Deps = []string{gotk3 + "/glib"}
	bad := map[string]Package{
		"core imports gotk3":       pkg("core/wire", gotk3+"/gtk"),
		"core imports gui":         pkg("core/run", module+"/gui"),
		"core reaches gotk3":       deep,
		"exec outside of sys":      pkg("core/build", "os/exec"),
		"unix outside of sys":      pkg("core/live", "golang.org/x/sys/unix"),
		"exec in the command line": pkg("cmd/antix-remaster-cli", "os/exec"),
		"publish outside of run":   pkg("core/verify", module+"/core/publish"),
		"publish in a face":        pkg("cmd/antix-remaster-cli", module+"/core/publish"),
		"persist outside of run":   pkg("core/history", module+"/core/persist"),
		"run outside of helper":    pkg("cmd/antix-remaster-cli", module+"/core/run"),
		"words in core":            pkg("core/run", module+"/core/words"),
		"intent in the helper":     pkg(helper, module+"/core/intent"),
		"cgo in core":              cgo,
		"plan looks at files":      pkg("core/plan", "os"),
		"plan looks at the clock":  pkg("core/plan", "time"),
		"menu looks at files":      pkg("core/bootmenu", "os"),
		"name without meaning":     pkg("core/util"),
		"such a name in the tests": pkg("test/common"),
	}
	for name, p := range bad {
		if len(Violations(p)) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
	good := []Package{
		pkg("core/sys", "os/exec", "golang.org/x/sys/unix"), pkg("core/run", module+"/core/publish"),
		pkg(helper, module+"/core/run"), pkg("core/plan", "embed", module+"/core/live"),
		pkg("test/livesys", "os/exec", module+"/core/publish"), pkg("gui", gotk3+"/gtk", module+"/core/words"),
		pkg("cmd/antix-remaster-cli", module+"/core/intent", module+"/core/words"),
	}
	for _, p := range good {
		if v := Violations(p); len(v) > 0 {
			t.Errorf("wrongly refused: %q", v)
		}
	}
}

func TestParseRefusesOtherText(t *testing.T) {
	if _, err := parse(strings.NewReader(`{"ImportPath":"a"} not json`)); err == nil {
		t.Error("no error")
	}
}

// TestSizes reads every Go file of the tree, those of other systems and
// architectures too.
func TestSizes(t *testing.T) {
	files := 0
	for _, dir := range trees {
		err := filepath.WalkDir("../../"+dir, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
				return err
			}
			files++
			return checkFile(t, name)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 50 {
		t.Errorf("only %d files were found", files)
	}
}

func checkFile(t *testing.T, name string) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rules := []func(string, []byte) ([]string, error){TooLong}
	if strings.HasSuffix(name, "_test.go") {
		rules = append(rules, Skips)
	}
	for _, rule := range rules {
		found, err := rule(strings.TrimPrefix(name, "../../"), source)
		if err != nil {
			return err
		}
		for _, f := range found {
			t.Error(f)
		}
	}
	return nil
}

func TestTooLongIsSeen(t *testing.T) {
	body := func(n int) string { return "package p\nfunc f() {\n" + strings.Repeat("_ = 0\n", n) + "}\n" }
	for _, c := range []struct {
		source string
		want   int
	}{
		{body(58), 0}, {body(59), 1}, {body(400), 2}, {"package p\n" + strings.Repeat("\n", 349), 0},
		{"package p\n" + strings.Repeat("\n", 350), 1},
	} {
		found, err := TooLong("p.go", []byte(c.source))
		if err != nil || len(found) != c.want {
			t.Errorf("%d lines: %q, %v, want %d findings", strings.Count(c.source, "\n"), found, err, c.want)
		}
	}
}

func TestSkipsAreSeen(t *testing.T) {
	for call, want := range map[string]int{
		`t.Skip("no root")`: 1, `b.SkipNow()`: 1, `t.Skipf("no %s", "uml")`: 1,
		`t.Skip("only with --full")`: 0, `t.Fatal("no root")`: 0,
	} {
		found, err := Skips("p_test.go", []byte("package p\nfunc f() { "+call+" }\n"))
		if err != nil || len(found) != want {
			t.Errorf("%s: %q, %v", call, found, err)
		}
	}
}
