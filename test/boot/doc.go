// Package boot proves what a boot does: it boots stick images for real in
// User-Mode-Linux, with an initrd of its own that follows the contract of the
// antiX/MX live initrds, and reports what came up.
//
// The rules of the swap are in swap.sh, written from the contract. They are
// not shared with core/live, so that the two can be compared; SwapOnly runs
// just these rules on a directory.
package boot
