package publish

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
	"antix-remaster/core/wire"
)

func recordFiles() map[string]string {
	return map[string]string{"linuxfs": image("a"), "history.json": `{"format":1,"versions":{"old":1}}`, "history.json.tmp": "foreign"}
}

func TestWriteRecord(t *testing.T) {
	for _, fat := range []bool{false, true} {
		for what, have := range map[string]map[string]string{
			"none": nil, "old": {"history.json": `{"format":1,"versions":{"old":1}}`}, "damaged": {"history.json": `{"fo`}, "a part beside": {"history.json": `{"format":1,"versions":{"old":1}}`, "history.json.part": `{"format":1,"ver`},
			"a newer part": {"history.json": `{"format":1,"versions":{"old":1}}`, "history.json.part": `{"format":1,"versions":{"newer":1}}`}, "only a part": {"history.json.part": `{"format":1,"versions":{"newer":1}}`},
			"a torn one and a part": {"history.json": "", "history.json.part": `{"format":1,"versions":{"newer":1}}`},
		} {
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a")})
			put(t, dir, have)
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			if what == "none" {
				must(t, m.WriteRecord([]byte(`{"format":1,"versions":{"first":1}}`)))
			}
			must(t, m.WriteRecord([]byte("{\"format\":1,\"versions\":{\"new\":2}}\n")))
			if d := treeOf(t, dir).diff(expected(t, map[string]string{"linuxfs": image("a"), "history.json": "{\"format\":1,\"versions\":{\"new\":2}}\n"})); d != "" {
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
				put(t, dir, map[string]string{plan.RecordPart: `{"format":1,"versions":{"x":1}}`})
			}
			before := exactTree(t, dir)
			m := medium(t, dir, "linuxfs")
			if err := m.WriteRecord([]byte(`{"format":1,"versions":{}}`)); codeOf(err) != wire.NameTaken {
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
	for _, text := range []string{"", "{", "[]", "12", `{"a":1}`, `{"format":1,"versions":{}}x`, `{"format":1,"versions":{}}` + strings.Repeat(" ", plan.MaxRecord)} {
		if err := medium(t, dir, "linuxfs").WriteRecord([]byte(text)); err == nil {
			t.Errorf("%.20q was written", text)
		}
	}
	if d := exactTree(t, dir).diff(before); d != "" {
		t.Error(d)
	}
}

// However a replacement was cut, healing leaves the text that the rule reads.
// TestNewerRecordStays: neither it nor what replaces it is touched.
func TestNewerRecordStays(t *testing.T) {
	const newer, ours = `{"format":2,"versions":{"x":1},"more":1}`, `{"format":1,"versions":{"old":1}}`
	for _, fat := range []bool{false, true} {
		for _, files := range []map[string]string{{plan.RecordName: newer}, {plan.RecordName: ours, plan.RecordPart: newer}} {
			dir := memDir(t)
			put(t, dir, files)
			before := exactTree(t, dir)
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			if err := m.WriteRecord([]byte(ours)); codeOf(err) != wire.RecordNewer {
				t.Errorf("%v: %v", files, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%v:\n%s", files, d)
			}
		}
	}
}

func TestHealFinishesTheRecord(t *testing.T) {
	for _, fat := range []bool{false, true} {
		for _, record := range []string{"-", "", `{"format":1,"versions":{"old`, `{"format":1,"versions":{"old":1}}`} {
			for _, part := range []string{"-", "", `{"format":1,"versions":{"new`, `{"format":1,"versions":{"new":1}}`} {
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

// TestRecordsOfOthersStay: what is not ours is not written over, nor healed away.
func TestRecordsOfOthersStay(t *testing.T) {
	ours := `{"format":1,"versions":{}}`
	for _, c := range []struct {
		record, part string
		left         bool
	}{{`{"mine":1}`, "", false}, {"notes", ours, true}, {ours, `{"mine":1}`, true}, {"", "notes", true}} {
		for _, fat := range []bool{false, true} {
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a")})
			for name, text := range map[string]string{plan.RecordName: c.record, plan.RecordPart: c.part} {
				if text != "" {
					put(t, dir, map[string]string{name: text})
				}
			}
			before := exactTree(t, dir)
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			if err := m.WriteRecord([]byte(ours)); codeOf(err) != wire.NameTaken {
				t.Errorf("%+v: %v", c, err)
			}
			if _, left, err := m.Heal(); err != nil || (len(left) > 0) != c.left {
				t.Errorf("%+v: left %q, %v", c, left, err)
			}
			if d := exactTree(t, dir).diff(before); d != "" {
				t.Errorf("%+v:\n%s", c, d)
			}
		}
	}
}

// TestHealGoesOnWithoutTheRecord: a part that cannot be removed is left, and all
// else is put right.
func TestHealGoesOnWithoutTheRecord(t *testing.T) {
	dir, device := ext4Dir(t)
	put(t, dir, map[string]string{"linuxfs": image("a"), plan.RecordPart: "{", checkName: "x", "linuxfs.old": image("b")})
	part := filepath.Join(dir, plan.RecordPart)
	if out, err := exec.Command("chattr", "+i", part).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer func() { must(t, exec.Command("chattr", "-i", part).Run()) }()
	at, err := sys.OpenDir(dir)
	must(t, err)
	defer at.Close()
	m, err := Open(at, device, "linuxfs", live.Gen2023, nil)
	must(t, err)
	healed, left, err := m.Heal()
	if err != nil || !slices.Equal(left, []string{plan.RecordPart}) || m.dir.Exists(checkName) {
		t.Errorf("healed %q, left %q, %v", healed, left, err)
	}
	if _, err := m.Stage(t.Context(), Set{"", "linuxfs.old"}, nil); err != nil {
		t.Error(err)
	}
}
