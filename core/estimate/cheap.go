package estimate

import (
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The cheap compressors run in this process, on many blocks; what the real one
// makes of a block follows from what they make of it, nearly.
const (
	cheapZstd = iota
	cheapFlate
	cheapLZ4
	cheaps
)

// cheapOf is the one that a compressor follows best.
var cheapOf = map[string]int{"zstd": cheapZstd, "xz": cheapZstd, "gzip": cheapFlate, "lz4": cheapLZ4}

type cheap struct {
	zstd  *zstd.Encoder
	flate *flate.Writer
	lz4   lz4.Compressor
	out   []byte
}

func newCheap() (*cheap, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(blockSize), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	f, err := flate.NewWriter(nil, flate.BestSpeed)
	return &cheap{zstd: z, flate: f, out: make([]byte, 0, lz4.CompressBlockBound(blockSize))}, err
}

// tally counts what is written to it.
type tally int

func (t *tally) Write(b []byte) (int, error) { *t += tally(len(b)); return len(b), nil }

// size is what is left of data, at most all of it: a block that does not get
// smaller is stored as it is.
func (c *cheap) size(which int, data []byte) int {
	if len(data) == 0 || allZero(data) {
		return 0 // a hole
	}
	n := 0
	switch which {
	case cheapZstd:
		n = len(c.zstd.EncodeAll(data, c.out[:0]))
	case cheapFlate:
		var t tally
		c.flate.Reset(&t)
		if _, err := c.flate.Write(data); err != nil {
			return len(data)
		}
		if err := c.flate.Close(); err != nil {
			return len(data)
		}
		n = int(t)
	case cheapLZ4:
		var err error
		if n, err = c.lz4.CompressBlock(data, c.out[:cap(c.out)]); err != nil || n == 0 {
			n = len(data)
		}
	}
	return min(n, len(data))
}

func allZero(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}
