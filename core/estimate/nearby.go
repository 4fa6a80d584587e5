package estimate

import "math"

// nearby tells how far the files shrink by what is known of blocks near them:
// those of the same file, or for small files of the same directory, and where
// there are few, of the directories above. Blocks that somebody glanced at shrink
// as draws do at which a glance told the same.
type nearby struct {
	c            *Census
	small, large local
	glances      *glances
	curve        curve // from glances
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
	for _, d := range w.current(s) {
		l, at := n.leaf(d.file)
		ratio := s.shrinks(d)
		if x := w.glances.at(d.file, d.key); x > 0 {
			glanced = append(glanced, drawn{x: x, y: ratio})
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

// block is the ratio of a block in which a file has data.
func (n *nearby) block(file int32, k key) float64 {
	if x := n.glances.at(file, k); x > 0 && n.glanced {
		return n.curve.at(x)
	}
	return n.ratio(file)
}

// takes is what the data of a file take, or those of it that are in a block, if
// they shrink as is told here. It is an expected.
func (n *nearby) takes(file int32, block *draw) (stored float64) {
	switch {
	case block != nil && block.key.number >= 0:
		return n.c.inBlock(block.key) * n.block(file, block.key)
	case n.c.entries[file].size < blockSize:
		return float64(n.c.data(file)) * n.block(file, key{file, -1})
	case n.glances.large[file] == nil:
		return float64(n.c.data(file)) * n.ratio(file)
	}
	n.c.eachBlock(file, func(number int32) {
		k := key{file, number}
		stored += n.c.inBlock(k) * n.block(file, k)
	})
	return stored
}

// without is the ratio of an entry when a draw of one there is taken away.
func (l *local) without(c *Census, at int32, ratio float64) float64 {
	t := l.draws[at]
	if at == 0 {
		return (t.sum - ratio + guess) / t.n
	}
	return (t.sum - ratio + trust*l.without(c, c.entries[at].parent, ratio)) / (t.n - 1 + trust)
}

// off is by how much draws are above what is told here, and the variance of that,
// which is the one of what was not looked at: the mean of what is near alone
// would favour places that have little.
func (n *nearby) off(f fit, places []drawn) (middle, variance float64) {
	if f.exact < 3 {
		return 0, math.Inf(1)
	}
	off := make([]float64, len(places))
	for i, d := range places {
		ratio := f.of(d)
		if x := n.glances.at(d.file, d.key); x > 0 && n.glanced {
			off[i] = ratio - n.curve.at(x)
			continue
		}
		l, at := n.leaf(d.file)
		off[i] = ratio - l.without(n.c, at, ratio)
	}
	return mean(off), scatter(off) / float64(len(places))
}
