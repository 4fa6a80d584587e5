// Package private gives tests mounts of their own.
package private

import (
	"fmt"
	"os"

	"antix-remaster/core/sys"
)

// done tells a program that was started again that it has its own mounts.
const done = "ANTIX_REMASTER_PRIVATE"

// Mounts starts the program of the tests once more, where its mounts are seen by
// nobody else: the first thing in a TestMain. It ends the program when that does
// not work.
func Mounts() {
	if os.Getenv(done) != "" {
		return
	}
	err := sys.PrivateMounts(append(os.Environ(), done+"=1"))
	fmt.Println("FAIL: these tests mount file systems; they need root and a kernel with mount namespaces:", err)
	os.Exit(1)
}
