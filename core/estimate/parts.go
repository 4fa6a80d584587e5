package estimate

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Part is a directory, or a file, and what it takes.
type Part struct {
	Path   string
	Bytes  int64 // of the data in it, as they are
	Stored int64 // about what they take in the image, with the first compressor
	Dir    bool
}

const (
	maxParts  = 12
	maxInside = 40
)

// weights are what every entry takes, with what is in it.
type weights struct{ bytes, stored []float64 }

// divided are the parts of the image, as they were told last.
type divided struct {
	largest, inside []Part
	within          string
	at              time.Time     // when that was made out
	took            time.Duration // and how long it took
}

// divide makes out the parts anew, unless it would take more than a twentieth of
// the time.
func (w *work) divide() {
	begin := time.Now()
	if w.parts.within == w.within && begin.Sub(w.parts.at) < 20*w.parts.took {
		return
	}
	w.divideNow()
}

func (w *work) divideNow() {
	begin := time.Now()
	w.parts = divided{within: w.within}
	if len(w.rows) > 0 {
		weighed := w.weigh()
		w.parts.largest, w.parts.inside = w.largest(weighed), w.inside(weighed, w.within)
	}
	w.parts.at = time.Now()
	w.parts.took = w.parts.at.Sub(begin)
}

// weigh adds up what the old image tells of a file, what cannot be read in full,
// and what the estimate says of the rest, by how far that shrinks.
func (w *work) weigh() weights {
	r := w.rows[0]
	out := weights{make([]float64, len(w.c.entries)), make([]float64, len(w.c.entries))}
	sampled := 0.0
	for _, s := range r.samples {
		if s.bytes < 1 {
			continue
		}
		takes := w.expect(s)
		for _, f := range w.axis.files {
			if w.counts(s, f) {
				out.stored[f] = takes(f, nil)
				sampled += out.stored[f]
			}
		}
	}
	scale := (float64(r.out.Estimate) - r.known - r.unread - w.tables.cost(r.ratios)) / max(sampled, 1)
	for i := len(w.c.entries) - 1; i > 0; i-- { // what is in a directory comes behind it
		e := &w.c.entries[i]
		if e.kind == kindFile && w.l.own[i] {
			out.bytes[i] = float64(w.c.data(int32(i)))
			out.stored[i] = min(out.stored[i]*max(scale, 0), out.bytes[i])
			switch {
			case w.priced(r, int32(i)):
				out.stored[i] = w.c.image.nodes[e.old].stored
			case e.unread:
				out.stored[i] = out.bytes[i]
			}
		}
		out.bytes[e.parent] += out.bytes[i]
		out.stored[e.parent] += out.stored[i]
	}
	return out
}

func (w *work) part(i int, from weights) Part {
	return Part{w.c.path(int32(i)), int64(from.bytes[i]), int64(from.stored[i]), w.c.entries[i].kind == kindDir}
}

// largest are the directories that take the most, down to the second level.
func (w *work) largest(from weights) []Part {
	var out []Part
	for i := 1; i < len(w.c.entries); i++ {
		if w.c.entries[i].kind == kindDir && from.stored[i] > from.stored[0]/50 && w.depth(int32(i)) <= 2 {
			out = append(out, w.part(i, from))
		}
	}
	return most(out, maxParts)
}

// inside is what a directory holds that takes room; nothing when there is no
// such directory.
func (w *work) inside(from weights, dir string) []Part {
	at, ok := w.c.find(dir)
	if !ok {
		return nil
	}
	var out []Part
	for i := int(at) + 1; i < len(w.c.entries); i++ {
		if w.c.entries[i].parent == at && from.stored[i] > 0 {
			out = append(out, w.part(i, from))
		}
	}
	return most(out, maxInside)
}

func most(parts []Part, n int) []Part {
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Stored, a.Stored), cmp.Compare(a.Path, b.Path)) })
	return parts[:min(len(parts), n)]
}

// find gives the directory at a path, which "" is of the root.
func (c *Census) find(path string) (number int32, ok bool) {
	rest := path
	for i := 1; i < len(c.entries) && rest != ""; i++ { // what is in a directory comes behind it
		name, more, _ := strings.Cut(rest, "/")
		if e := &c.entries[i]; e.parent == number && e.kind == kindDir && e.name == name {
			number, rest = int32(i), more
		}
	}
	return number, rest == ""
}

func (w *work) depth(i int32) int {
	n := 0
	for ; i > 0; i = w.c.entries[i].parent {
		n++
	}
	return n
}
