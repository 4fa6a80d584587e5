package plan

import "testing"

// Whatever a power cut leaves of a replacement, a complete text is found, and
// no part of one is taken for it.
func TestRecord(t *testing.T) {
	text := []byte("{\n \"format\": 1,\n \"versions\": {\"a\": {\"note\":\"}\"}}\n}\n")
	for cut := range text {
		part := text[:cut]
		if whole := cut == len(text)-1; IsRecord(part) != whole { // only the newline is missing
			t.Errorf("%q", part)
		}
		if IsForeign(part) || IsForeign(append(part[:cut:cut], 0, 0, 0)) {
			t.Errorf("%q is not known as a part", part)
		}
		if cut < len(text)-1 && (string(Record(part, text)) != string(text) || Record(part, part) != nil) {
			t.Errorf("%q was taken", part)
		}
	}
	if old := []byte(`{"versions":{},"format":1}`); string(Record(old, text)) != string(old) || string(Record(nil, text)) != string(text) || Record(nil, nil) != nil {
		t.Error("the wrong one of two")
	}
	for _, other := range []string{"", " ", "null", "12", "[]", "{}", "{}{}", "\x00\x00{}", `{"format":1}`, `{"versions":{}}`, `{"format":1,"versions":null}`, `{"format":1,"versions":[]}`, `{"format":"1","versions":{}}`} {
		if IsRecord([]byte(other)) {
			t.Errorf("%q", other)
		}
	}
}

// What a later program wrote is known as such.
func TestIsNewer(t *testing.T) {
	for text, want := range map[string]bool{`{"format":2,"versions":{}}`: true, `{"format":1.5,"versions":{},"more":1}`: true, `{"format":1,"versions":{}}`: false, `{"format":0,"versions":{}}`: false,
		`{"format":2}`: false, `{"format":2,"versions":{`: false, "": false} {
		if IsNewer([]byte(text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

// What somebody else keeps under the name is known as such.
func TestIsForeign(t *testing.T) {
	for _, other := range []string{"{}", `{"old":1}`, `{"format":1}`, "[]", "notes\n", "{{{", `{"history":`, "\xff\xfe"} {
		if !IsForeign([]byte(other)) {
			t.Errorf("%q was taken for ours", other)
		}
	}
	for _, ours := range []string{"", "\x00\x00", "{", `{ "for`, `{"format":1,"versions":{}}`} {
		if IsForeign([]byte(ours)) {
			t.Errorf("%q was not known", ours)
		}
	}
}
