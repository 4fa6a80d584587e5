package plan

import (
	"bytes"
	"encoding/json"
)

// RecordName is the record of the versions, beside the linuxfs; RecordPart
// holds its new text while that takes the old one's place (see Record).
const (
	RecordName = "history.json"
	RecordPart = RecordName + ".part"
	MaxRecord  = 1 << 20 // bytes; a version has some hundred

	RecordFormat = 1 // that this program reads and writes
)

// Record is the rule for reading the record: the text under RecordName when it
// is complete, else that under RecordPart, nil when neither is. A power cut at
// any point of its replacement leaves one of both complete; pass nil for a
// file that is not there.
func Record(record, part []byte) []byte {
	for _, text := range [][]byte{record, part} {
		if IsRecord(text) {
			return text
		}
	}
	return nil
}

// IsRecord tells whether a text is a record of ours, and complete: one JSON
// object with a number "format" and an object "versions". No part of one is.
func IsRecord(text []byte) bool {
	_, ok := formatOf(text)
	return ok
}

// IsNewer tells whether a text is a record that a later version of this program
// wrote, which is left alone: nobody can tell what would be lost.
func IsNewer(text []byte) bool {
	format, ok := formatOf(text)
	return ok && format > RecordFormat
}

func formatOf(text []byte) (float64, bool) {
	var r struct {
		Format   *float64                    `json:"format"`
		Versions *map[string]json.RawMessage `json:"versions"`
	}
	if len(text) > MaxRecord || json.Unmarshal(text, &r) != nil || r.Format == nil || r.Versions == nil {
		return 0, false
	}
	return *r.Format, true
}

// IsForeign tells whether a text is somebody else's: neither a record, nor what
// a power cut may leave of one, which is nothing, zeros, or its beginning. A
// file that holds it is never changed or deleted.
func IsForeign(text []byte) bool {
	if IsRecord(text) {
		return false
	}
	begin := []byte(`{"format":`)
	head := bytes.Join(bytes.FieldsFunc(text[:min(len(text), 64)], func(r rune) bool { return r <= ' ' }), nil)
	return json.Valid(text) || !bytes.HasPrefix(begin, head) && !bytes.HasPrefix(head, begin)
}
