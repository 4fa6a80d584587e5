package publish

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

func recordFiles() map[string]string {
	return map[string]string{"linuxfs": image("a"), "history.json": `{"old":1}`, "history.json.tmp": "foreign"}
}

func TestWriteRecord(t *testing.T) {
	for _, fat := range []bool{false, true} {
		for what, have := range map[string]map[string]string{
			"none": nil, "old": {"history.json": `{"old":1}`}, "damaged": {"history.json": `{"ol`}, "a part beside": {"history.json": `{"old":1}`, "history.json.part": `{"x`},
			"a newer part": {"history.json": `{"old":1}`, "history.json.part": `{"newer":1}`}, "only a part": {"history.json.part": `{"newer":1}`},
			"a torn one and a part": {"history.json": "", "history.json.part": `{"newer":1}`},
		} {
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a")})
			put(t, dir, have)
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			if what == "none" {
				must(t, m.WriteRecord([]byte(`{"first":1}`)))
			}
			must(t, m.WriteRecord([]byte("{\"new\":2}\n")))
			if d := treeOf(t, dir).diff(expected(t, map[string]string{"linuxfs": image("a"), "history.json": "{\"new\":2}\n"})); d != "" {
				t.Errorf("%s:\n%s", what, d)
			}
		}
	}
}

func TestWriteRecordRefuses(t *testing.T) {
	for _, name := range []string{plan.RecordName, plan.RecordPart} {
		for what, plant := range map[string]func(string) error{
			"directory": func(p string) error { return os.Mkdir(p, 0o700) },
			"link":      func(p string) error { return os.Symlink("linuxfs", p) },
			"dangling":  func(p string) error { return os.Symlink("/gone", p) },
			"fifo":      func(p string) error { return syscall.Mkfifo(p, 0o600) },
		} {
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a")})
			must(t, plant(filepath.Join(dir, name)))
			if name == plan.RecordName {
				put(t, dir, map[string]string{plan.RecordPart: `{"x":1}`})
			}
			before := exactTree(t, dir)
			m := medium(t, dir, "linuxfs")
			if err := m.WriteRecord([]byte(`{}`)); codeOf(err) != wire.NameTaken {
				t.Errorf("%s as a %s: %v", name, what, err)
			}
			if _, left, err := m.Heal(); err != nil || len(left) > 0 {
				t.Errorf("%s as a %s: left %q, %v", name, what, left, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%s as a %s:\n%s", name, what, d)
			}
		}
	}
	dir := memDir(t)
	put(t, dir, recordFiles())
	before := exactTree(t, dir)
	for _, text := range []string{"", "{", "[]", "12", `{"a":1}x`, "{}" + strings.Repeat(" ", maxRecord)} {
		if err := medium(t, dir, "linuxfs").WriteRecord([]byte(text)); err == nil {
			t.Errorf("%.20q was written", text)
		}
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}

// However a replacement was cut, healing leaves the text that the rule reads.
func TestHealFinishesTheRecord(t *testing.T) {
	for _, fat := range []bool{false, true} {
		for _, record := range []string{"-", "", `{"old`, `{"old":1}`} {
			for _, part := range []string{"-", "", `{"new`, `{"new":1}`} {
				dir := memDir(t)
				put(t, dir, map[string]string{"linuxfs": image("a")})
				texts := [][]byte{nil, nil}
				for i, text := range []string{record, part} {
					if text != "-" {
						texts[i] = []byte(text)
						put(t, dir, map[string]string{[]string{plan.RecordName, plan.RecordPart}[i]: text})
					}
				}
				want := string(plan.Record(texts[0], texts[1]))
				m := medium(t, dir, "linuxfs")
				m.stable, m.fat = !fat, fat
				_, left, err := m.Heal()
				if err != nil || len(left) > 0 || m.dir.Exists(plan.RecordPart) {
					t.Errorf("%q, %q: left %q, %v", record, part, left, err)
				}
				got, _ := os.ReadFile(dir + "/" + plan.RecordName)
				if string(plan.Record(got, nil)) != want {
					t.Errorf("%q, %q: %q, not %q", record, part, got, want)
				}
			}
		}
	}
}
