package estimate

// The rules that people use, for comparison. Sizes are bytes; they are off by
// -33 to +742 percent (docs/benchmarks.md).

// ByTree is the rule of the antiX documentation for a whole system of used bytes.
func ByTree(used int64) float64 { return float64(used)*0.45 + 10e6 }

// ByUpper is its rule for changes of used bytes to an image.
func ByUpper(image, used int64) float64 { return float64(image) + ByTree(used) }

// ByRatio is the rule of live-remaster: the system shrinks as the one of the
// image did, for the same compressor.
func ByRatio(used, image, before int64) float64 {
	if before == 0 {
		return 0
	}
	return float64(used)*float64(image)/float64(before) + 20e6
}
