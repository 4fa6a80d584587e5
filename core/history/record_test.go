package history

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

func key(n int) string { return fmt.Sprintf("%d-%064x", n+1, n) }

var full = Record{Note: "with 'GIMP' – good", Pinned: true, Verified: 1_790_000_000, How: ByBuild, SHA256: strings.Repeat("0a", 32), From: "archive/0003/linuxfs.old"}

func TestRecordsComeBack(t *testing.T) {
	want := Records{key(1): full, key(2): {Damaged: true}, key(3): {Note: `"\<>&`}}
	with := maps.Clone(want)
	with[key(4)] = Record{}               // nothing to remember
	with["no key"] = Record{Pinned: true} // nor this
	text, err := with.Encode(nil)
	must(t, err)
	got, ok := ParseRecords(text)
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %+v\n%s", ok, got, text)
	}
}

// TestRecordsRefuseNonsense: an odd file is none, an odd entry an empty one.
func TestRecordsRefuseNonsense(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[]", "7", `{"format":2,"versions":{}}`, `{"format":1,"versions":[]}`, `{"format":"1"}`, `{"versions":{}}`,
		strings.Repeat("[", 1000), `{"format":1,"versions":{}} x`, strings.Repeat(" ", plan.MaxRecord) + `{"format":1}`, many(maxRecords + 1)} {
		if _, ok := ParseRecords([]byte(text)); ok {
			t.Errorf("accepted %.60q", text)
		}
	}
	for field, value := range map[string]any{"note": "two\nlines", "verified": -1, "how": "guess", "sha256": "abc", "from": "../../etc", "pinned": "yes",
		"damaged": 1, "Note": strings.Repeat("x", 201)} {
		raw, err := json.Marshal(map[string]any{field: value})
		must(t, err)
		r, ok := ParseRecords(fmt.Appendf(nil, `{"format":1,"versions":{%q:%s,%q:{"pinned":true},"../x":{"pinned":true}}}`, key(1), raw, key(2)))
		if !ok || len(r) != 1 || !r[key(2)].Pinned {
			t.Errorf("%s: %v, %v", field, ok, r)
		}
	}
}

func many(n int) string {
	all := map[string]Record{}
	for i := range n {
		all[key(i)] = Record{Pinned: true}
	}
	text, _ := json.Marshal(map[string]any{"format": 1, "versions": all})
	return string(text)
}

// TestRecordsStayShort: versions that are gone are forgotten first.
func TestRecordsStayShort(t *testing.T) {
	all := Records{}
	for n := range maxRecords {
		all[key(n)] = Record{Pinned: true, Note: strings.Repeat("n", 200), SHA256: strings.Repeat("0", 64)}
	}
	text, err := all.Encode([]string{key(3), key(999)})
	must(t, err)
	r, ok := ParseRecords(text)
	if !ok || len(r) != maxKept || !r[key(3)].Pinned || !r[key(999)].Pinned || len(text) > plan.MaxRecord {
		t.Errorf("%v, %d records, %d bytes", ok, len(r), len(text))
	}
}

// TestReadRecords: while the record is exchanged on FAT one of both is whole.
func TestReadRecords(t *testing.T) {
	good := func(note string) string {
		text, err := Records{key(1): {Note: note}}.Encode(nil)
		must(t, err)
		return string(text)
	}
	for name, c := range map[string]struct{ file, part, want string }{
		"none":       {"", "", ""},
		"the file":   {good("a"), good("b"), "a"},
		"torn file":  {good("a")[:40], good("b"), "b"},
		"empty file": {"\x00\x00", good("b"), "b"},
		"only part":  {"", good("b"), "b"},
		"both torn":  {"x", good("b")[:30], ""},
	} {
		s := newStick(t)
		if c.file != "" {
			put(t, s.path(plan.RecordName), c.file)
		}
		if c.part != "" {
			put(t, s.path(plan.RecordPart), c.part)
		}
		if got := ReadRecords(s.facts("linuxfs"), s.root)[key(1)].Note; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	s := newStick(t)
	must(t, os.Mkdir(s.path(plan.RecordName), 0o755))
	s.link(plan.RecordPart, plan.RecordPart)
	if r := ReadRecords(s.facts("linuxfs"), s.root); len(r) != 0 {
		t.Errorf("%v", r)
	}
}

// TestRecordBelongsToItsImage: wherever it goes, and to no other one there.
func TestRecordBelongsToItsImage(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("linuxfs.old", "aaaaaa02")
	all := List(s.facts("linuxfs"), s.root)
	text, err := Records{KeyOf(all[1].Version): {Note: "mine", Damaged: true}}.Encode(nil)
	must(t, err)
	put(t, s.path(plan.RecordName), string(text))
	put(t, s.path("archive/0001/x"), "")
	must(t, os.Rename(s.path("linuxfs.old"), s.path("archive/0001/linuxfs.old")))
	s.image("linuxfs.old", "aaaaaa03")
	all = List(s.facts("linuxfs"), s.root)
	if all[1].Record != (Record{}) || all[2].Record.Note != "mine" || all[2].Unfit == nil || all[2].Unfit.Code != wire.DamageKnown {
		t.Errorf("%+v\n%+v", all[1], all[2])
	}
	f, err := os.Open(s.path("linuxfs.old"))
	must(t, err)
	defer f.Close()
	for i, want := range []bool{false, true, false} {
		if is, err := Same(all[i].Version, f); err != nil || is != want || !wire.ValidKey(KeyOf(all[i].Version)) {
			t.Errorf("%d: %v, %v, %q", i, is, err, KeyOf(all[i].Version))
		}
	}
}

// TestKeysDiffer: images that were made in the same second, as large as each
// other, with the same first file.
func TestKeysDiffer(t *testing.T) {
	a := live.Version{Size: 1 << 30, Head: strings.Repeat("0a", 32), ID: "aaaaaa01"}
	b, c, d := a, a, a
	b.ID, c.Size, d.Head = "aaaaaa02", 1<<30+1, strings.Repeat("0b", 32)
	for _, other := range []live.Version{b, c, d, {}} {
		if KeyOf(a) == KeyOf(other) {
			t.Errorf("%+v and %+v have one key", a, other)
		}
	}
	if KeyOf(live.Version{Size: 7}) != "" {
		t.Error("a key of nothing")
	}
}

func FuzzHistory(f *testing.F) {
	text, err := Records{key(1): full, key(2): {Damaged: true}}.Encode(nil)
	must(f, err)
	for _, seed := range []string{"", string(text), string(text[:50]), `{"format":1,"versions":{"1-00":null}}`, `{"format":1,"versions":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, ok := ParseRecords(raw)
		if !ok {
			return
		}
		for k, one := range r {
			if !wire.ValidKey(k) || !one.valid() {
				t.Errorf("accepted %q: %+v", k, one)
			}
		}
		text, err := r.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, ok := ParseRecords(text)
		maps.DeleteFunc(r, func(_ string, one Record) bool { return one == Record{} })
		if !ok || len(r) <= maxKept && !reflect.DeepEqual(again, r) {
			t.Errorf("%v: %+v came back as %+v", ok, r, again)
		}
	})
}
