package estimate

import (
	"errors"
	"slices"
)

// The cheap compressor is the real engine at its quickest, on many blocks: what
// the slow ones make of a block follows from what this one makes of it. zstd
// does not see repeats of three bytes, on which the slow ones live; where they
// could matter gzip looks, too, and for gzip it looks alone (docs/decisions/0022).
var (
	quickest = How{Compressor: "zstd", Level: 1}
	second   = How{Compressor: "gzip", Level: 1}
)

// cheap is what they made of a block: ratios, 0 when they did not look.
type cheap struct{ quickest, second float32 }

// Ratios of the quickest between which the second looks.
const (
	secondFrom = 0.45
	secondTo   = 0.9
)

// try finds whether this engine has the quickest; else the second does it all.
func (w *work) try() error {
	u, err := w.exact.packOnce(w.ctx, oneFile, asBlocks, quickest)
	w.quick, w.child = err == nil, w.child+u.cpu
	u, err = w.exact.packOnce(w.ctx, oneFile, asBlocks, How{Compressor: w.in.Hows[0].Compressor})
	w.child += u.cpu
	return err
}

// alone tells whether the second does it all for a row.
func (w *work) alone(r *rowState) bool { return r.how.Compressor == "gzip" || !w.quick }

// between tells whether the second has a say where the quickest looked.
func (c cheap) between() bool { return c.quickest >= secondFrom && c.quickest <= secondTo }

// ratio is what the cheap compressor of a row made of a block; 0 when it did not
// look.
func (w *work) ratio(r *rowState, k key) float64 {
	switch c := w.looks[k]; {
	case w.alone(r):
		return float64(c.second)
	case c.between():
		return float64(min(c.quickest, c.second))
	default:
		return float64(c.quickest)
	}
}

// look has the cheap compressor of a row look at the blocks that it does not
// know yet.
func (w *work) look(r *rowState, keys []key) error {
	var list []key
	for _, k := range keys {
		if c := w.looks[k]; (w.lacksQuickest(r, c) || w.lacksSecond(r, c)) && !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	for batch := range slices.Chunk(list, maxBatch) {
		if err := w.lookAt(r, batch); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) lacksQuickest(r *rowState, c cheap) bool { return !w.alone(r) && c.quickest == 0 }

func (w *work) lacksSecond(r *rowState, c cheap) bool {
	return c.second == 0 && (w.alone(r) || c.between())
}

// lookAt has both look at some blocks, which are read once: each at those that
// want it.
func (w *work) lookAt(r *rowState, keys []key) (err error) {
	defer func() { err = errors.Join(err, w.exact.clear()) }()
	lengths, err := w.lay(keys)
	if err != nil {
		return err
	}
	err = w.lookWith(quickest, keys, lengths, func(c cheap) bool { return w.lacksQuickest(r, c) }, func(c *cheap, x float32) { c.quickest = x })
	if err != nil {
		return err
	}
	lacks := func(c cheap) bool { return w.lacksSecond(r, c) }
	for i, k := range keys {
		if !lacks(w.looks[k]) {
			if err := w.exact.drop(i); err != nil {
				return err
			}
		}
	}
	return w.lookWith(second, keys, lengths, lacks, func(c *cheap, x float32) { c.second = x })
}

// lookWith has a compressor pack what lies there, if some of it wants that, and
// sets what it made of those.
func (w *work) lookWith(h How, keys []key, lengths []int32, wants func(cheap) bool, set func(*cheap, float32)) error {
	if !slices.ContainsFunc(keys, func(k key) bool { return wants(w.looks[k]) }) {
		return nil
	}
	sizes, err := w.packLaid(h)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if c := w.looks[k]; wants(c) {
			set(&c, max(float32(sizes[i])/float32(max(lengths[i], 1)), 1e-6)) // holes have no size
			w.looks[k] = c
		}
	}
	return nil
}

// lay lays blocks down for the engine, and gives their lengths in bytes.
func (w *work) lay(keys []key) (lengths []int32, err error) {
	for _, k := range keys {
		if w.step.Err() != nil {
			return nil, w.step.Err()
		}
		data := w.reader.read(w.l, k)
		lengths = append(lengths, int32(len(data)))
		if err := w.exact.add(data); err != nil {
			return nil, err
		}
	}
	return lengths, nil
}

// packLaid has the engine pack the blocks that lie there, and gives their stored sizes
// in bytes.
func (w *work) packLaid(h How) (sizes []int64, err error) {
	sizes, w.lately, err = w.exact.measure(w.step, h, blockSize)
	w.child += w.lately.cpu
	return sizes, err
}

// packBlocks has the engine pack blocks, and gives their sizes, stored and as
// they are, in bytes.
func (w *work) packBlocks(h How, keys []key) (sizes []int64, lengths []int32, err error) {
	defer func() { err = errors.Join(err, w.exact.clear()) }()
	if lengths, err = w.lay(keys); err != nil {
		return nil, nil, err
	}
	sizes, err = w.packLaid(h)
	return sizes, lengths, err
}
