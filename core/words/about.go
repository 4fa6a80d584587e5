package words

import (
	"fmt"
	"math"
)

// About is an estimate of a size for people, with how far it may be off, both in
// bytes: "about 1.42 GiB (1.38–1.46)". Without the range where that would only
// repeat the figure, and only with its upper end where the lower one is next to
// nothing.
func About(n, off int64, tr func(string) string) string {
	unit, digits := "MiB", 0
	div := float64(1 << 20)
	switch {
	case n >= 1000<<20:
		unit, digits, div = "GiB", 2, 1<<30
	case n < 100<<20:
		digits = 1
	}
	show := func(bytes int64) string { return fmt.Sprintf("%.*f", digits, math.Max(float64(bytes), 0)/div) }
	low, mid, high := show(n-off), show(n), show(n+off)
	if low == high {
		return fmt.Sprintf(tr("about %[1]s"), mid+" "+unit)
	}
	if off > n-n/10 {
		return fmt.Sprintf(tr("about %[1]s, at most %[2]s"), mid+" "+unit, high+" "+unit)
	}
	return fmt.Sprintf(tr("about %[1]s (%[2]s–%[3]s)"), mid+" "+unit, low, high)
}
