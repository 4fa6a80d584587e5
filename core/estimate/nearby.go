package estimate

import (
	"maps"
	"math"
	"slices"
)

// nearby tells how far the files shrink by what is known of blocks near them:
// those of the same file, or for small files of the same directory, and where
// there are few, of the directories above. Blocks that somebody glanced at shrink
// as draws do at which a glance told the same.
type nearby struct {
	c            *Census
	small, large local
	glances      *glances
	curve        curve // from glances to ratios
	glanced      bool  // it is known
}

// local is what is known of the draws in large files, or in small ones.
type local struct {
	draws map[int32]tally // in an entry and in what is below
	ratio []float32       // of all entries
}

type tally struct{ sum, n float64 }

// trust is how many draws an entry needs of its own to count as much as what is
// known of the directory above it.
const trust = 4

func (w *work) near(s *sample) nearby {
	n := nearby{c: w.c, small: local{draws: map[int32]tally{}}, large: local{draws: map[int32]tally{}}, glances: &w.glances}
	var glanced []drawn
	seen := map[key]bool{}
	for _, d := range w.current(s) {
		l, at := n.leaf(d.file)
		ratio := s.shrinks(d)
		if x := w.glances.at(d.file, d.key); x > 0 && s.place(d) && !seen[d.key] && (s.looked() || s.y[d.key].bytes > 0) {
			seen[d.key], glanced = true, append(glanced, drawn{x: x, y: ratio})
		}
		for ; at >= 0; at = w.c.entries[at].parent {
			t := l.draws[at]
			l.draws[at] = tally{t.sum + ratio, t.n + 1}
		}
	}
	n.small.spread(w.c)
	n.large.spread(w.c)
	if n.glanced = len(glanced) >= glancedDraws; n.glanced {
		n.curve = bend(glanced, true)
	}
	return n
}

// leaf is where what is known of a file is kept.
func (n *nearby) leaf(file int32) (*local, int32) {
	if e := &n.c.entries[file]; e.size < blockSize {
		return &n.small, e.parent
	}
	return &n.large, file
}

// spread gives every entry its ratio, from the root down.
func (l *local) spread(c *Census) {
	l.ratio = make([]float32, len(c.entries))
	root := l.draws[0]
	l.ratio[0] = float32((root.sum + guess) / (root.n + 1))
	for i := 1; i < len(l.ratio); i++ { // what is in a directory comes behind it
		above := l.ratio[c.entries[i].parent]
		if l.ratio[i] = above; c.entries[i].kind == kindDir || c.entries[i].size >= blockSize {
			t := l.draws[int32(i)]
			l.ratio[i] = float32((t.sum + trust*float64(above)) / (t.n + trust))
		}
	}
}

func (n *nearby) ratio(file int32) float64 {
	l, at := n.leaf(file)
	return float64(l.ratio[at])
}

// glance is the ratio of a block in which a file has data by the glance at it; false
// when there is none.
func (n *nearby) glance(file int32, k key) (ratio float64, ok bool) {
	x := n.glances.at(file, k)
	if !n.glanced || x <= 0 {
		return 0, false
	}
	return n.curve.at(x), true
}

// takes is what the data of a file take, or those of it that are in a block, if
// they shrink as is told here. It is an expected.
func (n *nearby) takes(file int32, block *draw) float64 {
	stored, plain := n.split(file, block)
	return stored + plain*n.ratio(file)
}

// plain is how many bytes of a file, or of those of it that are in a block, nobody
// glanced at. It is made like an expected.
func (n *nearby) plain(file int32, block *draw) float64 {
	_, plain := n.split(file, block)
	return plain
}

// split is what the data take at which somebody glanced, and the bytes of the rest.
func (n *nearby) split(file int32, block *draw) (stored, plain float64) {
	add := func(k key, bytes float64) {
		if ratio, ok := n.glance(file, k); ok {
			stored, plain = stored+ratio*bytes, plain-bytes
		}
	}
	if plain = float64(n.c.data(file)); block != nil && block.key.number >= 0 {
		plain = n.c.inBlock(block.key)
		add(block.key, plain)
		return stored, plain
	}
	if n.c.entries[file].size < blockSize {
		add(key{file, -1}, plain)
		return stored, plain
	}
	for _, number := range slices.Sorted(maps.Keys(n.glances.large[file])) {
		k := key{file, number}
		add(k, n.c.inBlock(k))
	}
	return stored, plain
}

// without is the ratio of an entry when a draw of one there is taken away.
func (l *local) without(c *Census, at int32, ratio float64) float64 {
	t := l.draws[at]
	if at == 0 {
		return (t.sum - ratio + guess) / t.n
	}
	return (t.sum - ratio + trust*l.without(c, c.entries[at].parent, ratio)) / (t.n - 1 + trust)
}

// off is by how much more is taken than is told here by so many bytes with glances
// and plain ones, going by the draws of each kind, and the variance of that to the
// bytes of the sample: the mean of what is near alone would favour places that
// have little.
func (n *nearby) off(s *sample, places []drawn, glanced, plain float64) (bytes, variance float64) {
	if s.fit.exact < 3 {
		return 0, math.Inf(1)
	}
	var byGlance, byPlace []float64
	for _, d := range places {
		ratio := s.fit.of(d)
		if expected, ok := n.glance(d.file, d.key); ok {
			byGlance = append(byGlance, ratio-expected)
			continue
		}
		l, at := n.leaf(d.file)
		byPlace = append(byPlace, ratio-l.without(n.c, at, ratio))
	}
	if many := float64(len(byGlance)); glanced >= 1 { // there are more than three: n.glanced
		bytes, variance = mean(byGlance)*glanced, scatter(byGlance)/many*(many-1)/(many-3)*glanced // as in regress
	}
	if len(byPlace) >= firstExact {
		return bytes + mean(byPlace)*plain, variance + scatter(byPlace)/float64(len(byPlace))*plain
	}
	return bytes, variance + unsure*plain*unsure*plain/s.bytes
}
