package desktop

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Picture is what a virtual screen shows right now.
func (s *Screen) Picture() (*image.RGBA, error) {
	if s.dir == "" {
		return nil, errors.New("only a virtual screen can be photographed")
	}
	f, err := os.Open(filepath.Join(s.dir, "Xvfb_screen0"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readXWD(bufio.NewReader(f))
}

// Shoot writes the picture into a PNG file once nothing moves any more, or
// after two seconds.
func (s *Screen) Shoot(file string) error {
	picture, err := s.still(2 * time.Second)
	if err != nil {
		return fmt.Errorf("cannot take a screenshot: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// still waits until a fifth of a second brings no change.
func (s *Screen) still(atMost time.Duration) (*image.RGBA, error) {
	before, err := s.Picture()
	for end := time.Now().Add(atMost); err == nil && time.Now().Before(end); {
		time.Sleep(200 * time.Millisecond)
		var now *image.RGBA
		if now, err = s.Picture(); err == nil && bytes.Equal(now.Pix, before.Pix) {
			break
		}
		before = now
	}
	return before, err
}

// xwdHeader is the beginning of a window dump, as X11/XWDFile.h has it.
type xwdHeader struct {
	HeaderSize, Version, Format, Depth, Width, Height, XOffset, ByteOrder, BitmapUnit, BitOrder, BitmapPad,
	BitsPerPixel, BytesPerLine, Class, Red, Green, Blue, BitsPerRGB, ColormapEntries, Colors,
	WindowWidth, WindowHeight, WindowX, WindowY, Border uint32
}

// readXWD reads the one kind of dump that Xvfb makes with 24 bits.
func readXWD(r io.Reader) (*image.RGBA, error) {
	var h xwdHeader
	if err := binary.Read(r, binary.BigEndian, &h); err != nil {
		return nil, fmt.Errorf("cannot read the window dump: %w", err)
	}
	if h.Version != 7 || h.Format != 2 || h.ByteOrder != 0 || h.BitsPerPixel != 32 ||
		h.Red != 0xff0000 || h.Green != 0xff00 || h.Blue != 0xff || h.Width > 1<<14 || h.Height > 1<<14 ||
		h.BytesPerLine < 4*h.Width || h.BytesPerLine > 1<<17 || int(h.HeaderSize) < binary.Size(h) {
		return nil, fmt.Errorf("an unknown kind of window dump: %+v", h)
	}
	const colorSize = 12
	skip := int64(h.HeaderSize) - int64(binary.Size(h)) + int64(h.Colors)*colorSize
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		return nil, fmt.Errorf("cannot read the window dump: %w", err)
	}
	picture, line := image.NewRGBA(image.Rect(0, 0, int(h.Width), int(h.Height))), make([]byte, h.BytesPerLine)
	for y := range int(h.Height) {
		if _, err := io.ReadFull(r, line); err != nil {
			return nil, fmt.Errorf("cannot read the window dump: %w", err)
		}
		row := picture.Pix[y*picture.Stride:]
		for x := 0; x < 4*int(h.Width); x += 4 { // blue, green, red, nothing
			row[x], row[x+1], row[x+2], row[x+3] = line[x+2], line[x+1], line[x], 0xff
		}
	}
	return picture, nil
}
