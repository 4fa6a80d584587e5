package history

import (
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// TestMenuEntries: the rescue entry names what starts whatever a boot renames.
func TestMenuEntries(t *testing.T) {
	s := newStick(t)
	for name, id := range map[string]string{"linuxfs": "aaaaaa01", "linuxfs.new": "aaaaaa02", "linuxfs.old": "aaaaaa03", "archive/0001/linuxfs.old": "aaaaaa04",
		"archive/0002/linuxfs.bad": "aaaaaa05", "archive/0003/linuxfs.old": "aaaaaa06"} {
		s.image(name, id)
	}
	put(t, s.path("archive/0004/linuxfs.old"), "damaged")
	const (
		plain   = "bdir=antiX sqname=linuxfs noremaster"
		archive = "bdir=antiX/archive/"
	)
	for name, c := range map[string]struct {
		record  map[string]Record // by place
		leaving string
		try     string // options of the entry to try
		rescue  string
	}{
		"the newest":           {rescue: archive + "0003 sqname=linuxfs.old"},
		"a verified one":       {record: map[string]Record{"archive/0002/linuxfs.bad": {Verified: 1}}, rescue: archive + "0002 sqname=linuxfs.bad"},
		"a pinned one":         {record: map[string]Record{"archive/0001/linuxfs.old": {Pinned: true}}, rescue: archive + "0001 sqname=linuxfs.old"},
		"verified, not pinned": {record: map[string]Record{"archive/0001/linuxfs.old": {Pinned: true}, "archive/0002/linuxfs.bad": {Verified: 1}}, rescue: archive + "0002 sqname=linuxfs.bad"},
		"verified and pinned": {record: map[string]Record{"archive/0001/linuxfs.old": {Pinned: true, Verified: 1}, "archive/0002/linuxfs.bad": {Verified: 1}, "archive/0003/linuxfs.old": {Pinned: true}},
			rescue: archive + "0001 sqname=linuxfs.old"},
		"none that is damaged":   {record: map[string]Record{"archive/0003/linuxfs.old": {Pinned: true, Verified: 1, Damaged: true}}, rescue: archive + "0002 sqname=linuxfs.bad"},
		"none that leaves":       {leaving: "archive/0003", rescue: archive + "0002 sqname=linuxfs.bad"},
		"nothing in the archive": {leaving: "archive", rescue: plain},
		"one to try":             {record: map[string]Record{"archive/0001/linuxfs.old": {Try: true}}, try: archive + "0001 sqname=linuxfs.old", rescue: archive + "0003 sqname=linuxfs.old"},
		"none to try that moves": {record: map[string]Record{"archive/0001/linuxfs.old": {Try: true}}, leaving: "archive/0001", rescue: archive + "0003 sqname=linuxfs.old"},
		"none beside":            {record: map[string]Record{"old": {Try: true}}, rescue: archive + "0003 sqname=linuxfs.old"},
		"not what starts anyway": {record: map[string]Record{"new": {Try: true}}, rescue: archive + "0003 sqname=linuxfs.old"},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.facts("linuxfs")
			all := List(f, s.root)
			for i := range all {
				all[i].Record = c.record[all[i].Place]
			}
			got := MenuEntries(f, all, func(v Version) bool { return c.leaving != "" && strings.HasPrefix(v.Place, c.leaving) }, wire.Titles{})
			want := map[string]string{EntryRescue: c.rescue, EntryBack: "bdir=antiX sqname=linuxfs rollback", EntryLost: "bdir=antiX sqname=linuxfs.old"}
			if c.try != "" {
				want[EntryTry] = c.try
			}
			for _, e := range got {
				if options := strings.Join(e.Options, " "); options != want[e.ID] {
					t.Errorf("%s starts with %q, want %q", e.ID, options, want[e.ID])
				}
				if (e.ID == EntryTry) != e.Once {
					t.Errorf("%s: once is %v", e.ID, e.Once)
				}
				delete(want, e.ID)
			}
			if len(want) > 0 {
				t.Errorf("missing: %v", want)
			}
		})
	}
}

// TestMenuTitles: they are those that were sent, with the version in them, and else
// English.
func TestMenuTitles(t *testing.T) {
	s := newStick(t)
	s.image("linuxfs", "aaaaaa01")
	s.image("archive/0001/linuxfs.old", "aaaaaa02")
	f := s.facts("linuxfs")
	all := List(f, s.root)
	all[1].Record.Try = true
	titles := wire.Titles{Try: "Probe %s!", Stay: "Bleiben", Back: "Zurück"}
	for _, c := range []struct {
		all  []Version
		want []string
	}{
		{all, []string{"Probe title of aaaaaa02 (1 May 2026)!", "Rescue: start title of aaaaaa02 (1 May 2026)", "Zurück", wire.EnglishTitles.Lost}},
		{all[:1], []string{"Bleiben", "Zurück", wire.EnglishTitles.Lost}},
	} {
		var got []string
		for _, e := range MenuEntries(f, c.all, func(Version) bool { return false }, titles) {
			got = append(got, e.Title)
		}
		same(t, got, c.want)
	}
}

// TestMenuEntriesNames: the entries name the linuxfs of this system, whatever it
// is called.
func TestMenuEntriesNames(t *testing.T) {
	for _, c := range []struct {
		image     live.Image
		encrypted bool
		want      string // of the way back
	}{
		{live.Image{Path: "antiX", Name: "linuxfs.e16"}, false, "bdir=antiX sqname=linuxfs.e16 rollback"},
		{live.Image{Path: "MX", Name: "linuxfs"}, false, "bdir=MX sqname=linuxfs rollback"},
		{live.Image{Name: "linuxfs"}, false, "bdir=/ sqname=linuxfs rollback"},
		{live.Image{Path: "antiX", Name: "linuxfs"}, true, "sqname=linuxfs rollback"},
	} {
		for _, e := range MenuEntries(live.Facts{Plain: c.image, Encrypted: c.encrypted}, nil, func(Version) bool { return false }, wire.Titles{}) {
			if got := strings.Join(e.Options, " "); e.ID == EntryBack && got != c.want {
				t.Errorf("%+v: %q", c, got)
			}
		}
	}
}

func TestTryable(t *testing.T) {
	s := newStick(t)
	for _, name := range []string{"linuxfs", "linuxfs.new", "linuxfs.old", "linuxfs.05", "archive/0001/linuxfs.old"} {
		s.image(name, "aaaaaa01")
	}
	s.image("linuxfs.ä", "aaaaaa02")
	put(t, s.path("archive/0004/linuxfs.old"), "damaged")
	want := map[string]wire.Code{"default": wire.NothingToStage, "new": wire.NothingToStage, "old": wire.TryBeside, "linuxfs.05": wire.TryBeside, "archive/0001/linuxfs.old": "",
		"linuxfs.ä": wire.TryBeside, "archive/0004/linuxfs.old": wire.VersionDamaged}
	f := s.facts("linuxfs")
	for _, v := range List(f, s.root) {
		code, known := want[v.Place]
		if err := Tryable(v); !known || (err == nil) != (code == "") || err != nil && wire.AsError(err).Code != code {
			t.Errorf("%s: %v, want %q", v.Place, err, code)
		}
		delete(want, v.Place)
	}
	if len(want) > 0 {
		t.Errorf("not in the list: %v", want)
	}
}

func TestMenuTitle(t *testing.T) {
	for _, c := range []struct{ title, date, want string }{
		{"With GIMP", "12 June 2026 04:50:00 EDT", "With GIMP (12 June 2026)"},
		{"  two\n lines ", "", "two lines"},
		{"", "", "archive/0001/linuxfs.old"},
		{strings.Repeat("ä", 50), "soon", strings.Repeat("ä", 39) + "…"},
		{"a", strings.Repeat("b ", 2) + strings.Repeat("c", 5000), "a (b b " + strings.Repeat("c", 15) + "…)"},
	} {
		v := Version{Version: live.Version{Title: c.title, Date: c.date, Name: "linuxfs.old"}, Archive: "0001"}
		if got := menuTitle(v); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
