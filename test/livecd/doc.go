// Package livecd starts LiveCDs in a whole emulated computer: QEMU, without KVM,
// by BIOS and by UEFI, from a disc and from a stick. It looks at the boot menu
// on the screen, and waits for the system that comes up to say what it is.
package livecd
