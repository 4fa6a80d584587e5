package bootmenu

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// titles are what users can call a version.
var titles = []string{
	"With GIMP", "", "it's", `a "quoted" one`, `$(halt) ${root} $x`, "`halt`", `back\slash\`, `\'`, "'", "''' }",
	"two\nlines\n}\nhalt", "\r\n", "tab\tand\x00zero\x1b[31m", "# no comment", "{ } ; | & < >", "^hot ^^", "=> <b>&amp;",
	"größer 日本語 🐧", "\xff\xfe broken \xc3", "right \u202eto left", strings.Repeat("long ", 100), "%s %d %%", "\n#: entry other\n",
	"### END antix-remaster ###", "-", "--id=x", "!", "menuentry", "LABEL x", "endtext", strings.Repeat("ä", 120),
}

func extras() (all []Extra) {
	for i, title := range titles {
		id := "antix-remaster-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		all = append(all, Extra{ID: id, Title: title, Options: []string{"bdir=antiX/archive/0003", "sqname=linuxfs.old"}, Once: i%2 == 0})
	}
	all[1].Options = nil
	return all
}

// menus are menus of both kinds, with the file that they would be in.
func menus() map[File]string {
	return map[File]string{Files[0]: newGRUB, {"boot/grub", "old.cfg", GRUB}: oldGRUB, Files[1]: gfxSyslinux, Files[3]: vesaSyslinux}
}

func base(t *testing.T, f File, text string) Entry {
	t.Helper()
	m, err := Parse(f.Kind, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := m.Base("antiX", "")
	if !ok {
		t.Fatalf("%s/%s has no entry to begin with", f.Dir, f.Name)
	}
	return e
}

func TestEncodeDecode(t *testing.T) {
	for f, menu := range menus() {
		for name, want := range map[string][]Extra{"none": nil, "many": extras()} {
			b := base(t, f, menu)
			text, err := Encode(f, b, want)
			if err != nil {
				t.Errorf("%s of %s: %v", name, f.Name, err)
				continue
			}
			got, ours, err := Decode(f.Kind, text)
			if err != nil || !ours || !slices.EqualFunc(got, want, Extra.same) {
				t.Errorf("%s of %s: got %+v, %v, %v", name, f.Name, got, ours, err)
			}
			if m, err := Parse(f.Kind, text); name == "many" && (err != nil || len(m.Entries) != len(want)) {
				t.Errorf("%s of %s: read again as %+v, %v", name, f.Name, m, err)
			}
		}
	}
}

func TestEncodeText(t *testing.T) {
	old := "with $x, it's 'old' ^"
	for _, c := range []struct {
		f    File
		menu string
		want string
	}{
		{Files[0], newGRUB, `
menuentry 'with $x, it'\''s '\''old'\'' ^' "$kernel" "$initrd" "$kopts" --id antix-remaster-old {
kernel="$2"
initrd="$3"
shift 3
linux /antiX/${kernel} quiet splasht $@ sqext=old
initrd /antiX/${initrd}.gz
}
if [ -s "$antix_remaster/grubenv" ]; then load_env -f "$antix_remaster/grubenv" next_entry; fi
if [ "$next_entry" = "antix-remaster-old" ]; then
set next_entry=
if save_env -f "$antix_remaster/grubenv" next_entry; then set default=antix-remaster-old; fi
fi
`},
		{Files[1], gfxSyslinux, `
LABEL antix-remaster-old
    MENU LABEL with $x, it's 'old' '
    KERNEL /antiX/vmlinuz
    APPEND quiet splasht sqext=old
    INITRD /antiX/initrd.gz
`},
		{Files[3], vesaSyslinux, `
LABEL antix-remaster-old
    MENU LABEL with $x, it's 'old' '
    KERNEL /antiX/vmlinuz
    APPEND quiet toram sqext=old initrd=/antiX/initrd1.gz
`},
	} {
		got, err := Encode(c.f, base(t, c.f, c.menu), []Extra{{"antix-remaster-old", old, []string{"sqext=old"}, true}})
		notes := head + "\n\n#: entry antix-remaster-old\n#: title \"" + old + "\"\n#: option sqext=old\n#: once"
		if want := notes + c.want; err != nil || string(got) != want {
			t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	b := base(t, Files[0], newGRUB)
	for name, x := range map[string]Extra{
		"no id": {}, "id": {ID: "A"}, "id with a blank": {ID: "a b"}, "id like an option": {ID: "-a"},
		"option with a quote": {ID: "a", Options: []string{"a'b"}}, "two in one": {ID: "a", Options: []string{"a b"}},
		"variable": {ID: "a", Options: []string{"$x"}}, "no option": {ID: "a", Options: []string{""}},
		"line end": {ID: "a", Options: []string{"a\n"}}, "command": {ID: "a", Options: []string{"a;halt"}},
		"long option": {ID: "a", Options: []string{strings.Repeat("a", 256)}}, "long title": {ID: "a", Title: strings.Repeat("a", 4097)},
	} {
		if text, err := Encode(Files[0], b, []Extra{x}); err == nil {
			t.Errorf("%s: no error, but %s", name, text)
		}
	}
	if text, err := Encode(Files[0], b, []Extra{{ID: "a"}, {ID: "a"}}); err == nil {
		t.Errorf("two of a name: no error, but %s", text)
	}
	for name, change := range map[string]func(*Entry){
		"no kernel":       func(e *Entry) { e.Kernel = "" },
		"a brace":         func(e *Entry) { e.Options = []string{"}"} },
		"a line end":      func(e *Entry) { e.Options = []string{"a\nhalt"} },
		"an open quote":   func(e *Entry) { e.Options = []string{"'"} },
		"an open block":   func(e *Entry) { e.Search = "if true; then" },
		"no loader":       func(e *Entry) { e.Loader = "" },
		"a long line":     func(e *Entry) { e.Options = slices.Repeat([]string{"option"}, 300) },
		"a closing brace": func(e *Entry) { e.Search = "}\nmenuentry a {" },
	} {
		e := b
		change(&e)
		if text, err := Encode(Files[0], e, extras()[:1]); err == nil {
			t.Errorf("a base with %s: no error, but %s", name, text)
		}
	}
}

func TestOff(t *testing.T) {
	for _, f := range Files {
		text := Off(f)
		if x, ours, err := Decode(f.Kind, text); err != nil || !ours || x != nil || !IsOff(text) {
			t.Errorf("%s: got %+v, %v, %v", f.Name, x, ours, err)
		}
	}
	none, err := Encode(Files[0], Entry{}, nil)
	if err != nil || IsOff(none) || IsOff(nil) {
		t.Errorf("a file without entries says that they are switched off: %q, %v", none, err)
	}
}

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ours bool
		err  bool
	}{
		"empty":         {"", true, false},
		"foreign":       {"set default=1\n", false, false},
		"a beginning":   {head[:20], false, false},
		"torn":          {head + "\n\n#: entry a\n#: tit", true, false},
		"torn id":       {head + "\n#: entry \n", true, true},
		"title":         {head + "\n#: entry a\n#: title \"x\n", true, true},
		"option":        {head + "\n#: entry a\n#: option $(x)\n", true, true},
		"large":         {head + "\n" + strings.Repeat("#\n", Limit), true, true},
		"without entry": {head + "\n#: once\n", true, false},
	} {
		if _, ours, err := Decode(GRUB, []byte(c.text)); ours != c.ours || (err != nil) != c.err {
			t.Errorf("%s: got %v, %v", name, ours, err)
		}
	}
}

func TestShown(t *testing.T) {
	for title, want := range map[string]string{
		"": "?", "\n": "?", " a\n\tb ": "a b", "\xff": "?", "a\u202eb": "a b", "🐧 ä": "🐧 ä",
		strings.Repeat("ä", 72): strings.Repeat("ä", 72), strings.Repeat("ä", 73): strings.Repeat("ä", 71) + "…",
	} {
		if got := Shown(title); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}

// run starts one of GRUB's own programs, which scripts/setup installs.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: see scripts/setup", err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	return string(out), err
}

// TestKept: texts come back as they were, change no entry, and are nobody else's.
func TestKept(t *testing.T) {
	want := []string{"Zurück: %s", "", "a\nmenuentry x {", `\" '`, "\xff", strings.Repeat("ä", 100)}
	for f, menu := range menus() {
		text, err := Encode(f, base(t, f, menu), extras(), want...)
		if err != nil {
			t.Fatal(err)
		}
		back, ours, err := Decode(f.Kind, text)
		if got := Kept(text); !slices.Equal(got, want) || err != nil || !ours || !slices.EqualFunc(back, extras(), Extra.same) {
			t.Errorf("%s: kept %q, entries %+v, %v", f.Name, got, back, err)
		}
		if f.Kind == GRUB {
			if out, ok := accepts(t, text); !ok {
				t.Errorf("%s\n%s", out, text)
			}
		}
		off := Off(f, want...)
		if got := Kept(off); !slices.Equal(got, want) || !IsOff(off) || !IsOurs(off) {
			t.Errorf("%s: switched off: %q", f.Name, got)
		}
		if got := Kept(bytes.TrimPrefix(text, []byte("#"))); got != nil {
			t.Errorf("of somebody else: %q", got)
		}
	}
	if got := Kept([]byte(head + "\n#: kept \"a\"\n#: kept b\n")); got != nil {
		t.Errorf("torn: %q", got)
	}
}

// accepts tells whether GRUB's own parser understands a script.
func accepts(t *testing.T, text []byte) (string, bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "grub.cfg")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := run(t, "grub-script-check", file)
	return out, err == nil
}

func TestGRUBAccepts(t *testing.T) {
	for f, menu := range menus() {
		if f.Kind != GRUB {
			continue
		}
		text, err := Encode(f, base(t, f, menu), extras())
		if err != nil {
			t.Fatal(err)
		}
		for name, script := range map[string][]byte{"menu": Append([]byte(menu), f), "entries": text} {
			if out, ok := accepts(t, script); !ok {
				t.Errorf("%s of %s: %s\n%s", name, f.Name, out, script)
			}
		}
	}
	if out, ok := accepts(t, []byte("menuentry 'it's' {\n}\n")); ok {
		t.Errorf("a broken menu is accepted: %s", out)
	}
}

func TestEnvOfGRUB(t *testing.T) {
	file := filepath.Join(t.TempDir(), "grubenv")
	set := map[string]string{"saved_entry": "linux", NextEntry: "antix-remaster-0003", "odd": `a\b "c" 'd' $e =f#`, "empty": ""}
	block := EnvNew()
	for name, value := range set {
		var err error
		if block, err = EnvSet(block, name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, block, 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := run(t, "grub-editenv", file, "list")
	for name, value := range set {
		if err != nil || !slices.Contains(strings.Split(list, "\n"), name+"="+value) {
			t.Errorf("GRUB does not find %s=%s: %v\n%s", name, value, err, list)
		}
	}
	if out, err := run(t, "grub-editenv", file, "set", `back=x\y`, "saved_entry=other"); err != nil {
		t.Fatal(err, out)
	}
	set["back"], set["saved_entry"] = `x\y`, "other"
	if block, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	for name, value := range set {
		if got, ok, err := EnvGet(block, name); err != nil || !ok || got != value {
			t.Errorf("%s: got %q, %v, %v; want %q", name, got, ok, err, value)
		}
	}
	if out, err := run(t, "grub-editenv", file, "create"); err != nil {
		t.Fatal(err, out)
	}
	made, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if made, err = EnvSet(made, "a", "b"); err != nil || len(made) != envSize || !bytes.Contains(made, []byte("\na=b\n#")) {
		t.Errorf("a block that GRUB made: %q, %v", made, err)
	}
}

func TestEnvRefuses(t *testing.T) {
	full := EnvNew()
	for name, c := range map[string]struct {
		block       []byte
		name, value string
	}{
		"no block": {[]byte("a=b\n"), "a", "b"}, "empty": {nil, "a", "b"}, "no name": {full, "", "b"},
		"name": {full, "a=b", "c"}, "line end in the name": {full, "a\n", "c"}, "zero": {full, "a", "\x00"},
		"too long": {full, "a", strings.Repeat("x", envSize-len(envHead)-2)},
	} {
		if got, err := EnvSet(c.block, c.name, c.value); err == nil {
			t.Errorf("%s: no error, but %q", name, got)
		}
	}
	fits := strings.Repeat("x", envSize-len(envHead)-3)
	if got, err := EnvSet(full, "a", fits); err != nil || len(got) != envSize {
		t.Errorf("what just fits: %d bytes, %v", len(got), err)
	}
	if got, err := EnvSet(full, "a", "b\nc"); err != nil {
		t.Error(err)
	} else if v, ok, err := EnvGet(got, "a"); v != "b\nc" || !ok || err != nil {
		t.Errorf("a value of two lines: %q, %v, %v", v, ok, err)
	}
	if _, ok, err := EnvGet(full, "a"); ok || err != nil {
		t.Errorf("a variable that is not there: %v, %v", ok, err)
	}
}
