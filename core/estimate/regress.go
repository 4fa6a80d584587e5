package estimate

import (
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
}

// fit is the result of two-phase sampling with a regression: many cheap
// figures, and a few real ones to correct them by.
type fit struct {
	a, b     float64 // the real ratio is about a + b times the cheap one
	mean     float64 // ratio of all
	exact    int     // draws with a real figure
	cheap    int     // draws
	residual float64 // variance of the mean that more real figures lower; Inf when it cannot be told
	spread   float64 // variance that more cheap ones lower
}

// regress estimates the mean ratio. Method: Cochran, Sampling Techniques, 3rd
// edition, §12.6; the variances from successive differences (§8.8, Wolter), as
// the places are spread evenly.
func regress(draws []drawn) fit {
	slices.SortFunc(draws, func(a, b drawn) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	var known []drawn
	mx := 0.0
	for _, d := range draws {
		if mx += d.x; d.exact {
			known = append(known, d)
		}
	}
	f := fit{exact: len(known), cheap: len(draws), residual: math.Inf(1), spread: math.Inf(1)}
	if len(draws) == 0 || len(known) == 0 {
		return f
	}
	mx /= float64(len(draws))
	f.a, f.b = line(known)
	f.mean = f.a + f.b*mx
	if len(known) < 3 {
		return f
	}
	residuals, fitted := make([]float64, len(known)), make([]float64, len(draws))
	for i, d := range known {
		residuals[i] = d.y - f.a - f.b*d.x
	}
	for i, d := range draws {
		fitted[i] = f.b * d.x
	}
	n := float64(len(known))
	f.residual = scatter(residuals) / n * (n - 1) / (n - 2)
	f.spread = scatter(fitted) / float64(len(draws))
	return f
}

// line fits y = a + b x, through the mean. With no spread of x, b is 0.
func line(known []drawn) (a, b float64) {
	n, mx, my := float64(len(known)), 0.0, 0.0
	for _, d := range known {
		mx, my = mx+d.x/n, my+d.y/n
	}
	sxx, sxy := 0.0, 0.0
	for _, d := range known {
		sxx += (d.x - mx) * (d.x - mx)
		sxy += (d.x - mx) * (d.y - my)
	}
	if sxx > 1e-9 && len(known) > 2 {
		b = sxy / sxx
	}
	return my - b*mx, b
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
