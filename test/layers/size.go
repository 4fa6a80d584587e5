package layers

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

const (
	maxFile     = 350 // lines
	maxFunction = 60  // lines; 40 is already rare
	maxTest     = 120 // lines of a test with its table
)

// TooLong tells what of a Go source file is too long: the file or a function.
func TooLong(name string, source []byte) ([]string, error) {
	var found []string
	if lines := bytes.Count(source, []byte("\n")); lines > maxFile {
		found = append(found, fmt.Sprintf("%s has %d lines, more than %d", name, lines, maxFile))
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	most := maxFunction
	if strings.HasSuffix(name, "_test.go") {
		most = maxTest
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1
		if lines > most {
			found = append(found, fmt.Sprintf("%s: %s has %d lines, more than %d", set.Position(f.Pos()), f.Name.Name, lines, most))
		}
	}
	return found, nil
}

// Skips finds tests that leave themselves out: a test that cannot run must
// fail and say why. Only what belongs to the long run may be skipped, by a
// call whose text names --full.
func Skips(name string, source []byte) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && isSkip(f.Sel.Name) && !namesFull(source, set, call) {
			found = append(found, fmt.Sprintf("%s: a test must fail, not skip", set.Position(call.Pos())))
		}
		return true
	})
	return found, nil
}

func isSkip(name string) bool { return name == "Skip" || name == "Skipf" || name == "SkipNow" }

func namesFull(source []byte, set *token.FileSet, call *ast.CallExpr) bool {
	text := source[set.Position(call.Pos()).Offset:set.Position(call.End()).Offset]
	return bytes.Contains(text, []byte("--full"))
}
