package plan

import (
	"reflect"
	"testing"

	"antix-remaster/core/live"
)

// A fresh rootfs has the size of the present one, within contract §12.
func TestRootfs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *live.Facts)
		want   []Companion
	}{
		"none":               {func(*live.Facts) {}, nil},
		"a directory":        {func(f *live.Facts) { f.Files = append(f.Files, "rootfs") }, nil},
		"ext4":               {func(f *live.Facts) { f.Rootfs = 2 << 30 }, []Companion{{Name: "rootfs", Fresh: 2 << 30}}},
		"FAT":                {func(f *live.Facts) { f.Rootfs, f.Boot.FSType = 4<<30-1, "vfat" }, []Companion{{Name: "rootfs", Fresh: 4095 << 20, Whole: true}}},
		"small on FAT":       {func(f *live.Facts) { f.Rootfs, f.Boot.FSType = 200<<20, "msdos" }, []Companion{{Name: "rootfs", Fresh: 200 << 20, Whole: true}}},
		"no sparse files":    {func(f *live.Facts) { f.Rootfs, f.Boot.FSType = 5<<30, "exfat" }, []Companion{{Name: "rootfs", Fresh: 5 << 30, Whole: true}}},
		"tiny":               {func(f *live.Facts) { f.Rootfs = 1 }, []Companion{{Name: "rootfs", Fresh: 100 << 20}}},
		"bigger than it all": {func(f *live.Facts) { f.Rootfs, f.Boot.Total = 1<<50, 8<<30 }, []Companion{{Name: "rootfs", Fresh: 8 << 30}}},
	} {
		f := facts()
		c.change(&f)
		p, err := Make(f, choices())
		if err != nil {
			t.Fatal(err)
		}
		want := append(c.want, Companion{Name: "linuxfs.md5", MD5: true})
		if !reflect.DeepEqual(p.Companions, want) {
			t.Errorf("%s: %+v", name, p.Companions)
		}
		got, ok := p.Rootfs()
		if ok != (c.want != nil) || ok && got != c.want[0] {
			t.Errorf("%s: the rootfs is %+v, %v", name, got, ok)
		}
	}
}

// One that lies elsewhere is measured by the file system that it lies on.
func TestAnnex(t *testing.T) {
	for name, c := range map[string]struct {
		annex *live.Annex
		want  *Annex
	}{
		"none":               {nil, nil},
		"its file is gone":   {&live.Annex{UUID: "u", Path: "p"}, nil},
		"ext4":               {&live.Annex{UUID: "u", Path: "p", FSType: "ext4", Rootfs: 2 << 30, Total: 1 << 40}, &Annex{"u", "p", Companion{Name: "rootfs", Fresh: 2 << 30}}},
		"FAT":                {&live.Annex{UUID: "u", FSType: "vfat", Rootfs: 4<<30 - 1, Total: 1 << 40}, &Annex{"u", "", Companion{Name: "rootfs", Fresh: 4095 << 20, Whole: true}}},
		"bigger than it all": {&live.Annex{UUID: "u", FSType: "ext4", Rootfs: 1 << 50, Total: 8 << 30}, &Annex{"u", "", Companion{Name: "rootfs", Fresh: 8 << 30}}},
	} {
		f := facts()
		f.Persistence = live.Persistence{Elsewhere: true, Annex: c.annex}
		p, err := Make(f, choices())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p.Annex, c.want) {
			t.Errorf("%s: %+v", name, p.Annex)
		}
		if _, beside := p.Rootfs(); beside {
			t.Errorf("%s: one beside the linuxfs", name)
		}
	}
}

// What mkfs.ext4 was measured to take fits, and a file without holes counts whole.
func TestPlace(t *testing.T) {
	for mib, took := range map[int64]int64{400: 9, 4095: 67, 8192: 69, 40960: 261} {
		if got := (Companion{Fresh: mib << 20}).Place() >> 20; got < took || got > took+130 {
			t.Errorf("%d MiB: %d", mib, got)
		}
		if got := (Companion{Fresh: mib << 20, Whole: true}).Place(); got != mib<<20 {
			t.Errorf("%d MiB whole: %d", mib, got)
		}
	}
}
