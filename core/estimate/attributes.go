package estimate

import (
	"antix-remaster/core/sys"
)

// attributes estimates the table of extended attributes from every so many
// entries: to ask each costs more than a walk.
type attributes struct {
	looked, holding int
	sets            map[string]int // distinct ones: bytes
	bytes           int
}

const (
	lookEvery = 64
	maxSets   = 4096
)

func (a *attributes) look(number int32, d *sys.Dir, name string) {
	if number%lookEvery != 0 || len(a.sets) >= maxSets {
		return
	}
	a.looked++
	list, err := d.Xattrs(name)
	if err != nil || len(list) == 0 {
		return
	}
	key, size := "", 0
	for _, x := range list {
		key += x.Name + "\x00" + x.Value + "\x00"
		size += 8 + len(x.Name) + len(x.Value) // the prefix is a number, the rest is stored
	}
	if a.sets == nil {
		a.sets = map[string]int{}
	}
	a.holding++
	if _, known := a.sets[key]; !known {
		a.sets[key] = size
		a.bytes += size
	}
}

// table is how many bytes the attributes of all entries take, not compressed:
// distinct sets are stored once, and one met once stands for others not met.
func (a *attributes) table(entries int) int64 {
	if a.holding == 0 || a.looked == 0 {
		return 0
	}
	scale := 1.0
	if len(a.sets)*2 > a.holding { // hardly any two are alike
		scale = float64(entries) / float64(a.looked)
	}
	return int64(float64(a.bytes+16*len(a.sets)) * scale)
}
