package squashfs

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decompressor unpacks one block into at most limit bytes. Its result is valid
// until the next call.
type decompressor func(src []byte, limit int) ([]byte, error)

// newDecompressor returns the decompressor of an image. It errors with
// ErrCompressor for lzo and lzma, which no live system of the last ten years uses.
func newDecompressor(s Super) (decompressor, error) {
	switch s.Compressor {
	case "gzip":
		return inflate(), nil
	case "xz":
		return unxz, nil
	case "lz4":
		return unlz4, nil
	case "zstd":
		return unzstd()
	}
	return nil, fmt.Errorf("cannot unpack %s: %w", s.Compressor, ErrCompressor)
}

// inflate keeps its reader, because a new one costs more than a metadata block.
func inflate() decompressor {
	var zr io.ReadCloser
	return func(src []byte, limit int) ([]byte, error) {
		var err error
		if zr == nil {
			zr, err = zlib.NewReader(bytes.NewReader(src))
		} else {
			err = zr.(zlib.Resetter).Reset(bytes.NewReader(src), nil)
		}
		if err != nil {
			zr = nil
			return nil, err
		}
		return readAtMost(zr, limit)
	}
}

func unlz4(src []byte, limit int) ([]byte, error) {
	dst := make([]byte, limit)
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return nil, err
	}
	return dst[:n], nil
}

// unzstd decodes on the calling goroutine. The window of a block can never
// exceed the largest block, so anything larger is hostile.
func unzstd() (decompressor, error) {
	dec, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxBlock),
		zstd.WithDecoderMaxWindow(maxBlock),
		zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("cannot prepare zstd: %w", err)
	}
	return func(src []byte, limit int) ([]byte, error) {
		return dec.DecodeAll(src, make([]byte, 0, limit))
	}, nil
}

// readAtMost reads r to its end, which must come within limit bytes.
func readAtMost(r io.Reader, limit int) ([]byte, error) {
	dst, n := make([]byte, limit+1), 0
	for n < len(dst) {
		k, err := r.Read(dst[n:])
		n += k
		if err == io.EOF {
			return dst[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, ErrTooLarge
}
