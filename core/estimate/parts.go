package estimate

import (
	"slices"
)

// Part is a directory and what it takes.
type Part struct {
	Path   string
	Bytes  int64 // of the data in it, as they are
	Stored int64 // about what they take in the image, with the first compressor
}

const maxParts = 12

// parts are the directories that take the most: of two, one in the other, the
// outer one only when it holds much beside.
func (w *work) parts() []Part {
	if len(w.rows) == 0 {
		return nil
	}
	r := w.rows[0]
	bytes, stored := make([]float64, len(w.c.entries)), make([]float64, len(w.c.entries))
	ratio := w.ratios(r)
	for i := len(w.c.entries) - 1; i > 0; i-- { // what is in a directory comes behind it
		e := &w.c.entries[i]
		if e.kind == kindFile && w.l.own[i] {
			bytes[i] = float64(w.c.data(int32(i)))
			if stored[i] = bytes[i] * ratio[w.top(int32(i))]; w.priced(r, int32(i)) {
				stored[i] = w.c.image.nodes[e.old].stored
			}
		}
		bytes[e.parent] += bytes[i]
		stored[e.parent] += stored[i]
	}
	var out []Part
	for i := 1; i < len(w.c.entries); i++ {
		e := &w.c.entries[i]
		if e.kind == kindDir && stored[i] > stored[0]/50 && w.depth(int32(i)) <= 2 {
			out = append(out, Part{w.c.path(int32(i)), int64(bytes[i]), int64(stored[i])})
		}
	}
	slices.SortFunc(out, func(a, b Part) int { return int(b.Stored>>10) - int(a.Stored>>10) })
	return out[:min(len(out), maxParts)]
}

func (w *work) depth(i int32) int {
	n := 0
	for ; i > 0; i = w.c.entries[i].parent {
		n++
	}
	return n
}

// top is the directory of the root that an entry is in.
func (w *work) top(i int32) int32 {
	for w.c.entries[i].parent > 0 {
		i = w.c.entries[i].parent
	}
	return i
}

// ratios are how far the files of each directory of the root shrink, as far as
// draws tell; others as all do.
func (w *work) ratios(r *rowState) map[int32]float64 {
	sum, n := map[int32]float64{}, map[int32]float64{}
	mean := guess
	if r.fit.exact > 0 {
		mean = r.fit.mean
	}
	x := 0.0
	draws := w.current(r)
	for _, d := range draws {
		top := w.top(d.file)
		v := d.x
		sum[top], n[top], x = sum[top]+v, n[top]+1, x+v/float64(len(draws))
	}
	out := map[int32]float64{}
	for i := 1; i < len(w.c.entries); i++ {
		if w.c.entries[i].parent == 0 {
			top := int32(i)
			if out[top] = mean; n[top] > 0 && x > 0 {
				out[top] = mean * (sum[top] + x) / (n[top] + 1) / x
			}
		}
	}
	return out
}
