package live

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// parseDir reads names like a listing with "ls -F": "state/" is a directory,
// "a@" a link to a file, "a@/" one to a directory, "a!" one to nothing.
func parseDir(text string) Dir {
	d := Dir{}
	for _, w := range strings.Fields(text) {
		kind := KindFile
		for _, suffix := range []struct {
			text string
			kind NameKind
		}{{"@/", KindDirLink}, {"/", KindDir}, {"@", KindLink}, {"!", KindDangling}} {
			if n, ok := strings.CutSuffix(w, suffix.text); ok {
				w, kind = n, suffix.kind
				break
			}
		}
		d[w] = kind
	}
	return d
}

func TestNextBoot(t *testing.T) {
	const g16, g23 = Gen2016, Gen2023
	for _, c := range []struct {
		ref          string
		gen          Generation
		name, option string
		before       string
		kind         OutcomeKind
		after        string // "" for no change
		blocking     string
	}{
		{"§6.1.3", g23, "linuxfs", "", "linuxfs state/", OutcomeNone, "", ""},
		{"seen by booting, row 1", g23, "linuxfs", "", "linuxfs linuxfs.new linuxfs.md5 linuxfs.md5.new", OutcomeSwap,
			"linuxfs linuxfs.old linuxfs.md5 linuxfs.md5.old", ""},
		{"seen by booting, row 2", g23, "linuxfs", "rollback", "linuxfs linuxfs.old linuxfs.md5 linuxfs.md5.old", OutcomeRollback,
			"linuxfs linuxfs.bad linuxfs.md5 linuxfs.md5.bad", ""},
		{"seen by booting, row 3", g23, "linuxfs", "", "linuxfs linuxfs.new linuxfs.old", OutcomeBlocked, "", "linuxfs.old"},
		{"seen by booting, row 3", g16, "linuxfs", "", "linuxfs linuxfs.new linuxfs.bad", OutcomeBlocked, "", "linuxfs.bad"},
		{"seen by booting, row 4; §0.7", g23, "linuxfs.e16", "", "linuxfs.e16 linuxfs.e16.new linuxfs.e16.md5 linuxfs.e16.md5.new linuxfs.md5", OutcomeSwap,
			"linuxfs.e16 linuxfs.e16.old linuxfs.e16.md5 linuxfs.e16.md5.new linuxfs.md5.old", ""},
		{"seen by booting, row 4", g23, "custom.sq", "", "custom.sq custom.sq.new linuxfs.old", OutcomeSwap, "custom.sq custom.sq.old linuxfs.old", ""},
		{"seen by booting, row 5; §6.6", g23, "linuxfs", "", "linuxfs@ linuxfs.new@ linuxfs.00 linuxfs.01", OutcomeSwap, "linuxfs@ linuxfs.old@ linuxfs.00 linuxfs.01", ""},
		{"seen by booting, row 5", g23, "linuxfs", "rollback", "linuxfs@ linuxfs.old@ linuxfs.00 linuxfs.01", OutcomeRollback, "linuxfs@ linuxfs.bad@ linuxfs.00 linuxfs.01", ""},
		{"§0.6, §6.2 observed", g23, "linuxfs", "", "linuxfs linuxfs.new rootfs xtra/ deb/ xtra.tgz state/ homefs vmlinuz", OutcomeSwap,
			"linuxfs linuxfs.old rootfs.old xtra.old/ deb.old/ xtra.tgz.old state.old/ homefs vmlinuz", ""},
		{"§6.2, §13: no state", g16, "linuxfs", "", "linuxfs linuxfs.new state/ state.new/ deb/", OutcomeSwap, "linuxfs linuxfs.old state/ state.new/ deb.old/", ""},
		{"§6.2: existing .old removed", g23, "linuxfs", "", "linuxfs linuxfs.new state/ state.new/ state.old/ rootfs rootfs.old", OutcomeSwap,
			"linuxfs linuxfs.old state/ state.old/ rootfs.old", ""},
		{"§6.2: .old without its base stays", g23, "linuxfs", "", "linuxfs linuxfs.new rootfs.old deb.new/ deb.old/", OutcomeSwap,
			"linuxfs linuxfs.old rootfs.old deb/ deb.old/", ""},
		{"§6.2: xtra.old goes, xtra or not", g23, "linuxfs", "", "linuxfs linuxfs.new xtra.old/", OutcomeSwap, "linuxfs linuxfs.old", ""},
		{"§6.2, §13: moved into", g16, "linuxfs", "", "linuxfs linuxfs.new deb/ deb.old/ deb.new/ rootfs rootfs.old", OutcomeSwap,
			"linuxfs linuxfs.old deb/ deb.old/ deb.old/deb/ rootfs.old", ""},
		{"§6.2, §13: xtra.old is removed first", g16, "linuxfs", "", "linuxfs linuxfs.new xtra/ xtra.old/", OutcomeSwap, "linuxfs linuxfs.old xtra.old/", ""},
		{"§13: mv of a directory onto a file fails", g16, "linuxfs", "", "linuxfs linuxfs.new deb/ deb.old", OutcomeSwap, "linuxfs linuxfs.old deb/ deb.old", ""},
		{"§13: a link to a directory is moved into", g16, "linuxfs", "", "linuxfs linuxfs.new deb deb.old@/", OutcomeSwap, "linuxfs linuxfs.old deb.old@/ deb.old/deb", ""},
		{"§6.6: a dangling .new", g23, "linuxfs", "", "linuxfs linuxfs.new!", OutcomeNone, "", ""},
		{"§6.6: a dangling .old", g23, "linuxfs", "", "linuxfs linuxfs.new linuxfs.old!", OutcomeSwap, "linuxfs linuxfs.old", ""},
		{"§6.1.1", g23, "linuxfs", "noremaster", "linuxfs linuxfs.new", OutcomeNoRemaster, "", ""},
		{"§0.13; I23:5227", g23, "linuxfs", "noremaster rollback", "linuxfs linuxfs.old", OutcomeNoRemaster, "", ""},
		{"§2", g23, "linuxfs", "fixed", "linuxfs linuxfs.new", OutcomeFixed, "", ""},
		{"§2", g23, "linuxfs", "fixed rollback", "linuxfs linuxfs.old", OutcomeFixed, "", ""},
		{"§6.3: no .old", g23, "linuxfs", "rollback", "linuxfs linuxfs.new", OutcomeNoOld, "", ""},
		{"§6.3: .old must be a file", g23, "linuxfs", "rollback", "linuxfs linuxfs.old/", OutcomeNoOld, "", ""},
		{"§6.3: .bad to .bak", g23, "linuxfs", "rollback", "linuxfs linuxfs.old linuxfs.bad linuxfs.bak", OutcomeRollback, "linuxfs linuxfs.bad linuxfs.bak", ""},
		{"§6.3: companions without .old", g23, "linuxfs", "rollback", "linuxfs linuxfs.old rootfs state/ state.old/", OutcomeRollback,
			"linuxfs linuxfs.bad rootfs.bad state/ state.bad/", ""},
		{"§6.3: xtra.bad and xtra.bak are removed first", g23, "linuxfs", "rollback", "linuxfs linuxfs.old xtra/ xtra.bad/ xtra.bak/", OutcomeRollback,
			"linuxfs linuxfs.bad xtra.bad/", ""},
		{"§6.3: a directory moved into .bak", g16, "linuxfs", "rollback", "linuxfs linuxfs.old deb.bad/ deb.bak/", OutcomeRollback,
			"linuxfs linuxfs.bad deb.bak/ deb.bak/deb.bad/", ""},
		{"§6.3: a pending .new is left alone", g23, "linuxfs", "rollback", "linuxfs linuxfs.old linuxfs.new", OutcomeRollback, "linuxfs linuxfs.bad linuxfs.new", ""},
		{"§6.3, §0.14: and then blocked", g23, "linuxfs", "", "linuxfs linuxfs.bad linuxfs.new", OutcomeBlocked, "", "linuxfs.bad"},
		{"§6.4: no NAME at all", g23, "linuxfs", "", "linuxfs.old linuxfs.new", OutcomeMissing, "", ""},
		{"§6.4: rollback cannot help", g23, "linuxfs", "rollback", "linuxfs! linuxfs.old", OutcomeMissing, "", ""},
	} {
		before := parseDir(c.before)
		keep := maps.Clone(before)
		o := NextBoot(before, BootOptions{
			Generation: c.gen, Name: c.name, NoRemaster: strings.Contains(c.option, "noremaster"),
			Rollback: strings.Contains(c.option, "rollback"), Remasterable: !strings.Contains(c.option, "fixed"),
		})
		want := keep
		if c.after != "" {
			want = parseDir(c.after)
		}
		got := o.Apply(before)
		if o.Kind != c.kind || o.Blocking != c.blocking || !maps.Equal(got, want) {
			t.Errorf("%s: %d %q with %q: %s %q\n got %v\nwant %s %q %v", c.ref, c.gen, c.before, c.option, o.Kind, o.Blocking, got, c.kind, c.blocking, want)
		}
		if !maps.Equal(before, keep) {
			t.Errorf("%s: the directory given was changed", c.ref)
		}
		if len(o.Steps) != len(o.Renames)+len(o.Removed) {
			t.Errorf("%s: %d steps, %d renames, %d removals", c.ref, len(o.Steps), len(o.Renames), len(o.Removed))
		}
	}
}

// Elsewhere only a boot that swaps, and wants the rootfs, touches it (§6.5).
func TestNextBootInTheAnnex(t *testing.T) {
	for _, c := range []struct {
		kind          OutcomeKind
		before, after string
	}{
		{OutcomeSwap, "rootfs rootfs.new", "rootfs rootfs.old"},
		{OutcomeSwap, "rootfs rootfs.new rootfs.old rootfs.bad homefs", "rootfs rootfs.old rootfs.bad homefs"},
		{OutcomeSwap, "rootfs", "rootfs.old"},
		{OutcomeSwap, "rootfs.new homefs", "rootfs.new homefs"}, // the device is not found
		{OutcomeSwap, "rootfs! rootfs.new", "rootfs! rootfs.new"},
		{OutcomeRollback, "rootfs rootfs.old rootfs.bad rootfs.new", "rootfs rootfs.bad rootfs.new"},
		{OutcomeRollback, "rootfs", "rootfs.bad"},
		{OutcomeNone, "rootfs rootfs.new", "rootfs rootfs.new"},
		{OutcomeBlocked, "rootfs rootfs.new", "rootfs rootfs.new"},
		{OutcomeNoRemaster, "rootfs rootfs.new", "rootfs rootfs.new"},
	} {
		before := parseDir(c.before)
		o := Outcome{Kind: c.kind}.Annex(before)
		if got := o.Apply(before); !maps.Equal(got, parseDir(c.after)) || o.Kind != c.kind {
			t.Errorf("%s with %q: %v, want %q", c.kind, c.before, got, c.after)
		}
	}
}

func TestOrderOfSwap(t *testing.T) {
	o := NextBoot(parseDir("linuxfs linuxfs.new state/ state.new/ state.old/ xtra.old/"),
		BootOptions{Generation: Gen2023, Name: "linuxfs", Remasterable: true})
	want := []Rename{{"xtra.old", ""}, {"linuxfs", "linuxfs.old"}, {"linuxfs.new", "linuxfs"},
		{"state.old", ""}, {"state", "state.old"}, {"state.new", "state"}} // §6.2
	if !slices.Equal(o.Steps, want) {
		t.Errorf("steps %v, want %v", o.Steps, want)
	}
}

func TestCompanions(t *testing.T) {
	for gen, want := range map[Generation]string{
		Gen2016: "linuxfs.e16 rootfs xtra deb xtra.tgz linuxfs.md5",       // §13
		Gen2023: "linuxfs.e16 rootfs xtra deb xtra.tgz linuxfs.md5 state", // §6.2
	} {
		if got := strings.Join(Companions(gen, "linuxfs.e16"), " "); got != want {
			t.Errorf("%d: %s", gen, got)
		}
	}
}
