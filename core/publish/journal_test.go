package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostile is a directory where every name that a journal could abuse exists.
func hostile() map[string]string {
	files := map[string]string{"linuxfs": image("first"), "linuxfs.e16": image("e16"), "vmlinuz": "k", "initrd.gz": "i", "homefs": "h", "rootfs": "r",
		"state/a": "1", "notes.txt": "n", "victim/linuxfs.ver": "mine", "archive/0001/linuxfs.ver": "mine", "archive/0001/linuxfs.old": "mine",
		"linuxfs.tmp": "live-remaster's", "mylink.old@vmlinuz": ""}
	return files
}

// mayGo are the only names that healing by a journal may ever remove or move.
func mayGo(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	base, part := strings.CutSuffix(top, ".part")
	members := []string{"linuxfs", "linuxfs.md5", "rootfs", "xtra", "deb", "xtra.tgz", "state"}
	own := top == JournalName || top == journalPart || top == checkName
	if part || own {
		return part && slices.Contains(members, base) || own
	}
	for _, suffix := range []string{".new", ".old", ".bad", ".bak"} {
		if base, ok := strings.CutSuffix(top, suffix); ok && slices.Contains(members, base) {
			return true
		}
	}
	return false
}

// healHostile plants a journal and holds that only allowed names are touched.
func healHostile(t testing.TB, files map[string]string, text []byte, stable bool) (healed, left []string, err error) {
	t.Helper()
	dir := memDir(t)
	put(t, dir, files)
	must(t, os.WriteFile(filepath.Join(dir, JournalName), text, 0o644))
	before := exactTree(t, dir)
	m := medium(t, dir, "linuxfs")
	m.stable, m.fat = stable, !stable
	healed, left, err = m.Heal()
	after := exactTree(t, dir)
	for name, what := range before {
		if !mayGo(name) && after[name] != what && name != "archive" && !strings.HasPrefix(what, "4") {
			t.Errorf("%s was touched: %s -> %s\njournal: %s", name, what, after[name], text)
		}
		if _, ok := after[name]; !ok && strings.HasPrefix(what, "4") && !mayGo(name) {
			t.Errorf("the directory %s was removed\njournal: %s", name, text)
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok && !strings.HasPrefix(name, "archive") {
			t.Errorf("%s is new\njournal: %s", name, text)
		}
	}
	if after["linuxfs"] != before["linuxfs"] {
		t.Fatalf("the linuxfs was touched\njournal: %s", text)
	}
	return healed, left, err
}

// TestPromiseP4HostileJournal: what the journal says is not believed.
func TestPromiseP4HostileJournal(t *testing.T) {
	build := func(create ...string) string {
		text, _ := json.Marshal(intent{Format: 1, Action: "build", Create: create, Armed: "linuxfs.new"})
		var more strings.Builder
		for _, name := range create {
			fmt.Fprintf(&more, "\n{\"made\":%q}", name)
		}
		return string(text) + more.String()
	}
	file := func(archive string, moves ...move) string {
		text, _ := json.Marshal(intent{Format: 1, Action: "file", Archive: archive, Moves: moves})
		return string(text)
	}
	copies := func(archive string, moves ...move) string {
		text, _ := json.Marshal(intent{Format: 1, Action: "file", Archive: archive, Moves: moves, Copy: true, Fresh: true})
		return string(text)
	}
	for _, text := range []string{
		"", "\n", "{", "null", "[]", "x\n{}", `{"format":2,"action":"build"}`, `{"format":1}`, `{"format":1,"action":"file"}`, `{"format":1,"action":"rm"}`,
		`{"format":1,"action":"file","archive":""}`, strings.Repeat("{", 1<<20), strings.Repeat("x", 3<<20), "\x00\xff\xfe",
		build("linuxfs"), build("vmlinuz"), build("linuxfs.new"), build("../victim"), build("/etc/passwd"), build("."), build(".."), build(""), build("state"),
		build("rootfs"), build("homefs.part"), build("notes.txt.part"), build("vmlinuz.new"), build("linuxfs.old"), build("archive"), build("linuxfs.e16"),
		build(strings.Repeat("a", 300) + ".part"), build("victim/linuxfs.ver"), build("state\x00.part"), build("linuxfs.new.part.new"),
		`{"format":1,"action":"build","armed":"vmlinuz"}`, `{"format":1,"action":"build","armed":"linuxfs"}`, `{"format":1,"action":"build","armed":"../x"}`,
		`{"format":1,"action":"build","archive":"0001"}`,
		file("../victim"), file("/tmp"), file("."), file("0001/.."), file("1"), file("9999999999"), file("linuxfs"),
		file("0003", move{From: "vmlinuz", To: "vmlinuz"}), file("0003", move{From: "linuxfs", To: "linuxfs.old"}),
		file("0003", move{From: "vmlinuz", To: "x", Link: "linuxfs.old"}), file("0003", move{From: "vmlinuz", To: "x", Link: "mylink.old"}),
		file("0003", move{From: "linuxfs", To: "x", Link: "linuxfs.old"}), file("0003", move{From: "linuxfs.e16", To: "x", Link: "linuxfs.old"}),
		file("0003", move{From: "linuxfs.old", To: "../../vmlinuz"}), file("0003", move{From: "../x", To: "x"}),
		file("0003", move{From: "state", To: "state"}), file("0003", move{From: "archive", To: "x", Link: "state.old"}),
		file("0003", move{From: "linuxfs.e16.md5", To: "x"}), file("0003", move{From: "linuxfs.md5", To: "x"}),
		// Those that only name what could be ours, but is not there.
		copies("0001"), copies("0002"), copies("0001", move{From: "linuxfs.old", To: "linuxfs.old"}), copies("0001", move{From: "state.bad", To: "linuxfs.old"}),
		copies("0001") + "\n{\"copied\":true}\n", copies("0001", move{From: "linuxfs", To: "linuxfs.old"}), copies("../victim"),
		file("0001"), file("0002"), file("0001", move{From: "linuxfs.bad", To: "linuxfs.old"}),
		file("0001", move{From: "gone", To: "linuxfs.old", Link: "state.old"}), build("linuxfs.part", "state.new"),
	} {
		for _, stable := range []bool{true, false} {
			if _, _, err := healHostile(t, hostile(), []byte(text), stable); err != nil {
				t.Errorf("a hostile journal stops every later start: %v\njournal: %.200s", err, text)
			}
		}
	}
}

// TestPromiseP4ImagesAreNeverRemoved: no journal makes the healing delete a
// published image.
func TestPromiseP4ImagesAreNeverRemoved(t *testing.T) {
	for _, name := range []string{"linuxfs.new", "linuxfs.old", "linuxfs.bad"} {
		for _, armed := range []string{"", `"armed":"linuxfs.new",`} {
			text := fmt.Sprintf("{\"format\":1,\"action\":\"build\",%s\"create\":[%q]}\n{\"made\":%q}\n", armed, name, name)
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a"), name: image("b"), JournalName: text})
			m := medium(t, dir, "linuxfs")
			m.stable = false
			if _, _, err := m.Heal(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, name)); isImage(string(got)) != "b" {
				t.Errorf("%s is gone\njournal: %s", name, text)
			}
		}
	}
}

// A journal that cannot be read for what it is is left, and said.
func TestHealLeavesWhatIsNoJournal(t *testing.T) {
	for name, plant := range map[string]func(string) error{
		"text":      func(p string) error { return os.WriteFile(p, []byte("shopping list"), 0o644) },
		"directory": func(p string) error { return os.Mkdir(p, 0o755) },
		"link":      func(p string) error { return os.Symlink("vmlinuz", p) },
		"dangling":  func(p string) error { return os.Symlink("gone", p) },
	} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		must(t, plant(filepath.Join(dir, JournalName)))
		before := exactTree(t, dir)
		healed, left, err := medium(t, dir, "linuxfs").Heal()
		if err != nil || len(healed) > 0 || !slices.Equal(left, []string{JournalName}) {
			t.Errorf("%s: healed %q, left %q, %v", name, healed, left, err)
		}
		if d := exactTree(t, dir).diff(before); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// TestPromiseP4Torn cuts the journal of an interrupted build at every byte of
// its notes: the healing is the same, or leaves what it cannot know.
func TestPromiseP4Torn(t *testing.T) {
	dir := memDir(t)
	put(t, dir, stickFiles())
	before := exactTree(t, dir)
	b, err := medium(t, dir, "linuxfs").Begin(thePlan())
	must(t, err)
	_, err = b.Image().WriteString("half")
	must(t, err)
	text, err := os.ReadFile(filepath.Join(dir, JournalName))
	must(t, err)
	whole := strings.IndexByte(string(text), '\n') + 1
	must(t, b.Image().Close())
	for cut := whole; cut <= len(text); cut++ {
		must(t, os.WriteFile(filepath.Join(dir, JournalName), text[:cut], 0o644))
		_, left, err := medium(t, dir, "linuxfs").Heal()
		must(t, err)
		got := exactTree(t, dir)
		if cut < len(text)-1 && !slices.Equal(left, []string{"linuxfs.part"}) {
			t.Errorf("cut at %d: left %q", cut, left)
		}
		if d := got.without("linuxfs.part").diff(before); d != "" {
			t.Errorf("cut at %d:\n%s", cut, d)
		}
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Errorf("with the whole journal:\n%s", d)
	}
}

// On FAT an inode number means nothing: the image is known by size and head.
func TestHealByHead(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(dir string) error
		armed  bool
	}{
		{"untouched", func(string) error { return nil }, true},
		{"copied: other inode, same content", func(d string) error {
			return errors.Join(os.Rename(d+"/linuxfs.new", d+"/x"), os.WriteFile(d+"/linuxfs.new", []byte(image("second")), 0o644), os.Remove(d+"/x"))
		}, true},
		{"another size", func(d string) error { return os.Truncate(d+"/linuxfs.new", 2000) }, false},
		{"another head", func(d string) error {
			return os.WriteFile(d+"/linuxfs.new", []byte("X"+image("second")[1:]), 0o644)
		}, false},
	} {
		dir := memDir(t)
		put(t, dir, stickFiles())
		m := medium(t, dir, "linuxfs")
		m.stable = false
		b, err := m.Begin(thePlan())
		must(t, err)
		_, err = b.Image().WriteString(image("second"))
		must(t, err)
		_, err = b.Companions(context.Background(), md5Text, fillTest)
		must(t, err)
		id, err := identify(b.Image())
		must(t, err)
		id.Made = "linuxfs.new"
		must(t, m.note(id))
		must(t, m.publish(b.Image(), m.dir, "linuxfs.part", "linuxfs.new"))
		must(t, c.change(dir))
		m = medium(t, dir, "linuxfs")
		m.stable = false
		_, left, err := m.Heal()
		must(t, err)
		if got := len(left) == 0; got != c.armed {
			t.Errorf("%s: left %q", c.what, left)
		}
		if _, err := os.Lstat(dir + "/linuxfs.new"); err != nil {
			t.Errorf("%s: linuxfs.new is gone", c.what)
		}
		if _, err := os.Lstat(dir + "/" + JournalName); err == nil {
			t.Errorf("%s: the journal is still there", c.what)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"format":1,"action":"build","create":["linuxfs.part","state.new"],"armed":"linuxfs.new"}` + "\n" + `{"made":"state.new"}`))
	f.Add([]byte(`{"format":1,"action":"file","archive":"0003","moves":[{"from":"vmlinuz","to":"x","link":"linuxfs.old","inode":0,"size":0}]}`))
	f.Add([]byte(`{"format":1,"action":"file","archive":"0001","moves":[]}`))
	for _, text := range hostileSets() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		healHostile(t, hostile(), text, false) //nolint:errcheck // may refuse
	})
}
