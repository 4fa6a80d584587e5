package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"antix-remaster/core/history"
	"antix-remaster/core/live"
	"antix-remaster/core/squashfs"
	"antix-remaster/core/wire"
)

func pruning() (history.Pruning, history.Weights) {
	all := shelf()
	second := all[1]
	second.Archive, second.Place = "0004", "archive/0004/linuxfs.old"
	p := history.Pruning{Go: []history.Version{all[1], second}, Left: 2, Free: 3 << 30, TooMany: 1, Missing: 5 << 20,
		Stay: []history.Kept{{Version: all[2], Why: wire.Fail(wire.VersionDamaged, nil, "x", "y")}}}
	return p, history.Weights{all[1].Place: {Bytes: 700 << 20}}
}

func TestPruneText(t *testing.T) {
	b := newBench(t, options{}, "", nil)
	p, weights := pruning()
	p.Go = p.Go[:1]
	b.pruneText(live.Facts{Boot: live.Boot{Free: 1 << 30}}, p, weights)
	want := `These versions would be deleted, in this order:
  archive/0003/linuxfs.old: “With GIMP”, made 1 May 2026, 700.0 MiB
These are left alone in any case:
  archive/0002/linuxfs.old: This version cannot be used
Free on the stick: 1.0 GiB now, 3.0 GiB then. Old versions that remain: 2.
That is more than you asked for, by: 1.
Still missing of the room that you asked for: 5.0 MiB.
`
	if got := b.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestPruneStops: an error ends it, and what is gone by then is told.
func TestPruneStops(t *testing.T) {
	for name, c := range map[string]struct {
		fail  int // the request that fails; 0: none
		input string
		want  wire.Code
		asked int
	}{
		"no": {0, "n\n", wire.Cancelled, 0}, "the first fails": {1, "y\n", wire.PlanChanged, 1}, "the second fails": {2, "y\n", wire.PruneStopped, 2}, "none fails": {0, "y\n", "", 2},
	} {
		p, _ := pruning()
		var asked []wire.Request
		b := newBench(t, options{json: true}, c.input, func(_ context.Context, req wire.Request, _ *wire.Out) (any, error) {
			if asked = append(asked, req); len(asked) == c.fail {
				return nil, wire.Fail(wire.PlanChanged, errors.New("gone"))
			}
			return wire.DeleteResult{Place: req.Version.Place, Files: []string{}}, nil
		})
		_, err := b.deleteThese(t.Context(), p)
		if len(asked) != c.asked || (err == nil) != (c.want == "") || err != nil && wire.AsError(err).Code != c.want {
			t.Errorf("%s: %d requests, %v", name, len(asked), err)
		}
		for i, req := range asked {
			if req.Op != wire.OpDelete || req.Confirmed || *req.Version != *p.Go[i].Ref() {
				t.Errorf("%s: %+v", name, req)
			}
		}
		if told := strings.Count(b.out.String(), `"event":"deleted"`); told != max(0, c.asked-min(c.fail, 1)) {
			t.Errorf("%s: told of %d: %s", name, told, &b.out)
		}
		if c.want == wire.PruneStopped && strings.Join(wire.AsError(err).Args, "|") != "archive/0003/linuxfs.old|archive/0004/linuxfs.old|The stick changed since the check" {
			t.Errorf("%q", wire.AsError(err).Args)
		}
	}
}

func TestListing(t *testing.T) {
	got := listing([]squashfs.Entry{
		{Name: "a  b\x1b", Mode: 0o644, Size: 1536}, {Name: "d", Mode: fs.ModeDir | fs.ModeSticky | 0o777}, {Name: "l", Mode: fs.ModeSymlink | 0o777, Target: "/x\ny"},
		{Name: "su", Mode: fs.ModeSetuid | 0o755}, {Name: "sg", Mode: fs.ModeSetgid | 0o640}, {Name: "n", Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666},
	})
	var lines []string
	for line := range strings.Lines(got) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " 1970-01-01 ", 2)
		lines = append(lines, fields[0]+"|"+fields[1][6:])
	}
	want := []string{"-rw-r--r--     1.5 KiB|a  b?", "drwxrwxrwt           -|d", "lrwxrwxrwx           -|l -> /x y", "-rwsr-xr-x     0.0 KiB|su", "-rw-r-S---     0.0 KiB|sg", "crw-rw-rw-           -|n"}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
	if m := unixMode(fs.ModeSetuid | fs.ModeSticky | 0o751); m != 0o5751 {
		t.Errorf("%o", m)
	}
}
