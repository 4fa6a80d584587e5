package boot_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/test/boot"
)

// TestAnnexMatrix holds the prediction for a rootfs elsewhere against the
// renames of a boot: every set of names, and every kind of boot.
func TestAnnexMatrix(t *testing.T) {
	names := []string{"rootfs", "rootfs.new", "rootfs.old", "rootfs.bad"}
	kinds := map[string]scenario{
		"swap":       {state: state{"linuxfs": live.KindFile, "linuxfs.new": live.KindFile}},
		"rollback":   {state: state{"linuxfs": live.KindFile, "linuxfs.old": live.KindFile}, opts: live.BootOptions{Rollback: true}},
		"plain":      {state: state{"linuxfs": live.KindFile}},
		"blocked":    {state: state{"linuxfs": live.KindFile, "linuxfs.new": live.KindFile, "linuxfs.bad": live.KindFile}},
		"noremaster": {state: state{"linuxfs": live.KindFile, "linuxfs.new": live.KindFile}, opts: live.BootOptions{NoRemaster: true}},
	}
	moved := 0
	for kind, s := range kinds {
		s.opts.Generation, s.opts.Name, s.opts.Remasterable = live.Gen2023, "linuxfs", true
		for set := range 1 << len(names) {
			annex := state{}
			for i, name := range names {
				if set>>i&1 == 1 {
					annex[name] = live.KindFile
				}
			}
			what := fmt.Sprintf("%s with %v", kind, live.Dir(annex).Names())
			dir, there := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
			must(t, s.state.make(dir, ""))
			must(t, annex.make(there, ""))
			must(t, state{"other": live.KindFile}.make(there, ""))
			before, err := inodes(there)
			must(t, err)
			o := live.NextBoot(live.Dir(s.state), s.opts).Annex(live.Dir(annex))
			_, err = boot.SwapOnly(t.Context(), dir, boot.SwapOptions{Generation: 2023, Name: "linuxfs", NoRemaster: s.opts.NoRemaster, Rollback: s.opts.Rollback, Annex: there})
			must(t, err)
			after, err := inodes(there)
			must(t, err)
			if want := replay(before, o.Steps); !maps.Equal(after, want) {
				t.Errorf("%s: %v, want %v", what, after, want)
			}
			moved += len(o.Steps)
		}
	}
	if moved < 20 {
		t.Errorf("only %d renames", moved)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
