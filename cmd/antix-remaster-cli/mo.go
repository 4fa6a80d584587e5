package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"antix-remaster/core/words"
)

// tr translates an English text into the user's language.
var tr = func(msgid string) string { return msgid }

const (
	domain       = "antix-remaster"
	maxCatalogue = 4 << 20
	maxMessages  = 100_000
)

// loadTranslator finds the catalogue of the user's language as gettext does.
// Without one everything stays English.
func loadTranslator(env func(string) string, dirs ...string) func(string) string {
	for _, lang := range languages(env) {
		for _, dir := range dirs {
			if c, err := readCatalogue(filepath.Join(dir, lang, "LC_MESSAGES", domain+".mo")); err == nil {
				return c.translate
			}
		}
		if lang == "en" {
			break // the texts are English
		}
	}
	return func(msgid string) string { return msgid }
}

// localeName keeps a value of the environment from leading out of the
// catalogues' directory.
var localeName = regexp.MustCompile(`^([A-Za-z]{2,8})(_[A-Za-z0-9]{1,8})?(\.[A-Za-z0-9-]{1,20})?(@[A-Za-z0-9]{1,20})?$`)

// languages lists the catalogues to try, best first.
func languages(env func(string) string) []string {
	locale := words.Locale(env)
	if locale == "" {
		return nil
	}
	wanted := strings.Split(env("LANGUAGE"), ":")
	var out []string
	for _, name := range append(wanted, locale) {
		m := localeName.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		out = append(out, m[1]+m[2]+m[4], m[1]+m[2], m[1]+m[4], m[1])
	}
	return out
}

// catalogue holds the translations of one language.
type catalogue map[string]string

func (c catalogue) translate(msgid string) string {
	if s := c[msgid]; s != "" {
		return s
	}
	return msgid
}

func readCatalogue(path string) (catalogue, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := readAtMost(f, maxCatalogue)
	if err != nil {
		return nil, err
	}
	return parseCatalogue(text)
}

var errCatalogue = errors.New("cannot understand the catalogue")

// parseCatalogue reads a compiled catalogue (.mo). The strings it gives are
// parts of text, so they cost no memory, however often a hostile file names
// the same bytes.
func parseCatalogue(text string) (catalogue, error) {
	if len(text) < 28 {
		return nil, errCatalogue
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.LittleEndian.Uint32([]byte(text[:4])) {
	case 0x950412de:
	case 0xde120495:
		order = binary.BigEndian
	default:
		return nil, errCatalogue
	}
	word := func(at uint64) uint64 { return uint64(order.Uint32([]byte(text[at : at+4]))) }
	count, ids, strs := word(8), word(12), word(16)
	size := uint64(len(text))
	if count > maxMessages || ids+8*count > size || strs+8*count > size {
		return nil, errCatalogue
	}
	c := catalogue{}
	for i := range count {
		id, ok1 := piece(text, word(ids+8*i), word(ids+8*i+4))
		str, ok2 := piece(text, word(strs+8*i), word(strs+8*i+4))
		if !ok1 || !ok2 {
			return nil, errCatalogue
		}
		if id == "" && !strings.Contains(strings.ToLower(str), "charset=utf-8") {
			return nil, errCatalogue
		}
		if id != "" {
			c[id] = str
		}
	}
	return c, nil
}

// piece is a string of the file up to its first NUL, behind which plural
// forms would stand.
func piece(text string, length, at uint64) (string, bool) {
	if at+length > uint64(len(text)) {
		return "", false
	}
	s, _, _ := strings.Cut(text[at:at+length], "\x00")
	return s, utf8.ValidString(s)
}

// readAtMost reads a whole file that may not be longer than limit bytes.
func readAtMost(r io.Reader, limit int64) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errTooLong
	}
	return string(b), err
}

var errTooLong = errors.New("the file is too long")
