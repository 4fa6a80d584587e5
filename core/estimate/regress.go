package estimate

import (
	"cmp"
	"math"
	"slices"
)

// drawn is one draw of a place, with what is known of the block there. Ratios
// are stored bytes to bytes.
type drawn struct {
	at    float64 // place
	x     float64 // ratio of the cheap compressor
	y     float64 // of the real one
	exact bool    // y is known
	class class
}

// class is a kind of block: how far it shrinks depends on it, and how many
// bytes each kind has is known.
type class uint8

const (
	full    class = iota
	ending        // the rest of a large file
	shared        // small files together
	classes int   = iota
)

// fit is the result of two-phase sampling with a regression: many cheap
// figures, and a few real ones to correct them by.
type fit struct {
	curve    [3]float64 // the real ratio is about curve[0] + curve[1] x + curve[2] x²
	mean     float64    // ratio of all
	exact    int        // draws with a real figure
	cheap    int        // draws
	residual float64    // variance of the mean that more real figures lower; Inf when it cannot be told
	spread   float64    // variance that more cheap ones lower
	means    [classes]float64
	spreads  [classes]float64
}

// at is the real ratio that follows from a cheap one.
func (f fit) at(x float64) float64 { return f.curve[0] + (f.curve[1]+f.curve[2]*x)*x }

// regress estimates the mean ratio. Method: Cochran, Sampling Techniques, 3rd
// edition, §12.6; the variances from successive differences (Wolter,
// Introduction to Variance Estimation, §8), as the places are spread evenly.
func regress(draws []drawn) fit {
	slices.SortFunc(draws, func(a, b drawn) int { return cmp.Compare(a.at, b.at) })
	var known []drawn
	for _, d := range draws {
		if d.exact {
			known = append(known, d)
		}
	}
	f := fit{exact: len(known), cheap: len(draws), residual: math.Inf(1), spread: math.Inf(1)}
	if len(known) == 0 {
		return f
	}
	terms := 1 // a curve through few points would follow their noise
	for _, least := range []int{firstExact, 12} {
		if len(known) >= least {
			terms++
		}
	}
	f.curve = curve(known, terms)
	residuals, fitted := make([]float64, len(known)), make([]float64, len(draws))
	for i, d := range draws {
		if fitted[i] = f.at(d.x); d.exact {
			fitted[i] = d.y
		}
		f.mean += fitted[i] / float64(len(draws))
	}
	if len(known) < 3 {
		return f
	}
	for i, d := range known {
		residuals[i] = d.y - f.at(d.x)
	}
	n := float64(len(known))
	f.residual = scatter(residuals) / n * (n - 1) / (n - float64(terms))
	f.spread = scatter(fitted) / float64(len(draws))
	f.divide(draws, fitted)
	return f
}

// divide finds the means of the classes; where a class has few draws, that of
// all has to do.
func (f *fit) divide(draws []drawn, fitted []float64) {
	for c := range classes {
		var of []float64
		for i, d := range draws {
			if int(d.class) == c {
				of = append(of, fitted[i])
			}
		}
		if f.means[c], f.spreads[c] = f.mean, f.spread; len(of) >= 8 {
			sum := 0.0
			for _, v := range of {
				sum += v
			}
			f.means[c], f.spreads[c] = sum/float64(len(of)), scatter(of)/float64(len(of))
		}
	}
}

// curve fits y by least squares with so many terms, as many as x allows.
func curve(known []drawn, terms int) (c [3]float64) {
	var m [3][4]float64
	for _, d := range known {
		powers := [3]float64{1, d.x, d.x * d.x}
		for i := range terms {
			for j := range terms {
				m[i][j] += powers[i] * powers[j]
			}
			m[i][3] += powers[i] * d.y
		}
	}
	for i := range terms {
		if math.Abs(m[i][i]) < 1e-7 { // hardly two x differ
			return curve(known, i)
		}
		for k := range terms {
			if k == i {
				continue
			}
			by := m[k][i] / m[i][i]
			for j := range 4 {
				m[k][j] -= by * m[i][j]
			}
		}
	}
	for i := range terms {
		c[i] = m[i][3] / m[i][i]
	}
	return c
}

// scatter is the variance of values in the order of their places. Neighbours
// are alike, and evenly spread places profit from it; but no less than a third
// of the plain variance is claimed, in case that was luck.
func scatter(v []float64) float64 {
	n := float64(len(v))
	if n < 2 {
		return math.Inf(1)
	}
	mean, plain, steps := 0.0, 0.0, 0.0
	for _, x := range v {
		mean += x / n
	}
	for i, x := range v {
		plain += (x - mean) * (x - mean)
		if i > 0 {
			steps += (x - v[i-1]) * (x - v[i-1])
		}
	}
	plain /= n - 1
	return max(steps/(2*(n-1)), plain/3)
}

// t99 is the one-sided 99 % point of Student's t. Source: Abramowitz and
// Stegun 26.7.5, within 2 % from 3 degrees of freedom on.
func t99(degrees int) float64 {
	const z = 2.3263
	if degrees < 1 {
		return math.Inf(1)
	}
	v := float64(degrees)
	z3, z5, z7, z9 := math.Pow(z, 3), math.Pow(z, 5), math.Pow(z, 7), math.Pow(z, 9)
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v) +
		(79*z9+776*z7+1482*z5-1920*z3-945*z)/(92160*v*v*v*v)
}
