package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var noContext = context.Background()

// begun makes the journal of a stage, and the first renames of it.
func begun(t *testing.T, dir string, s Set, steps int) {
	t.Helper()
	m := medium(t, dir, "linuxfs")
	suffix, err := m.suffixOf(s)
	must(t, err)
	moves, err := m.planStage(s, suffix)
	must(t, err)
	in := stageIntent(s.Archive, moves)
	must(t, m.begin(in))
	src, shut, err := m.Place(s.Archive)
	must(t, err)
	defer shut()
	for _, mv := range in.Moves[:steps] {
		must(t, m.step(src, mv.From, m.dir, mv.To, mv))
	}
}

// A boot or somebody else in the middle of a stage: what can no longer be armed
// goes back, and what is not ours stays and is told of.
func TestHealStageAfterOthers(t *testing.T) {
	for _, c := range []struct {
		what   string
		set    Set
		steps  int
		meddle func(dir string) error
		want   map[string]string // "" keeps as the stage began
		left   []string
	}{
		{"rolled back in between", Set{"", "linuxfs.old"}, 1, func(d string) error {
			return renames(d, "linuxfs", "linuxfs.bad", "linuxfs.old", "linuxfs", "state", "state.bad")
		}, map[string]string{"linuxfs": image("b"), "linuxfs.bad": image("a"), "state.bad/x": "now", "state.old/x": "s", "rootfs.old": "r"}, nil},
		{"armed by somebody else", Set{"0003", "linuxfs.old"}, 1, func(d string) error {
			return os.WriteFile(d+"/linuxfs.new", []byte("theirs"), 0o644)
		}, map[string]string{"linuxfs": image("a"), "state/x": "now", "linuxfs.new": "theirs", "rootfs.new": "r", "archive/0003/linuxfs.old": image("b"), "archive/0003/state.old/x": "s"},
			[]string{"rootfs.new", "linuxfs.new"}},
		{"the image was replaced", Set{"0003", "linuxfs.old"}, 2, func(d string) error {
			return os.WriteFile(d+"/archive/0003/linuxfs.old", []byte(image("c")), 0o644)
		}, map[string]string{"linuxfs": image("a"), "state/x": "now", "archive/0003/rootfs.old": "r", "archive/0003/linuxfs.old": image("c"), "archive/0003/state.old/x": "s"}, nil},
		{"the swap came before the healing", Set{"0003", "linuxfs.old"}, 3, func(d string) error {
			return renames(d, "linuxfs", "linuxfs.old", "linuxfs.new", "linuxfs", "state", "state.old", "state.new", "state", "rootfs.new", "rootfs")
		}, map[string]string{"linuxfs": image("b"), "linuxfs.old": image("a"), "state.old/x": "now", "state/x": "s", "rootfs": "r", "archive/0003/": ""}, nil},
		{"blocked meanwhile", Set{"0003", "linuxfs.old"}, 2, func(d string) error {
			return os.WriteFile(d+"/linuxfs.bad", []byte(image("c")), 0o644)
		}, map[string]string{"linuxfs": image("a"), "linuxfs.bad": image("c"), "state/x": "now", "archive/0003/rootfs.old": "r", "archive/0003/linuxfs.old": image("b"), "archive/0003/state.old/x": "s"}, nil},
		{"the place is gone", Set{"0003", "linuxfs.old"}, 1, func(d string) error { return os.RemoveAll(d + "/archive/0003") },
			map[string]string{"linuxfs": image("a"), "state/x": "now", "rootfs.new": "r", "archive/": ""}, []string{"rootfs.new"}},
	} {
		dir := memDir(t)
		put(t, dir, map[string]string{"linuxfs": image("a"), "state/x": "now", pathIn(c.set.Archive, "linuxfs.old"): image("b"),
			pathIn(c.set.Archive, "state.old/x"): "s", pathIn(c.set.Archive, "rootfs.old"): "r"})
		begun(t, dir, c.set, c.steps)
		must(t, c.meddle(dir))
		_, left, err := medium(t, dir, "linuxfs").Heal()
		must(t, err)
		if !slices.Equal(left, c.left) {
			t.Errorf("%s: left %q", c.what, left)
		}
		if d := treeOf(t, dir).diff(expected(t, c.want)); d != "" {
			t.Errorf("%s:\n%s", c.what, d)
		}
	}
}

func renames(dir string, names ...string) error {
	for i := 0; i < len(names); i += 2 {
		if err := os.Rename(dir+"/"+names[i], dir+"/"+names[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// A boot in the middle of a deletion: what runs now, and what belongs to it,
// is not deleted, and neither is another image under that name.
func TestHealDeleteAfterOthers(t *testing.T) {
	for what, c := range map[string]struct {
		meddle func(dir string) error
		want   map[string]string
		left   []string
	}{
		"nobody": {func(string) error { return nil }, map[string]string{"linuxfs": image("a")}, nil},
		"the image went": {func(d string) error { return os.Remove(d + "/linuxfs.old") },
			map[string]string{"linuxfs": image("a")}, nil},
		"rolled back, without its companions": {func(d string) error { return renames(d, "linuxfs", "linuxfs.bad", "linuxfs.old", "linuxfs") },
			map[string]string{"linuxfs": image("b"), "linuxfs.bad": image("a"), "state.old/x": "s", "rootfs.old": "r"}, []string{"rootfs.old", "state.old"}},
		"replaced": {func(d string) error { return os.WriteFile(d+"/linuxfs.old", []byte(image("c")), 0o644) },
			map[string]string{"linuxfs": image("a"), "linuxfs.old": image("c"), "state.old/x": "s", "rootfs.old": "r"}, []string{"linuxfs.old", "rootfs.old", "state.old"}},
		"a companion was replaced by one of its size": {func(d string) error {
			return errors.Join(os.WriteFile(d+"/new", []byte("q"), 0o644), renames(d, "new", "rootfs.old"))
		}, map[string]string{"linuxfs": image("a"), "rootfs.old": "q"}, []string{"rootfs.old"}},
		"a companion was replaced": {func(d string) error { return os.WriteFile(d+"/rootfs.old", []byte("other"), 0o644) },
			map[string]string{"linuxfs": image("a"), "rootfs.old": "other"}, []string{"rootfs.old"}},
	} {
		for _, fat := range []bool{false, true} {
			if fat && strings.HasSuffix(what, "of its size") {
				continue // there is no way to know there
			}
			dir := memDir(t)
			put(t, dir, map[string]string{"linuxfs": image("a"), "linuxfs.old": image("b"), "state.old/x": "s", "rootfs.old": "r"})
			m := medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			moves, err := m.moves(m.dir, m.generation, "old", "")
			must(t, err)
			must(t, m.begin(intent{Action: actionDelete, Moves: m.removals(m.dir, "", moves)}))
			must(t, c.meddle(dir))
			m = medium(t, dir, "linuxfs")
			m.stable, m.fat = !fat, fat
			_, left, err := m.Heal()
			must(t, err)
			if !slices.Equal(left, c.left) {
				t.Errorf("%s (FAT %v): left %q", what, fat, left)
			}
			if d := treeOf(t, dir).diff(expected(t, c.want)); d != "" {
				t.Errorf("%s (FAT %v):\n%s", what, fat, d)
			}
		}
	}
}

// setIntent is a journal of a set action, with one image and a companion.
func setIntent(action, archive string, copies bool, moves ...move) string {
	text, _ := json.Marshal(intent{Format: 1, Action: action, Archive: archive, Moves: moves, Copy: copies})
	return string(text)
}

// hostileSets are journals of set actions that name what they may not, or what
// is not as they say.
func hostileSets() []string {
	head := strings.Repeat("0", 64)
	img := func(from, to string) move { return move{From: from, To: to, Head: head, Size: 4} }
	bare := func(from, to string) move { return move{From: from, To: to, Size: 4} }
	link := func(from, to string) move { return move{From: from, To: to, Link: "linuxfs.new", Head: head} }
	var out []string
	for _, copies := range []bool{false, true} {
		for _, archive := range []string{"", "0001", "0002", "../victim", ".", "1", "victim"} {
			out = append(out, setIntent("stage", archive, copies),
				setIntent("stage", archive, copies, img("linuxfs.old", "linuxfs.new")), setIntent("stage", archive, copies, img("linuxfs", "linuxfs.new")),
				setIntent("stage", archive, copies, bare("linuxfs.old", "linuxfs.new")), setIntent("stage", archive, copies, img("linuxfs.old", "linuxfs")),
				setIntent("stage", archive, copies, bare("vmlinuz", "state.new"), img("linuxfs.old", "linuxfs.new")),
				setIntent("stage", archive, copies, bare("state", "state.new"), img("linuxfs.old", "linuxfs.new")),
				setIntent("stage", archive, copies, bare("rootfs.old", "state.new"), img("linuxfs.old", "linuxfs.new")),
				setIntent("stage", archive, copies, img("../linuxfs", "linuxfs.new")), setIntent("stage", archive, copies, img("linuxfs.e16", "linuxfs.new")),
				setIntent("stage", archive, copies, img("linuxfs.02", "linuxfs.bad")), setIntent("stage", archive, copies, bare("state.02", "state.new"), img("linuxfs.02", "linuxfs.new")),
				setIntent("stage", archive, copies, img("linuxfs.02", "linuxfs.new"), img("linuxfs.old", "linuxfs.new")), setIntent("delete", archive, copies, img("linuxfs.02", "")),
				setIntent("back", archive, copies, img("linuxfs", "linuxfs.02")), setIntent("back", archive, copies, link("linuxfs.03", "linuxfs.02")),
				setIntent("back", archive, copies, img("linuxfs.new", "linuxfs")), setIntent("back", archive, copies, img("linuxfs.new", "../linuxfs")),
				setIntent("back", archive, copies, img("linuxfs", "linuxfs.old")), setIntent("back", archive, copies, link("vmlinuz", "linuxfs.old")),
				setIntent("back", archive, copies, link("linuxfs.e16", "linuxfs.old")), setIntent("back", archive, copies, img("linuxfs.new", "linuxfs.old"), bare("state", "state.old")),
				setIntent("delete", archive, copies, img("linuxfs", "")), setIntent("delete", archive, copies, img("linuxfs.new", "")), setIntent("delete", archive, copies, img("linuxfs.old", "")),
				setIntent("delete", archive, copies, bare("linuxfs.old", "")), setIntent("delete", archive, copies, img("linuxfs.bad", ""), bare("linuxfs.old", "")),
				setIntent("delete", archive, copies, img("linuxfs.old", ""), bare("vmlinuz", "")), setIntent("delete", archive, copies, img("linuxfs.old", ""), bare("linuxfs.ver", "")),
				setIntent("delete", archive, copies, link("vmlinuz", "")), setIntent("delete", archive, copies, img("linuxfs.old", ""), bare("rootfs", "")),
				setIntent("delete", archive, copies, img("linuxfs.old", ""), bare("state", "")), setIntent("delete", archive, copies, img("linuxfs.old", ""), bare("../victim", "")))
		}
	}
	for i, text := range out {
		if i%2 == 0 {
			out = append(out, text+"\n"+fmt.Sprintf(`{"made":"linuxfs.new","copied":true,"size":4,"head":%q}`, head)+"\n")
		}
	}
	return out
}

// TestPromiseP4HostileSets: what a journal says of a set is not believed.
func TestPromiseP4HostileSets(t *testing.T) {
	for _, text := range hostileSets() {
		for _, stable := range []bool{true, false} {
			if _, _, err := healHostile(t, hostile(), []byte(text), stable); err != nil {
				t.Errorf("a hostile journal stops every later start: %v\njournal: %.300s", err, text)
			}
		}
	}
}

// TestPromiseP4SetIntents: names alone decide what a journal of a set may hold,
// even when all the rest of it is right.
func TestPromiseP4SetIntents(t *testing.T) {
	head := strings.Repeat("0", 64)
	for _, c := range []struct {
		action, archive string
		copies          bool
		image           move
		companion       move
		on              string // "plain", "FAT", "both", ""
	}{
		{"stage", "0001", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, "both"},
		{"stage", "0001", false, move{From: "linuxfs", To: "linuxfs.new"}, move{From: "rootfs", To: "rootfs.new"}, "both"},
		{"stage", "0001", true, move{From: "linuxfs.new", To: "linuxfs.old"}, move{From: "state.new", To: "state.old"}, "FAT"},
		{"stage", "", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, "both"},
		{"stage", "", true, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.old", To: "linuxfs.bad"}, move{From: "state.old", To: "state.bad"}, ""},
		{"stage", "0001", true, move{From: "linuxfs.old", To: "linuxfs"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "0001", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state.old", To: "rootfs.new"}, ""},
		{"stage", "0001", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "homefs", To: "homefs.new"}, ""},
		{"stage", "01", false, move{From: "linuxfs.old", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "0001", false, move{From: "linuxfs.old", To: "linuxfs.new", Link: "linuxfs.old"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.02", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, "plain"},
		{"stage", "", false, move{From: "linuxfs.02", To: "linuxfs.bad"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "0001", false, move{From: "linuxfs.02", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.02", To: "linuxfs.new", Link: "linuxfs"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.e16", To: "linuxfs.new"}, move{From: "state.old", To: "state.new"}, ""},
		{"stage", "", false, move{From: "linuxfs.02", To: "linuxfs.new"}, move{From: "state.02", To: "state.new"}, ""},

		{"back", "", false, move{From: "linuxfs.new", To: "linuxfs.02"}, move{From: "state.new", To: "state.old"}, "plain"},
		{"back", "0001", false, move{From: "linuxfs.new", To: "linuxfs.02"}, move{From: "state.new", To: "state.old"}, ""},
		{"back", "", false, move{From: "linuxfs.old", To: "linuxfs.02"}, move{From: "state.new", To: "state.old"}, ""},
		{"back", "0001", false, move{From: "linuxfs.new", To: "linuxfs"}, move{From: "state.new", To: "state"}, "both"},
		{"back", "", false, move{From: "linuxfs.new", To: "linuxfs.bad"}, move{From: "state.new", To: "state.bad"}, "both"},
		{"back", "0001", false, move{From: "linuxfs.03", To: "linuxfs.old", Link: "linuxfs.new"}, move{From: "state.new", To: "state.old"}, "plain"},
		{"back", "0001", false, move{From: "linuxfs.e16", To: "linuxfs.old", Link: "linuxfs.new"}, move{From: "state.new", To: "state.old"}, ""},
		{"back", "", false, move{From: "linuxfs.03", To: "linuxfs.old", Link: "linuxfs.new"}, move{From: "state.new", To: "state.old"}, ""},
		{"back", "", false, move{From: "linuxfs.new", To: "linuxfs"}, move{From: "state.new", To: "state.old"}, ""},
		{"back", "0001", false, move{From: "linuxfs.old", To: "linuxfs"}, move{From: "state.new", To: "state"}, ""},
		{"back", "0001", false, move{From: "linuxfs.new", To: "linuxfs.old"}, move{From: "state", To: "state.old"}, ""},
		{"back", "0001", false, move{From: "linuxfs.new", To: "linuxfs.old"}, move{From: "vmlinuz", To: "state.old", Link: "state.new"}, ""},

		{"delete", "0001", false, move{From: "linuxfs"}, move{From: "state"}, "both"},
		{"delete", "0001", false, move{From: "linuxfs.new"}, move{From: "rootfs.new"}, "both"},
		{"delete", "", false, move{From: "linuxfs.old"}, move{From: "state.old"}, "both"},
		{"delete", "", false, move{From: "linuxfs.03", Link: "linuxfs.old"}, move{From: "state.old"}, "plain"},
		{"delete", "", false, move{From: "linuxfs"}, move{From: "state.old"}, ""},
		{"delete", "", false, move{From: "linuxfs.new"}, move{From: "state.new"}, ""},
		{"delete", "", false, move{From: "linuxfs.old"}, move{From: "state"}, ""},
		{"delete", "", false, move{From: "linuxfs.old"}, move{From: "state.new"}, ""},
		{"delete", "", false, move{From: "linuxfs.03", Link: "linuxfs.new"}, move{From: "state.old"}, ""},
		{"delete", "", false, move{From: "linuxfs.02"}, move{From: "state.old"}, ""},
		{"delete", "", false, move{From: "linuxfs.e16", Link: "linuxfs.old"}, move{From: "state.old"}, ""},
		{"delete", "0001", false, move{From: "linuxfs.03", Link: "linuxfs.old"}, move{From: "state.old"}, ""},
		{"delete", "0001", false, move{From: "linuxfs.old", To: "x"}, move{From: "state.old"}, ""},
		{"delete", "0001", false, move{From: "linuxfs.old"}, move{From: "linuxfs.ver"}, ""},
		{"delete", "0001", false, move{From: "linuxfs.old"}, move{From: "../state"}, ""},
	} {
		for _, fat := range []bool{false, true} {
			m := medium(t, memDir(t), "linuxfs")
			m.fat = fat
			c.image.Head = head
			moves := []move{c.image, c.companion}
			if c.action == "stage" {
				slices.Reverse(moves)
			}
			want := c.on == "both" || c.on == map[bool]string{false: "plain", true: "FAT"}[fat]
			in := intent{Format: 1, Action: c.action, Archive: c.archive, Copy: c.copies, Moves: moves}
			if err := m.checkIntent(in); (err == nil) != want {
				t.Errorf("%+v (FAT %v): %v", in, fat, err)
			}
			slices.Reverse(in.Moves) // the image arms last and disarms first
			if m.checkIntent(in) == nil {
				t.Errorf("in the wrong order: %+v", in)
			}
		}
	}
}
