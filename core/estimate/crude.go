package estimate

// The rules that people use, for comparison. Sizes are bytes; BenchmarkEstimate
// tells how far they are off.

// ByTree is the rule of the antiX documentation for a whole system of used bytes.
func ByTree(used int64) float64 { return float64(used)*0.45 + 10e6 }

// ByUpper is its rule for changes of used bytes to an image.
func ByUpper(image, used int64) float64 { return float64(image) + ByTree(used) }
