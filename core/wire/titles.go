package wire

import (
	"cmp"
	"context"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Titles are those of the entries in the boot menus, in the user's language: the
// helper has no words. In Try and Rescue %s stands for the version. One that is
// empty, or not as it should be, is as none.
type Titles struct {
	Try    string `json:"try,omitempty"`
	Rescue string `json:"rescue,omitempty"`
	Stay   string `json:"stay,omitempty"` // of the rescue entry when no version is in the archive
	Back   string `json:"back,omitempty"` // of the boot option rollback
	Lost   string `json:"lost,omitempty"` // of NAME.old, when there is no NAME
}

// EnglishTitles are what the others are translations of.
var EnglishTitles = Titles{
	// TRANSLATORS: entry of a boot menu, at most 72 characters with the version, which %s
	// stands for. Most boot loaders show letters with accents, and other alphabets, badly
	// or not at all: write it in plain ASCII if your language can be read so.
	Try: T("Try: %s"),
	// TRANSLATORS: entry of a boot menu, as above; %s is the version.
	Rescue: T("Rescue: start %s"),
	// TRANSLATORS: entry of a boot menu, as above.
	Stay: T("Rescue: start without switching to a new version"),
	// TRANSLATORS: entry of a boot menu, as above.
	Back: T("After a remaster: go back to the version before"),
	// TRANSLATORS: entry of a boot menu, as above. "linuxfs" is the name of a file.
	Lost: T("If the start says that linuxfs is not found: the version before"),
}

const maxTitle = 200 // bytes

// List gives the titles as texts, nil when there are none; TitlesOfList is its reverse.
func (t Titles) List() []string {
	if t == (Titles{}) {
		return nil
	}
	return []string{t.Try, t.Rescue, t.Stay, t.Back, t.Lost}
}

// TitlesOfList takes what can be used of texts of anybody.
func TitlesOfList(list []string) Titles {
	if len(list) != 5 {
		return Titles{}
	}
	return Titles{list[0], list[1], list[2], list[3], list[4]}.usable()
}

// Or gives the titles with those of u where there are none.
func (t Titles) Or(u Titles) Titles {
	return Titles{cmp.Or(t.Try, u.Try), cmp.Or(t.Rescue, u.Rescue), cmp.Or(t.Stay, u.Stay), cmp.Or(t.Back, u.Back), cmp.Or(t.Lost, u.Lost)}
}

// usable leaves out what no menu should show.
func (t Titles) usable() Titles {
	return Titles{title(t.Try, 1), title(t.Rescue, 1), title(t.Stay, 0), title(t.Back, 0), title(t.Lost, 0)}
}

// title is the text when it is one line with so many places for a version.
func title(text string, places int) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(text) > maxTitle || !utf8.ValidString(text) || strings.ContainsFunc(text, odd) || strings.Count(text, "%s") != places ||
		strings.TrimSpace(strings.ReplaceAll(text, "%s", "")) == "" {
		return ""
	}
	return text
}

type titlesKey struct{}

// TitlesOf gives those that the face sent with its greeting, as far as they can be
// used.
func TitlesOf(ctx context.Context) Titles {
	t, _ := ctx.Value(titlesKey{}).(Titles)
	return t
}

func withTitles(ctx context.Context, t *Titles) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, titlesKey{}, t.usable())
}
