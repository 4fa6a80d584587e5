package intent

import (
	"errors"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/plan"
	"antix-remaster/core/wire"
)

// stick are the facts of a sound live system, with this changed.
func stick(change func(*live.Facts)) live.Facts {
	v := &live.Version{Name: "linuxfs", ID: "abc123", Size: 9 << 20, BytesUsed: 8 << 20, Compressor: "xz"}
	f := live.Facts{Live: true, Remasterable: true, Generation: live.Gen2023, Union: live.Union{Type: "overlay"},
		Boot:  live.Boot{Device: "/dev/sdx1", FSType: "ext4", Mountpoint: "/live/boot-dev"},
		Image: live.Image{Name: "linuxfs", Path: "antiX"}, Plain: live.Image{Name: "linuxfs", Path: "antiX"},
		Home: live.Home{Kind: live.HomeInSystem}, Running: v, Default: v}
	if change != nil {
		change(&f)
	}
	return f
}

func of(t *testing.T, f live.Facts, home string) Intent {
	t.Helper()
	c := plan.Resolve(wire.Choices{Home: home, Title: "A title"}, f, "now", 1<<30, 2)
	p, err := plan.Make(f, c)
	if err != nil {
		t.Fatal(err)
	}
	return Intent{f, c, p}
}

func code(err error) wire.Code {
	if err == nil {
		return ""
	}
	return wire.AsError(err).Code
}

func TestHopeless(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*live.Facts)
		want   wire.Code
	}{
		"sound":           {nil, ""},
		"not live":        {func(f *live.Facts) { f.Live = false }, wire.NotLive},
		"damaged":         {func(f *live.Facts) { f.ConfigError = errors.New("torn") }, wire.ConfigDamaged},
		"from an ISO":     {func(f *live.Facts) { f.FromISO = true }, wire.FromISO},
		"root persistent": {func(f *live.Facts) { f.Persistence.Kind, f.Rootfs = live.PersistStatic, 1<<30 }, ""},
		"elsewhere":       {func(f *live.Facts) { f.Persistence.Kind, f.Persistence.Elsewhere = live.PersistStatic, true }, wire.RootElsewhere},
		// The helper may find these gone, or put them right.
		"waiting": {func(f *live.Facts) {
			f.Leftovers = []live.Leftover{{Name: "linuxfs.new", Base: "linuxfs", Kind: live.LeftNew}}
		}, ""},
		"stick away":      {func(f *live.Facts) { f.Boot, f.ToRAM = live.Boot{UUID: "u"}, true }, ""},
		"write protected": {func(f *live.Facts) { f.Boot.ReadOnly = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := of(t, stick(c.change), "keep").Hopeless(t.Context()); code(err) != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestSamePlan: what runs these tests has not the stick of the facts, so a plan
// that is made anew is another one.
func TestSamePlan(t *testing.T) {
	mounted, away := stick(nil), stick(func(f *live.Facts) { f.Boot.Mountpoint = "" })
	for name, c := range map[string]struct {
		i    Intent
		plan string
		want wire.Code
	}{
		"the same":         {of(t, mounted, "keep"), of(t, mounted, "keep").Plan.Hash(), ""},
		"another":          {of(t, mounted, "keep"), of(t, mounted, "leave").Plan.Hash(), wire.PlanChanged},
		"none":             {of(t, mounted, "keep"), "", wire.PlanChanged},
		"found by helper":  {of(t, away, "keep"), of(t, mounted, "keep").Plan.Hash(), ""},
		"nothing is known": {Intent{}, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.i.SamePlan(t.Context(), wire.CheckResult{Plan: c.plan}); code(err) != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMakeRefusesNonsense(t *testing.T) {
	if _, err := Make(t.Context(), wire.Choices{Compressor: "lzma"}); code(err) != wire.Usage {
		t.Errorf("%v", err)
	}
	i, err := Make(t.Context(), wire.Choices{})
	if err != nil || i.Choices.Processors == 0 || i.Choices.Title == "" || i.Plan.Title != i.Choices.Title {
		t.Errorf("%v, %+v", err, i.Choices)
	}
}
