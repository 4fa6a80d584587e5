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
	x     float64 // ratio of the cheap compressor, in the old image, or by a glance
	y     float64 // of the real one
	exact bool    // y is known
	again bool    // a place before hit the same block
	zeros bool    // it takes nothing, and tells nothing of the curve
	file  int32
	key   key
}

// fit is the result of two-phase sampling with a regression: many cheap
// figures, and a few real ones to correct them by.
type fit struct {
	curve    curve
	exact    int     // blocks with a real figure
	cheap    int     // draws
	residual float64 // variance of the mean that more real figures lower; Inf when it cannot be told
}

// of is the ratio of a draw as far as it is known.
func (f fit) of(d drawn) float64 {
	if d.exact {
		return d.y
	}
	return f.curve.at(d.x)
}

// regress estimates the mean ratio. Method: Cochran, Sampling Techniques, 3rd
// edition, §12.6; the variances from successive differences (Wolter,
// Introduction to Variance Estimation, §8), as the places are spread evenly.
func regress(draws []drawn, guided bool) fit {
	slices.SortFunc(draws, func(a, b drawn) int { return cmp.Compare(a.at, b.at) })
	var known []drawn
	for _, d := range draws {
		if d.exact && !d.zeros {
			known = append(known, d)
		}
	}
	f := fit{curve: bend(known, guided), cheap: len(draws), residual: math.Inf(1)}
	var residuals []float64
	for _, d := range known {
		if !d.again {
			residuals = append(residuals, d.y-f.curve.at(d.x))
		}
	}
	if f.exact = len(residuals); f.exact < 3 {
		return f
	}
	n := float64(f.exact)
	f.residual = scatter(residuals) / n * (n - 1) / max(n-3, 1) // a, b and off
	return f
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// scatter is the variance of values in the order of their places. Neighbours
// are alike, and evenly spread places profit from it; but no less than a third
// of the plain variance is claimed, in case that was luck.
func scatter(v []float64) float64 {
	n := float64(len(v))
	if n < 2 {
		return math.Inf(1)
	}
	middle, plain, steps := mean(v), 0.0, 0.0
	for i, x := range v {
		plain += (x - middle) * (x - middle)
		if i > 0 {
			steps += (x - v[i-1]) * (x - v[i-1])
		}
	}
	plain /= n - 1
	return max(steps/(2*(n-1)), plain/3)
}

// t99 is the one-sided 99 % point of Student's t, Inf below 3 degrees of freedom.
// Source: Abramowitz and Stegun 26.7.5, within 2 % from there on.
func t99(degrees int) float64 {
	const z = 2.3263
	if degrees < 3 {
		return math.Inf(1)
	}
	v := float64(degrees)
	z3, z5, z7, z9 := math.Pow(z, 3), math.Pow(z, 5), math.Pow(z, 7), math.Pow(z, 9)
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v) +
		(79*z9+776*z7+1482*z5-1920*z3-945*z)/(92160*v*v*v*v)
}
