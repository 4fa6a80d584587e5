package plan

import "testing"

// Whatever a power cut leaves of a replacement, a complete text is found, and
// no part of one is taken for it.
func TestRecord(t *testing.T) {
	text := []byte("{\"versions\":[{\"note\":\"}\"}]}\n")
	for cut := range text {
		part := text[:cut]
		if whole := cut == len(text)-1; IsRecord(part) != whole { // only the newline is missing
			t.Errorf("%q", part)
		}
		if cut < len(text)-1 && (string(Record(part, text)) != string(text) || Record(part, part) != nil) {
			t.Errorf("%q was taken", part)
		}
	}
	if old := []byte("{}"); string(Record(old, text)) != "{}" || string(Record(nil, text)) != string(text) || Record(nil, nil) != nil {
		t.Error("the wrong one of two")
	}
	for _, other := range []string{"", " ", "null", "12", "[]", "{}{}", "\x00\x00{}"} {
		if IsRecord([]byte(other)) {
			t.Errorf("%q", other)
		}
	}
}
