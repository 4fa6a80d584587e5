package estimate

import (
	"errors"
	"slices"
)

// The cheap compressor is the real engine at its quickest, on many blocks: what
// the slow ones make of a block follows from what this one makes of it. zstd
// does not see repeats of three bytes, on which the slow ones live; where they
// could matter gzip looks, too (docs/decisions/0022).
var (
	quickest = How{Compressor: "zstd", Level: 1}
	second   = How{Compressor: "gzip", Level: 1}
)

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

// looked tells whether a row goes by cheap figures at all: lz4 is as quick
// itself.
func (r *rowState) looked() bool { return r.how.Compressor != "lz4" }

// ratio is what the cheap compressor made of a block; 0 when nobody looked.
func (w *work) ratio(k key) float64 { return float64(w.looks[k]) }

// look has the cheap compressor look at the blocks that it does not know yet.
func (w *work) look(keys []key) error {
	var news, again []key
	found := map[key]float32{}
	for _, k := range keys {
		_, known := w.looks[k]
		if _, twice := found[k]; !known && !twice {
			news, found[k] = append(news, k), 1
		}
	}
	again = news
	if w.quick {
		if err := w.lookWith(quickest, news, found); err != nil {
			return err
		}
		again = slices.DeleteFunc(news, func(k key) bool { return found[k] < secondFrom || found[k] > secondTo })
	}
	if err := w.lookWith(second, again, found); err != nil {
		return err
	}
	for k, ratio := range found {
		w.looks[k] = ratio
	}
	return nil
}

// lookWith lowers what was found of blocks to what a compressor makes of them.
func (w *work) lookWith(h How, keys []key, found map[key]float32) error {
	for batch := range slices.Chunk(keys, maxBatch) {
		sizes, lengths, err := w.packBlocks(h, batch)
		if err != nil {
			return err
		}
		for i, k := range batch {
			found[k] = min(found[k], float32(sizes[i])/float32(max(lengths[i], 1)))
		}
	}
	return nil
}

// packBlocks has the engine pack blocks, and gives their sizes, stored and as
// they are, in bytes.
func (w *work) packBlocks(h How, keys []key) (sizes []int64, lengths []int32, err error) {
	for _, k := range keys {
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
