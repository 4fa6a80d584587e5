package crash

import (
	"testing"

	"antix-remaster/test/figure"
	"antix-remaster/test/uml/power"
)

// mostMenus keeps the slice of CI short.
var mostMenus = map[bool]int{false: 24}[full]

// TestPromiseP2P3MenuPowerCut: the changes of a boot menu, cut at every write.
func TestPromiseP2P3MenuPowerCut(t *testing.T) {
	for _, fs := range []string{"ext4", "vfat"} {
		t.Run(fsNames[fs], func(t *testing.T) {
			c := cutMenus(t, fs, "menu")
			for _, promise := range []string{"P2", "P3", "P4"} {
				tried, broken := c.sum(promise, true)
				figure.Record(t, promise, "boot menus, power cuts, "+fsNames[fs]+", writes in order", tried, broken)
				tried, broken = c.sum(promise, false)
				figure.Record(t, promise, "boot menus, power cuts, "+fsNames[fs]+", unflushed writes lost at random", tried, broken)
			}
		})
	}
}

// TestPromiseP2MenuSync: the same of the menus of others, while another program
// has everything written at any moment. A device that loses writes is not
// promised then: FAT flushes nothing between the bytes and the size.
func TestPromiseP2MenuSync(t *testing.T) {
	if !full {
		t.Skip("a race with another program is only tried with --full")
	}
	c := cutMenus(t, "vfat", "menu-sync")
	for _, promise := range []string{"P2", "P3", "P4"} {
		tried, broken := c.sum(promise, true)
		figure.Record(t, promise, "boot menus, power cuts, FAT32, writes in order, another program syncs", tried, broken)
	}
}

func cutMenus(t *testing.T, fs, action string) *count {
	c := newCount()
	t.Run("layouts", func(t *testing.T) {
		for _, layout := range []string{"plain", "edge"} {
			t.Run(layout, func(t *testing.T) {
				t.Parallel()
				s := newStick(t, power.Job{FS: fs, Layout: layout, Action: action, Most: mostMenus})
				s.record()
				c.add(t, action, s.judge())
			})
		}
	})
	return c
}

// TestPowerCutCatchesBrokenMenus: the judge sees what is known to be wrong.
func TestPowerCutCatchesBrokenMenus(t *testing.T) {
	for _, p := range []struct {
		fs, action string
		most       int
	}{{"ext4", "menu-rewrite", 24}, {"vfat", "menu-rewrite", 0}, {"vfat", "menu-truncate", 0}} {
		t.Run(fsNames[p.fs]+"-"+p.action, func(t *testing.T) {
			t.Parallel()
			s := newStick(t, power.Job{FS: p.fs, Layout: "plain", Action: p.action, Most: p.most})
			s.record()
			c := newCount()
			c.add(t, p.action, s.judge())
			tried, broken := c.sum("P2", true)
			t.Logf("P2 broken in %d of %d states", broken, tried)
			if broken == 0 {
				t.Errorf("%s on %s was not caught", p.action, fsNames[p.fs])
			}
		})
	}
}
