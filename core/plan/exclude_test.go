package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memDir is a directory in memory: the trees here have thousands of entries.
func memDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "plan")
	if err != nil {
		t.Fatalf("these tests need a tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// oddNames is what people, programs and attackers call files.
var oddNames = []string{"a", "b", "ab", "abc", "A", "Z", "aXb", ".a", "..a", "...", ".ab", ".x", "a b", " a", "a ", "[a]", "[b]", "a[b]", "[", "]", "a]", "*", "?", "a*",
	"!", "!(a)", "!(samba)", "a|b", "(a)", "-a", "-e", "^", "^a", "é", "日本", "\xff", "a\xffb", "\xc3", "a\nb", "\n", "\t", "\x01", "samba", ".samba", "sambax", "sam",
	"a.b", "a.", "~", "#x", "x.deb", "x_y", "_", "a-b", "\\", "a\\b", "\\*", "70-persistent-net.rules", "-persistent-net.rules", ".persistent-net.rules", "@", "+(a)", "@(a|b)", "$(a)",
	"`a`", "x-old", "-old", ".old", "pkgcache.bin", ".bin", "0", "5", "9", "...  x", strings.Repeat("n", 255), strings.Repeat(".", 200)}

// packed packs dir with the patterns and gives every path of the image.
func packed(t testing.TB, dir string, patterns []string) []string {
	t.Helper()
	img, out := filepath.Join(memDir(t), "img"), filepath.Join(memDir(t), "out")
	args := append([]string{dir, img, "-noappend", "-no-progress", "-quiet", "-comp", "lz4", "-mem", "64M", "-wildcards", "-e"}, patterns...)
	cmd := exec.Command("mksquashfs", args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"} // as the helper runs it
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs: %v (this test needs squashfs-tools)\n%s", err, text)
	}
	if text, err := exec.Command("unsquashfs", "-quiet", "-no-progress", "-d", out, img).CombinedOutput(); err != nil {
		t.Fatalf("unsquashfs: %v\n%s", err, text)
	}
	return paths(t, out, Rules{})
}

// paths is every path of a tree that the rules leave.
func paths(t testing.TB, dir string, rules Rules) []string {
	t.Helper()
	var out []string
	var walk func(at string, r Rules)
	walk = func(at string, r Rules) {
		list, err := os.ReadDir(filepath.Join(dir, at))
		must(t, err)
		for _, e := range list {
			below, excluded := r.Enter(e.Name())
			if excluded {
				continue
			}
			p := e.Name()
			if at != "" {
				p = at + "/" + p
			}
			out = append(out, p)
			if e.IsDir() {
				walk(p, below)
			}
		}
	}
	walk("", rules)
	slices.Sort(out)
	return out
}

// agree holds that our rules leave out exactly what mksquashfs leaves out.
func agree(t testing.TB, dir string, patterns []string) {
	t.Helper()
	want := packed(t, dir, patterns)
	rules := Compile(patterns)
	got := paths(t, dir, rules)
	shown := 0
	for _, p := range paths(t, dir, Rules{}) {
		_, inWant := slices.BinarySearch(want, p)
		_, inGot := slices.BinarySearch(got, p)
		if inWant != inGot && shown < 20 {
			t.Errorf("%q: packed by mksquashfs: %v, by our rules: %v", p, inWant, inGot)
			shown++
		}
		if rules.Match(p) == inGot {
			t.Errorf("Match(%q) differs from the walk", p)
		}
	}
	if len(want) == 0 || len(want) == len(paths(t, dir, Rules{})) {
		t.Errorf("the patterns decide nothing: %d paths", len(want))
	}
}

func fill(t testing.TB, dir string, names ...string) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	for _, n := range names {
		if err := os.Mkdir(filepath.Join(dir, n), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}

// TestShippedPatternsAgree lays every odd name, and every name near to a
// shipped pattern, into every directory that the shipped list speaks of.
func TestShippedPatternsAgree(t *testing.T) {
	always, usually := Shipped()
	dir := memDir(t)
	for _, p := range append(append([]string{}, always...), usually...) {
		parts := strings.Split(p, "/")
		leaf := parts[len(parts)-1]
		above := filepath.Join(append([]string{dir}, parts[:len(parts)-1]...)...)
		for _, instance := range []string{"user", ".hidden"} {
			d := strings.ReplaceAll(above, "*", instance)
			fill(t, d, oddNames...)
			fill(t, d, strings.NewReplacer("*", "x", "!(samba)", "samba").Replace(leaf), leaf+"x", "x"+leaf, "."+leaf)
		}
	}
	for _, leave := range []bool{false, true} {
		patterns, err := Patterns(nil, nil, leave)
		must(t, err)
		agree(t, dir, patterns)
	}
}

// byPattern makes a directory with every odd name for each pattern, so that
// one run of mksquashfs tries them all.
func byPattern(t testing.TB, parts []string) (dir string, patterns []string) {
	t.Helper()
	dir = memDir(t)
	for i, part := range parts {
		d := fmt.Sprintf("%04d", i)
		fill(t, filepath.Join(dir, d), oddNames...)
		patterns = append(patterns, d+"/"+part)
	}
	return dir, patterns
}

func TestUserPatternsAgree(t *testing.T) {
	parts := []string{"a", "*", "?", "??", "???", "*a", "a*", "*a*", "*.*", "*.", "*b*b*", ".*", "..*", ".?", ".[a]", ".[^a]", "[a]", "[ab]", "[a-z]", "[A-Z]", "[0-9]", "[^a]", "[^a-z]",
		"[^a-z]*", "[a-c]b", "a[ -~]b", "[a]*", "*[b]", "!(a)", "!(a|b)", "!(samba)", "!(.a)", "!(.a|a)", "!( a)", "!", "!a", "^", "^a", "~", "#*", "@", "+", "$*", "a b", "é", "é*", "?é", "日*", "??????",
		"[+-9]", "[*]", "[?]", "*[*]", "a[*]", "[a-a]", "a-b", "a]b*", "%", "{a,b}", "-", "x-*", "*-old", "*_*", "a?", "a??", "*?", "?*", "**", "*?*", "...", "....", ".", "..", "[.]a", "[.]*", "?a",
		"*\xff", "[a]]", "[[a]", "[]a]", "[!a]", "[^]", "[]", "[a", "a]", "[a-]", "[-a]", "[a-z-9]", "[[:alpha:]]", "[[.a.]]", "[z-a]", "[é]", "[^^]", "[a^]", "+(a)", "@(a|b)", "?(a)", "*(a)", "a|b", "!(a", "!(a))", "!(*)", "!(a|)",
		"\\a", "\\*", "... x", " a", "a ", "-a", "-e", "a\nb", "\t"}
	var accepted []string
	for _, p := range parts {
		if checkPattern("x/"+p) == nil {
			accepted = append(accepted, p)
		}
	}
	if len(accepted) < 60 {
		t.Errorf("only %d of %d patterns are accepted", len(accepted), len(parts))
	}
	dir, patterns := byPattern(t, accepted)
	agree(t, dir, patterns)
}

// TestRandomPatternsAgree makes patterns of the pieces that matter.
func TestRandomPatternsAgree(t *testing.T) {
	pieces := []string{"a", "b", "sam", ".", "-", "*", "?", "[a-c]", "[^a]", "[ab]", "!(a|ab)", "!", "(", "|", ")", "[", "]", "^", " ", "é", "old", "\\", "x", "_", "..", "[a-", "..."}
	n := 200
	if os.Getenv("ANTIX_REMASTER_FULL") != "" {
		n = 4000
	}
	r := rand.New(rand.NewPCG(1, 2))
	var accepted []string
	for len(accepted) < n {
		p := ""
		for range 1 + r.IntN(4) {
			p += pieces[r.IntN(len(pieces))]
		}
		if checkPattern("x/"+p) == nil {
			accepted = append(accepted, p)
		}
	}
	dir, patterns := byPattern(t, accepted)
	agree(t, dir, patterns)
}

// TestOverlappingPatternsAgree: mksquashfs merges patterns that begin alike.
func TestOverlappingPatternsAgree(t *testing.T) {
	dir := memDir(t)
	for _, d := range []string{"", "a", "a/a", "a/ab", "a/.a", "ab", "ab/a", "ab/b", ".a", ".a/a", "home", "home/a", "home/b", "home/.a"} {
		fill(t, filepath.Join(dir, d), oddNames...)
	}
	for _, patterns := range [][]string{
		{"a/b", "a"}, {"a", "a/b"}, {"a/b", "a/b/c", "a/a"}, {"*/a", "a/b"}, {"a/*/a", "*/a/b", "ab"}, {"*/*/*", "a"}, {".*/a", "*/.a"}, {"home/*", "home/.*"},
		{"!(a|ab)"}, {"!(a)/a"}, {"a/!(a)/a", "ab/!(a)"}, {"home/*/.a", "home/a"}, {"a/b", "?/b", "[a]/ab", "a/[b]"}, {"...", ".../a"},
	} {
		agree(t, dir, patterns)
	}
}

// S4: what may not be a pattern.
func TestPromiseS4Patterns(t *testing.T) {
	for _, p := range []string{"", "/", "//", ".", "..", "../x", "a/..", "a/../b", "a/./b", "./a", "a//b", "a\x00b", "\x00", "a\nb", "\n", "a\rb", "\x1b[m", "\x7f", "-a", "-e", "-",
		"--", "a\\b", "\\", " a", "a ", "\ta", strings.Repeat("a", 1025), strings.Repeat("a/", 513), "... a", "[", "]", "[]", "[a", "a[", "[]a]", "[z-a]", "[a-]", "[-a]", "[[:alpha:]]", "[!a]",
		"[é]", "(", ")", "a|b", "+(a)", "@(a)", "?(a)", "*(a)", "!(a", "!()", "!(a|)", "!(|)", "!(*)", "!(a)b", "x!(a)", "!(!(a))", "!([a])"} {
		if got, err := Patterns([]string{p}, nil, false); !errors.Is(err, ErrPattern) {
			t.Errorf("%q was accepted: %v", p, got)
		}
	}
	for _, p := range []string{"/srv", "srv/", "/srv/www/", "srv/*.iso", "home/*/Downloads", "a b", "é", strings.Repeat("a", 255), "[a-z]*", "!(a|b)", "opt/!(keep)"} {
		got, err := Patterns([]string{p}, nil, false)
		if err != nil || got[len(got)-1] != strings.Trim(p, "/") {
			t.Errorf("%q was refused: %v", p, err)
		}
	}
}

func TestIncludeTakesOut(t *testing.T) {
	all, err := Patterns(nil, nil, false)
	must(t, err)
	always, usually := Shipped()
	for _, p := range usually {
		got, err := Patterns(nil, []string{p}, false)
		if err != nil || len(got) != len(all)-1 || slices.Contains(got, p) {
			t.Errorf("--include %q: %v", p, err)
		}
		if got, err := Patterns(nil, []string{"/" + p}, false); err != nil || slices.Contains(got, p) {
			t.Errorf("--include /%s: %v", p, err)
		}
	}
	for _, p := range append([]string{"nowhere", "", "*", "dev", "[always]", "#"}, always...) {
		if _, err := Patterns(nil, []string{p}, false); !errors.Is(err, ErrPattern) {
			t.Errorf("--include %q was accepted", p)
		}
	}
	if _, err := Patterns(nil, []string{"mnt/*", "mnt/*"}, false); err == nil {
		t.Error("the same line taken out twice")
	}
	if again, _ := Patterns(nil, nil, false); !slices.Equal(again, all) {
		t.Error("taking out changed the shipped list")
	}
}

// The list that must hold: contract §11 and §0.17-18.
func TestAlwaysExcluded(t *testing.T) {
	patterns, err := Patterns(nil, nil, false)
	must(t, err)
	rules := Compile(patterns)
	for _, p := range []string{"live", "live/boot-dev/antiX/linuxfs", "dev/sda", "dev/.udev", "proc/1", "sys/x", "run/initramfs/live", "run/.x", "tmp/x", "tmp/.X0-lock", "var/tmp/x", "media/sdb1", "mnt/.x",
		"etc/mtab", "etc/live/live-dir", "etc/live/protect/remaster", "etc/live/version/rootfs.ver", "lost+found", "home/lost+found", "swapfile", "var/log/syslog", "var/log/.x", "var/log/samba/x", "etc/fstab.bak",
		"home/u/.Xauthority", "root/.bash_history", "var/lib/dhcp/x", "var/cache/apt/archives/a.deb", "var/lib/dpkg/status-old", "etc/udev/rules.d/70-persistent-net.rules"} {
		if !rules.Match(p) {
			t.Errorf("%s is packed", p)
		}
	}
	for _, p := range []string{"dev", "proc", "sys", "run", "tmp", "media", "mnt", "var/tmp", "var/log", "var/log/samba", "etc/fstab", "etc/live/version/linuxfs.ver", "etc/machine-id", "home/u", "home/u/x", "root", "usr/live", "var/lib/dpkg/status", "alive"} {
		if rules.Match(p) {
			t.Errorf("%s is not packed", p)
		}
	}
}

// Many stars do not take for ever.
func TestMatchIsQuick(t *testing.T) {
	if match(strings.Repeat("*a", 100)+"b", strings.Repeat("a", 255)) {
		t.Error("it matches")
	}
}

func FuzzPattern(f *testing.F) {
	for _, p := range []string{"a/*", "!(a|b)", "[a-z]?", "...", "\xff"} {
		f.Add(p, "a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		patterns, err := Patterns([]string{pattern}, nil, false)
		if err != nil {
			return
		}
		p := patterns[len(patterns)-1]
		if strings.ContainsAny(p, "\x00\n\\") || strings.HasPrefix(p, "-") || strings.HasPrefix(p, "/") || slices.Contains(strings.Split(p, "/"), "..") {
			t.Errorf("%q was accepted", p)
		}
		Compile(patterns).Match(name)
	})
}
