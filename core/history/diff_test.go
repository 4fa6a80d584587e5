package history

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"antix-remaster/core/squashfs"
)

// TestCompareDebian asks dpkg itself.
func TestCompareDebian(t *testing.T) {
	versions := []string{"", "0", "1", "1.0", "1.0-1", "1.0-1+b1", "1.0~rc1-1", "1.0-1~bpo12+1", "1:0.9", "2:0.1-1", "10.0", "9.99", "1.0a", "1.0+a", "1.0.1",
		"1.00-01", "5.2.15-2+b7", "1.2.3-4-5", "0:1.0-1", "20240101", "99999999999999999999999.1", "1.a~b", "1.~"}
	for _, a := range versions[1:] {
		for _, b := range versions[1:] {
			want := 0
			for relation, value := range map[string]int{"lt": -1, "gt": 1} {
				if exec.Command("dpkg", "--compare-versions", a, relation, b).Run() == nil {
					want = value
				}
			}
			if got := compareDebian(a, b); got != want {
				t.Errorf("%q, %q: %d, dpkg says %d", a, b, got, want)
			}
		}
	}
	if compareDebian("", "0.1") >= 0 || compareDebian("", "") != 0 {
		t.Error("no version")
	}
}

func stanza(name, version, arch, status string) string {
	return fmt.Sprintf("Package: %s\nStatus: %s\nMaintainer: x\nArchitecture: %s\nVersion: %s\nDescription: d\n Version: 9 in a text\n\n", name, status, arch, version)
}

const there = "install ok installed"

func TestDiff(t *testing.T) {
	before := stanza("kept", "1", "amd64", there) + stanza("gone", "2", "all", there) + stanza("newer", "1.9-1", "amd64", there) +
		stanza("older", "2:1", "amd64", there) + stanza("half", "1", "amd64", "deinstall ok config-files") + stanza("arch", "1", "all", there) +
		stanza("multi", "1", "amd64", there)
	after := stanza("kept", "1", "amd64", there) + stanza("newer", "1.10-1", "amd64", there) + stanza("older", "1:99", "amd64", there) +
		stanza("half", "1", "amd64", there) + stanza("arch", "2", "amd64", there) + stanza("multi", "1", "amd64", there) + stanza("multi", "1", "i386", there)
	a := image(t, content{id: "aaaaaa01", files: map[string]string{statusFile: before, "opt/big": strings.Repeat("x", 5000), "rootfile": "12"}})
	b := image(t, content{id: "aaaaaa02", files: map[string]string{statusFile: after, "home/demo/y": strings.Repeat("y", 70)}})
	c, err := Diff(t.Context(), bytes.NewReader(a), bytes.NewReader(b))
	must(t, err)
	want := Changes{Packages: true,
		Added: []Package{{"half", "1"}, {"multi:i386", "1"}}, Removed: []Package{{"gone", "2"}},
		Upgraded: []Upgrade{{"arch", "1", "2"}, {"newer", "1.9-1", "1.10-1"}}, Downgraded: []Upgrade{{"older", "2:1", "1:99"}},
		Sizes: []SizeChange{{"", 2, 0}, {"etc", c.Sizes[1].Before, c.Sizes[1].After}, {"home", 0, 70}, {"lib", 0, 0}, {"opt", 5000, 0}, {"var", int64(len(before)), int64(len(after))}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	if c.Sizes[1].Before < 50 {
		t.Errorf("%+v", c.Sizes[1])
	}
}

func TestDiffWithoutPackages(t *testing.T) {
	a := image(t, content{id: "aaaaaa01"})
	b := image(t, content{id: "aaaaaa02", files: map[string]string{statusFile: stanza("x", "1", "all", there)}})
	c, err := Diff(t.Context(), bytes.NewReader(a), bytes.NewReader(b))
	if err != nil || c.Packages || len(c.Added) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Diff(t.Context(), bytes.NewReader(a), bytes.NewReader(b[:200])); !errors.Is(err, squashfs.ErrCorrupt) {
		t.Error(err)
	}
}

// FuzzPackages: a status file comes out of an image that anybody made.
func FuzzPackages(f *testing.F) {
	f.Add([]byte(stanza("a", "1:2-3", "all", there)), "1.0~a", "2")
	f.Add([]byte("Package: x\r\n\xff\nStatus:installed"), "-", ":")
	f.Fuzz(func(t *testing.T, status []byte, a, b string) {
		all := installed(status)
		var c Changes
		c.compare(all, all)
		if len(c.Added)+len(c.Removed)+len(c.Upgraded)+len(c.Downgraded) > 0 {
			t.Errorf("a list differs from itself: %+v", c)
		}
		if got := cmp.Compare(compareDebian(a, b), 0); got != -cmp.Compare(compareDebian(b, a), 0) || compareDebian(a, a) != 0 {
			t.Errorf("%q, %q: %d", a, b, got)
		}
	})
}
