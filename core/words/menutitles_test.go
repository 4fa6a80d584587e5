package words

import (
	"testing"

	"antix-remaster/core/wire"
)

// TestMenuTitles: a face without a language sends none, and one without a catalogue
// says what it says itself.
func TestMenuTitles(t *testing.T) {
	loud := func(s string) string { return s + "!" }
	for _, c := range []struct {
		lcAll, messages, lang string
		want                  string
	}{
		{"", "", "", ""}, {"C", "", "de_DE.UTF-8", ""}, {"", "POSIX", "de_DE.UTF-8", ""}, {"", "", "C.UTF-8", ""}, {"", "", "de_DE.UTF-8", "de_DE.UTF-8"},
		{"", "fr_FR", "C", "fr_FR"}, {"it", "C", "C", "it"},
	} {
		env := func(key string) string {
			return map[string]string{"LC_ALL": c.lcAll, "LC_MESSAGES": c.messages, "LANG": c.lang}[key]
		}
		if got := Locale(env); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		got := MenuTitles(env, loud)
		if want := wire.EnglishTitles.Back + "!"; c.want == "" && got != (wire.Titles{}) || c.want != "" && (got.Back != want || got.Try != "Try: %s!") {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
