// Package layers holds the rules of the source tree: who may import whom, and
// how large things may grow. docs/decisions and the design say why.
package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Package is what the rules look at of one package of this module; test files
// do not count.
type Package struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string // of all its imports, too
}

const (
	module = "antix-remaster"
	gotk3  = "github.com/gotk3/gotk3"
	helper = "cmd/antix-remaster-helper"
)

// parse reads the output of "go list -json": one object after another.
func parse(r io.Reader) ([]Package, error) {
	var all []Package
	for d := json.NewDecoder(r); ; {
		var p Package
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot understand go list: %w", err)
		}
		all = append(all, p)
	}
}

// name is the package's path within the module: "core/sys".
func (p Package) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

func (p Package) isBelow(dir string) bool {
	return p.name() == dir || strings.HasPrefix(p.name(), dir+"/")
}

// onlyBy is one import and the only packages of the product that may have it.
// A trailing slash means everything below.
type onlyBy struct {
	imported string
	by       []string
}

// faces are unprivileged: the helper makes its own plan and has no words.
var faces = []string{"gui", "cmd/antix-remaster", "cmd/antix-remaster-cli"}

var limited = []onlyBy{
	{"os/exec", []string{"core/sys"}},
	{"golang.org/x/sys/unix", []string{"core/sys"}},
	{module + "/core/publish", []string{"core/run"}},
	{module + "/core/persist", []string{"core/run"}},
	{module + "/core/run", []string{helper}},
	{module + "/core/intent", faces},
	{module + "/core/words", faces},
	{module + "/core/estimate", append([]string{"core/run"}, faces...)},
	{module + "/gui", []string{"cmd/antix-remaster"}},
	{gotk3 + "/", []string{"gui", "cmd/antix-remaster"}},
}

// pure packages are functions: the same input gives the same plan or menu.
var pure = []string{"core/plan", "core/bootmenu"}

var pureMustNot = []string{"os", "io/fs", "net", "time", "syscall", module + "/core/sys"}

var emptyNames = []string{"util", "utils", "common", "types", "helper", "helpers", "misc", "shared"}

// Violations tells what of a package breaks the rules. The tests, which are
// no part of the product, may import what they like.
func Violations(p Package) []string {
	var found []string
	add := func(format string, args ...any) {
		found = append(found, p.name()+": "+fmt.Sprintf(format, args...))
	}
	if slices.Contains(emptyNames, path.Base(p.name())) {
		add("its name says nothing")
	}
	if p.isBelow("test") {
		return found
	}
	for _, imported := range p.Imports {
		if rule := forbidden(p, imported); rule != "" {
			add("%s", rule)
		}
	}
	if p.isBelow("core") || p.isBelow("cmd/antix-remaster-cli") || p.isBelow(helper) {
		if len(p.CgoFiles) > 0 {
			add("has cgo: %s", strings.Join(p.CgoFiles, ", "))
		}
		for _, dep := range p.Deps {
			if dep == module+"/gui" || strings.HasPrefix(dep, gotk3+"/") {
				add("depends on %s", dep)
			}
		}
	}
	return found
}

func forbidden(p Package, imported string) string {
	for _, l := range limited {
		hit := imported == l.imported || strings.HasSuffix(l.imported, "/") && strings.HasPrefix(imported, l.imported)
		if hit && !slices.Contains(l.by, p.name()) {
			return fmt.Sprintf("imports %s, which only %s may", imported, strings.Join(l.by, " and "))
		}
	}
	if slices.Contains(pure, p.name()) && slices.Contains(pureMustNot, imported) {
		return fmt.Sprintf("imports %s, but is pure", imported)
	}
	return ""
}
