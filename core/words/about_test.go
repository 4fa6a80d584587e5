package words

import "testing"

// TestAbout: as many digits as can be read at a glance, and a range where one
// can be seen.
func TestAbout(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	for _, c := range []struct {
		n, off int64
		want   string
	}{
		{1450 * mib, 40 * mib, "about 1.42 GiB (1.38–1.46)"},
		{1450 * mib, mib, "about 1.42 GiB"},
		{1000 * mib, 4 * mib, "about 0.98 GiB (0.97–0.98)"},
		{999 * mib, 4 * mib, "about 999 MiB (995–1003)"},
		{250 * mib, 20 * mib, "about 250 MiB (230–270)"},
		{30 * mib, 5 * mib, "about 30.0 MiB (25.0–35.0)"},
		{148 * mib, 146 * mib, "about 148 MiB, at most 294 MiB"},
		{148 * mib, 120 * mib, "about 148 MiB (28–268)"},
		{3 * mib, 5 * mib, "about 3.0 MiB, at most 8.0 MiB"},
		{0, 0, "about 0.0 MiB"},
		{3 << 40, gib, "about 3072.00 GiB (3071.00–3073.00)"},
	} {
		if got := About(c.n, c.off, english); got != c.want {
			t.Errorf("%d±%d: %q, want %q", c.n, c.off, got, c.want)
		}
	}
}
