package words

import (
	"strings"

	"antix-remaster/core/wire"
)

// MenuTitles are the titles of the entries in the boot menus; none without a
// language, as in a root shell or a script: those that the stick has stay then.
func MenuTitles(env, tr func(string) string) wire.Titles {
	if Locale(env) == "" {
		return wire.Titles{}
	}
	t := wire.EnglishTitles
	return wire.Titles{Try: tr(t.Try), Rescue: tr(t.Rescue), Stay: tr(t.Stay), Back: tr(t.Back), Lost: tr(t.Lost)}
}

// Locale is that of the texts, as gettext finds it; "" for none.
func Locale(env func(string) string) string {
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := env(key); locale == "C" || locale == "POSIX" || strings.HasPrefix(locale, "C.") {
			return ""
		} else if locale != "" {
			return locale
		}
	}
	return ""
}
