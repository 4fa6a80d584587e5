// Package livesys builds throwaway antiX/MX live systems: a stick image with a
// real Debian root in a squashfs, started in namespaces of its own with the
// mounts and the files that a live initrd leaves behind. Programs run inside
// as on a live system; killing PID 1 ends all of it.
//
//	sys, err := livesys.New(ctx, livesys.Options{Companions: true})
//	defer sys.Stop()
//	err = sys.MakeChanges(ctx)
//	out, err := sys.Output(ctx, "antix-remaster-cli", "status")
//
// It needs root and the tools that MissingTools names. Nothing here is a mock:
// the loop devices, the squashfs, the overlay and the packages are real. Three
// things differ from a stick in a computer: the kernel is the host's (so
// `uname -r` is not the release of the vmlinuz on the stick), there is no udev,
// and the network is the host's.
package livesys
