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
	if err := w.exact.add([]byte{0, 1, 2, 3}); err != nil {
		return err
	}
	_, cpu, err := w.exact.run(w.ctx, quickest, blockSize)
	w.quick, w.child = err == nil, w.child+cpu
	return w.ctx.Err()
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
	if !w.alone(r) {
		err := w.lookWith(quickest, keys, func(c cheap) bool { return c.quickest == 0 }, func(c *cheap, x float32) { c.quickest = x })
		if err != nil {
			return err
		}
	}
	return w.lookWith(second, keys, func(c cheap) bool { return c.second == 0 && (w.alone(r) || c.between()) }, func(c *cheap, x float32) { c.second = x })
}

// lookWith has a compressor pack the blocks that want it, and sets what it made
// of them.
func (w *work) lookWith(h How, keys []key, wants func(cheap) bool, set func(*cheap, float32)) error {
	var list []key
	for _, k := range keys {
		if wants(w.looks[k]) && !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	for batch := range slices.Chunk(list, maxBatch) {
		sizes, lengths, err := w.packBlocks(h, batch)
		if err != nil {
			return err
		}
		for i, k := range batch {
			c := w.looks[k]
			set(&c, max(float32(sizes[i])/float32(max(lengths[i], 1)), 1e-6)) // holes have no size
			w.looks[k] = c
		}
	}
	return nil
}

// packBlocks has the engine pack blocks, and gives their sizes, stored and as
// they are, in bytes.
func (w *work) packBlocks(h How, keys []key) (sizes []int64, lengths []int32, err error) {
	for _, k := range keys {
		if w.step.Err() != nil {
			return nil, nil, errors.Join(w.step.Err(), w.exact.clear())
		}
		data := w.reader.read(w.l, k)
		lengths = append(lengths, int32(len(data)))
		if err := w.exact.add(data); err != nil {
			return nil, nil, errors.Join(err, w.exact.clear())
		}
	}
	sizes, w.lately, err = w.exact.run(w.step, h, blockSize)
	w.child += w.lately
	return sizes, lengths, err
}
