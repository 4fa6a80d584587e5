package desktop

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// entry is one of an Xauthority file.
func entry(family uint16, parts ...string) []byte {
	out := binary.BigEndian.AppendUint16(nil, family)
	for _, p := range parts {
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(p))), p...)
	}
	return out
}

func TestAnyHost(t *testing.T) {
	parts := []string{"host", "0", "MIT-MAGIC-COOKIE-1", "\x01\x02\x00secret"}
	other := []string{"", "", "", ""}
	got, err := anyHost(append(entry(256, parts...), entry(0, other...)...))
	if want := append(entry(0xffff, parts...), entry(0xffff, other...)...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	whole := entry(256, parts...)
	for n := 1; n < len(whole); n++ {
		if _, err := anyHost(bytes.Clone(whole[:n])); err == nil {
			t.Errorf("%d bytes of an entry were taken for a whole one", n)
		}
	}
}

func TestSocket(t *testing.T) {
	for display, want := range map[string]string{
		":0": "/tmp/.X11-unix/X0", ":12.1": "/tmp/.X11-unix/X12", "localhost:10.0": "", "": "", ":x": "", ":../..": "",
	} {
		if got := OwnScreen(display, "").socket(); got != want {
			t.Errorf("%q: %q, want %q", display, got, want)
		}
	}
}

// dump is a window dump of two pixels, 2x1.
func dump(change func(*xwdHeader)) string {
	h := xwdHeader{HeaderSize: 104, Version: 7, Format: 2, Depth: 24, Width: 2, Height: 1, BitsPerPixel: 32,
		BytesPerLine: 8, Red: 0xff0000, Green: 0xff00, Blue: 0xff, Colors: 1}
	change(&h)
	var out bytes.Buffer
	binary.Write(&out, binary.BigEndian, h)
	out.WriteString("name" + strings.Repeat("c", 12) + "\x01\x02\x03\x00\xff\xfe\xfd\x00")
	return out.String()
}

func TestReadXWD(t *testing.T) {
	got, err := readXWD(strings.NewReader(dump(func(*xwdHeader) {})))
	if err != nil || string(got.Pix) != "\x03\x02\x01\xff\xfd\xfe\xff\xff" {
		t.Errorf("%v, %v", got, err)
	}
	for name, change := range map[string]func(*xwdHeader){
		"other format": func(h *xwdHeader) { h.Format = 1 }, "other order": func(h *xwdHeader) { h.ByteOrder = 1 },
		"other colours": func(h *xwdHeader) { h.Red = 0xff }, "huge": func(h *xwdHeader) { h.Width = 1 << 31 },
		"short lines": func(h *xwdHeader) { h.BytesPerLine = 4 }, "too short": func(h *xwdHeader) { h.Height = 2 },
		"small header": func(h *xwdHeader) { h.HeaderSize, h.Colors = 4, 0 },
	} {
		if _, err := readXWD(strings.NewReader(dump(change))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
