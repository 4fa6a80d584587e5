package history

import (
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"

	"antix-remaster/core/wire"
)

var (
	words   = map[string]State{"default": Default, "armed": Armed, "previous": Previous}
	isHex   = regexp.MustCompile(`^[0-9a-f]{6,128}$`)
	isDigit = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// Find finds the version that a user names: running, default, armed, previous,
// the number of an archive, at least six hex digits of a version id, or the
// place that the list shows. Errors are wire errors: NoVersion, and
// VersionAmbiguous with the candidates.
func Find(all []Version, word string) (Version, error) {
	var found []Version
	for _, v := range all {
		if v.isCalled(word) {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 0:
		return Version{}, wire.Fail(wire.NoVersion, errors.New("no version has this name"), word)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, v := range found {
		name := v.File()
		if v.Title != "" {
			name += " (" + v.Title + ")"
		}
		names = append(names, name)
	}
	return Version{}, wire.Fail(wire.VersionAmbiguous, nil, word, wire.List(names, 10))
}

func (v Version) isCalled(word string) bool {
	switch state, ok := words[word]; {
	case word == "running":
		return v.Running
	case ok:
		return v.State == state
	case v.Name == "": // a place that cannot be read
		return false
	case word == v.File() || word == v.Place && v.Archive != "":
		return true
	}
	if isDigit.MatchString(word) && v.Archive != "" {
		want, _ := strconv.Atoi(word)
		if have, _ := strconv.Atoi(v.Archive); have == want {
			return true
		}
	}
	if word == path.Join(archiveDir, v.Archive) && v.Archive != "" {
		return true
	}
	lower := strings.ToLower(word)
	return isHex.MatchString(lower) && strings.HasPrefix(strings.ToLower(v.ID), lower)
}
