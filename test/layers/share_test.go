package layers

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"testing"
)

// TestIcons: every size is there, drawn, and free at its corners.
func TestIcons(t *testing.T) {
	for _, size := range []int{16, 22, 24, 32, 48, 64, 128, 256} {
		name := fmt.Sprintf("../../assets/icons/hicolor/%dx%[1]d/apps/org.antixlinux.antix-remaster.png", size)
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
			continue
		}
		icon, err := png.Decode(f)
		f.Close()
		if err != nil || icon.Bounds() != image.Rect(0, 0, size, size) {
			t.Errorf("%s is not %d pixels wide and high (%v)", name, size, err)
			continue
		}
		if _, _, _, alpha := icon.At(0, 0).RGBA(); alpha != 0 {
			t.Errorf("%s: the corner is not transparent", name)
		}
		if _, _, _, alpha := icon.At(size/2, size/2).RGBA(); alpha == 0 {
			t.Errorf("%s: the middle is empty", name)
		}
	}
}
