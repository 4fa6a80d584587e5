package gui

import (
	"fmt"
	"strings"
	"testing"

	"antix-remaster/core/bootmenu"
	"antix-remaster/core/history"
)

// TestBootMenu: what is said of the boot menu, what the button does, and why it
// is closed.
func TestBootMenu(t *testing.T) {
	with := func(files map[string]history.MenuState, unseen bool) view {
		v := stick()
		v.menus = history.Menus{Files: files, Unseen: unseen}
		return v
	}
	all := func(s history.MenuState) map[string]history.MenuState {
		return map[string]history.MenuState{"boot/grub/grub.cfg": s, "boot/syslinux/syslinux.cfg": s}
	}
	on := with(all(history.MenuOn), false)
	on.menus.Entries = []bootmenu.Extra{{ID: history.EntryRescue, Title: "Rescue: start\nThen", Options: []string{"sqname=linuxfs.old"}}}
	fixed, waiting := with(all(history.MenuPlain), false), with(all(history.MenuPlain), false)
	fixed.intent.Facts.FromISO = true
	waiting.listed = false
	mixed := with(map[string]history.MenuState{"a": history.MenuOn, "b": history.MenuOff}, false)
	const add, out = "_Add the entries", "_Take the entries out"
	for _, c := range []struct {
		name             string
		m                model
		can              bool
		next, state, why string
		rows             int
	}{
		{"nothing yet", model{view: with(all(history.MenuPlain), false)}, true, add, "no entries of this program yet", "once more", 3},
		{"switched off", model{view: with(all(history.MenuOff), false)}, true, add, "You took", "once more", 3},
		{"there", model{view: on}, true, out, "has these entries", "once more", 1},
		{"in one of two", model{view: mixed}, true, add, "You took", "once more", 3},
		{"not seen", model{view: with(nil, true)}, true, add, "not known", "once more", 3},
		{"none", model{view: with(nil, false)}, false, add, "no boot menu", "no boot menu", 0},
		{"at work", model{view: on, busy: entering}, false, out, "has these", "password", 1},
		{"not looked at", model{view: waiting}, false, add, "looked at", "looked at", 0},
		{"not to be changed", model{view: fixed}, false, add, "yet", ".", 3},
	} {
		b, rows := c.m.buttonsOf(pageMenu), c.m.menuRows()
		if b.can != c.can || b.next != c.next || !strings.Contains(b.why, c.why) || !strings.Contains(c.m.menuState(), c.state) || len(rows) != c.rows {
			t.Errorf("%s: %+v, %s, %q", c.name, b, c.m.menuState(), rows)
		}
		for _, r := range rows {
			if r.value == "" || strings.Contains(r.label, "\n") {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		if said := strings.Join(append(c.m.menuChange(true), c.m.menuFile()), " "); strings.Contains(said, "%!") {
			t.Errorf("%s: %s", c.name, said)
		}
	}
}

// TestFirstMenu: that the menu is going to be extended is said before, once.
func TestFirstMenu(t *testing.T) {
	v := stick()
	for state, said := range map[history.MenuState]bool{history.MenuPlain: true, history.MenuOn: false, history.MenuOff: false, "unseen": true} {
		m := history.Menus{Files: map[string]history.MenuState{"boot/grub/grub.cfg": state}}
		if state == "unseen" {
			m = history.Menus{Unseen: true}
		}
		lines, going := whatWillBeDone(v.intent.Facts, m), stagingText(v.intent.Facts, v.versions[1], m)
		if got := strings.Contains(strings.Join(lines, " "), "boot menu"); got != said || len(lines) > 5 {
			t.Errorf("%s: %q", state, lines)
		}
		if strings.Contains(going, "boot menu") != said {
			t.Errorf("%s: %s", state, going)
		}
	}
}

// TestOptionsToType: only where no button can do it.
func TestOptionsToType(t *testing.T) {
	v := stick()
	v.intent.Facts.Plain.Path = "antiX"
	has := func(m history.Menus) bool {
		return strings.Contains(fmt.Sprint(versionRows(v.intent.Facts, v.versions[1], m)), "bdir=antiX/archive/0001 sqname=linuxfs.old")
	}
	if !has(history.Menus{}) || has(history.Menus{Files: map[string]history.MenuState{"boot/grub/grub.cfg": history.MenuOff}}) {
		t.Error("boot options are to be typed where there is no menu, and only there")
	}
}
