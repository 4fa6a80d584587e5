package estimate

import "math"

// curve tells how far the real compressor shrinks a block by how far another
// does, the cheap one or that of the old image: about x + a (1-x) + b x (1-x) +
// off. What the one cannot shrink at all, nor can the other: off is small. So a
// few blocks are enough to bend it, and none of them can bend it far where none was.
type curve struct{ a, b, off float64 }

func (c curve) at(x float64) float64 { return min(max(x+(c.a+c.b*x)*(1-x)+c.off, 0), 1) }

const (
	stiff = 0.16 // blocks' worth of belief that a is 0
	soft  = 1e-4 // and that b is
	far   = 2.0  // times the usual distance from the curve, from which on a block of a few counts less
	later = 0.4  // the same by the root of their number: what is lost by it must vanish beside what luck does
)

// bend fits the curve. One block in a hundred is off by half of its size, which
// would be the whole error: such count as if they were off by far only (Huber and
// Ronchetti, Robust Statistics, 2nd edition, §7.8). Without anything to go by it
// is the mean.
func bend(known []drawn, guided bool) curve {
	var c curve
	if !guided {
		c.off = guess
		for i, d := range known {
			c.off += (d.y - c.off) / float64(i+1)
		}
		return c
	}
	limit := math.Inf(1)
	for range 6 {
		c = c.weighed(known, limit)
		limit = max(far, later*math.Sqrt(float64(len(known)))) * c.usual(known)
	}
	for range 3 { // again, as the curve ends at 0 and 1
		sum := 0.0
		for _, d := range known {
			sum += min(max(d.y-c.at(d.x), -limit), limit)
		}
		c.off += sum / float64(max(len(known), 1))
	}
	return c
}

// usual is the standard distance from the curve, as far as blocks that are far
// off do not make it.
func (c curve) usual(known []drawn) float64 {
	sum := 1e-5
	for _, d := range known {
		sum += math.Abs(d.y-c.at(d.x)) / float64(len(known))
	}
	return sum * math.Sqrt(math.Pi/2)
}

// weighed is the curve through the blocks, of which those that are further than
// limit from this one count less.
func (c curve) weighed(known []drawn, limit float64) curve {
	aa, ab, bb, ay, by := stiff, 0.0, soft, 0.0, 0.0
	for _, d := range known {
		a, y := 1-d.x, d.y-d.x
		b, weight := d.x*a, min(1, limit/max(math.Abs(d.y-c.at(d.x)), 1e-12))
		aa, ab, bb = aa+weight*a*a, ab+weight*a*b, bb+weight*b*b
		ay, by = ay+weight*a*y, by+weight*b*y
	}
	det := aa*bb - ab*ab
	return curve{a: (ay*bb - by*ab) / det, b: (aa*by - ab*ay) / det}
}
