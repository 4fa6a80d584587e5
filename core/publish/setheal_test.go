package publish

import (
	"context"
	"encoding/json"
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
	src, shut, err := m.place(s.Archive)
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
		"a companion was replaced": {func(d string) error { return os.WriteFile(d+"/rootfs.old", []byte("other"), 0o644) },
			map[string]string{"linuxfs": image("a"), "rootfs.old": "other"}, []string{"rootfs.old"}},
	} {
		for _, fat := range []bool{false, true} {
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
